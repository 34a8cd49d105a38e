"""Boxes in pictures: half-open rectangles of whole pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle; the first row and column belong to it, the last ones do not.

    Attributes
    ----------
    top, left, bottom, right : int
    """

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns."""
        return self.right - self.left

    @property
    def is_empty(self) -> bool:
        """True where no pixel lies in it."""
        return self.height <= 0 or self.width <= 0

    def moved(self, down: int, right: int) -> Box:
        """The box at another place."""
        return Box(self.top + down, self.left + right, self.bottom + down, self.right + right)

    def grown(self, by: int) -> Box:
        """The box with a margin on all sides."""
        return Box(self.top - by, self.left - by, self.bottom + by, self.right + by)

    def clipped(self, rows: int, columns: int) -> Box:
        """The part of it that lies on a picture."""
        return Box(max(self.top, 0), max(self.left, 0), min(self.bottom, rows), min(self.right, columns))

    def meets(self, other: Box) -> bool:
        """True where both have a pixel in common."""
        return (
            self.top < other.bottom and other.top < self.bottom and self.left < other.right and other.left < self.right
        )

    def holds(self, other: Box) -> bool:
        """True where all of another one lies in it."""
        return (
            self.top <= other.top
            and self.left <= other.left
            and self.bottom >= other.bottom
            and self.right >= other.right
        )


def on_picture(boxes: Iterable[Box], rows: int, columns: int) -> tuple[Box, ...]:
    """Boxes cut to a picture, sorted, without empty ones and those that lie in another."""
    there = sorted({box.clipped(rows, columns) for box in boxes})
    there = [box for box in there if not box.is_empty]
    return tuple(box for box in there if not any(other != box and other.holds(box) for other in there))


def outside(kept: Sequence[Box], rows: int, columns: int) -> tuple[Box, ...]:
    """Boxes that cover all of a picture but the union of some boxes.

    Bands of rows between the upper and lower ends of the boxes; in each, the columns that no box covers.
    """
    inside = on_picture(kept, rows, columns)
    ends = sorted({0, rows, *(b.top for b in inside), *(b.bottom for b in inside)})
    found: list[Box] = []
    for top, bottom in pairwise(ends):
        here = 0
        for box in sorted((b for b in inside if b.top <= top and b.bottom >= bottom), key=lambda b: b.left):
            found += [Box(top, here, bottom, box.left)] if box.left > here else []
            here = max(here, box.right)
        found += [Box(top, here, bottom, columns)] if here < columns else []
    return tuple(found)
