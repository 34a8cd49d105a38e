"""The filters of PNG: each byte becomes its difference from what the bytes beside it let expect (PNG 9.2).

All arithmetic is on bytes, modulo 256, and on whole arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


class RowFilter(IntEnum):
    """Filter types, PNG 9.2; `CHANGING` stands for one of them every few rows and is not written."""

    NONE = 0
    SUB = 1
    UP = 2
    AVERAGE = 3
    PAETH = 4
    CHANGING = 5


class Near(NamedTuple):
    """Bytes and the bytes beside them, 1-D and of one length; 0 outside the picture."""

    here: Bytes
    left: Bytes
    above: Bytes
    corner: Bytes


def _none(near: Near) -> Bytes:
    return near.here.copy()


def _sub(near: Near) -> Bytes:
    return near.here - near.left


def _up(near: Near) -> Bytes:
    return near.here - near.above


def _average(near: Near) -> Bytes:
    """Minus the mean of left and above, rounded down, without leaving bytes: a + b = 2 (a & b) + (a ^ b)."""
    mean: Bytes = near.left ^ near.above
    mean >>= 1
    mean += near.left & near.above
    return near.here - mean


def _paeth(near: Near) -> Bytes:
    """Minus that of left (a), above (b) and corner (c) which is nearest to a + b - c, in this order (PNG 9.4).

    The distances are |b - c|, |a - c| and |a + b - 2c|. The last can be the least only where c lies between a and b;
    there it is the difference of the other two. So nothing exceeds a byte.
    """
    _, a, b, c = near
    to_a = _distance(b, c)
    to_b = _distance(a, c)
    nearer = np.minimum(to_a, to_b)
    to_c = np.maximum(to_a, to_b)
    to_c -= nearer
    is_b = to_b < to_a
    is_c = (to_c < nearer) & ((a < c) ^ (b < c))
    chosen = _where(is_c, c, _where(is_b, b, a))
    return near.here - chosen


def _distance(one: Bytes, other: Bytes) -> Bytes:
    distance = np.maximum(one, other)
    distance -= np.minimum(one, other)
    return distance


def _where(mask: NDArray[np.bool_], one: Bytes, other: Bytes) -> Bytes:
    """`numpy.where` for bytes, several times as fast: -True is a byte of ones."""
    ones = mask.view(np.int8)
    chosen: Bytes = one ^ other
    chosen &= np.negative(ones, out=ones).view(np.uint8)
    chosen ^= other
    return chosen


FILTERS: Mapping[RowFilter, Callable[[Near], Bytes]] = MappingProxyType(
    {
        RowFilter.NONE: _none,
        RowFilter.SUB: _sub,
        RowFilter.UP: _up,
        RowFilter.AVERAGE: _average,
        RowFilter.PAETH: _paeth,
    }
)
"""What each filter makes of the bytes and their neighbours."""
