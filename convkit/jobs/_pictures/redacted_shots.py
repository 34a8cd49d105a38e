"""Shots as they may leave: after they were selected, put in order and matched, and before anything is named."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from convkit.dicom.attributes import table_of
from convkit.engine.run import Runner
from convkit.jobs._pictures.shots import Fields, SeriesKey, Shots, ShotSeries, instance_hash
from convkit.jobs._sources import Progress
from convkit.model.notes import Note

if TYPE_CHECKING:
    from convkit.jobs._deid.redactor import Redacted, Redactor


class ShotRedaction(NamedTuple):
    """What may leave of one shot; see `Shot` and `SeriesKey`."""

    study: str
    series: str
    series_number: int | None
    instance: int
    number: int | None
    fields: Fields
    person: str
    may_show_text: bool


class RedactedShots(NamedTuple):
    """Series of shots as they may leave.

    Attributes
    ----------
    series : list of ShotSeries
    problems : tuple of Note
        Of the files of which nothing may.
    at_risk : int
        Files whose pixels may show who the patient is.
    """

    series: list[ShotSeries]
    problems: tuple[Note, ...]
    at_risk: int


def redacted_shots(
    series: Sequence[ShotSeries], shots: Shots, redactor: Redactor, runner: Runner, progress: Progress | None
) -> RedactedShots:
    """Some series as they may leave.

    Parameters
    ----------
    series : sequence of ShotSeries
    shots : Shots
        All that was found: it may say something of the same persons.
    redactor : Redactor
    runner : Runner
    progress : callable or None
    """
    wanted = [shot.path for one in series for shot in one.shots]
    reduce = partial(shot_redaction, keywords=shots.keywords)
    found = redactor.each(wanted, shots.paths, table_of(shots.keywords), reduce, runner, progress)
    kept = [one for each in series if (one := _redacted(each, found.kept)).shots]
    return RedactedShots(kept, found.problems, sum(one.may_show_text for one in found.kept.values()))


def shot_redaction(one: Redacted, *, keywords: tuple[str, ...]) -> ShotRedaction:
    """Part of a task: what is kept of a file."""
    header = one.header
    return ShotRedaction(
        header.study_instance_uid,
        header.series_instance_uid,
        header.integer("SeriesNumber"),
        instance_hash(header.sop_instance_uid),
        header.integer("InstanceNumber"),
        tuple(header.plain(keyword) for keyword in keywords),
        one.person,
        one.may_show_text,
    )


def _redacted(series: ShotSeries, found: dict[str, ShotRedaction]) -> ShotSeries:
    """A series as it may leave, its shots in the order that the originals have."""
    shots = [(shot, found[shot.path]) for shot in series.shots if shot.path in found]
    if not shots:
        return series._replace(shots=())
    first = shots[0][1]
    return ShotSeries(
        SeriesKey(first.study, first.series, first.series_number, series.key.is_segmentation),
        tuple(
            shot._replace(instance=one.instance, number=one.number, fields=one.fields, person=one.person)
            for shot, one in shots
        ),
        series.notes,
        series.key.series,
    )
