"""Volumes that need not be held: plain samples in plain files, which a writer may read as it writes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from numpy.typing import NDArray

from convkit.dicom import pixels
from convkit.errors import PixelError
from convkit.model import values
from convkit.model.frame import Frame, PixelLayout, PixelSource
from convkit.model.slabs import SLAB_BYTES
from convkit.model.unread import Unread, Whole
from convkit.series.choices import Values
from convkit.series.options import LoadOptions
from convkit.series.room import Room
from convkit.series.stack import Stack
from convkit.storage.files import may_be_elsewhere


class JunkBitsError(PixelError):
    """Bits above Bits Stored are set, so the voxels are not what is in the files: the volume must be loaded."""

    default_code = "pixels.junk-bits"


def is_plain(stack: Stack, options: LoadOptions) -> bool:
    """True where the samples in the files are the voxels, unless bits above Bits Stored are set.

    Files of archives and of storage are left out: there, to read a part is to read what lies before it as well.
    """
    if stack.coordinates is not None or stack.deskew or options.dtype != "auto" or stack.may_have_table:
        return False
    return len(stack.rescales) == 1 and _is_kept(options.values, *min(stack.rescales)) and _are_plain(stack.sources)


def _is_kept(asked: Values, slope: float, intercept: float) -> bool:
    """True where stored values are written, with or without their rescale beside them."""
    return asked is Values.STORED or (asked is Values.AUTO and values.is_carried_by_float32(slope, intercept))


def _are_plain(sources: Sequence[PixelSource]) -> bool:
    layouts = {source.layout for source in sources}
    if len(layouts) != 1 or any(may_be_elsewhere(source.path) for source in sources):
        return False
    (layout,) = layouts
    if layout.is_colour or layout.high_bit != layout.bits_stored - 1:
        return False
    alike = {(source.transfer_syntax, source.picture, source.offset is None): source for source in sources}.values()
    return all(map(pixels.is_native, alike)) and max(map(_read_at_once, alike)) <= _MOST_AT_ONCE_BYTES


_MOST_AT_ONCE_BYTES = 4 * SLAB_BYTES
"""A larger picture is a good part of its volume, and may as well be held."""


def _read_at_once(source: PixelSource) -> int:
    """Bytes of a frame, or of the picture that it is a tile of."""
    return source.stored_layout.bytes_per_frame


def unread(stack: Stack, whole: Whole, threads: int, room: Room) -> Unread:
    """The stored samples of a plain stack.

    Reading raises `JunkBitsError` where a sample has bits set that are none of the stored ones.

    Parameters
    ----------
    stack : Stack
    whole : function
        Reads all of it.
    threads : int
        How many may read at once, where there is room for all.
    room : Room
    """
    layout, frames = stack.first.pixels.layout, stack.all_frames
    shape = (stack.volumes, len(stack.frames[0]), layout.rows, layout.columns)
    read = partial(_read, frames, layout)
    of_thread = 3 * max(SLAB_BYTES, _read_at_once(frames[0].pixels))  # a picture, its tiles, and these turned
    threads = min(threads, room.shared_by(of_thread))
    return Unread(shape, pixels.array_type(layout), read, whole, threads=threads, together=_together(frames))


def _together(frames: Sequence[Frame]) -> int:
    """Tiles of the first picture; 1 where frames are no tiles."""
    first = frames[0]
    if first.pixels.picture is None:
        return 1
    return sum(1 for _ in takewhile(lambda frame: frame.instance == first.instance, frames))


def _read(frames: Sequence[Frame], layout: PixelLayout, start: int, out: NDArray[Any]) -> None:
    stored = out.view(pixels.array_type(layout))  # readers may know it as another type
    pixels.read_into(frames[start : start + len(out)], stored)
    if values.has_junk_bits(stored, layout.bits_stored):
        raise JunkBitsError("Bits above Bits Stored are set.")
