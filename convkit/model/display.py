"""How an image is meant to be shown: windows, tables, padding, polarity (PS3.3 C.11, C.7.6.3).

What a header (or a presentation state) says, in plain numbers; how it becomes grey levels is the business of
`convkit.pictures`. The order is that of PS3.4 N.2: stored value, modality (rescale or table), value of interest (window
or table), presentation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class VoiFunction(StrEnum):
    """How a window maps values to grey levels (PS3.3 C.11.2.1.2, C.11.2.1.3)."""

    LINEAR = "LINEAR"
    LINEAR_EXACT = "LINEAR_EXACT"
    SIGMOID = "SIGMOID"


@dataclass(frozen=True, slots=True)
class Window:
    """A window over real values (after rescale).

    Attributes
    ----------
    center, width : float
        In the unit of the real values. LINEAR needs a width of at least 1, the others one above 0.
    function : VoiFunction
    explanation : str
        Window Center & Width Explanation, for choosing by name; empty where absent.
    """

    center: float
    width: float
    function: VoiFunction = VoiFunction.LINEAR
    explanation: str = ""

    def moved(self, factor: float, before: float, after: float) -> Window:
        """The window with the same ends over values that are ``(value - before) * factor + after``."""
        center, width, function = self.center, self.width, self.function
        if function is VoiFunction.LINEAR:  # PS3.3 C.11.2.1.2.1: its ends are half a unit, and one, inside
            center, width, function = center - 0.5, width - 1, VoiFunction.LINEAR_EXACT
        return Window((center - before) * factor + after, width * abs(factor), function, self.explanation)


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """A table over integers: Modality LUT, VOI LUT, Presentation LUT, one colour of a palette (PS3.3 C.11.1.1.1).

    Attributes
    ----------
    first : int
        The input that gives the first entry; inputs below give the first entry, inputs beyond the last entry the last.
    entries : (n,) uint8 or uint16, read-only
    bits : int
        Bits of an entry, 8 to 16: the output runs from 0 to 2**bits - 1.
    explanation : str
    """

    first: int
    entries: NDArray[np.unsignedinteger]
    bits: int
    explanation: str = ""

    def __post_init__(self) -> None:
        self.entries.flags.writeable = False

    def applied(self, values: NDArray[Any]) -> NDArray[np.unsignedinteger]:
        """The entries of inputs; those outside give the first or the last (PS3.3 C.11.1.1.1).

        Parameters
        ----------
        values : integers or floats of any shape
            Floats are rounded; what is no number gives the first entry.

        Returns
        -------
        array of the same shape, of the type of the entries
        """
        last = self.entries.size - 1
        if values.dtype.kind == "f":
            with np.errstate(invalid="ignore"):
                places = np.clip(np.rint(values.astype(np.float64)) - self.first, 0, last)
            places = np.nan_to_num(places, copy=False)
        else:
            places = np.clip(values.astype(np.int64) - self.first, 0, last)
        found: NDArray[np.unsignedinteger] = self.entries[places.astype(np.intp)]
        return found


Voi = Window | LookupTable
"""What selects the values of interest."""


@dataclass(frozen=True, slots=True, eq=False)
class Display:
    """How one grey frame is meant to be shown.

    Attributes
    ----------
    modality : str
    slope, intercept : float
        Rescale; 1 and 0 where absent or where `modality_table` takes its place.
    modality_table : LookupTable or None
        Modality LUT Sequence: stored value to real value.
    units : str
        Of real values: ``HU``, ``BQML``, ...; empty where unknown.
    voi : tuple of Voi
        Windows first, then tables, in the order of the header.
    is_inverse : bool
        True where the smallest value is to be white: MONOCHROME1, or Presentation LUT Shape INVERSE on MONOCHROME2.
    padding : (low, high) or None
        Stored values, both ends included, that are no part of the image (PS3.3 C.7.5.1.1.2).
    presentation_table : LookupTable or None
        Presentation LUT Sequence, over the output of the value of interest.
    bits_stored : int
    is_signed : bool
    aspect : float
        Height of a pixel over its width (row spacing / column spacing); 1 where unknown.
    """

    modality: str = ""
    slope: float = 1.0
    intercept: float = 0.0
    modality_table: LookupTable | None = None
    units: str = ""
    voi: tuple[Voi, ...] = ()
    is_inverse: bool = False
    padding: tuple[int, int] | None = None
    presentation_table: LookupTable | None = None
    bits_stored: int = 16
    is_signed: bool = False
    aspect: float = 1.0

    def under(self, slope: float, intercept: float, *, units: str = "") -> Display:
        """The same image for another rescale of its stored values; windows move with the values that they are over.

        A VOI LUT is over whole numbers, and is left out where these change.

        Parameters
        ----------
        slope, intercept : float
        units : str
            Of the other values.
        """
        changed = replace(self, slope=slope, intercept=intercept, units=units, modality_table=None)
        if self.modality_table is not None:
            return replace(changed, voi=())
        if (slope, intercept) == (self.slope, self.intercept):
            return changed
        factor = slope / self.slope
        moved = (window.moved(factor, self.intercept, intercept) for window in self.windows)
        return replace(changed, voi=tuple(w for w in moved if w.width > 0), is_inverse=self.is_inverse != (factor < 0))

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows among `voi`."""
        return tuple(v for v in self.voi if isinstance(v, Window))
