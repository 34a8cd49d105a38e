"""Stored values to grey levels and to real values, as the standard lays down, and fast.

The chain of PS3.4 N.2: modality (rescale or table), value of interest (window or table), presentation (table and
polarity). One formula serves every type of number; for integers of up to 16 bits it is worked out once for every
possible value, and the frames of a series are then read through that table. Which window to take is the business of
`convkit.pictures.windows`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from convkit.errors import InputError
from convkit.model.display import Display, LookupTable, Voi, VoiFunction
from convkit.model.values import apply_linear
from convkit.pictures._chain import Array, Chain, Formula, Levels, hidden_in
from convkit.pictures._lookup import lookup

_TABLE_SLAB = 1 << 18
"""Values that are looked up at a time: one 512 x 512 frame; numpy needs 8 bytes a value beside the result."""

_FORMULA_SLAB = 1 << 16
"""Values that the formula takes at a time, so that its 64-bit floats stay within the processor's cache."""

_WORTH_A_TABLE = 1 << 14
"""Values from which on a table pays; for fewer, the formula is faster than a table that may be used only once."""


def grey(stored: Array, display: Display, voi: Voi | None, *, bits: int = 8) -> Levels:
    """Grey levels of stored values; 0 is black.

    Levels are rounded to the nearest. Padding, and floats that are no finite number, are black whatever the polarity.

    Parameters
    ----------
    stored : integers or floats of any shape
    display : Display
        How stored values become real ones, the polarity and the padding; its `voi` is not looked at.
    voi : Window, LookupTable or None
        None shows the whole range that Bits Stored can represent (the output range of the Modality LUT where there is
        one): what the standard says of an image without a value of interest. Floats have no such range: theirs is that
        of the array.
    bits : int
        1 to 16.

    Returns
    -------
    array of the same shape, uint8 up to 8 bits, else uint16
        From 0 to 2**bits - 1.

    Raises
    ------
    InputError
        `values.bad-window`: the window or table cannot be used, see `usable`; `values.bad-rescale`: slope or intercept
        is no finite number.
    """
    if not 1 <= bits <= 16:
        raise ValueError(f"grey levels have 1 to 16 bits, not {bits}")
    samples = _native(stored)
    levels = np.empty(samples.shape, np.uint8 if bits <= 8 else np.uint16)
    if samples.size == 0:
        return levels
    chain = _chain(samples, display, voi)
    work: Callable[[Array, Levels], None]
    if samples.dtype.kind in "iu" and samples.dtype.itemsize <= 2 and samples.size >= _WORTH_A_TABLE:
        work, step = lookup(samples.dtype, chain, bits).fill, _TABLE_SLAB
    else:
        work, step = Formula(chain, bits).fill, _FORMULA_SLAB
    source, target = samples.reshape(-1), levels.reshape(-1)
    for start in range(0, source.size, step):
        work(source[start : start + step], target[start : start + step])
    return levels


def real(stored: Array, display: Display) -> Array:
    """Real values: through the Modality LUT or the rescale; HU is HU.

    Returns
    -------
    array of the same shape
        The entries of the Modality LUT (uint8 or uint16), or the smallest integer type that holds the rescaled values
        exactly, else float32 or float64: see `convkit.model.values.apply_linear`.

    Raises
    ------
    InputError
        `values.bad-rescale`: slope or intercept is no finite number, or the values overflow.
    """
    samples = _native(stored)
    if display.modality_table is not None:
        return display.modality_table.applied(samples)
    slope, intercept = _rescale(display)
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return samples if (slope, intercept) == (1, 0) else samples * slope + intercept
    return apply_linear(samples, slope, intercept)


def image_values(stored: Array, display: Display) -> Array:
    """Real values without padding and without floats that are no finite number: what may be measured.

    Returns
    -------
    (n,) array, or an array of the shape of `stored` where nothing had to be left out
        Of the type that `real` gives.

    Raises
    ------
    InputError
        See `real`.
    """
    samples = _native(stored)
    hidden = hidden_in(samples, _padding(display))
    values = real(samples, display)
    return values if hidden is None or not hidden.any() else values[~hidden]


def usable(voi: Voi) -> Voi:
    """The window or table, once it is certain that it can be used.

    Raises
    ------
    InputError
        `values.bad-window`: center or width is no finite number; the width is below 1 for LINEAR, or not above 0 for
        LINEAR_EXACT and SIGMOID (PS3.3 C.11.2.1.2.1, C.11.2.1.3.1, C.11.2.1.3.2); the table has no entries or not 1 to
        16 bits.
    """
    if isinstance(voi, LookupTable):
        if voi.entries.ndim != 1 or voi.entries.size == 0 or not 1 <= voi.bits <= 16:
            raise _bad_window("A VOI LUT has no entries, or not 1 to 16 bits an entry.")
        return voi
    if not (math.isfinite(voi.center) and math.isfinite(voi.width)):
        raise _bad_window("The center or the width of the window is no finite number.")
    if voi.function is VoiFunction.LINEAR and voi.width < 1:
        raise _bad_window("The width of a LINEAR window must be at least 1.")
    if voi.width <= 0:
        raise _bad_window(f"The width of a {voi.function} window must be above 0.")
    return voi


def _bad_window(what: str) -> InputError:
    return InputError(what, "", "Choose another window.", "values.bad-window")


def _chain(samples: Array, display: Display, voi: Voi | None) -> Chain:
    slope, intercept = _rescale(display)
    span = _span(samples, display, slope, intercept) if voi is None else (0.0, 0.0)
    return Chain(
        display.modality_table,
        slope,
        intercept,
        None if voi is None else usable(voi),
        span,
        display.presentation_table,
        display.is_inverse,
        _padding(display),
    )


def _rescale(display: Display) -> tuple[float, float]:
    if math.isfinite(display.slope) and math.isfinite(display.intercept):
        return float(display.slope), float(display.intercept)
    raise InputError("Rescale Slope or Intercept is no finite number.", "", "", "values.bad-rescale")


def _padding(display: Display) -> tuple[int, int] | None:
    return None if display.padding is None else (min(display.padding), max(display.padding))


def _native(stored: Array) -> Array:
    """The same samples in the byte order of the machine; single bits as bytes."""
    samples = np.asarray(stored)
    if samples.dtype == np.bool_:
        return samples.view(np.uint8)
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)


def stored_range(display: Display) -> tuple[float, float]:
    """Smallest and largest real value that Bits Stored can represent (PS3.3 C.11.1)."""
    if display.modality_table is not None:
        return 0.0, float(2**display.modality_table.bits - 1)
    half = 2 ** (max(1, display.bits_stored) - 1)
    ends = (-half, half - 1) if display.is_signed else (0, 2 * half - 1)
    slope, intercept = _rescale(display)
    low, high = sorted(end * slope + intercept for end in ends)
    return low, high


def _span(samples: Array, display: Display, slope: float, intercept: float) -> tuple[float, float]:
    if samples.dtype.kind != "f" or display.modality_table is not None:
        return stored_range(display)
    kept = np.isfinite(samples)
    if not kept.any():
        return 0.0, 0.0
    ends = (samples.min(where=kept, initial=np.inf), samples.max(where=kept, initial=-np.inf))
    low, high = sorted(float(end) * slope + intercept for end in ends)
    return low, high
