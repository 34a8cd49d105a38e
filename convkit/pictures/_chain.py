"""The chain from a stored value to a grey level as arithmetic: what decides it, and the one formula.

PS3.4 N.2: modality (rescale or table), value of interest (window or table), presentation (table and polarity). Any
number goes through here; `convkit.pictures._lookup` does it once for all values of an integer type.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.model.display import LookupTable, Voi, VoiFunction, Window

Array = NDArray[Any]
Floats = NDArray[np.float64]
Levels = NDArray[np.unsignedinteger]


class Chain(NamedTuple):
    """All that decides the grey level of a stored value: the key of the tables that are kept.

    Attributes
    ----------
    modality_table : LookupTable or None
    slope, intercept : float
    voi : Voi or None
    span : (low, high)
        Real values that are black and white where `voi` is None, else (0, 0).
    presentation_table : LookupTable or None
    is_inverse : bool
    padding : (low, high) or None
    """

    modality_table: LookupTable | None
    slope: float
    intercept: float
    voi: Voi | None
    span: tuple[float, float]
    presentation_table: LookupTable | None
    is_inverse: bool
    padding: tuple[int, int] | None


def hidden_in(samples: Array, padding: tuple[int, int] | None) -> NDArray[np.bool_] | None:
    """Where nothing of the image is: padding, no finite number; None where that cannot be."""
    absent = ~np.isfinite(samples) if samples.dtype.kind == "f" else None
    if padding is None:
        return absent
    padded = (samples >= padding[0]) & (samples <= padding[1])
    return padded if absent is None else padded | absent


def _shares(values: Array, table: LookupTable) -> Floats:
    """Entries of a table as shares of the range that its bits allow."""
    shares: Floats = np.minimum(table.applied(values) / float(2**table.bits - 1), 1.0)
    return shares


class Formula:
    """The chain as arithmetic on 64-bit floats.

    Parameters
    ----------
    chain : Chain
    bits : int
        Of the grey levels.
    """

    def __init__(self, chain: Chain, bits: int) -> None:
        self.chain = chain
        self.top = 2**bits - 1

    def fill(self, samples: Array, levels: Levels) -> None:
        """Write the grey levels of samples, which has the same shape."""
        with np.errstate(over="ignore", invalid="ignore"):
            shares = self._presented(self._of_interest(self._rescaled(samples)))
            shares *= self.top
            shares += 0.5  # to the nearest: DCMTK cuts off, so it is never more than one level away
            hidden = hidden_in(samples, self.chain.padding)
            if hidden is not None:
                shares[hidden] = 0
            np.copyto(levels, shares, casting="unsafe")
        if self.chain.is_inverse:
            np.subtract(self.top, levels, out=levels)
        if hidden is not None:
            levels[hidden] = 0

    def _rescaled(self, samples: Array) -> Floats:
        """Real values in a new array."""
        if self.chain.modality_table is not None:
            return self.chain.modality_table.applied(samples).astype(np.float64)
        values = samples.astype(np.float64)
        if self.chain.slope != 1:
            values *= self.chain.slope
        if self.chain.intercept != 0:
            values += self.chain.intercept
        return values

    def _of_interest(self, values: Floats) -> Floats:
        """Shares of the output range, 0 to 1; may write into `values`."""
        voi = self.chain.voi
        if isinstance(voi, LookupTable):
            return _shares(values, voi)
        if voi is not None and voi.function is VoiFunction.SIGMOID:
            return _sigmoid(values, voi)
        return _ramp(values, *ramp_of(self.chain))

    def _presented(self, shares: Floats) -> Floats:
        """Through the Presentation LUT, whose entries are spread over the whole range (PS3.3 C.11.6)."""
        table = self.chain.presentation_table
        return shares if table is None else _shares(shares * (table.entries.size - 1) + table.first, table)


def ramp_of(chain: Chain) -> tuple[float, float]:
    """Middle and length, in real values, of the ramp between black and white."""
    window = chain.voi
    if not isinstance(window, Window):
        low, high = chain.span
        return low / 2 + high / 2, high - low
    if window.function is VoiFunction.LINEAR:
        return window.center - 0.5, window.width - 1  # PS3.3 C.11.2.1.2.1
    return window.center, window.width  # PS3.3 C.11.2.1.3.2


def _ramp(values: Floats, middle: float, length: float) -> Floats:
    """0 up to ``middle - length / 2``, 1 beyond ``middle + length / 2``, even in between; in place."""
    if length == 0:  # a threshold: the smallest width of LINEAR, PS3.3 C.11.2.1.2.1
        return (values > middle).astype(np.float64)
    values -= middle
    values /= length
    values += 0.5
    return np.clip(values, 0, 1, out=values)


def _sigmoid(values: Floats, window: Window) -> Floats:
    """1 / (1 + exp(-4 (x - c) / w)), PS3.3 C.11.2.1.3.1; in place."""
    values -= window.center
    values /= window.width
    values *= -4
    np.exp(values, out=values)
    values += 1
    return np.reciprocal(values, out=values)
