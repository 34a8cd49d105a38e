"""Voxel order on the way to a file: turns without interpolation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convkit.model.notes import note
from convkit.writers._write_options import NATIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from convkit.model.volume import Volume


def as_it_is(volume: Volume) -> Volume:
    """The volume itself: the native order of every format but NIfTI."""
    return volume


def in_file_order(volume: Volume, orient: str, *, native: Callable[[Volume], Volume]) -> Volume:
    """The volume with its array in the order in which it is written.

    Parameters
    ----------
    volume : Volume
    orient : str
        ``native`` or three letters, see `WriteOptions`.
    native : function
        Gives the format's own order. Also used, with a note, where the volume has no place in space.
    """
    if orient == NATIVE:
        return native(volume)
    if not volume.is_placed:
        text = f"The image has no place in space, so it could not be turned to {orient}."
        return native(volume).with_notes(note("output.not-carried", text))
    return volume.oriented(orient)
