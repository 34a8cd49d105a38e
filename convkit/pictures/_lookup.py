"""Grey levels of integers of up to 16 bits: worked out once for every value there is, then read from a table.

The slices of a series share one table. Where the table is an even ramp, arithmetic on small numbers replaces reading
it, after it has been found equal for every value.
"""

from __future__ import annotations

import math
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from convkit.model.display import LookupTable, VoiFunction
from convkit.pictures._chain import Array, Chain, Formula, Levels, ramp_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class Lookup(Protocol):
    """A fast way from stored values to grey levels."""

    def fill(self, samples: Array, levels: Levels) -> None:
        """Write the grey levels of samples, which has the same shape."""
        ...


class WholeRamp(NamedTuple):
    """A table that is an even ramp, in whole numbers of 16 bits, which many windows fit: half the price of floats.

    Attributes
    ----------
    low, high : numpy integer of the type of the samples
        Stored values at which the ramp begins and ends.
    factor, offset, divisor : uint16
        Grey level = (factor * stored + offset) // divisor, where the sum is taken modulo 65536.
    """

    low: np.integer[Any]
    high: np.integer[Any]
    factor: np.uint16
    offset: np.uint16
    divisor: np.uint16

    def fill(self, samples: Array, levels: Levels) -> None:
        """Write the grey levels of samples, which has the same shape."""
        words = _scratch().words
        inside = words.view(samples.dtype)
        for start in range(0, samples.size, SCRATCH_VALUES):
            part = samples[start : start + SCRATCH_VALUES]
            numbers = words[: part.size]
            part.clip(self.low, self.high, out=inside[: part.size])
            np.multiply(numbers, self.factor, out=numbers)
            np.add(numbers, self.offset, out=numbers)
            np.floor_divide(numbers, self.divisor, out=numbers)
            np.copyto(levels[start : start + SCRATCH_VALUES], numbers, casting="unsafe")


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
    again = np.empty_like(levels)
    for ramp in _fitted(dtype, chain, 2**bits - 1):
        ramp.fill(values, again)
        if np.array_equal(levels, again):  # for every value there is: not an approximation
            return ramp
    return _Table(levels)


def every_value(dtype: np.dtype[Any]) -> Array:
    """All values of an integer type of 8 or 16 bits, in the order of their bits read as an unsigned number."""
    unsigned = _unsigned(dtype)
    return np.arange(1 << 8 * dtype.itemsize, dtype=unsigned).view(dtype)


def _fitted(dtype: np.dtype[Any], chain: Chain, top: int) -> Iterator[Lookup]:
    """Yield the ramps that may equal the chain, the fastest first; none where tables or a curve say that none can."""
    if isinstance(chain.voi, LookupTable) or chain.modality_table or chain.presentation_table or chain.slope == 0:
        return
    if chain.voi is not None and chain.voi.function is VoiFunction.SIGMOID:
        return
    middle, length = ramp_of(chain)
    ends = sorted((middle + side * length / 2 - chain.intercept) / chain.slope for side in (-1, 1))
    info = np.iinfo(dtype)
    if not (length > 0 and math.isfinite(length) and max(ends[0], info.min) < min(ends[1], info.max)):
        return
    low, high = math.ceil(max(ends[0], info.min)), math.floor(min(ends[1], info.max))
    rise = (-top if chain.is_inverse else top) * chain.slope
    at_zero = ((chain.intercept - middle) / length + 0.5) * top + 0.5
    if chain.is_inverse:
        at_zero = top + 1 - at_zero
    is_sound = low <= high and max(abs(rise / length), abs(at_zero)) < float(np.finfo(np.float32).max)
    if not is_sound:
        return
    whole = _whole_ramp(dtype, (low, high), _ratio(rise, length), at_zero)
    if whole is not None:
        yield whole
    yield _Ramp(dtype.type(low), dtype.type(high), np.float32(rise / length), np.float32(at_zero))


def _whole_ramp(
    dtype: np.dtype[Any], ends: tuple[int, int], steepness: tuple[int, int], at_zero: float
) -> WholeRamp | None:
    """The ramp as a fraction; None where its numbers need more than 16 bits, or the samples have fewer."""
    factor, divisor = steepness
    offset = math.floor(round(at_zero * divisor, 6))  # a whole number may have come out a little below
    sums = [factor * end + offset for end in ends]
    if dtype.itemsize != 2 or divisor > MOST_WORD or min(sums) < 0 or max(sums) > MOST_WORD:
        return None
    low, high = map(dtype.type, ends)
    return WholeRamp(low, high, _word(factor), _word(offset), _word(divisor))


MOST_WORD = (1 << 16) - 1


def _word(number: int) -> np.uint16:
    """A whole number modulo 65536."""
    return np.uint16(number & MOST_WORD)


def _ratio(number: float, over: float) -> tuple[int, int]:
    """A quotient of finite numbers in lowest terms, the lower one positive."""
    (top, below), (over_top, over_below) = number.as_integer_ratio(), over.as_integer_ratio()
    top, below = top * over_below, below * over_top
    divisor = math.gcd(top, below)
    return top // divisor, below // divisor
