"""Decoding through pydicom and its plug-ins: everything that is not plain samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array


def decode(path: str, *, is_colour: bool) -> NDArray[Any]:
    """The stored samples of a single frame, (rows, columns), or RGB bytes, (rows, columns, 3)."""
    dataset = dcmread(path, force=True)
    # PS3.5 8.2: YBR becomes RGB here; palettes and depths above 8 bits are handled below.
    array = pixel_array(dataset, raw=False)
    if array.ndim == (4 if is_colour and dataset.SamplesPerPixel == 3 else 3) and array.shape[0] == 1:
        array = array[0]
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return _eight_bits(apply_color_lut(array, dataset), 16)
    return _eight_bits(array, dataset.BitsStored) if is_colour else array


def _eight_bits(array: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    """Colour samples scaled to bytes by their most significant bits."""
    if array.dtype == np.uint8:
        return array
    return (array >> (bits - 8)).astype(np.uint8)
