"""Files to shots: the little that planning pictures needs to know of each file.

A header takes kilobytes; a run over a hundred thousand files must not hold them. A shot is a few numbers, and where
these are not enough the header is read once more where the picture is made.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convkit.dicom.attributes import display_table
from convkit.dicom.header import Header, read_header
from convkit.dicom.objects import is_segmentation, not_a_picture
from convkit.dicom.unfold import MOST_FRAMES
from convkit.engine.outcome import note_of
from convkit.engine.run import Runner
from convkit.errors import ConvkitError
from convkit.jobs._index.source import files_of
from convkit.jobs._names import short_hash
from convkit.jobs._pictures.image_file import PlainKind
from convkit.jobs._pictures.prepared import Kinds
from convkit.jobs._sources import Progress, Source, checked_sources, failed_files, is_same_file, read_in_order
from convkit.jobs._where import Where
from convkit.model.directions import is_orientation
from convkit.model.notes import Note, note

if TYPE_CHECKING:
    from convkit.jobs._index.shelf import Shelf

Fields = tuple[Any, ...]
"""Values of the attributes that names and selections ask for."""


class Place(NamedTuple):
    """Where an image lies in the patient.

    Attributes
    ----------
    normal : three floats
        Unit vector across the image; the same for images that are parallel.
    height_mm : float
        Along it.
    """

    normal: tuple[float, float, float]
    height_mm: float


class Shot(NamedTuple):
    """One file with pictures.

    Attributes
    ----------
    path : str
    size, modified_ns : int
        Of the file; with the path its identity for resuming.
    instance : int
        Hash of the SOP Instance UID; 0 where it is absent.
    number : int or None
        Instance Number.
    frames : int
        Number of Frames, as the header says.
    fields : tuple
        See `Fields`.
    kind : PlainKind or None
        Where it is a plain image.
    offset : int
        Of its pixels.
    place : Place or None
        Where it was asked for and the header tells it.
    person : str
        Code of the patient under a profile, else empty.
    """

    path: str
    size: int
    modified_ns: int
    instance: int
    number: int | None
    frames: int
    fields: Fields
    kind: PlainKind | None
    offset: int
    place: Place | None = None
    person: str = ""


class SeriesKey(NamedTuple):
    """What shots of one series share.

    Attributes
    ----------
    study, series : str
        Study and Series Instance UID.
    number : int or None
        Series Number of the first file.
    is_segmentation : bool
    """

    study: str
    series: str
    number: int | None
    is_segmentation: bool


class ShotSeries(NamedTuple):
    """The shots of one series in the order of their pictures.

    Attributes
    ----------
    key : SeriesKey
    shots : tuple of Shot
        By Instance Number, then path.
    notes : tuple of Note
    original_uid : str or None
        Series Instance UID by which other objects name it, where that of the key is a new one.
    """

    key: SeriesKey
    shots: tuple[Shot, ...]
    notes: tuple[Note, ...] = ()
    original_uid: str | None = None

    @property
    def referenced_uid(self) -> str:
        """Series Instance UID by which other objects name it."""
        return self.key.series if self.original_uid is None else self.original_uid

    @property
    def label(self) -> str:
        """The series for people; no text that might identify a person."""
        shown = "without number" if self.key.number is None else f"{self.key.number:03d}"
        return f"series {shown} [{short_hash(self.key.series)}]"


class Shots(NamedTuple):
    """What was found in some sources.

    Attributes
    ----------
    series : tuple of ShotSeries
        By study, number and UID.
    problems : tuple of Note
        A note for each file without a picture.
    keywords : tuple of str
        What `Shot.fields` are.
    paths : sequence of str
        All files that were looked at.
    """

    series: tuple[ShotSeries, ...]
    problems: tuple[Note, ...]
    keywords: tuple[str, ...]
    paths: Sequence[str] = ()


def take(  # noqa: PLR0913, PLR0917 (the one place where the sources of pictures come together)
    sources: Sequence[Source],
    runner: Runner,
    selection: Where | None = None,
    columns: tuple[str, ...] = (),
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
    *,
    has_places: bool = False,
) -> Shots:
    """The shots of some sources; with their places in space where these are asked for.

    Raises
    ------
    UsageError
        There is no source, or a column is not known.
    InputError
        A source does not exist.
    """
    checked_sources(sources, columns)
    keywords = tuple(dict.fromkeys([*columns, *(selection.keywords if selection else ())]))
    found, shelf = files_of(sources, typed_in)
    by_series: dict[tuple[str, str, bool], list[Shot]] = {}
    keys: dict[tuple[str, str, bool], SeriesKey] = {}
    problems: list[_Problem] = [_Problem(each) for each in found.notes]
    task = partial(shots_of_batch, keywords=keywords, has_places=has_places, shelf=shelf)
    for batch in read_in_order(task, found.paths, runner, failed_batch, progress):
        problems += batch.problems
        for key, shots in batch.series:
            place = sys.intern(key.study), sys.intern(key.series), key.is_segmentation
            keys.setdefault(place, key)
            by_series.setdefault(place, []).extend(shots)
    series = [_series(keys[place], shots) for place, shots in by_series.items()]
    if selection:
        problems = [one for one in problems if one.is_selected(selection, keywords)]
        series = [s for s in (_selected(one, selection, keywords) for one in series) if s.shots]
    series.sort(key=lambda s: (not s.key.study, s.key.study, s.key.number is None, s.key.number or 0, s.key.series))
    return Shots(tuple(series), tuple(one.note for one in problems), keywords, found.paths)


_OF_SERIES = ("StudyInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SOPClassUID", "SpecificCharacterSet")
"""Attributes that most files of a batch share: what is made of them is made once."""


class _Batch(NamedTuple):
    """What became of a batch of files."""

    series: tuple[tuple[SeriesKey, tuple[Shot, ...]], ...]
    problems: tuple[_Problem, ...]


class _Problem(NamedTuple):
    """A file without a picture; `key` is None where its header could not be read."""

    note: Note
    key: SeriesKey | None = None
    fields: Fields = ()

    def is_selected(self, selection: Where, keywords: tuple[str, ...]) -> bool:
        """True where the file satisfies the expression, or nobody can tell."""
        if self.key is None:
            return True
        return selection(_own_values(self.key, (), self.note.where) | dict(zip(keywords, self.fields, strict=True)))


def shots_of_batch(
    paths: Sequence[str], *, keywords: tuple[str, ...] = (), has_places: bool = False, shelf: Shelf | None = None
) -> _Batch:
    """Task: the shots of some files, and a note for each that has no picture."""
    read = read_header if shelf is None else shelf.read_header
    table = display_table(keywords)
    kinds = Kinds(table)
    shared_by = itemgetter(*(table.places[keyword] for keyword in (*_OF_SERIES, *keywords)))
    found: dict[SeriesKey, list[Shot]] = {}
    problems: list[_Problem] = []
    shared: dict[tuple[bytes | str | None, ...], tuple[SeriesKey, Fields]] = {}
    for path in paths:
        try:
            header = read(path, table)
        except ConvkitError as err:
            problems.append(_Problem(note_of(err)))
            continue
        raws = *shared_by(header.parsed.raw), header.parsed.media_class
        if raws not in shared:
            shared[raws] = _key_of(header), tuple(header.plain(keyword) for keyword in keywords)
        key, fields = shared[raws]
        reason = not_a_picture(header)
        if reason:
            problems.append(_Problem(reason, key, fields))
        else:
            shot = _shot(header, fields, kinds.of(header))
            found.setdefault(key, []).append(shot._replace(place=_place(header)) if has_places else shot)
    return _Batch(tuple((key, tuple(shots)) for key, shots in found.items()), tuple(problems))


def failed_batch(paths: Sequence[str], error: Exception) -> _Batch:
    """What a batch becomes whose task failed as a whole: every file of it is a problem."""
    return _Batch((), tuple(_Problem(each) for each in failed_files(paths, error)))


def _key_of(header: Header) -> SeriesKey:
    return SeriesKey(
        header.study_instance_uid,
        header.series_instance_uid,
        header.integer("SeriesNumber"),
        is_segmentation(header),
    )


def instance_hash(sop_instance_uid: str) -> int:
    """What `Shot.instance` is."""
    return int.from_bytes(hashlib.sha256(sop_instance_uid.encode()).digest()[:7], "big") if sop_instance_uid else 0


def _shot(header: Header, fields: Fields, kind: PlainKind | None) -> Shot:
    digest = instance_hash(header.sop_instance_uid)
    number, offset = header.integer("InstanceNumber"), (header.parsed.pixel_offset or 0) if kind else 0
    return Shot(header.path, header.size, header.modified_ns, digest, number, _frames(header), fields, kind, offset)


def _place(header: Header) -> Place | None:
    cosines, position = header.numbers("ImageOrientationPatient"), header.numbers("ImagePositionPatient")
    if not is_orientation(cosines) or len(position) != 3:
        return None
    x, y, z = np.cross(cosines[:3], cosines[3:]).round(2).tolist()
    return Place((x, y, z), round(x * position[0] + y * position[1] + z * position[2], 2))


def _frames(header: Header) -> int:
    """Number of Frames; 1 where there can be no so many, for whoever opens the file to tell."""
    frames = header.integer("NumberOfFrames") or 1
    return frames if 1 <= frames <= min(MOST_FRAMES, header.size) else 1


def _series(key: SeriesKey, shots: list[Shot]) -> ShotSeries:
    """The series with its shots in order; of several copies of an instance the first by path counts."""
    ordered = sorted(shots, key=lambda s: (s.number is None, s.number or 0, s.path))
    firsts: dict[tuple[int, int], str] = {}
    kept: list[Shot] = []
    for shot in ordered:
        first = firsts.setdefault((shot.instance, shot.size), shot.path) if shot.instance else shot.path
        if first == shot.path or not is_same_file(first, shot.path):
            kept.append(shot)
    copies = len(ordered) - len(kept)
    text = f"{copies} file{'s' if copies > 1 else ''} of the series are there more than once; each got one picture."
    return ShotSeries(key, tuple(kept), (note("header.duplicate-file", text),) if copies else ())


def _selected(series: ShotSeries, selection: Where, keywords: tuple[str, ...]) -> ShotSeries:
    """The series with the shots that satisfy the expression."""
    own = _own_values(series.key, series.shots, "")
    kept = tuple(
        shot
        for shot in series.shots
        if selection(own | {"path": shot.path} | dict(zip(keywords, shot.fields, strict=True)))
    )
    return series._replace(shots=kept)


def _own_values(key: SeriesKey, shots: Sequence[Shot], path: str) -> dict[str, Any]:
    """What an expression may ask that is no attribute."""
    return {
        "instances": len(shots),
        "images": len(shots),
        "bytes": sum(shot.size for shot in shots),
        "series": short_hash(key.series),
        "study": short_hash(key.study),
        "path": path,
    }
