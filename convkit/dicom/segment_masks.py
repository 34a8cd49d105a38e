"""Segmentations laid over pictures: the masks of segments on one image frame, or on any plane in the patient.

An image without a place takes the frames that name it, pixel for pixel. One with a place takes those that name it and
lie where it lies; other segments are sampled in space (PS3.3 A.51.5.1), the nearest sample of the nearest frame within
half a slice. Frames are decoded when they are needed and not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom._segment_frames import SAME_DIRECTION, Reference, SegmentFrame, Stack
from convkit.dicom.samples import read_stored
from convkit.dicom.segmentation import Segmentation
from convkit.model.geometry import Floats
from convkit.model.labels import NEAREST_BIAS, LabelMask, Plane, nearest

NAMED_GRID = 1.0
"""Pixels by which the grid of a frame and that of the image it names may differ at their corners to be one: rounded
spacings add up to less, and a grid that is truly another differs by more."""


class ImageFrame(NamedTuple):
    """An image frame that a segmentation is laid over.

    Attributes
    ----------
    sop_instance_uid : str
    frame : int
        From 0.
    shape : rows, columns
    plane : Plane or None
        Where it lies; None where it has no place in the patient.
    frame_of_reference_uid : str
        Of the image; empty where absent.
    """

    sop_instance_uid: str
    frame: int
    shape: tuple[int, int]
    plane: Plane | None = None
    frame_of_reference_uid: str = ""


def masks_for(segmentation: Segmentation, image: ImageFrame) -> tuple[LabelMask, ...]:
    """The segments on one image frame.

    Parameters
    ----------
    segmentation : Segmentation
    image : ImageFrame

    Returns
    -------
    masks : tuple of LabelMask
        By segment number; none for a segment that is not on the image.

    Raises
    ------
    PixelError
        A frame cannot be decoded.
    """
    is_in_space = image.plane is not None and _is_same_space(segmentation, image.frame_of_reference_uid)
    plane = image.plane if is_in_space else None
    named = list(_named(segmentation, image, plane))
    found = _Found(segmentation, image.shape)
    for frame in named:
        found.add(frame, read_stored(segmentation.pixels, frame.place))
    if plane is not None:
        _sample(segmentation, plane, found, without={frame.segment for frame in named})
    return found.masks()


def masks_on(segmentation: Segmentation, plane: Plane) -> tuple[LabelMask, ...]:
    """The segments on a plane of any direction, by where their frames lie.

    Parameters
    ----------
    segmentation : Segmentation
    plane : Plane
        In the frame of reference of the segmentation.

    Returns
    -------
    masks : tuple of LabelMask
        By segment number; none for a segment that is not on the plane.

    Raises
    ------
    PixelError
        A frame cannot be decoded.
    """
    found = _Found(segmentation, (plane.rows, plane.columns))
    _sample(segmentation, plane, found, without=set())
    return found.masks()


def _is_same_space(segmentation: Segmentation, frame_of_reference_uid: str) -> bool:
    """True where positions can be compared: one frame of reference, or none told apart."""
    own = segmentation.frame_of_reference_uid
    return not own or not frame_of_reference_uid or own == frame_of_reference_uid


_Box = tuple[slice, slice]
"""Rows and columns of a picture."""

_WHOLE: _Box = (slice(None), slice(None))


class _Found:
    """The masks of a picture while frames are added."""

    def __init__(self, segmentation: Segmentation, shape: tuple[int, int]) -> None:
        self._segmentation, self._shape = segmentation, shape
        self._masks: dict[int, NDArray[np.bool_]] = defaultdict(lambda: np.zeros(shape, bool))

    def add(self, frame: SegmentFrame, stored: NDArray[Any], box: _Box = _WHOLE) -> None:
        """Add a frame whose stored values were brought onto a part of the picture."""
        if frame.segment is not None:
            self._masks[frame.segment][box] |= stored >= self._segmentation.threshold
            return
        for number in np.unique(stored).tolist():
            if number != self._segmentation.background:
                self._masks[number][box] |= stored == number

    def masks(self) -> tuple[LabelMask, ...]:
        """What was found, by number."""
        colour = self._segmentation.colour
        return tuple(LabelMask(n, colour(n), mask) for n, mask in sorted(self._masks.items()) if mask.any())


# --- by name ---------------------------------------------------------------------------------------------


def _named(segmentation: Segmentation, image: ImageFrame, plane: Plane | None) -> Iterator[SegmentFrame]:
    """Yield frames that name the image and have its matrix; of a segment one, where no place tells several apart."""
    layout = segmentation.pixels.layout
    if (layout.rows, layout.columns) != image.shape:
        return
    keys = (Reference(image.sop_instance_uid, image.frame), Reference(image.sop_instance_uid, None))
    candidates = dict.fromkeys(frame for key in keys for frame in segmentation.references.get(key, ()))
    blind: dict[int | None, list[SegmentFrame]] = defaultdict(list)
    for frame in candidates:
        if plane is None or frame.plane is None:
            blind[frame.segment].append(frame)
        elif _distance(frame.plane, plane) <= NAMED_GRID and _is_near(segmentation, frame, plane):
            yield frame
    for frames in blind.values():
        yield from frames if len(frames) == 1 else ()  # which of several it is, nothing tells


def _is_near(segmentation: Segmentation, frame: SegmentFrame, plane: Plane) -> bool:
    """True where the corners of a picture are within half a slice of a frame."""
    if frame.plane is None:
        return False
    normal = frame.plane.normal_lps
    along = (plane.corners_lps() - np.asarray(frame.plane.origin_lps)) @ normal
    reach = max(stack.reach_mm for stack in segmentation.stacks if stack.normal_lps @ normal > 1 - SAME_DIRECTION)
    return bool(np.abs(along).max() <= reach)


def _distance(one: Plane, other: Plane) -> float:
    """How far the corners of two grids of one size lie apart within the first, in pixels."""
    return float(np.abs(_coordinates_of(one, other.corners_lps()) - _coordinates_of(one, one.corners_lps())).max())


def _coordinates_of(plane: Plane, positions: Floats) -> Floats:
    """Fractional (row, column) of positions (n, 3) on a plane, (n, 2) float64."""
    return np.asarray((positions - np.asarray(plane.origin_lps)) @ np.stack(_to_index(plane), axis=1))


def _to_index(plane: Plane) -> tuple[Floats, Floats]:
    """Vectors whose product with a position, from the first pixel on, is the row and the column index."""
    down, right = np.asarray(plane.row_step_lps), np.asarray(plane.column_step_lps)
    return down / (down @ down), right / (right @ right)


# --- in space --------------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """Pixels of a picture that one position of a stack is nearest to.

    Attributes
    ----------
    box : rows and columns that hold them
    plane : Plane
        Of the box.
    where : (rows, columns) bool, of the box; a side may have the length 1
    """

    box: _Box
    plane: Plane
    where: NDArray[np.bool_]


class _Samples(NamedTuple):
    """Which sample of a frame each pixel of a part takes.

    Attributes
    ----------
    rows, columns : (rows, columns) int64; a side may have the length 1
    inside : (rows, columns) bool
        False where the pixel takes none.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    inside: NDArray[np.bool_]


def _sample(segmentation: Segmentation, plane: Plane, found: _Found, without: set[int | None]) -> None:
    """Add what lies on a plane, but for some segments."""
    for stack in segmentation.stacks:
        for frames, part in _near(stack, plane):
            taken: dict[Plane, _Samples | None] = {}
            for frame in frames:
                if frame.segment in without or frame.plane is None:
                    continue
                if frame.plane not in taken:
                    taken[frame.plane] = _samples(frame.plane, part)
                samples = taken[frame.plane]
                if samples is not None:
                    stored = read_stored(segmentation.pixels, frame.place)
                    values = stored[samples.rows, samples.columns]
                    found.add(frame, np.where(samples.inside, values, segmentation.background), part.box)


def _near(stack: Stack, plane: Plane) -> Iterator[tuple[Iterable[SegmentFrame], _Part]]:
    """Yield the frames of each position with the pixels that it is the nearest to, within its reach."""
    along = plane.along(stack.normal_lps)
    middles = (stack.positions_mm[1:] + stack.positions_mm[:-1]) / 2
    nearest_ones = np.searchsorted(middles, along + NEAREST_BIAS)
    is_near = np.abs(along - stack.positions_mm[nearest_ones]) <= stack.reach_mm
    for position in np.unique(nearest_ones[is_near]).tolist():
        where = is_near & (nearest_ones == position)
        rows, row_part = _extent(where.any(axis=1), plane.rows)
        columns, column_part = _extent(where.any(axis=0), plane.columns)
        part = _Part((rows, columns), plane.part(rows, columns), where[row_part, column_part])
        yield stack.frames[position], part


def _extent(line: NDArray[np.bool_], length: int) -> tuple[slice, slice]:
    """From the first to the last True of a line: in the picture, and in the line, where one stands for all."""
    if len(line) != length:
        return slice(0, length), slice(None)
    there = np.flatnonzero(line)
    extent = slice(int(there[0]), int(there[-1]) + 1)
    return extent, extent


def _samples(own: Plane, part: _Part) -> _Samples | None:
    """The samples of a frame that are nearest to the pixels of a part; None where all pixels are outside."""
    down, right = _to_index(own)
    origin = np.asarray(own.origin_lps)
    rows = nearest(part.plane.along(down) - float(down @ origin))
    columns = nearest(part.plane.along(right) - float(right @ origin))
    inside = (rows >= 0) & (rows < own.rows) & (columns >= 0) & (columns < own.columns) & part.where
    if not inside.any():
        return None
    whole = np.broadcast_to(inside, (part.plane.rows, part.plane.columns))
    return _Samples(np.clip(rows, 0, own.rows - 1), np.clip(columns, 0, own.columns - 1), whole)
