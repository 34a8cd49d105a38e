"""Grey levels of a volume in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from convkit.errors import UnsupportedError, UsageError
from convkit.model.display import Display
from convkit.model.volume import Volume
from convkit.pictures.voi import grey, image_values
from convkit.pictures.windows import chosen, parse_window


def windowed(volume: Volume, window: str = "auto", *, bits: int = 8) -> NDArray[np.unsignedinteger]:
    """Grey levels of all voxels of a volume, of the shape of its array.

    Raises
    ------
    UsageError
        The window is not understood.
    UnsupportedError
        The volume is in colour.
    """
    if not isinstance(window, str):
        raise UsageError("The window is no text.", "window", "Give a text such as auto, lung or 40/400.")
    if volume.is_colour:
        raise UnsupportedError("A colour volume has no window.", "", "Its array holds the colours.")
    display = display_of_volume(volume)
    voi, _ = chosen(parse_window(window), display, lambda: (image_values(volume.array, display),))
    return grey(volume.array, display, voi, bits=bits)


def display_of_volume(volume: Volume) -> Display:
    """What a volume in memory tells of its display: values, modality and unit."""
    slope, intercept = volume.mapping.pending
    return Display(
        str(volume.facts.get("Modality", "")),
        slope,
        intercept,
        units=volume.units,
        bits_stored=volume.dtype.itemsize * 8,
        is_signed=volume.dtype.kind != "u",
    )
