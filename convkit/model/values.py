"""Pure arithmetic on voxel values: stored bits, linear rescale, data types. No value changes silently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.errors import UsageError, ValueRangeError
from convkit.model.dtypes import DTYPES
from convkit.model.slabs import ends as slab_ends
from convkit.model.slabs import let_go, slabs

Array = NDArray[Any]

FLOAT32_EXACT_BITS = 24
"""Integers of up to this many bits are exact in float32 (its significand)."""


@cache
def stored_dtype(bits_allocated: int, *, is_signed: bool) -> np.dtype[Any]:
    """Array type of stored samples; 1-bit samples are unpacked to bytes."""
    size = max(8, bits_allocated)
    return np.dtype(f"{'int' if is_signed else 'uint'}{size}")


def has_junk_bits(array: Array, bits_stored: int) -> bool:
    """True where a sample has bits set above Bits Stored that do not merely repeat its sign (PS3.5 8.1.1)."""
    if bits_stored >= array.dtype.itemsize * 8 or array.size == 0:
        return False
    if array.dtype.kind == "u":
        return any(int(slab.max()) >= 1 << bits_stored for slab in slabs(array))
    half = 1 << (bits_stored - 1)
    return any(int(slab.max()) >= half or int(slab.min()) < -half for slab in slabs(array))


def clean_bits(array: Array, bits_stored: int, high_bit: int) -> None:
    """Bring the stored bits to the bottom, clear or sign-extend the rest, in place (PS3.5 8.1.1).

    Example: 12 bits stored, high bit 11, signed: 0x0FFF becomes -1, 0xF001 becomes 1.
    """
    width = array.dtype.itemsize * 8
    up = width - 1 - high_bit
    down = width - bits_stored
    for slab in slabs(array):
        if up:
            np.left_shift(slab, up, out=slab)
        if down:
            np.right_shift(slab, down, out=slab)  # arithmetic for signed types, logical for unsigned


Empty = Callable[[Sequence[int], np.dtype[Any]], Array]
"""Makes an array of a shape and type."""


def apply_linear(array: Array, slope: float, intercept: float, *, empty: Empty = np.empty) -> Array:
    """Slope * array + intercept in the smallest type that holds it exactly, else float.

    Whole slopes and intercepts stay integers (a CT stays int16). Otherwise the result is float32, or float64
    where the stored integers have more bits than float32 holds. Works slice by slice, so that nothing of the size of
    the array is made beside the result.

    Raises
    ------
    ValueRangeError
        A real value is not even a float64.
    """
    if (slope == 1 and intercept == 0) or array.size == 0:
        return array
    dtype = real_type(array, slope, intercept)
    real = empty(array.shape, dtype)
    kind = np.float64 if dtype.kind == "f" else np.int64
    for place in np.ndindex(array.shape[:-2]):
        real[place] = array[place] * kind(slope) + kind(intercept)
        let_go(array)
        let_go(real)
    return real


def real_type(array: Array, slope: float, intercept: float) -> np.dtype[Any]:
    """Type of slope * array + intercept: see `apply_linear`."""
    ends = [end.item() for end in slab_ends(array)]
    if array.dtype.kind in "iu" and slope == int(slope) and intercept == int(intercept):
        whole = sorted(int(slope) * end + int(intercept) for end in ends)
        dtype = smallest_integer(whole[0], whole[1])
        if dtype is not None:
            return dtype
    return float_type(array.dtype, np.array([end * slope + intercept for end in ends]))


def float_type(stored: np.dtype[Any], real: Array) -> np.dtype[Any]:
    """float32 where it holds the real values of stored ones, else float64.

    Raises
    ------
    ValueRangeError
        A real value is not even a float64.
    """
    largest = float(np.abs(real).max(initial=0))
    if not np.isfinite(largest):
        raise ValueRangeError("Rescaled values overflow.", "", "Check (0028,1053) RescaleSlope.", "values.bad-rescale")
    limits = np.finfo(np.float32)
    fits = float(limits.tiny) <= largest <= float(limits.max) or largest == 0
    return np.dtype(np.float32 if fits and stored.itemsize * 8 <= FLOAT32_EXACT_BITS else np.float64)


def is_carried_by_float32(slope: float, intercept: float) -> bool:
    """True where slope and intercept survive as float32, the type that NIfTI headers have for them.

    The error must stay below a thousandth of the step between two stored values.
    """
    with np.errstate(over="ignore", under="ignore"):
        narrow_slope, narrow_intercept = np.float32(slope), np.float32(intercept)
    normal = np.finfo(np.float32)
    is_slope_kept = float(normal.tiny) <= abs(float(narrow_slope)) <= float(normal.max)
    return bool(is_slope_kept and abs(float(narrow_intercept) - intercept) <= 1e-3 * abs(slope))


def value_range(array: Array) -> tuple[int, int]:
    """Smallest and largest value of an integer array; (0, 0) for an empty one."""
    if not array.size:
        return 0, 0
    low, high = slab_ends(array)
    return int(low), int(high)


def smallest_ends(dtype: np.dtype[Any]) -> tuple[int, int]:
    """Range of an integer type."""
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def smallest_integer(low: int, high: int) -> np.dtype[Any] | None:
    """Smallest of int16, uint16, int32, uint32 that holds both ends; None where none does.

    Eight-bit types are left out: rescaled data read together with other slices or series should not change type
    with their content more than needed.
    """
    for name in ("int16", "uint16", "int32", "uint32"):
        least, most = smallest_ends(np.dtype(name))
        if least <= low and high <= most:
            return np.dtype(name)
    return None


def narrowed(array: Array, bits_stored: int) -> Array:
    """Stored values in the type that readers know best, without loss.

    Unsigned values of fewer than 16 bits become int16, which every NIfTI reader knows, as dcm2niix does.
    """
    if array.dtype == np.uint16 and bits_stored < 16:
        return array.view(np.int16)
    if array.dtype == np.uint32 and bits_stored < 32:
        return array.view(np.int32)
    return array


def cast(array: Array, dtype: str, *, empty: Empty = np.empty) -> Array:
    """The array in another type, or an error where that would change a value.

    Raises
    ------
    UsageError
        The type is not one of `DTYPES`.
    ValueRangeError
        A value does not fit, or is not a whole number.
    """
    if dtype not in DTYPES:
        raise UsageError(
            f"{dtype!r} is not a data type that can be written.", "--dtype", f"Choose one of {', '.join(DTYPES)}."
        )
    wanted = np.dtype(dtype)
    if wanted == array.dtype:
        return array
    changed = empty(array.shape, wanted)
    is_by_request = wanted.kind == "f" and array.dtype.kind == "f"  # fewer digits
    is_same = True
    with np.errstate(invalid="ignore", over="ignore"):
        for p in np.ndindex(array.shape[:-2]):
            changed[p] = array[p].astype(wanted)
            is_same = is_same and np.array_equal(changed[p].astype(np.float64), array[p].astype(np.float64))
            let_go(array)
            let_go(changed)
    if not (is_same or is_by_request):
        raise ValueRangeError(
            f"The values cannot be held by {dtype} without changing them.",
            "--dtype",
            "Choose a wider type, or --dtype auto.",
            "values.dtype-too-small",
        )
    return changed
