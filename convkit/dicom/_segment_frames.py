"""Frames of segmentations: what the functional groups of each say, and the stacks that they form (PS3.3 A.51.5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from convkit.dicom import values
from convkit.dicom.sequences import Item
from convkit.errors import MissingAttributeError
from convkit.model.geometry import Floats
from convkit.model.labels import Plane

_SEGMENT = (0x0062000A, 0x0062000B)
_POSITION, _ORIENTATION = (0x00209113, 0x00200032), (0x00209116, 0x00200037)
_SPACING, _THICKNESS, _DISTANCE = (0x00289110, 0x00280030), (0x00289110, 0x00180050), (0x00289110, 0x00180088)
_DERIVATION, _SOURCES = 0x00089124, 0x00082112
_INSTANCE, _FRAME_NUMBER, _PRESERVED = 0x00081155, 0x00081160, 0x0028135A

SAME_DIRECTION = 1e-6
"""How far the cosine between two slice normals may be from 1 for frames of one stack: a tenth of a degree, more than
the rounding of direction cosines to four decimals makes."""

SAME_PLACE_MM = 0.01
"""Frames closer than this along the normal lie in one slice: headers round positions to thousandths or hundredths of a
millimetre, and no scanner makes slices that thin."""


class SegmentFrame(NamedTuple):
    """One frame of a segmentation.

    Attributes
    ----------
    place : int
        In the object, from 0.
    segment : int or None
        Number of its segment; None where its values are the numbers.
    plane : Plane or None
        Where it lies; None where the header gives no place in the patient.
    """

    place: int
    segment: int | None
    plane: Plane | None


class Stack(NamedTuple):
    """Frames of one direction.

    Attributes
    ----------
    normal_lps : (3,) float64
    positions_mm : (n,) float64
        Along the normal, growing.
    frames : n tuples of SegmentFrame
        At each position.
    reach_mm : float
        How far along the normal a frame still holds: half a slice.
    """

    normal_lps: Floats
    positions_mm: Floats
    frames: tuple[tuple[SegmentFrame, ...], ...]
    reach_mm: float


class Reference(NamedTuple):
    """An image frame that a frame of a segmentation was made from, pixel for pixel.

    Attributes
    ----------
    sop_instance_uid : str
    frame : int or None
        From 0; None for all frames of the instance, or its only one.
    """

    sop_instance_uid: str
    frame: int | None


class FrameReader:
    """Reads the functional groups of frames; what many frames repeat is worked out once.

    Parameters
    ----------
    shared : Item or None
        Functional groups of all frames.
    shape : rows, columns
    is_label_map : bool
        Values are the numbers of segments, so a frame names none.

    Attributes
    ----------
    depths : set
        Raw Spacing Between Slices and Slice Thickness that were met.
    """

    def __init__(self, shared: Item | None, shape: tuple[int, int], *, is_label_map: bool) -> None:
        self._shared, self._shape, self._is_label_map = shared, shape, is_label_map
        self._planes: dict[tuple[bytes, bytes, bytes], Plane | None] = {}
        self._common: dict[tuple[int, int], bytes] = {}
        self._common_sources = self._references(shared) if shared else ()
        self.depths: set[tuple[bytes, bytes]] = set()

    def read(self, place: int, item: Item) -> tuple[SegmentFrame, tuple[Reference, ...]]:
        """A frame, and the images that it was made from.

        Parameters
        ----------
        place : int
            In the object, from 0.
        item : Item
            Its functional groups.

        Raises
        ------
        InputError
            It names no segment, or the lengths inside lead nowhere.
        """
        self.depths.add((self._value(item, _DISTANCE), self._value(item, _THICKNESS)))
        segment = None
        if not self._is_label_map:
            segment = values.integer(self._value(item, _SEGMENT), "US")
            if segment is None:
                raise MissingAttributeError("(0062,000B) ReferencedSegmentNumber of a frame is missing.")
        frame = SegmentFrame(place, segment, self._plane(item))
        return frame, self._references(item) or self._common_sources

    def _value(self, item: Item, path: tuple[int, int]) -> bytes:
        """The raw value of an element of a functional group, of the frame or of all frames; empty where absent."""
        own = _inner(item, path)
        if own is not None:
            return own
        if path not in self._common:
            self._common[path] = (_inner(self._shared, path) if self._shared else None) or b""
        return self._common[path]

    def _plane(self, item: Item) -> Plane | None:
        raw = self._value(item, _POSITION), self._value(item, _ORIENTATION), self._value(item, _SPACING)
        if raw not in self._planes:
            position, orientation, spacing = (values.numbers(one, "DS") for one in raw)
            self._planes[raw] = Plane.of_image(position, orientation, spacing, self._shape)
        return self._planes[raw]

    def _references(self, item: Item) -> tuple[Reference, ...]:
        """The images that keep their pixels in place (PS3.3 C.7.6.16.2.6: Spatial Locations Preserved)."""
        found: list[Reference] = []
        for derivation in item.items(_DERIVATION):
            for source in derivation.items(_SOURCES):
                uid = values.text(source.find(_INSTANCE) or b"")
                if uid and values.text(source.find(_PRESERVED) or b"") in {"", "YES"}:
                    numbers = values.numbers(source.find(_FRAME_NUMBER) or b"", "IS")
                    found += [Reference(uid, int(n) - 1) for n in numbers] or [Reference(uid, None)]
        return tuple(dict.fromkeys(found))


def _inner(item: Item, path: tuple[int, int]) -> bytes | None:
    """The value of an element in the only item of a sequence."""
    items = item.items(path[0])
    return items[0].find(path[1]) if items else None


# --- stacks ----------------------------------------------------------------------------------------------


def stacks_of(frames: Iterable[SegmentFrame], depths: set[tuple[bytes, bytes]]) -> tuple[Stack, ...]:
    """Frames with a place, by direction and then along it.

    Parameters
    ----------
    frames : iterable of SegmentFrame
    depths : set
        `FrameReader.depths`.
    """
    by_direction: list[tuple[Floats, list[SegmentFrame]]] = []
    known: dict[tuple[object, object], list[SegmentFrame]] = {}
    for frame in frames:
        if frame.plane is None:
            continue
        key = frame.plane.row_step_lps, frame.plane.column_step_lps
        if key not in known:
            known[key] = _same_direction(by_direction, frame.plane.normal_lps)
        known[key].append(frame)
    return tuple(_stack(normal, members, _stated(depths)) for normal, members in by_direction)


def _same_direction(stacks: list[tuple[Floats, list[SegmentFrame]]], normal: Floats) -> list[SegmentFrame]:
    """The frames of a direction; a new list where it is new."""
    for other, members in stacks:
        if float(other @ normal) > 1 - SAME_DIRECTION:
            return members
    stacks.append((normal, []))
    return stacks[-1][1]


def _stack(normal: Floats, members: Sequence[SegmentFrame], stated: float) -> Stack:
    along = [float(np.asarray(f.plane.origin_lps) @ normal) for f in members if f.plane]
    positions: list[float] = []
    frames: list[list[SegmentFrame]] = []
    for position, rank in sorted(zip(along, range(len(members)), strict=True)):
        if not positions or position - positions[-1] > SAME_PLACE_MM:
            positions.append(position)
            frames.append([])
        frames[-1].append(members[rank])
    return Stack(normal, np.array(positions), tuple(map(tuple, frames)), _reach(positions, stated))


def _reach(positions: Sequence[float], stated: float) -> float:
    """Half a slice: of the least distance between positions, or of what the header states where it is less.

    A frame without its segment is often left out, so that distances may be multiples of that between slices. Where
    nothing is stated, half of one is therefore just out of reach: it may be that of a slice that was left out.
    """
    gaps = [after - before for before, after in pairwise(positions)]
    if stated:
        return min(*gaps, stated) / 2 + SAME_PLACE_MM if gaps else stated / 2 + SAME_PLACE_MM
    return min(gaps) / 2 - SAME_PLACE_MM if gaps else SAME_PLACE_MM


def _stated(depths: set[tuple[bytes, bytes]]) -> float:
    """The least Spacing Between Slices, else Slice Thickness, mm; 0 where none is given."""

    def least(raw: Iterator[bytes]) -> float:
        return min((n for one in raw for n in values.numbers(one, "DS")[:1] if n > 0), default=0.0)

    return least(distance for distance, _ in depths) or least(thickness for _, thickness in depths)
