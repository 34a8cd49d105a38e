"""Grey levels of integers of up to 16 bits: worked out once for every value there is, then read from a table.

The slices of a series share one table. Where the table is an even ramp, arithmetic on small floats replaces reading it,
after it has been found equal for every value.
"""

from __future__ import annotations

import math
import threading
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from convkit.model.display import LookupTable, VoiFunction
from convkit.pictures._chain import Array, Chain, Formula, Levels, ramp_of


class Lookup(Protocol):
    """A fast way from stored values to grey levels."""

    def fill(self, samples: Array, levels: Levels) -> None:
        """Write the grey levels of samples, which has the same shape."""
        ...


class _Ramp(NamedTuple):
    """A table that is an even ramp, as a few cheap operations: twice as fast as looking it up.

    Attributes
    ----------
    low, high : numpy integer of the type of the samples
        Stored values at which the ramp begins and ends.
    slope, intercept : float32
        Grey level = slope * stored + intercept, cut off to a whole number.
    """

    low: np.integer[Any]
    high: np.integer[Any]
    slope: np.float32
    intercept: np.float32

    def fill(self, samples: Array, levels: Levels) -> None:
        """Write the grey levels of samples, which has the same shape."""
        scratch = _scratch()
        inside = scratch.words.view(samples.dtype)
        for start in range(0, samples.size, SCRATCH_VALUES):
            part = samples[start : start + SCRATCH_VALUES]
            shades = scratch.floats[: part.size]
            shades[...] = part.clip(self.low, self.high, out=inside[: part.size])  # half the price of clipping floats
            np.multiply(shades, self.slope, out=shades)
            np.add(shades, self.intercept, out=shades)
            np.copyto(levels[start : start + SCRATCH_VALUES], shades, casting="unsafe")


SCRATCH_VALUES = 1 << 18
"""Values at a time: a slice of 512 x 512 in one go. Their floats are always the same memory, which is fast."""


class _Scratch(NamedTuple):
    """Numbers to work with."""

    floats: NDArray[np.float32]
    words: NDArray[np.uint16]


_own = threading.local()


def _scratch() -> _Scratch:
    """Numbers to work with, of this thread."""
    if not hasattr(_own, "scratch"):
        _own.scratch = _Scratch(np.empty(SCRATCH_VALUES, np.float32), np.empty(SCRATCH_VALUES, np.uint16))
    scratch: _Scratch = _own.scratch
    return scratch


class _Table(NamedTuple):
    """The grey level of every value of an integer type, by its bits read as an unsigned number.

    Attributes
    ----------
    levels : (256,) or (65536,) uint8 or uint16
    """

    levels: Levels

    def fill(self, samples: Array, levels: Levels) -> None:
        """Write the grey levels of samples, which has the same shape."""
        np.take(self.levels, samples.view(_unsigned(samples.dtype)), out=levels, mode="clip")


def _unsigned(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(f"u{dtype.itemsize}")


@lru_cache(maxsize=64)
def lookup(dtype: np.dtype[Any], chain: Chain, bits: int) -> Lookup:
    """The table of an integer type; the ramp that equals it where there is one."""
    values = every_value(dtype)
    levels = np.empty(values.shape, np.uint8 if bits <= 8 else np.uint16)
    Formula(chain, bits).fill(values, levels)
    ramp = _fitted(dtype, chain, 2**bits - 1)
    if ramp is not None:
        again = np.empty_like(levels)
        ramp.fill(values, again)
        if np.array_equal(levels, again):  # for every value there is: not an approximation
            return ramp
    return _Table(levels)


def every_value(dtype: np.dtype[Any]) -> Array:
    """All values of an integer type of 8 or 16 bits, in the order of their bits read as an unsigned number."""
    unsigned = _unsigned(dtype)
    return np.arange(1 << 8 * dtype.itemsize, dtype=unsigned).view(dtype)


def _fitted(dtype: np.dtype[Any], chain: Chain, top: int) -> _Ramp | None:
    """The ramp that may equal the chain; None where tables or a curve say that it cannot."""
    if isinstance(chain.voi, LookupTable) or chain.modality_table or chain.presentation_table or chain.slope == 0:
        return None
    if chain.voi is not None and chain.voi.function is VoiFunction.SIGMOID:
        return None
    middle, length = ramp_of(chain)
    ends = sorted((middle + side * length / 2 - chain.intercept) / chain.slope for side in (-1, 1))
    info = np.iinfo(dtype)
    if not (length > 0 and math.isfinite(length) and max(ends[0], info.min) < min(ends[1], info.max)):
        return None
    low, high = math.ceil(max(ends[0], info.min)), math.floor(min(ends[1], info.max))
    per_unit = chain.slope / length * top
    at_zero = ((chain.intercept - middle) / length + 0.5) * top + 0.5
    if chain.is_inverse:
        per_unit, at_zero = -per_unit, top + 1 - at_zero
    is_sound = low <= high and max(abs(per_unit), abs(at_zero)) < float(np.finfo(np.float32).max)
    if not is_sound:
        return None
    return _Ramp(dtype.type(low), dtype.type(high), np.float32(per_unit), np.float32(at_zero))
