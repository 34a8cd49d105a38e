"""The plan for images as they are stored: which frames, under which names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from convkit.engine.digest import identity, identity_of_file
from convkit.engine.run import Runner
from convkit.jobs._destination import Inputs
from convkit.jobs._names import fill, short_hash, without_ties
from convkit.jobs._pictures.choices import Slices
from convkit.jobs._pictures.names import Names
from convkit.jobs._pictures.pieces import (
    Asked,
    Entry,
    Group,
    Plan,
    Stored,
    modality_shown,
    section_of,
    title_of,
    with_segmentations,
)
from convkit.jobs._pictures.shots import Shot, Shots, ShotSeries, instance_hash, take
from convkit.jobs._redaction import not_looked_at
from convkit.jobs._sources import problem_outcomes
from convkit.model.notes import Note, note

if TYPE_CHECKING:
    from convkit.jobs._pictures.redacted_shots import RedactedShots

MOST_FRAMES = 64
"""Frames of one object that one piece of work takes at most, so that a large object keeps all workers busy."""

SAMPLE_FRAMES = 16
"""Frames that a window is measured on, evenly spread over the series: enough for stable percentiles, and fast."""


@dataclass(frozen=True, slots=True)
class StoredPictures:
    """Pictures of the frames of a series.

    Attributes
    ----------
    series : ShotSeries
    slices : Slices
    names : list of str
        One a picture; one for all where they are one moving picture.
    is_animated : bool
    digest : callable
        What is remembered of the identity of files in the place of it.
    """

    series: ShotSeries
    slices: Slices
    names: list[str]
    is_animated: bool
    digest: Callable[[str], str] = str

    def pieces(self) -> Iterator[Entry]:
        """Yield frames of one file each, of a large object in several pieces; all at once for a moving picture."""
        taken = _taken(self.series, self.slices)
        if self.is_animated:
            sources = tuple(_by_file(taken))
            places = tuple(frame for source in sources for frame in source.frames)
            yield self._key([shot for shot, _ in taken], places), tuple(self.names), sources
            return
        names = iter(self.names)
        for shot, entries in groupby(taken, key=itemgetter(0)):
            frames = [frame for _, frame in entries]
            for part in (tuple(frames[i : i + MOST_FRAMES]) for i in range(0, len(frames), MOST_FRAMES)):
                yield self._key([shot], part), tuple(islice(names, len(part))), (_stored(shot, part),)

    def sample(self) -> tuple[Stored, ...]:
        """Frames that a window is measured on."""
        return tuple(_stored(shot, (frame,)) for shot, frame in _taken(self.series, Slices(SAMPLE_FRAMES)))

    def _key(self, shots: Sequence[Shot], frames: tuple[int, ...]) -> str:
        stamps = [identity_of_file(s.path, s.size, s.modified_ns) for s in shots]
        files = self.digest(stamps[0] if len(stamps) == 1 else identity((stamp,) for stamp in stamps))
        return f"{short_hash(self.series.key.series, 16)}:{files}:{frames[0]}-{frames[-1]}-{len(frames)}"


def _by_file(taken: Sequence[tuple[Shot, int]]) -> Iterator[Stored]:
    for shot, entries in groupby(taken, key=itemgetter(0)):
        yield _stored(shot, tuple(frame for _, frame in entries))


def _stored(shot: Shot, frames: tuple[int, ...]) -> Stored:
    return Stored(shot.path, frames, shot.kind, shot.offset)


def plan(asked: Asked, runner: Runner) -> Plan:
    """The pictures of the images in some sources."""
    name = asked.names.template
    patient = ("PatientID",) if "patient" in name.fields else ()
    columns = tuple(dict.fromkeys([*_SHOWN, *patient, *name.keywords]))
    has_places = asked.slices.count is not None
    shots = take(asked.sources, runner, asked.selection, columns, asked.typed_in, asked.progress, has_places=has_places)
    shown, laid_over = _apart(shots.series, is_overlay=asked.is_overlay)
    shown, refused, notes = _redacted(shown, shots, asked, runner)
    digest = str if asked.redactor is None else asked.redactor.digest
    groups = stored_groups(shown, shots.keywords, asked.slices, asked.names, digest=digest)
    groups, unused = with_segmentations(groups, laid_over)
    outcomes = problem_outcomes([*shots.problems, *refused, *unused, *_unused_states(asked.presentation, shots)])
    return Plan(groups, outcomes, Inputs(lambda: (shot.path for one in shots.series for shot in one.shots)), notes)


def _redacted(
    series: list[ShotSeries], shots: Shots, asked: Asked, runner: Runner
) -> tuple[list[ShotSeries], tuple[Note, ...], tuple[Note, ...]]:
    """The series as they may leave, why others may not, and what there is to know."""
    redactor = asked.redactor
    if redactor is None:
        return series, (), ()
    redacted_shots = import_module("convkit.jobs._pictures.redacted_shots").redacted_shots  # only with a profile
    found: RedactedShots = redacted_shots(series, shots, redactor, runner, asked.progress)
    return found.series, found.problems, (*redactor.notes, *not_looked_at(found.at_risk, "images"))


_SHOWN = ("Modality", "SeriesDescription", "SeriesNumber")
"""Attributes that the gallery shows."""


def _unused_states(paths: Sequence[str], shots: Shots) -> list[Note]:
    """A note for each presentation state that is made for none of the images."""
    if not paths:
        return []
    presentation = import_module("convkit.jobs._pictures.laid_over").presentation
    there = {shot.instance for one in shots.series for shot in one.shots}
    return [
        note("preview.unused-presentation", where=path)
        for path in paths
        if there.isdisjoint(map(instance_hash, presentation(path).references))
    ]


def _apart(series: Sequence[ShotSeries], *, is_overlay: bool) -> tuple[list[ShotSeries], list[str]]:
    """The series to show, and the paths of segmentations to lay over them."""
    if not is_overlay:
        return list(series), []
    shown = [one for one in series if not one.key.is_segmentation]
    return shown, [shot.path for one in series if one.key.is_segmentation for shot in one.shots]


def stored_groups(
    series: Iterable[ShotSeries],
    keywords: Sequence[str],
    slices: Slices,
    names: Names,
    *,
    digest: Callable[[str], str] = str,
) -> list[Group]:
    """A group for each series, its pictures named without collisions."""
    wanted = [_Wanted(one, _own_names(one, keywords, slices, names)) for one in series if one.shots]
    return [_group(one, keywords, slices, names, digest) for one in _untied(wanted)]


class _Wanted(NamedTuple):
    """Pictures of a series and the names they would like: one each, or one for all."""

    series: ShotSeries
    names: list[str]


def _taken(series: ShotSeries, slices: Slices) -> list[tuple[Shot, int]]:
    """(file, frame) of each picture, in order."""
    by_place = _by_place(series, slices)
    if by_place:
        return by_place
    total = sum(shot.frames for shot in series.shots)
    places = iter(slices.of(total))
    place, start = next(places, None), 0
    taken: list[tuple[Shot, int]] = []
    for shot in series.shots:
        stop = start + shot.frames
        while place is not None and place < stop:
            taken.append((shot, place - start))
            place = next(places, None)
        start = stop
    return taken


def _by_place(series: ShotSeries, slices: Slices) -> list[tuple[Shot, int]]:
    """The same where some slices of parallel images are asked for: evenly spread in space, not over the files.

    So the middle of two echoes, or of a time series, is a slice of the middle, and not the end of the first.
    """
    if slices.count is None or any(shot.place is None or shot.frames > 1 for shot in series.shots):
        return []
    firsts: dict[tuple[float, ...], Shot] = {}
    for shot in series.shots:
        if shot.place is not None:
            firsts.setdefault((*shot.place.normal, shot.place.height_mm), shot)
    if len({place[:3] for place in firsts}) != 1:
        return []
    heights = sorted(firsts)
    chosen = {firsts[heights[place]].path for place in slices.of(len(heights))}
    return [(shot, 0) for shot in series.shots if shot.path in chosen]


def _own_names(series: ShotSeries, keywords: Sequence[str], slices: Slices, names: Names) -> list[str]:
    if names.is_animated:
        return [fill(names.template, _values(series, series.shots[0], keywords, ""))]
    numbers = _numbers(series)
    digits = max(4, len(str(max(numbers.values(), default=1))))
    pictures = (_picture(numbers[shot.path], digits, shot, frame) for shot, frame in _taken(series, slices))
    shared = _shared_name(series, keywords, names)
    if shared:
        return [shared.replace(_MARK, picture) for picture in pictures]
    return [
        fill(names.template, _values(series, shot, keywords, picture))
        for (shot, _), picture in zip(_taken(series, slices), pictures, strict=True)
    ]


_MARK = "0picture0"
"""Stands for the picture in a name that all pictures of a series share."""


def _shared_name(series: ShotSeries, keywords: Sequence[str], names: Names) -> str:
    """The name of all pictures with a mark in the place of the picture; empty where they differ in more than that."""
    first = series.shots[0]
    if "instance" in names.template.fields or any(shot.fields != first.fields for shot in series.shots):
        return ""
    name = fill(names.template, _values(series, first, keywords, _MARK))
    return name if name.count(_MARK) == 1 and names.template.text.count("{picture}") == 1 else ""


def _picture(number: int, digits: int, shot: Shot, frame: int) -> str:
    frame_digits = max(3, len(str(shot.frames)))
    return f"{number:0{digits}d}_f{frame + 1:0{frame_digits}d}" if shot.frames > 1 else f"{number:0{digits}d}"


def _numbers(series: ShotSeries) -> dict[str, int]:
    """The number of each file in names: its Instance Number where these differ, else its place in the series."""
    numbers = [shot.number for shot in series.shots]
    is_told = all(n is not None and n >= 0 for n in numbers) and len(set(numbers)) == len(numbers)
    return {shot.path: shot.number if is_told and shot.number is not None else rank
            for rank, shot in enumerate(series.shots, 1)}  # fmt: skip


def _values(series: ShotSeries, shot: Shot, keywords: Sequence[str], picture: str) -> dict[str, Any]:
    own = {
        "study": short_hash(series.key.study),
        "series": short_hash(series.key.series),
        "instance": f"{shot.instance:014x}"[:6],
        "patient": "",
        "split": "",
        "view": "",
        "picture": picture,
    }
    values = dict(zip(keywords, shot.fields, strict=True))
    own["patient"] = shot.person or short_hash(str(values.get("PatientID") or ""))
    return own | values


def _untied(wanted: list[_Wanted]) -> Iterator[_Wanted]:
    """The same with names that no two pictures share; what ties are left within a series, the file's place settles."""
    flat = [name for one in wanted for name in one.names]
    identities = [
        (one.series.key.series, one.series.key.study, str(place)) for one in wanted for place in range(len(one.names))
    ]
    settled = iter(without_ties(flat, identities))
    for one in wanted:
        yield one._replace(names=[next(settled) for _ in one.names])


def _group(one: _Wanted, keywords: Sequence[str], slices: Slices, names: Names, digest: Callable[[str], str]) -> Group:
    series = one.series
    values = dict(zip(keywords, series.shots[0].fields, strict=True))
    return Group(
        series.label,
        series.referenced_uid,
        title_of(series.key.number, values.get("SeriesDescription")),
        section_of(series.key.study),
        (("modality", modality_shown(values.get("Modality"))),),
        StoredPictures(series, slices, [f"{name}{names.suffix}" for name in one.names], names.is_animated, digest),
        series.notes,
    )
