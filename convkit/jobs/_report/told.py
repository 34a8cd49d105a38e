"""From rows and samples to findings: overview, attributes, pairs, pixels, and the same of each facet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import syntaxes
from convkit.jobs._report.facts import SeriesFacts
from convkit.jobs._report.pixels import Sampled
from convkit.jobs._report.rows import people_of
from convkit.model.notes import CODES, Severity
from convkit.survey.columns import Categories, Cells, People, Table, categories
from convkit.survey.distributions import attribute, tally, weighted_tally
from convkit.survey.findings import Attribute, Facet, Intensities, Overview, Problem, Tally
from convkit.survey.intensities import PixelSample, intensities
from convkit.survey.pairs import pairs_of

MOST_FACETS = 12
MOST_OF_A_PROBLEM = 50
"""Series that are named of each problem."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some series of a data set: all, or those of a facet.

    Attributes
    ----------
    series : tuple of SeriesFacts
    table : Table
        A row each.
    files : mapping of code to int
        Problems of files that are in no series.
    samples : mapping of identifier to PixelSample
    is_private : bool
    """

    series: tuple[SeriesFacts, ...]
    table: Table
    files: Mapping[str, int]
    samples: Mapping[str, PixelSample]
    is_private: bool

    def of(self, rows: NDArray[np.bool_]) -> Part:
        """The part of some rows; files that are in no series are in none."""
        series = tuple(self.series[place] for place in np.flatnonzero(rows))
        return replace(self, series=series, table=self.table.of(rows), files={})

    @property
    def people(self) -> People:
        """Who is behind the rows."""
        return self.table.people


# --- overview ----------------------------------------------------------------------------------------------


def overview_of(part: Part) -> Overview:
    """What there is."""
    first, last = _days(part)
    return Overview(_counts(part), first, last, _tallies(part), _problems(part))


def _counts(part: Part) -> tuple[tuple[str, int], ...]:
    is_known = people_of(part.series, 0)[1]
    found = (
        *((("patients", part.people.count()),) if is_known else ()),
        ("studies", len({one.rank[0] for one in part.series})),
        ("series", len(part.series)),
        *((name, sum(one.row[name] or 0 for one in part.series)) for name in ("volumes", "instances", "bytes")),
    )
    return tuple((name, count) for name, count in found if count >= part.people.least)


def _days(part: Part) -> tuple[str, str]:
    """The first and the last day of study; the years of it where no profile decides, and no day of few people."""
    column = categories("day", [_told(one.day, is_private=part.is_private) for one in part.series])
    persons = part.people.by_group(column.owners, column.codes, len(column.labels))
    told = [day for day, few in zip(column.labels, part.people.are_few(persons), strict=True) if not few]
    return (told[0], told[-1]) if told else ("", "")


def _told(day: date | None, *, is_private: bool) -> str:
    return "" if day is None else f"{day.year:04d}" if is_private else day.isoformat()


def _tallies(part: Part) -> tuple[Tally, ...]:
    series = part.series
    found = [
        tally(categories("modality", [one.row["modality"] for one in series]), part.people),
        tally(categories("scanner", [one.scanner for one in series]), part.people),
        tally(categories("year", [_told(one.day, is_private=True) for one in series]), part.people),
    ]
    found += [_of_instances(part, name) for name in ("SOP class", "transfer syntax", "photometric interpretation")]
    return tuple(one for one in found if one.counts or one.rest)


def _of_instances(part: Part, name: str) -> Tally:
    counts = [one.tallies[name] for one in part.series]
    column = categories(name, [list(each) for each in counts])
    weights = np.array([n for each in counts for value, n in each.items() if value.strip()], np.int64)
    found = weighted_tally(column, part.people, weights, unit="instances")
    names = {"transfer syntax": syntaxes.name, "SOP class": _class_name}.get(name, str)
    return replace(found, counts=tuple((names(value), count) for value, count in found.counts))


def _class_name(uid: str) -> str:
    return _CLASSES.get(uid.removeprefix(_STORAGE), uid)


_STORAGE = "1.2.840.10008.5.1.4.1.1."
_CLASSES = {
    "1": "Computed Radiography",
    "1.1": "Digital X-Ray",
    "1.2": "Digital Mammography",
    "1.3": "Intra-Oral X-Ray",
    "2": "CT",
    "2.1": "Enhanced CT",
    "3.1": "Ultrasound Multi-frame",
    "4": "MR",
    "4.1": "Enhanced MR",
    "4.2": "MR Spectroscopy",
    "4.3": "Enhanced MR Color",
    "4.4": "Legacy Converted Enhanced MR",
    "6.1": "Ultrasound",
    "7": "Secondary Capture",
    "7.2": "Multi-frame Grayscale Secondary Capture",
    "7.4": "Multi-frame True Color Secondary Capture",
    "11.1": "Grayscale Presentation State",
    "12.1": "X-Ray Angiographic",
    "12.2": "X-Ray Radiofluoroscopic",
    "13.1.3": "Breast Tomosynthesis",
    "20": "Nuclear Medicine",
    "30": "Parametric Map",
    "66": "Raw Data",
    "66.1": "Spatial Registration",
    "66.4": "Segmentation",
    "77.1.4": "VL Photographic",
    "77.1.6": "VL Whole Slide Microscopy",
    "88.11": "Basic Text SR",
    "88.22": "Enhanced SR",
    "88.33": "Comprehensive SR",
    "88.59": "Key Object Selection",
    "88.67": "X-Ray Radiation Dose SR",
    "104.1": "Encapsulated PDF",
    "128": "PET",
    "130": "Enhanced PET",
    "481.1": "RT Image",
    "481.2": "RT Dose",
    "481.3": "RT Structure Set",
    "481.5": "RT Plan",
}
"""SOP classes that are in use, without ``Image Storage`` (PS3.4 B.5)."""


def _problems(part: Part) -> tuple[Problem, ...]:
    """What is wrong with series and files, what concerns most of them first; what is only worth knowing is not told."""
    owners: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(part.series):
        for code in one.row["problems"]:
            owners[code].append(place)
    found = []
    for code, places in owners.items():
        rows = np.zeros(len(part.series), np.bool_)
        rows[places] = True
        if CODES[code].severity is not Severity.INFO and part.people.tells(rows):
            named = () if part.people.least > 1 else tuple(part.series[p].identifier for p in places)
            found.append(Problem(code, CODES[code].meaning, len(places), named[:MOST_OF_A_PROBLEM]))
    found += [
        Problem(code, CODES[code].meaning, count, ())
        for code, count in part.files.items()
        if CODES[code].severity is not Severity.INFO and count >= part.people.least
    ]
    return tuple(sorted(found, key=lambda one: (CODES[one.code].severity is not Severity.ERROR, -one.count, one.code)))


# --- pixels ------------------------------------------------------------------------------------------------


def pixels_of(part: Part) -> tuple[Intensities, ...]:
    """The values of sampled pixels by modality and unit."""
    groups: dict[tuple[str, str], list[PixelSample]] = defaultdict(list)
    people: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in part.series:
        sample = part.samples.get(one.identifier)
        if sample is not None:
            groups[sample.modality, sample.unit].append(sample)
            people[sample.modality, sample.unit].add(one.person or one.study)
    totals = Counter(one.row["modality"] for one in part.series)
    made = [
        _intensities(key, samples, totals[key[0]])
        for key, samples in sorted(groups.items())
        if len(people[key]) >= part.people.least
    ]
    return tuple(one for one in made if one is not None)


def _intensities(key: tuple[str, str], samples: Sequence[PixelSample], series: int) -> Intensities | None:
    modality, unit = key
    title = f"{modality or 'no modality'} ({'no unit' if unit == 'stored' else unit})"
    frames = sum(one.frames for one in samples)
    note = f"{frames} frames of {len(samples)} of {series} series, spread over each volume; series drawn by a hash."
    return intensities(title, samples, series, note)


def samples_of(sampled: Sequence[Sampled]) -> dict[str, PixelSample]:
    """Samples by the series that they are of."""
    return {one.series: one.sample for one in sampled if one.sample is not None}


# --- facets ------------------------------------------------------------------------------------------------


def facets_of(part: Part, groups: Categories) -> tuple[tuple[Facet, ...], tuple[str, ...]]:
    """The same of each value of a column, the most frequent first; and what is to be said of those left out."""
    shown = tally(groups, part.people, most=MOST_FACETS)
    codes = {label: code for code, label in enumerate(groups.labels)}
    facets = tuple(_facet(part.of(groups.members(codes[value])), value) for value, _ in shown.counts)
    told = []
    if shown.rest:
        told.append(f"{shown.rest} more values of {groups.name} ({shown.rest_count} series) have no part of their own.")
    if shown.missing:
        told.append(f"{shown.missing} series have no {groups.name}, and so no part of their own.")
    if not facets:
        told.append(f"{groups.name} has no value of which enough is known, so there are no parts by it.")
    return facets, tuple(told)


def _facet(part: Part, value: str) -> Facet:
    return Facet(
        value,
        len(part.series),
        overview_of(part),
        attributes_of(part),
        pairs_of(part.table),
        pixels_of(part),
    )


def attributes_of(part: Part) -> tuple[Attribute, ...]:
    """Every column, with how many rows it is expected in."""
    modalities = np.array([one.row["modality"] for one in part.series])
    return tuple(
        replace(
            attribute(column, part.people, years_only=part.is_private),
            expected=_expected(column, modalities, part.people),
        )
        for column in part.table.columns
    )


def _expected(column: Cells, modalities: NDArray[np.str_], people: People) -> int | None:
    """Rows of the modalities of which any has a value; None where that would tell how many others few patients have."""
    there = column.has_value
    expected = np.isin(modalities, np.unique(modalities[there]))
    if not there.any() or people.are_few(people.count(expected)) or people.are_few(people.count(~expected)):
        return None
    return int(expected.sum())
