"""How the real values of some frames are distributed, as far as a window needs to know; in bounded memory.

Integers of up to 16 bits are counted, so that nothing is lost and order does not matter. Other numbers are kept, and
thinned evenly once there are too many of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.pictures._lookup import every_value

_KEPT = 1 << 22
"""Numbers that are kept at most (32 MB): a percentile of so many is exact to far less than a grey level."""

_BACKGROUND = 0.05
"""Share of the values from which on the smallest one is background: a twentieth of a picture in one value is a mask."""


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Values in rising order, and how many values are not above each.

    Attributes
    ----------
    values : (n,) float64
        Rising; a value may stand there more than once.
    ranks : (n,) int64
        Rising: how many of all values lie at this place or before.
    """

    values: NDArray[np.float64]
    ranks: NDArray[np.int64]

    @property
    def is_flat(self) -> bool:
        """True where there is no value, or only one."""
        return self.values.size == 0 or self.values[0] == self.values[-1]

    @property
    def low(self) -> float:
        """The smallest value."""
        return float(self.values[0])

    @property
    def high(self) -> float:
        """The largest value."""
        return float(self.values[-1])

    def percentile(self, percent: float) -> float:
        """The smallest value that at least so many percent of all values do not exceed."""
        place = np.searchsorted(self.ranks, percent / 100 * self.ranks[-1])
        return float(self.values[min(int(place), self.values.size - 1)])

    def above(self, limit: float) -> Distribution:
        """The part above a limit."""
        start = int(np.searchsorted(self.values, limit, side="right"))
        before = self.ranks[start - 1] if start else 0
        return Distribution(self.values[start:], self.ranks[start:] - before)

    def without_background(self) -> Distribution:
        """Without the smallest value where that alone makes up a noticeable part: air that was set to one value."""
        rest = self.above(self.low)
        background = self.ranks[-1] - (rest.ranks[-1] if rest.values.size else 0)
        is_set = background >= _BACKGROUND * self.ranks[-1]
        return rest if is_set and rest.values.size else self


def distribution(sample: Iterable[NDArray[Any]]) -> Distribution:
    """The distribution of all values of some arrays; floats that are no finite number do not count.

    Parameters
    ----------
    sample : iterable of arrays of integers or floats, of any shape
        Real values without padding.
    """
    counts: dict[np.dtype[Any], NDArray[np.int64]] = {}
    kept: list[NDArray[np.float64]] = []
    ends: list[float] = []
    step = 1
    for array in sample:
        if array.dtype.kind in "iub" and array.dtype.itemsize <= 2:
            _count(array, counts)
            continue
        numbers = _finite(array)
        ends += [numbers.min(), numbers.max()] if numbers.size else []
        kept.append(numbers[::step].astype(np.float64))
        while sum(part.size for part in kept) > _KEPT:
            kept = [np.concatenate(kept)[::2].copy()]
            step *= 2
    found = [_counted(dtype, tally) for dtype, tally in counts.items()]
    found += [(part, np.full(part.size, step, np.int64)) for part in kept]
    if step > 1:  # the ends must not be lost to the thinning
        found.append((np.array([min(ends), max(ends)], np.float64), np.ones(2, np.int64)))
    return _ranked(found)


def _count(array: NDArray[Any], counts: dict[np.dtype[Any], NDArray[np.int64]]) -> None:
    """Add the values of an array to the counts of its type, in place."""
    bits = 8 * array.dtype.itemsize
    codes = np.ascontiguousarray(array).view(f"u{array.dtype.itemsize}").reshape(-1)
    tally = np.bincount(codes, minlength=1 << bits)
    dtype = np.dtype(np.uint8) if array.dtype.kind == "b" else array.dtype
    counts[dtype] = counts[dtype] + tally if dtype in counts else tally


def _counted(dtype: np.dtype[Any], tally: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    used = tally > 0
    return every_value(dtype)[used].astype(np.float64), tally[used]


def _finite(array: NDArray[Any]) -> NDArray[Any]:
    flat = array.reshape(-1)
    return flat[np.isfinite(flat)] if array.dtype.kind == "f" else flat


def _ranked(found: list[tuple[NDArray[np.float64], NDArray[np.int64]]]) -> Distribution:
    if not found:
        return Distribution(np.empty(0), np.empty(0, np.int64))
    values, weights = (np.concatenate(parts) for parts in zip(*found, strict=True))
    if weights.size and weights.min() == weights.max():  # floats: plain sorting is three times as fast
        return Distribution(np.sort(values), np.cumsum(weights))
    order = np.argsort(values)  # the order among equal values does not matter
    return Distribution(values[order], np.cumsum(weights[order]))
