"""What pictures there will be: pieces of work with their names, planned before the first byte is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from convkit.engine.digest import identity
from convkit.engine.outcome import Outcome, failure
from convkit.errors import ConvkitError
from convkit.jobs._names import fill, short_hash, without_ties
from convkit.jobs._pictures.choices import Slices, View
from convkit.jobs._pictures.image_file import ImageFile, PlainKind
from convkit.jobs._pictures.names import Names
from convkit.jobs._pictures.shots import Shot, ShotSeries
from convkit.jobs._volumes import VolumeTask
from convkit.model.display import Voi
from convkit.model.notes import Note
from convkit.pictures.planes import PlaneKind, planes_of
from convkit.series.leads import Leads
from convkit.series.stack import Stack

MOST_FRAMES = 64
"""Frames of one object that one piece of work takes at most, so that a large object keeps all workers busy."""


class Stored(NamedTuple):
    """Frames of one file, as they are stored.

    Attributes
    ----------
    path : str
    frames : tuple of int
        From 0.
    kind : PlainKind or None
        Where it is a plain image.
    offset : int
        Of its pixels.
    """

    path: str
    frames: tuple[int, ...]
    kind: PlainKind | None
    offset: int

    def opened(self) -> ImageFile:
        """The object in the file.

        Raises
        ------
        InputError
            It cannot be read, or contradicts itself.
        """
        return ImageFile.plain(self.path, self.kind, self.offset) if self.kind else ImageFile.open(self.path)


class Viewed(NamedTuple):
    """Planes of a volume.

    Attributes
    ----------
    stack : Stack
    leads : Leads
    planes : tuple of int
        Which axial planes, from 0; all of them for a view that shows the volume at once.
    """

    stack: Stack
    leads: Leads
    planes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of work: pictures that are made, recorded and resumed together.

    Attributes
    ----------
    item : str
        Label of the series or volume.
    key : str
        Identity of the source files.
    names : tuple of str
        Relative paths of the pictures in order; one for an animation.
    source : tuple of Stored, or Viewed
    window : Voi or None
        What was measured for the whole series; None where each image says it itself.
    segmentations : tuple of str
        Paths of segmentations to lay over.
    """

    item: str
    key: str
    names: tuple[str, ...]
    source: tuple[Stored, ...] | Viewed
    window: Voi | None = None
    segmentations: tuple[str, ...] = ()


class Group(NamedTuple):
    """The pictures of one series or volume.

    Attributes
    ----------
    item : str
    series_uid : str
        Series Instance UID.
    title, section : str
        For people: number and description; study.
    details : tuple of (label, value)
    work : StoredPictures or ViewedPictures
    notes : tuple of Note
        What is known before any picture is made.
    segmentations : tuple of str
        Paths of segmentations to lay over.
    """

    item: str
    series_uid: str
    title: str
    section: str
    details: tuple[tuple[str, str], ...]
    work: StoredPictures | ViewedPictures
    notes: tuple[Note, ...] = ()
    segmentations: tuple[str, ...] = ()

    @property
    def names(self) -> Sequence[str]:
        """Relative paths of the pictures."""
        return self.work.names

    @property
    def sample(self) -> tuple[Stored, ...]:
        """Frames to measure a window on; none where the volume is at hand when its pictures are made."""
        return self.work.sample() if isinstance(self.work, StoredPictures) else ()

    def pieces(self, window: Voi | None) -> Iterator[Piece]:
        """Yield the work: made when it is asked for, because there may be a hundred thousand."""
        for key, names, source in self.work.pieces():
            yield Piece(self.item, key, names, source, window, self.segmentations)


_Work = tuple[str, tuple[str, ...], "tuple[Stored, ...] | Viewed"]
"""Key, names and source of a piece."""


# --- stored images ---------------------------------------------------------------------------------------

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
    """

    series: ShotSeries
    slices: Slices
    names: list[str]
    is_animated: bool

    def pieces(self) -> Iterator[_Work]:
        """Yield frames of one file each, of a large object in several pieces; all at once for a moving picture."""
        taken = _taken(self.series, self.slices)
        if self.is_animated:
            sources = tuple(_by_file(taken))
            places = tuple(frame for source in sources for frame in source.frames)
            yield _key(self.series, [shot for shot, _ in taken], places), tuple(self.names), sources
            return
        names = iter(self.names)
        for shot, entries in groupby(taken, key=itemgetter(0)):
            frames = [frame for _, frame in entries]
            for part in (tuple(frames[i : i + MOST_FRAMES]) for i in range(0, len(frames), MOST_FRAMES)):
                yield _key(self.series, [shot], part), tuple(islice(names, len(part))), (_stored(shot, part),)

    def sample(self) -> tuple[Stored, ...]:
        """Frames that a window is measured on."""
        return tuple(_stored(shot, (frame,)) for shot, frame in _taken(self.series, Slices(SAMPLE_FRAMES)))


def _by_file(taken: Sequence[tuple[Shot, int]]) -> Iterator[Stored]:
    for shot, entries in groupby(taken, key=itemgetter(0)):
        yield _stored(shot, tuple(frame for _, frame in entries))


def _stored(shot: Shot, frames: tuple[int, ...]) -> Stored:
    return Stored(shot.path, frames, shot.kind, shot.offset)


def stored_groups(series: Iterable[ShotSeries], keywords: Sequence[str], slices: Slices, names: Names) -> list[Group]:
    """A group for each series, its pictures named without collisions."""
    wanted = [_Wanted(one, _own_names(one, keywords, slices, names)) for one in series if one.shots]
    return [_group(one, keywords, slices, names) for one in _untied(wanted)]


class _Wanted(NamedTuple):
    """Pictures of a series and the names they would like: one each, or one for all."""

    series: ShotSeries
    names: list[str]


def _taken(series: ShotSeries, slices: Slices) -> list[tuple[Shot, int]]:
    """(file, frame) of each picture, in order."""
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
    own["patient"] = short_hash(str(values.get("PatientID") or ""))
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


def _group(one: _Wanted, keywords: Sequence[str], slices: Slices, names: Names) -> Group:
    series = one.series
    values = dict(zip(keywords, series.shots[0].fields, strict=True))
    return Group(
        series.label,
        series.key.series,
        _title(series.key.number, values.get("SeriesDescription")),
        _section(series.key.study),
        (("modality", _modality(values.get("Modality"))),),
        StoredPictures(series, slices, [f"{name}{names.suffix}" for name in one.names], names.is_animated),
        series.notes,
    )


def _modality(value: object) -> str:
    """A Modality for the page; what is no code string may be anything."""
    return str(value) if re.fullmatch("[A-Z0-9_ ]{1,16}", str(value)) else "unknown"


def _section(study_instance_uid: str) -> str:
    return f"study {short_hash(study_instance_uid)}" if study_instance_uid else "without study"


def _title(number: int | None, description: object) -> str:
    shown = "" if number is None else f"{number:03d} "
    return f"{shown}{description or 'without description'}"


def _key(series: ShotSeries, shots: Sequence[Shot], frames: tuple[int, ...]) -> str:
    files = identity((s.path, s.size, s.modified_ns) for s in shots)
    return f"{short_hash(series.key.series, 16)}:{files}:{frames[0]}-{frames[-1]}-{len(frames)}"


# --- planes of volumes -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ViewedPictures:
    """Pictures of a volume, made together.

    Attributes
    ----------
    key : str
    names : tuple of str
    source : Viewed
    """

    key: str
    names: tuple[str, ...]
    source: Viewed

    def pieces(self) -> Iterator[_Work]:
        """Yield the only piece: the volume is loaded once."""
        yield self.key, self.names, self.source


def viewed_groups(
    tasks: Sequence[VolumeTask], view: View, slices: Slices, names: Names
) -> tuple[list[Group], list[Outcome]]:
    """A group for each volume, and an outcome for each of which no planes can be cut."""
    groups: list[Group] = []
    refused: list[Outcome] = []
    for task in tasks:
        try:
            groups.append(_viewed(task, view, slices, names))
        except ConvkitError as err:
            outcome = failure(task.item, err)
            where = task.stack.first.pixels.path
            refused.append(replace(outcome, notes=tuple(n if n.where else n.at(where) for n in outcome.notes)))
    return groups, refused


def _viewed(task: VolumeTask, view: View, slices: Slices, names: Names) -> Group:
    planes = tuple(slices.of(axial_count(task.stack))) if view in {View.AXIAL, View.MOSAIC} else ()
    stems = [task.stem]
    if names.joint is not None:
        digits = max(4, len(str(max(planes, default=0) + 1)))
        stems = [f"{task.stem}{names.joint}{plane + 1:0{digits}d}" for plane in planes]
    source = Viewed(task.stack, task.leads, planes)
    key = f"{task.key}:{view}:{','.join(map(str, planes)) if slices.count else 'all'}"
    layout = task.stack.first.pixels.layout
    matrix = f"{layout.columns} × {layout.rows} × {task.stack.slices}"
    work = ViewedPictures(key, tuple(f"{stem}{names.suffix}" for stem in stems), source)
    header = task.header
    return Group(
        task.item,
        header.series_instance_uid,
        f"{_title(header.integer('SeriesNumber'), header.text('SeriesDescription'))}{task.stack.split.label}",
        _section(header.study_instance_uid),
        (("modality", _modality(header.text("Modality"))), ("matrix", matrix), ("view", str(view))),
        work,
    )


def axial_count(stack: Stack) -> int:
    """How many axial planes a stack has; stored slices where it has no place in space."""
    layout = stack.first.pixels.layout
    slices = len(stack.coordinates) if stack.coordinates is not None else stack.slices
    if not stack.grid.is_placed:
        return slices
    # An array of the shape that takes no memory: the planes are counted, not made.
    shape = np.broadcast_to(np.uint8(0), (slices, layout.rows, layout.columns))
    with np.errstate(all="ignore"):  # a size that is none is refused, not computed with
        return planes_of(shape, stack.grid.affine(), PlaneKind.AXIAL).count
