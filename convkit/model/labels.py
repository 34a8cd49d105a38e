"""Labels of pixels: planes that carry them, masks and label images, and the colours that show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.model.directions import is_orientation
from convkit.model.frame import Position
from convkit.model.geometry import Floats, unit

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255, sRGB."""

PALETTE: tuple[Colour, ...] = (
    (230, 159, 0),  # orange
    (86, 180, 233),  # sky blue
    (240, 228, 66),  # yellow
    (0, 158, 115),  # bluish green
    (213, 94, 0),  # vermilion
    (204, 121, 167),  # reddish purple
    (0, 114, 178),  # blue
)
"""Seven colours that people with any common colour blindness tell apart (Okabe and Ito, Color Universal Design, 2008),
the brightest first, because they lie over grey pictures; without black, which would not be seen."""


def colour_of(number: int) -> Colour:
    """The colour of a label that brings none of its own; labels from 1 take the palette in turn."""
    return PALETTE[(number - 1) % len(PALETTE)]


_UNCHANGED = 1e-9
"""A change over a whole picture that is none, mm or samples: the last digits of the geometry."""


class Plane(NamedTuple):
    """A grid of pixels in patient space.

    Attributes
    ----------
    origin_lps : Position
        Centre of the first pixel, mm.
    row_step_lps, column_step_lps : Position
        From a pixel to the one in the next row, and to the one in the next column, mm.
    rows, columns : int
    """

    origin_lps: Position
    row_step_lps: Position
    column_step_lps: Position
    rows: int
    columns: int

    @classmethod
    def of_slice(cls, affine_lps: Floats, place: int, rows: int, columns: int) -> Plane:
        """One slice of a grid.

        Parameters
        ----------
        affine_lps : (4, 4) float64
            Maps (slice, row, column, 1) to LPS mm.
        place : int
            Which slice.
        rows, columns : int
        """
        origin = affine_lps[:3, 3] + place * affine_lps[:3, 0]
        return cls(_position(origin), _position(affine_lps[:3, 1]), _position(affine_lps[:3, 2]), rows, columns)

    @classmethod
    def of_image(
        cls, position: Sequence[float], orientation: Sequence[float], spacing: Sequence[float], shape: tuple[int, int]
    ) -> Plane | None:
        """The plane of an image (PS3.3 C.7.6.2.1.1), None where its numbers make none.

        Parameters
        ----------
        position : Image Position (Patient)
        orientation : Image Orientation (Patient)
        spacing : Pixel Spacing, rows before columns, mm
        shape : rows, columns
        """
        if len(position) != 3 or len(spacing) != 2 or min(spacing) <= 0 or not is_orientation(orientation):
            return None
        row_step, column_step = unit(orientation[3:]) * spacing[0], unit(orientation[:3]) * spacing[1]
        return cls(_position(position), _position(row_step), _position(column_step), *shape)

    @property
    def normal_lps(self) -> Floats:
        """(3,) float64: unit vector, row direction x column direction."""
        return unit(np.cross(self.column_step_lps, self.row_step_lps))

    def along(self, vector: Floats) -> Floats:
        """Scalar product of a vector (3,) with the position of each pixel.

        Returns
        -------
        products : (rows, columns) float64
            A side along which they do not change has the length 1, so that they can be broadcast.
        """
        down, right = (float(vector @ np.asarray(step)) for step in (self.row_step_lps, self.column_step_lps))
        rows = self.rows if abs(down) * self.rows > _UNCHANGED else 1
        columns = self.columns if abs(right) * self.columns > _UNCHANGED else 1
        first = float(vector @ np.asarray(self.origin_lps))
        return np.asarray(first + np.arange(rows)[:, np.newaxis] * down + np.arange(columns) * right)

    def part(self, rows: slice, columns: slice) -> Plane:
        """The pixels of some rows and columns."""
        down, right = np.asarray(self.row_step_lps), np.asarray(self.column_step_lps)
        first = np.asarray(self.origin_lps) + rows.start * down + columns.start * right
        return self._replace(
            origin_lps=_position(first), rows=rows.stop - rows.start, columns=columns.stop - columns.start
        )

    def corners_lps(self) -> Floats:
        """Positions of the four corner pixels, (4, 3) float64, mm."""
        down = np.asarray(self.row_step_lps) * (self.rows - 1)
        right = np.asarray(self.column_step_lps) * (self.columns - 1)
        first = np.asarray(self.origin_lps, float)
        return np.stack((first, first + right, first + down, first + down + right))


def _position(numbers: Sequence[float] | Floats) -> Position:
    return float(numbers[0]), float(numbers[1]), float(numbers[2])


NEAREST_BIAS = 1e-6
"""Added to a place among samples, in samples or mm: of two that are equally near the later one is taken, whatever the
last digits of the geometry say."""


def nearest(coordinates: Floats) -> NDArray[np.int64]:
    """Indices of the samples nearest to fractional indices."""
    return np.floor(coordinates + (0.5 + NEAREST_BIAS)).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class LabelMask:
    """Where one label lies on a picture.

    Attributes
    ----------
    number : int
        Of the label or segment.
    colour : Colour
    mask : (rows, columns) bool, read-only
    """

    number: int
    colour: Colour
    mask: NDArray[np.bool_]

    def __post_init__(self) -> None:
        self.mask.flags.writeable = False


@dataclass(frozen=True, slots=True, eq=False)
class LabelImage:
    """Labels of the voxels of a grid.

    Attributes
    ----------
    array : (slices, rows, columns) integer, read-only
        0 is no label.
    affine_lps : (4, 4) float64, read-only
        Maps array index (slice, row, column, 1) to LPS position in mm.
    """

    array: NDArray[np.integer]
    affine_lps: Floats

    def __post_init__(self) -> None:
        if self.array.ndim != 3 or self.array.dtype.kind not in "iu":
            raise ValueError(f"labels are integers (slices, rows, columns), not {self.array.shape} {self.array.dtype}")
        self.array.flags.writeable = False
        self.affine_lps.flags.writeable = False
