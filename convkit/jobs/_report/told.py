"""From rows and samples to findings: overview, attributes, pairs, pixels, and the same of each facet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import syntaxes
from convkit.jobs._report.enumerated import ENUMERATED
from convkit.jobs._report.facts import SeriesFacts
from convkit.jobs._report.pixels import Sampled
from convkit.jobs._report.rows import people_of
from convkit.jobs._report.strays import Strays
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
    files : mapping of code to Strays
        Files that are in no series.
    samples : mapping of identifier to PixelSample
    is_private : bool
    """

    series: tuple[SeriesFacts, ...]
    table: Table
    files: Mapping[str, Strays]
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
    first, last, has_untold_days = _days(part)
    nameless = len({one.person for one in part.series if one.is_nameless}) if part.people.least <= 1 else 0
    problems, troubled = _problems(part), _troubled(part)
    return Overview(_counts(part), first, last, _tallies(part), problems, troubled, nameless, has_untold_days)


def _counts(part: Part) -> tuple[tuple[str, int], ...]:
    is_known = people_of(part.series, 0)[1]
    found = (
        *((("patients", part.people.count()),) if is_known else ()),
        ("studies", len({one.rank[0] for one in part.series})),
        ("series", len(part.series)),
        *((name, sum(one.row[name] or 0 for one in part.series)) for name in ("volumes", "instances", "bytes")),
    )
    return tuple((name, count) for name, count in found if count >= part.people.least)


def _days(part: Part) -> tuple[str, str, bool]:
    """The first and the last day of study, the years of them where no profile decides; True where they are of few."""
    column = categories("day", [_told(one.day, is_private=part.is_private) for one in part.series])
    persons = part.people.by_group(column.owners, column.codes, len(column.labels))
    if not column.labels:
        return "", "", False
    few = part.people.are_few(persons)
    if few[0] or few[-1]:  # the days between would read as if there were no others
        return "", "", True
    return column.labels[0], column.labels[-1], False


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
    return tuple(one for one in found if one.counts or one.rest or one.untold != 0)


def _of_instances(part: Part, name: str) -> Tally:
    counts = [one.tallies[name] for one in part.series]
    column = categories(name, [list(each) for each in counts])
    weights = np.array([n for each in counts for value, n in each.items() if value.strip()], np.int64)
    unit = "images" if name == "photometric interpretation" else "instances"
    without = np.array([sum(n for value, n in each.items() if not value.strip()) for each in counts], np.int64)
    found = weighted_tally(column, part.people, weights, unit=unit, without=without)
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
        Problem(code, CODES[code].meaning, one.files, (), _endings(one, part.people.least))
        for code, one in part.files.items()
        if CODES[code].severity is not Severity.INFO and one.files >= part.people.least
    ]
    return tuple(sorted(found, key=_rank))


def _rank(one: Problem) -> tuple[bool, bool, int, str]:
    """Errors first, then what concerns most; files that are no DICOM last."""
    return one.code == "input.not-dicom", CODES[one.code].severity is not Severity.ERROR, -one.count, one.code


def _endings(one: Strays, least: int) -> tuple[tuple[str, int], ...]:
    return one.endings if least <= 1 else ()


def _troubled(part: Part) -> int | None:
    """How many series have a problem; None where these, or the others, are of too few people."""
    serious = {code for code in CODES if CODES[code].severity is not Severity.INFO}
    rows = np.array([not serious.isdisjoint(one.row["problems"]) for one in part.series], np.bool_)
    is_hidden = any(part.people.are_few(part.people.count(some)) for some in (rows, ~rows))
    return None if is_hidden else int(rows.sum())


# --- pixels ------------------------------------------------------------------------------------------------


def pixels_of(part: Part) -> tuple[Intensities, ...]:
    """The values of sampled pixels by modality, what they measure, and unit."""
    groups: dict[_Measured, list[PixelSample]] = defaultdict(list)
    names: dict[_Measured, list[str]] = defaultdict(list)
    for one in part.series:
        sample = part.samples.get(one.identifier)
        if sample is not None:
            key = _Measured(sample.modality, sample.quantity, sample.unit)
            groups[key].append(sample)
            names[key].append(one.person or one.study)
    totals = Counter(one.row["modality"] for one in part.series)
    made = [
        _intensities(key, samples, People.named(names[key], part.people.least), totals[key.modality])
        for key, samples in sorted(groups.items(), key=lambda item: (*item[0][:2], not item[0].unit, item[0].unit))
    ]
    return tuple(one for one in made if one is not None)


class _Measured(NamedTuple):
    """What is comparable."""

    modality: str
    quantity: str
    unit: str

    @property
    def title(self) -> str:
        """Such as ``CT (HU)`` and ``MR, phase (no unit)``."""
        return f"{', '.join(filter(None, (self.modality or 'no modality', self.quantity)))} ({self.unit or 'no unit'})"


def _intensities(key: _Measured, samples: Sequence[PixelSample], people: People, series: int) -> Intensities | None:
    """What is told of some samples; None where they are of too few people."""
    if not people.tells():
        return None
    frames = sum(one.frames for one in samples)
    of = f"{len(samples)} series" if len(samples) == series else f"{len(samples)} of all {series} {key.modality} series"
    told = [f"{frames} frames of {of}, spread over each volume; series drawn by a hash."]
    for remark, count in Counter(one.remark for one in samples if one.remark).most_common():
        if people.tells(np.array([one.remark == remark for one in samples], np.bool_)):
            told.append(f"{count} series {'is' if count == 1 else 'are'} not in SUV: {remark}.")
    return intensities(key.title, samples, series, " ".join(told), people)


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
    if shown.untold != 0:
        which = "Some" if shown.untold is None else shown.untold
        few = f"a {groups.name} of fewer than {part.people.least} patients, or none"
        told.append(f"{which} series have {few}, and so no part of their own.")
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
    kinds = np.array([f"{one.row['modality']} {one.slices > 1}" for one in part.series])  # one slice has no distance
    return tuple(
        replace(
            attribute(column, part.people, years_only=part.is_private, allowed=ENUMERATED.get(column.name)),
            expected=_expected(column, kinds if column.name == "slice_spacing" else modalities, part.people),
        )
        for column in part.table.columns
    )


def _expected(column: Cells, kinds: NDArray[np.str_], people: People) -> int | None:
    """Rows of the kinds of which any has a value; None where that would tell how many others few patients have."""
    there = column.has_value
    expected = np.isin(kinds, np.unique(kinds[there]))
    if not there.any() or people.are_few(people.count(expected)) or people.are_few(people.count(~expected)):
        return None
    return int(expected.sum())
