"""What pictures there will be: pieces of work with their names, planned before the first byte is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from convkit.engine.digest import identity
from convkit.jobs._names import fill, short_hash, without_ties
from convkit.jobs._pictures.choices import Slices, View
from convkit.jobs._pictures.image_file import ImageFile, Prepared
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
    ready : Prepared or None
        The image, where it is a plain one.
    """

    path: str
    frames: tuple[int, ...]
    ready: Prepared | None = None

    def opened(self) -> ImageFile:
        """The object in the file.

        Raises
        ------
        InputError
            It cannot be read, or contradicts itself.
        """
        return ImageFile.of(self.ready) if self.ready else ImageFile.open(self.path)


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
    """The pieces of one series or volume.

    Attributes
    ----------
    item : str
    series_uid : str
        Series Instance UID.
    title, section : str
        For people: number and description; hash of the study.
    details : tuple of (label, value)
    pieces : tuple of Piece
    notes : tuple of Note
        What is known before any picture is made.
    sample : tuple of Stored
        Frames to measure a window on; none where the volume is at hand when its pictures are made.
    is_laid_over : bool
        True where labels should be seen on its pictures.
    """

    item: str
    series_uid: str
    title: str
    section: str
    details: tuple[tuple[str, str], ...]
    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...] = ()
    sample: tuple[Stored, ...] = ()
    is_laid_over: bool = False


# --- stored images ---------------------------------------------------------------------------------------

SAMPLE_FRAMES = 16
"""Frames that a window is measured on, evenly spread over the series: enough for stable percentiles, and fast."""


def stored_groups(series: Iterable[ShotSeries], keywords: Sequence[str], slices: Slices, names: Names) -> list[Group]:
    """A group for each series, its pictures named without collisions."""
    planned = [(one, _taken(one, slices)) for one in series]
    planned = [(one, taken) for one, taken in planned if taken]
    wanted = [_Wanted(one, taken, _own_names(one, taken, keywords, names)) for one, taken in planned]
    return [_group(one, keywords, names) for one in _untied(wanted)]


class _Wanted(NamedTuple):
    """Pictures of a series and the names they would like: one each, or one for all."""

    series: ShotSeries
    taken: list[tuple[Shot, int]]
    names: list[str]


def _taken(series: ShotSeries, slices: Slices) -> list[tuple[Shot, int]]:
    """(file, frame) of each picture, in order; a file without frames is kept, so that its defect is told."""
    total = sum(max(1, shot.frames) for shot in series.shots)
    places = iter(slices.of(total))
    place, start = next(places, None), 0
    taken: list[tuple[Shot, int]] = []
    for shot in series.shots:
        stop = start + max(1, shot.frames)
        while place is not None and place < stop:
            taken.append((shot, place - start))
            place = next(places, None)
        start = stop
    return taken


def _own_names(
    series: ShotSeries, taken: Sequence[tuple[Shot, int]], keywords: Sequence[str], names: Names
) -> list[str]:
    if names.is_animated:
        return [fill(names.template, _values(series, taken[0][0], keywords, ""))]
    numbers = _numbers(series)
    digits = max(4, len(str(max(numbers.values(), default=1))))
    return [
        fill(names.template, _values(series, shot, keywords, _picture(numbers[shot.path], digits, shot, frame)))
        for shot, frame in taken
    ]


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


def _group(one: _Wanted, keywords: Sequence[str], names: Names) -> Group:
    series = one.series
    values = dict(zip(keywords, series.shots[0].fields, strict=True))
    pieces = _animated(one, names) if names.is_animated else tuple(_pieces(one, names))
    return Group(
        series.label,
        series.key.series,
        _title(series.key.number, values.get("SeriesDescription")),
        _section(series.key.study),
        (("modality", str(values.get("Modality") or "unknown")),),
        pieces,
        series.notes,
        _sample(series),
    )


def _section(study_instance_uid: str) -> str:
    return f"study {short_hash(study_instance_uid)}" if study_instance_uid else "without study"


def _title(number: int | None, description: object) -> str:
    shown = "" if number is None else f"{number:03d} "
    return f"{shown}{description or 'without description'}"


def _pieces(one: _Wanted, names: Names) -> Iterator[Piece]:
    """Frames of one file a piece, a large object in several."""
    start = 0
    while start < len(one.taken):
        shot = one.taken[start][0]
        stop = start
        while stop < len(one.taken) and one.taken[stop][0] is shot and stop - start < MOST_FRAMES:
            stop += 1
        source = Stored(shot.path, tuple(frame for _, frame in one.taken[start:stop]), shot.ready)
        paths = tuple(f"{name}{names.suffix}" for name in one.names[start:stop])
        yield Piece(one.series.label, _key(one.series, [shot], source.frames), paths, (source,))
        start = stop


def _animated(one: _Wanted, names: Names) -> tuple[Piece, ...]:
    shots = {shot.path: shot for shot, _ in one.taken}
    by_file: dict[str, list[int]] = {path: [] for path in shots}
    for shot, frame in one.taken:
        by_file[shot.path].append(frame)
    sources = tuple(Stored(path, tuple(frames), shots[path].ready) for path, frames in by_file.items())
    key = _key(one.series, list(shots.values()), tuple(f for s in sources for f in s.frames))
    return (Piece(one.series.label, key, (f"{one.names[0]}{names.suffix}",), sources),)


def _key(series: ShotSeries, shots: Sequence[Shot], frames: tuple[int, ...]) -> str:
    files = identity((s.path, s.size, s.modified_ns) for s in shots)
    return f"{short_hash(series.key.series, 16)}:{files}:{frames[0]}-{frames[-1]}-{len(frames)}"


def _sample(series: ShotSeries) -> tuple[Stored, ...]:
    return tuple(Stored(shot.path, (frame,), shot.ready) for shot, frame in _taken(series, Slices(SAMPLE_FRAMES)))


# --- planes of volumes -----------------------------------------------------------------------------------


def viewed_groups(tasks: Sequence[VolumeTask], view: View, slices: Slices, names: Names) -> list[Group]:
    """A group for each volume."""
    return [_viewed(task, view, slices, names) for task in tasks]


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
    piece = Piece(task.item, key, tuple(f"{stem}{names.suffix}" for stem in stems), source)
    header = task.header
    return Group(
        task.item,
        header.series_instance_uid,
        f"{_title(header.integer('SeriesNumber'), header.text('SeriesDescription'))}{task.stack.split.label}",
        _section(header.study_instance_uid),
        (("modality", header.text("Modality") or "unknown"), ("matrix", matrix), ("view", str(view))),
        (piece,),
    )


def axial_count(stack: Stack) -> int:
    """How many axial planes a stack has; stored slices where it has no place in space."""
    layout = stack.first.pixels.layout
    slices = len(stack.coordinates) if stack.coordinates is not None else stack.slices
    if not stack.grid.is_placed:
        return slices
    # An array of the shape that takes no memory: the planes are counted, not made.
    shape = np.broadcast_to(np.uint8(0), (slices, layout.rows, layout.columns))
    return planes_of(shape, stack.grid.affine(), PlaneKind.AXIAL).count
