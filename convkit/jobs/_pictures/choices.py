"""What a picture shows, and which of a series get one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from convkit.errors import UsageError


class View(StrEnum):
    """What a picture shows."""

    NATIVE = "native"  # the image as it is stored
    AXIAL = "axial"  # planes across the body
    THREE = "three"  # axial, coronal and sagittal side by side
    MOSAIC = "mosaic"  # planes across the body on one sheet
    MIP = "mip"  # maximum intensity projections along the three axes


@dataclass(frozen=True, slots=True)
class Slices:
    """Which pictures of a series, or which planes of a volume.

    Attributes
    ----------
    count : int or None
        So many, evenly spread; None takes all. One is the middle one.
    """

    count: int | None = None

    def of(self, total: int) -> Sequence[int]:
        """The places that are taken of so many, from 0, in order."""
        if self.count is None or self.count >= total:
            return range(total)
        return [int((i + 0.5) * total / self.count) for i in range(self.count)]


def slices_of(text: str | int) -> Slices:
    """The selection that ``--slices`` names: all, middle, or a number of pictures.

    Raises
    ------
    UsageError
        It names none.
    """
    word = str(text).strip().lower()
    if word == "all":
        return Slices()
    if word == "middle":
        return Slices(1)
    if word.isdecimal() and int(word) > 0:
        return Slices(int(word))
    raise UsageError(f"{text!r} is no selection of slices.", "--slices", "Give all, middle, or how many, such as 5.")
