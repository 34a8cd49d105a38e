"""Where the pixels of an image and the coordinates of a presentation state come to lie (PS3.3 C.10.4, C.10.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.model.presentation import Point, Rectangle, Units


@dataclass(frozen=True, slots=True)
class Turning:
    """What is cut out of an image, turned clockwise, and then flipped.

    Attributes
    ----------
    image : (rows, columns)
        Of the image that comes in.
    part : Rectangle
        What is kept of it.
    area : Rectangle
        The displayed area, which may reach beyond the image.
    rotation : int
        0, 90, 180 or 270 degrees.
    is_flipped : bool
    """

    image: tuple[int, int]
    part: Rectangle
    area: Rectangle
    rotation: int
    is_flipped: bool

    def applied_to(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels of the image, or a mask of it, as they come out: a view of (rows, columns, ...)."""
        left, upper, right, lower = self.part
        turned = np.rot90(pixels[upper - 1 : lower, left - 1 : right], -self.rotation // 90)
        return turned[:, ::-1] if self.is_flipped else turned

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns that come out."""
        size = self.part.lower - self.part.upper + 1, self.part.right - self.part.left + 1
        return size if self.rotation in {0, 180} else size[::-1]

    def point(self, point: Point, units: Units) -> Point:
        """Where a point of a state comes to lie, (column, row) from the top left corner of what comes out."""
        if units is Units.PIXEL:
            return self._turned(point)
        # A share of the displayed area after turning; its corners tell where that lies.
        corners = (self.area.left - 1.0, self.area.upper - 1.0), (float(self.area.right), float(self.area.lower))
        (x, y), (other_x, other_y) = map(self._turned, corners)
        left, upper = min(x, other_x), min(y, other_y)
        return left + point[0] * abs(other_x - x), upper + point[1] * abs(other_y - y)

    def _turned(self, point: Point) -> Point:
        width, height = self.part.right - self.part.left + 1, self.part.lower - self.part.upper + 1
        x, y = point[0] - (self.part.left - 1), point[1] - (self.part.upper - 1)
        if self.rotation == 90:
            x, y = height - y, x
        elif self.rotation == 180:
            x, y = width - x, height - y
        elif self.rotation == 270:
            x, y = y, width - x
        return (self.shape[1] - x if self.is_flipped else x), y
