"""Stored slices as an upright block: what lies across them, corrected for a shear; and their greatest values.

Pixels only: which way a patient lies in them is the business of `convkit.pictures.planes`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

ON_PIXEL = 1e-6
"""A place closer than this to the centre of a pixel, in pixels, is that pixel: float64 rounds less over any stack."""


@dataclass(frozen=True, slots=True, eq=False)
class Slices:
    """The slices of one volume.

    Attributes
    ----------
    values : (slices, first, second) or (slices, first, second, 3)
        A view of the stored array.
    shift : two floats
        How far each slice lies from the one before it along its first and its second axis, in pixels; 0 where upright.
    padding : (low, high) or None
        Values, both ends included, that are no measurement.
    """

    values: NDArray[Any]
    shift: tuple[float, float] = (0.0, 0.0)
    padding: tuple[float, float] | None = None

    @property
    def is_sheared(self) -> bool:
        """True where slices are shifted against each other."""
        return any(self.shift)

    @property
    def starts(self) -> tuple[float, float]:
        """Where the upright block begins along each axis, in pixels from the first pixel of the first slice."""
        last = len(self.values) - 1
        return min(0.0, self.shift[0] * last), min(0.0, self.shift[1] * last)

    @property
    def sizes(self) -> tuple[int, int]:
        """Pixels of the upright block along each axis; one counts where its centre is covered."""
        last, (first, second) = len(self.values) - 1, self.values.shape[1:3]
        return first + _rounded(self.shift[0] * last), second + _rounded(self.shift[1] * last)

    def across(self, n: int) -> NDArray[Any]:
        """The line of every slice at place `n` of the first axis of the upright block.

        Returns
        -------
        lines : (slices, second[, 3])
            As stored where the slices are upright, else as `plane` of `Planes` tells.
        """
        if not self.is_sheared:
            return self.values[:, n]
        numbers = np.arange(len(self.values))
        places = (self.starts[0] + n) - numbers.astype(np.float64) * self.shift[0]
        low, high, share, is_inside = _neighbours(places, self.values.shape[1])
        below, above = self._measured(self.values[numbers, low]), self._measured(self.values[numbers, high])
        lines = _between(below, above, share)
        lines[~is_inside] = np.nan
        return self._finished(self._set_upright(lines))

    def greatest_across(self) -> NDArray[Any]:
        """The greatest value of every slice along the first axis: (slices, second[, 3])."""
        lines = np.stack([np.fmax.reduce(self._counted(one), axis=0) for one in self.values])
        return self._finished(self._set_upright(lines) if self.is_sheared else lines)

    def greatest_along(self) -> NDArray[Any]:
        """The greatest value along the normal: (first, second[, 3]) of the upright block."""
        greatest = self._set_upright_slice(0)
        for k in range(1, len(self.values)):
            np.fmax(greatest, self._set_upright_slice(k), out=greatest)
        return self._finished(greatest)

    def _set_upright_slice(self, k: int) -> NDArray[Any]:
        """One slice at its place in the upright block; a new array."""
        if not self.is_sheared:
            return np.array(self._counted(self.values[k]))
        moved = self._measured(self.values[k])
        if self.shift[0]:
            moved = _at_places(moved, self._places(k, 0))
        if self.shift[1]:
            moved = np.swapaxes(_at_places(np.swapaxes(moved, 0, 1), self._places(k, 1)), 0, 1)
        return moved

    def _set_upright(self, lines: NDArray[Any]) -> NDArray[Any]:
        """Lines (slices, second[, 3]), each shifted along itself."""
        if not self.shift[1]:
            return lines
        return np.stack([_at_places(self._measured(line), self._places(k, 1)) for k, line in enumerate(lines)])

    def _places(self, k: int, axis: int) -> NDArray[np.float64]:
        """Where the pixels of the upright block lie along an axis of a slice, in its own pixels."""
        return np.arange(self.sizes[axis], dtype=np.float64) + (self.starts[axis] - k * self.shift[axis])

    def _counted(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values among which the greatest is looked for."""
        return self._measured(values) if self.is_sheared or self._has_padding else values

    @property
    def _has_padding(self) -> bool:
        return self.padding is not None and self.values.ndim == 3

    def _measured(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Values as float32, NaN for padding."""
        real = np.array(values, np.float32)
        if self.padding is not None and self._has_padding:
            real[(values >= self.padding[0]) & (values <= self.padding[1])] = np.nan
        return real

    def _finished(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values as they are handed out: colour goes back to its own dtype, black where nothing was measured."""
        if self.values.ndim == 4 and values.dtype != self.values.dtype:
            return np.asarray(np.rint(np.nan_to_num(values)).astype(self.values.dtype))
        return values


def _rounded(pixels: float) -> int:
    return math.floor(abs(pixels) + 0.5 + ON_PIXEL)


def _neighbours(
    places: NDArray[np.float64], length: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float32], NDArray[np.bool_]]:
    """The pixels below and above each place, the share of the one above, and whether a pixel covers the place at all.

    A pixel reaches half its width beyond its centre, so the outermost value holds there.
    """
    is_inside = (places >= -0.5 - ON_PIXEL) & (places <= length - 0.5 + ON_PIXEL)
    whole = np.rint(places)
    places = np.clip(np.where(np.abs(places - whole) <= ON_PIXEL, whole, places), 0, length - 1)
    low = np.floor(places).astype(np.intp)
    share = (places - low).astype(np.float32)
    return low, low + (share > 0), share, is_inside  # without a share the pixel above may be NaN, or none


def _between(below: NDArray[np.float32], above: NDArray[np.float32], share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear interpolation along the first axis; equal values stay exactly what they are."""
    shares = share.reshape(-1, *[1] * (below.ndim - 1))
    return np.asarray(below + (above - below) * shares, np.float32)


def _at_places(values: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values at places along their first axis, linearly; NaN where there is no pixel."""
    low, high, share, is_inside = _neighbours(places, len(values))
    found = _between(values[low], values[high], share)
    found[~is_inside] = np.nan
    return found
