"""What is found in a data set: plain frozen types, which the page, the figures and the JSON all tell.

Numbers are Python numbers, NaN is None, dates are ISO texts, so that `plain` of all of it is JSON. A group of fewer
members than asked for is no longer here: what is suppressed is left out before it gets here, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any


class Nature(StrEnum):
    """How the values of an attribute are told."""

    NUMBER = "number"
    CATEGORY = "category"
    DATE = "date"
    NOTHING = "nothing"
    """No value at all, or none that can be read as what it should be."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each value of something occurs.

    Attributes
    ----------
    title : str
        Such as ``Modality``.
    unit : str
        What is counted: ``series``, ``instances``, ``patients``.
    counts : tuple of (value, int)
        Most frequent first.
    rest : int
        Values beyond those, and how many they are together in `rest_count`.
    rest_count : int
    missing : int
        Without a value.
    untold : int or None
        In none of these: values of too few people, and none of too few, together; None where there are such, but how
        many may not be told.
    """

    title: str
    unit: str
    counts: tuple[tuple[str, int], ...]
    rest: int = 0
    rest_count: int = 0
    missing: int = 0
    untold: int | None = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with some series.

    Attributes
    ----------
    code, meaning : str
        Of a Note.
    count : int
        Series, or files where no series is known.
    series : tuple of str
        Identifiers as in `SeriesEntry.identifier`, the first of them.
    endings : tuple of (str, int)
        Of files: how their names end, as far as that tells nobody, and how many do.
    """

    code: str
    meaning: str
    count: int
    series: tuple[str, ...]
    endings: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """What there is.

    Attributes
    ----------
    counts : tuple of (name, int)
        Patients, studies, series, volumes, instances, bytes; in this order, those that are known.
    first_day, last_day : str
        Study Date, ISO; empty where unknown, where the profile removes dates, or where `has_untold_days`.
    tallies : tuple of Tally
        Modalities, scanners, transfer syntaxes, photometric interpretations, years, ...
    problems : tuple of Problem
    troubled : int or None
        Series that have a problem, each once; None where that may not be told.
    nameless : int
        Of the patients, those that are no Patient ID, or a placeholder: who they are is not known.
    has_untold_days : bool
        The first or the last day is of too few people to be told.
    """

    counts: tuple[tuple[str, int], ...]
    first_day: str
    last_day: str
    tallies: tuple[Tally, ...]
    problems: tuple[Problem, ...]
    troubled: int | None = None
    nameless: int = 0
    has_untold_days: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of numbers in bins.

    Attributes
    ----------
    edges : tuple of float
        One more than `counts`.
    counts : tuple of int
    below, above : int
        Beyond the first and the last edge, where the histogram leaves out far tails.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    below: int = 0
    above: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    """The values of one attribute.

    Attributes
    ----------
    name : str
        Keyword, or name of the column.
    nature : Nature
    unit : str
        Of the values; empty where there is none.
    rows : int
        Of the table.
    missing, unparsable : int
        Without a value; with one that is not what it should be (it counts as missing, too).
    distinct : int
    statistics : tuple of (name, float)
        Of numbers: ``mean``, ``std`` (sample), ``min``, ``25%``, ``50%``, ``75%``, ``max``, as pandas' `describe`.
    histogram : Histogram or None
        Of numbers and dates (days since 1970).
    tally : Tally or None
        Of categories.
    unusual : tuple of (value, count, why)
        Values beyond the fences of Tukey, the farthest first, categories that few have, spellings that differ in case
        and blanks alone; the first of them.
    expected : int or None
        Rows of those modalities of which any row has a value: a tube voltage is not missing in MR, nor a distance of
        slices where there is one. None where that is not known; then all rows are.
    more_unusual : int
        Different values that are unusual, too.
    """

    name: str
    nature: Nature
    unit: str
    rows: int
    missing: int
    unparsable: int
    distinct: int
    statistics: tuple[tuple[str, float], ...] = ()
    histogram: Histogram | None = None
    tally: Tally | None = None
    unusual: tuple[tuple[str, int, str], ...] = ()
    expected: int | None = None
    more_unusual: int = 0


@dataclass(frozen=True, slots=True)
class Scatter:
    """Two numeric attributes against each other.

    Attributes
    ----------
    x, y : str
        Names of attributes.
    points : tuple of (float, float)
        A sample of those rows that have both.
    rows : int
        All rows that have both.
    pearson : float or None
    """

    x: str
    y: str
    points: tuple[tuple[float, float], ...]
    rows: int
    pearson: float | None


@dataclass(frozen=True, slots=True)
class Correlations:
    """Every numeric attribute with every other.

    Attributes
    ----------
    names : tuple of str
    pearson, spearman : tuple of tuple of float or None
        Pairwise complete, as pandas' `corr`; None where it is not defined.
    counts : tuple of tuple of int or None
        Rows that have both; None where so few have not that it may not be told.
    """

    names: tuple[str, ...]
    pearson: tuple[tuple[float | None, ...], ...]
    spearman: tuple[tuple[float | None, ...], ...]
    counts: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class CoOccurrence:
    """Values of two categorical attributes that occur together.

    Attributes
    ----------
    x, y : str
        Names of attributes; the same for one whose cells are lists (labels, findings).
    unit : str
        What is counted.
    columns, rows : tuple of str
        Values of `x` and of `y`.
    counts : tuple of tuple of int or None
        Row by row; None where the cell is smaller than may be told.
    """

    x: str
    y: str
    unit: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    counts: tuple[tuple[int | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Attributes with each other.

    Attributes
    ----------
    correlations : Correlations or None
    scatters : tuple of Scatter
    co_occurrences : tuple of CoOccurrence
    """

    correlations: Correlations | None
    scatters: tuple[Scatter, ...]
    co_occurrences: tuple[CoOccurrence, ...]


@dataclass(frozen=True, slots=True)
class Intensities:
    """The pixel values of a group of series that measure the same in the same unit, as `convert` writes them.

    Attributes
    ----------
    title : str
        Modality, what is measured where that is not all the same, and unit, such as ``CT (HU)``.
    unit : str
        Of the values after rescale: ``HU``, ``SUVbw``, ``Bq/mL``; empty where there is none.
    histogram : Histogram
        Of all sampled pixels but padding; where a few in a thousand lie far away, these are told as beyond it.
    padding_share, low_share, high_share : float
        Of the pixels: padding; those at the least and at the greatest value that can be stored.
    ranges : tuple of (name, low, high, share)
        Of CT: air, lung, fat, water and soft tissue, bone, metal (HU), and ``other`` for what lies between them, which
        has no ends.
    series : int
        Of the modality, whatever their unit.
    sampled_series, sampled_frames : int
    note : str
        How the sample was drawn, and what is in another unit than one would look for.
    least, greatest : float or None
        Of the sampled pixels but padding; None where these may not be told.
    """

    title: str
    unit: str
    histogram: Histogram
    padding_share: float
    low_share: float
    high_share: float
    ranges: tuple[tuple[str, float | None, float | None, float], ...]
    series: int
    sampled_series: int
    sampled_frames: int
    note: str
    least: float | None = None
    greatest: float | None = None


@dataclass(frozen=True, slots=True)
class Outlier:
    """A series that differs from its group.

    Attributes
    ----------
    series : str
        Identifier.
    group : str
        What the group is, such as ``CT, Chest, 120 series``.
    attribute, value, usual : str
        In what it differs, what it has, and what the group has.
    why : str
    """

    series: str
    group: str
    attribute: str
    value: str
    usual: str
    why: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """Series that are nearly the same, or likely not what one looks for.

    Attributes
    ----------
    kind : str
        ``exact duplicates`` (files of one series), ``near-duplicates``, ``localizer``, ``derived``, ``secondary
        capture``.
    series : tuple of str
        Identifiers.
    why : str
    """

    kind: str
    series: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """One series.

    Attributes
    ----------
    identifier : str
        ``study/series`` as short hashes, as in the tables.
    title : str
        Number and description, as far as the profile leaves them.
    details : tuple of (name, value)
    problems : tuple of str
        Codes.
    thumbnail : bytes
        A small picture; empty where there is none.
    thumbnail_type : str
        Media type such as ``image/webp``.
    histogram : Histogram or None
        Of its sampled pixels but padding; None where none were sampled.
    unit : str
        Of them, as in `Intensities`.
    least, greatest : float or None
        Of them.
    """

    identifier: str
    title: str
    details: tuple[tuple[str, str], ...]
    problems: tuple[str, ...] = ()
    thumbnail: bytes = b""
    thumbnail_type: str = ""
    histogram: Histogram | None = None
    unit: str = ""
    least: float | None = None
    greatest: float | None = None


@dataclass(frozen=True, slots=True)
class Facet:
    """The same of those rows alone that have one value of an attribute.

    Attributes
    ----------
    value : str
    rows : int
    overview : Overview
    attributes : tuple of Attribute
    pairs : Pairs
    pixels : tuple of Intensities
    """

    value: str
    rows: int
    overview: Overview
    attributes: tuple[Attribute, ...]
    pairs: Pairs
    pixels: tuple[Intensities, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a report tells.

    Attributes
    ----------
    title : str
    made : str
        Day, ISO.
    version : str
        Of convkit.
    profile : str
        By which identifiers were removed.
    level : str
        What a row of the table stands for: ``series`` or ``instance``.
    least : int
        Smallest group that is told; 0 where all are.
    notes : tuple of str
        What the reader has to know: samples that were drawn, columns that could not be read, labels that fit no row.
    overview : Overview
    attributes : tuple of Attribute
    pairs : Pairs
    pixels : tuple of Intensities
    outliers : tuple of Outlier
    likenesses : tuple of Likeness
    series : tuple of SeriesEntry
        As many as the page can hold; `notes` says so where they are not all.
    by : str
        Attribute of the facets; empty where there are none.
    facets : tuple of Facet
    """

    title: str
    made: str
    version: str
    profile: str
    level: str
    least: int
    notes: tuple[str, ...]
    overview: Overview
    attributes: tuple[Attribute, ...]
    pairs: Pairs
    pixels: tuple[Intensities, ...] = ()
    outliers: tuple[Outlier, ...] = ()
    likenesses: tuple[Likeness, ...] = ()
    series: tuple[SeriesEntry, ...] = ()
    by: str = ""
    facets: tuple[Facet, ...] = ()


def plain(found: Any) -> Any:
    """The same as dicts, lists, texts and numbers; pictures are left out."""
    if is_dataclass(found) and not isinstance(found, type):
        given = {field.name: getattr(found, field.name) for field in fields(found)}
        return {name: plain(value) for name, value in given.items() if not isinstance(value, bytes)}
    if isinstance(found, tuple | list):
        return [plain(value) for value in found]
    return found
