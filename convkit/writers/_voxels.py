"""Voxels as a stream in file order: a few megabytes at a time, so that writing needs no second array.

File order of every format here is column index fastest, then row, slice, volume: C order of `Volume.array`.
The array may be any view (turned, flipped); only the piece at hand is made contiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

import numpy as np

from convkit.errors import OutputError
from convkit.model import values
from convkit.model.slabs import SLAB_BYTES
from convkit.model.slabs import slabs as cut
from convkit.storage.at import write_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from convkit.model.unread import Unread
    from convkit.model.volume import Volume

Code = TypeVar("Code")


def slabs(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Cut an array into C-contiguous little-endian pieces that follow one another in C order; see `cut`.

    Parameters
    ----------
    array : at least 1-D, any strides

    Yields
    ------
    slab : same type but little-endian, at most `SLAB_BYTES`, or one row of the last axis
        A view where the array is contiguous, so not to be changed.
    """
    return map(_plain, cut(array))


def stored_pieces(volume: Volume) -> Iterator[memoryview]:
    """Yield the bytes of the array as stored, in file order."""
    for slab in slabs(volume.array):
        yield _bytes(slab)


def write_side_by_side(file: BinaryIO, array: Unread) -> None:
    """Write the bytes of an array to the end of a file, by as many threads as may read it: each at its own place.

    Raises
    ------
    OSError
        A write failed.
    PixelError
        Planes cannot be read.
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (most volumes need none)

    file.flush()
    begin, starts = file.tell(), array.starts(SLAB_BYTES)

    def write(start: int) -> None:
        planes = _plain(array.planes(start, start + starts.step))
        write_at(file, _bytes(planes), begin + start * array.bytes_per_plane)

    with ThreadPoolExecutor(array.threads) as pool:
        list(pool.map(write, starts))  # the first error is that of the first planes


def real_pieces(volume: Volume) -> Iterator[memoryview]:
    """Yield the bytes of `numpy.asarray(volume)` in file order, without making that array."""
    slope, intercept = volume.mapping.pending
    dtype = real_dtype(volume)
    for slab in slabs(volume.array):
        # The type must be that of the whole array, not the smallest that would do for this piece.
        start = slab.astype(np.float64) if dtype.kind == "f" and (slope, intercept) != (1, 0) else slab
        yield _bytes(values.apply_linear(start, slope, intercept).astype(dtype, copy=False))


def real_dtype(volume: Volume) -> np.dtype[Any]:
    """Type of `numpy.asarray(volume)`, little-endian, found from the smallest and largest stored value."""
    slope, intercept = volume.mapping.pending
    if (slope, intercept) == (1, 0):
        return volume.dtype.newbyteorder("<")
    whole = volume.dtype.kind in "iu"
    ends = np.array(values.value_range(volume.array) if whole else (0, 0), volume.dtype)
    return values.apply_linear(ends, slope, intercept).dtype.newbyteorder("<")


def code_of(dtype: np.dtype[Any], codes: Mapping[str, Code], *, format_name: str) -> Code:
    """A format's code of a voxel type.

    Raises
    ------
    OutputError
        The format has no such type.
    """
    code = codes.get(dtype.name)
    if code is None:
        raise OutputError(
            f"{format_name} cannot hold voxels of type {dtype.name}.",
            "",
            f"Choose a --dtype among {', '.join(codes)}, or another format with --to.",
        )
    return code


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))


def _bytes(slab: NDArray[Any]) -> memoryview:
    return slab.reshape(-1).view(np.uint8).data
