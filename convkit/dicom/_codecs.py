"""Decoding through pydicom and its plug-ins: everything that is not plain samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import iter_pixels, pixel_array


def decode(path: str, frames: Sequence[int], *, is_colour: bool) -> Iterator[NDArray[Any]]:
    """Yield the stored samples of some frames, (rows, columns), or RGB bytes, (rows, columns, 3)."""
    stat = Path(path).stat()
    dataset = _read(path, stat.st_size, stat.st_mtime_ns)
    for array in _arrays(dataset, frames):
        # PS3.5 8.2: YBR becomes RGB in pydicom; palettes and depths above 8 bits are handled here.
        if dataset.PhotometricInterpretation == "PALETTE COLOR":
            yield _eight_bits(apply_color_lut(array, dataset), 16)
        else:
            yield _eight_bits(array, dataset.BitsStored) if is_colour else array


@lru_cache(1)
def _read(path: str, _size: int, _modified_ns: int) -> FileDataset:
    """The data set of a file; the last one is kept, because a 4-D object is read volume by volume."""
    return dcmread(path, force=True)


def _arrays(dataset: FileDataset, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
    if int(dataset.get("NumberOfFrames") or 1) == 1:
        array = pixel_array(dataset, raw=False)
        yield array[0] if array.ndim == (4 if dataset.SamplesPerPixel == 3 else 3) else array
    else:
        yield from iter_pixels(dataset, raw=False, indices=list(frames))


def _eight_bits(array: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Colour samples scaled to bytes by their most significant bits."""
    if array.dtype == np.uint8:
        return array
    return (array >> (bits - 8)).astype(np.uint8)
