"""The findings of a whole data set: what is told of its series, and what the reader has to know of how it was found."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from convkit._version import __version__
from convkit.engine.run import Runner
from convkit.jobs._report import entries
from convkit.jobs._report.asked import PRIVATE, Wanted
from convkit.jobs._report.gather import Gathered
from convkit.jobs._report.labels import Labels
from convkit.jobs._report.rows import Choice, groups_by, people_of, table_of
from convkit.jobs._report.told import Part, attributes_of, facets_of, overview_of, pixels_of, samples_of
from convkit.jobs._sources import Progress
from convkit.survey.columns import People, Table
from convkit.survey.findings import Facet, Findings, Overview, Pairs
from convkit.survey.likeness import is_aside, likenesses
from convkit.survey.outliers import outliers
from convkit.survey.pairs import pairs_of

if TYPE_CHECKING:
    from convkit.jobs._report.facts import SeriesFacts
    from convkit.jobs._report.pixels import Sampled

TITLE = "Data set report"

MOST_TOLD = 200
"""Outliers, and groups of series that are alike, that a page tells."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How much is told.

    Attributes
    ----------
    least : int
        Least number of patients of a group that is told; 0 tells all.
    frames : int
        Frames that are read at most; 0 reads no pixels.
    by : str
        Column of the facets; empty for none.
    profile : str
        Name of the profile; empty where none was named.
    """

    least: int
    frames: int
    by: str
    profile: str

    @property
    def is_private(self) -> bool:
        """True where no profile decides on what may be told."""
        return not self.profile

    @property
    def is_of_each(self) -> bool:
        """True where series may be told one by one."""
        return self.least <= 1


def findings_of(  # noqa: PLR0913, PLR0917 (all there is to tell of)
    gathered: Gathered,
    asked: Wanted,
    labels: Labels | None,
    telling: Telling,
    runner: Runner,
    progress: Progress | None,
) -> Findings:
    """All that a report tells."""
    series = gathered.series
    notes = [*_notes_of(gathered), *(labels.notes if labels else ())]
    if not series:
        return _empty(telling, notes)
    people, is_known = people_of(series, telling.least)
    if not people.tells():
        return _empty(telling, [*notes, f"There are fewer than {telling.least} patients, so nothing is told of them."])
    if not is_known:
        notes.append("No series names a patient (Patient ID is missing), so each study counts as one.")
    notes += _notes_on_people(series, people, is_known=is_known)
    if labels is not None:
        notes += labels.matches([one.joined for one in series])
    table = table_of(series, Choice(asked.columns, asked.is_default, telling.is_private, telling.least), labels)
    notes += _notes_on_columns(table)
    sampled = _sampled(series, people, telling, runner, progress, notes)
    part = Part(series, table, gathered.strays, samples_of(list(sampled.values())), telling.is_private)
    return _told(part, telling, sampled, notes)


def _told(part: Part, telling: Telling, sampled: dict[str, Sampled], notes: list[str]) -> Findings:
    series, overview = part.series, overview_of(part)
    found = outliers([one.member for one in series if not _is_odd(one)]) if telling.is_of_each else ()
    alike = likenesses([one.trace for one in series]) if telling.is_of_each else ()
    named = entries.named_in(overview.problems, found[:MOST_TOLD], alike[:MOST_TOLD])
    listed = entries.chosen(series, named) if telling.is_of_each else []
    notes += _notes_on_size(series, listed, (len(found), len(alike)), telling)
    facets: tuple[Facet, ...] = ()
    if telling.by:
        groups = groups_by(telling.by, series, part.table, is_private=telling.is_private)
        facets, on_facets = facets_of(part, groups)
        notes += on_facets
    return Findings(
        TITLE,
        _today(),
        __version__,
        telling.profile or PRIVATE,
        "series",
        telling.least,
        tuple(dict.fromkeys(notes)),
        overview,
        attributes_of(part),
        pairs_of(part.table),
        pixels_of(part),
        found[:MOST_TOLD],
        alike[:MOST_TOLD],
        tuple(entries.entry(one, sampled.get(one.identifier)) for one in listed),
        telling.by,
        facets,
    )


def _today() -> str:
    """The day of the run, or that of SOURCE_DATE_EPOCH, for pages that are to be the same on every day."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    return moment.date().isoformat()


def _empty(telling: Telling, notes: Sequence[str]) -> Findings:
    """What is told of nobody, and of too few."""
    overview, pairs = Overview((), "", "", (), ()), Pairs(None, (), ())
    name = telling.profile or PRIVATE
    return Findings(TITLE, _today(), __version__, name, "series", telling.least, tuple(notes), overview, (), pairs)


def _is_odd(one: SeriesFacts) -> bool:
    """True for localizers and the like, which have nothing to do with the group of their protocol."""
    return is_aside(one.trace)


def _sampled(  # noqa: PLR0913, PLR0917 (what is drawn, of whom, and how)
    series: Sequence[SeriesFacts],
    people: People,
    telling: Telling,
    runner: Runner,
    progress: Progress | None,
    notes: list[str],
) -> dict[str, Sampled]:
    """Thumbnails and pixel samples by series."""
    if not telling.frames:
        notes.append("No pixels were read.")
        return {}
    pixels = import_module("convkit.jobs._report.pixels")  # codecs and Pillow
    found: list[Sampled] = pixels.sampled(series, telling.frames, runner, progress)
    failed = {one.series for one in found if one.is_failed}
    drawn = {one.series for one in found}
    if failed:
        part = _part_told(series, people, failed, drawn)
        notes.append(f"The pixels of {part} series that were drawn could not be read.")
    if len(found) < sum(bool(one.spots) for one in series):
        part = _part_told(series, people, drawn, {one.identifier for one in series})
        notes.append(f"Pixels of {part} series were read: at most {telling.frames} frames.")
    return {one.series: one for one in found}


def _part_told(series: Sequence[SeriesFacts], people: People, part: set[str], whole: set[str]) -> str:
    """How many of how many series these are; "some of the" where these or the others are of too few patients."""
    for some in (part, whole - part):
        if people.are_few(people.count(np.array([one.identifier in some for one in series], np.bool_))):
            return "some of the"
    return f"{len(part)} of {len(whole)}"


# --- what the reader has to know ---------------------------------------------------------------------------


def _notes_of(gathered: Gathered) -> list[str]:
    """What there is to say of how the data were read."""
    notes = [one.text for one in gathered.notes]
    if gathered.lacking:
        names = ", ".join(gathered.lacking)
        notes.append(f"The index does not hold {names}; one that convkit scan makes today does.")
    return notes


def _notes_on_people(series: Sequence[SeriesFacts], people: People, *, is_known: bool) -> list[str]:
    """What is to be said of Patient IDs that stand for nobody."""
    rows = np.array([one.is_nameless for one in series], np.bool_)
    if not is_known or not rows.any() or people.are_few(people.count(rows)):
        return []
    text = (
        f"{rows.sum()} series have no Patient ID, or a placeholder such as 0 or ANON: each such ID counts as one "
        "patient, whoever is behind it."
    )
    return [text]


def _notes_on_columns(table: Table) -> list[str]:
    """What cannot be told of the columns."""
    notes = []
    if not any(np.isfinite(column.values).any() for column in table.numeric):
        notes.append("No column has numbers, so there are no correlations and no scatter plots.")
    unread = [column.name for column in table.columns if column.unparsable > max(table.people.least - 1, 0)]
    if unread:
        notes.append(f"Some values cannot be read as what they should be, and count as missing: {', '.join(unread)}.")
    if len(table) == 1:
        notes.append("There is one series only: nothing can be compared with anything.")
    return notes


def _notes_on_size(
    series: Sequence[SeriesFacts], listed: Sequence[SeriesFacts], found: tuple[int, int], telling: Telling
) -> list[str]:
    if not telling.is_of_each:
        text = (
            f"Groups of fewer than {telling.least} patients are not told: such values are put together as others or "
            "left out, numbers of missing values of so few are told as 0 (and another value is left out where they "
            "would follow from a sum), and no series is told by itself."
        )
        return [text]
    notes = []
    if len(listed) < len(series):
        text = f"{len(listed)} of {len(series)} series are listed: those that are named, and others evenly spread."
        notes.append(text)
    hidden = sum(one.may_show_text for one in listed)
    if hidden and telling.frames:
        notes.append(f"{hidden} series have no thumbnail: text in their pixels may tell who the patient is.")
    for what, number in zip(("outliers", "groups of series that are alike"), found, strict=True):
        if number > MOST_TOLD:
            notes.append(f"{MOST_TOLD} of {number} {what} are told.")
    return notes
