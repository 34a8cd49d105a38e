"""Arrays a slab at a time: for work that needs no second array, on arrays that may lie in a file."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.model.unread import Unread

SLAB_BYTES = 4 << 20
"""Most bytes of a slab: a few times what a compressor takes at once, and small beside any volume."""


def slabs(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Cut an array into pieces that follow one another in C order.

    What has been given out and lies in a file leaves the memory when the next piece is asked for.

    Parameters
    ----------
    array : at least 1-D, any strides; or an `Unread`

    Yields
    ------
    slab : view of at most `SLAB_BYTES`, or of one row of the last axis; of an `Unread` an array of planes
    """
    if isinstance(array, Unread):
        starts = array.starts(SLAB_BYTES)
        yield from (array.planes(start, start + starts.step) for start in starts)
        return
    each = array.nbytes // max(1, len(array))
    if array.nbytes <= SLAB_BYTES or array.ndim == 1:
        yield array
        let_go(array)
    elif each > SLAB_BYTES:
        for part in array:
            yield from slabs(part)
    else:
        step = SLAB_BYTES // each
        for start in range(0, len(array), step):
            yield array[start : start + step]
            let_go(array)


def ends(array: NDArray[Any]) -> tuple[Any, Any]:
    """Smallest and largest value of an array that has some, as numpy scalars."""
    found = [(slab.min(), slab.max()) for slab in slabs(array)]
    return np.array([low for low, _ in found]).min(), np.array([high for _, high in found]).max()


def is_in_a_file(array: NDArray[Any]) -> bool:
    """True where an array lies in a file, of which the system holds what fits."""
    return _file_of(array) is not None


def let_go(array: NDArray[Any]) -> None:
    """Give the memory back that holds a file; what was written stays there. Other arrays keep theirs."""
    file = _file_of(array)
    if file is not None and hasattr(mmap, "MADV_DONTNEED"):
        file.madvise(mmap.MADV_DONTNEED)


def _file_of(array: NDArray[Any]) -> mmap.mmap | None:
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return base if isinstance(base, mmap.mmap) else None
