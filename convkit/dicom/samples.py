"""One frame of any object: its stored samples, or its colours as RGB (PS3.3 C.7.6.3, PS3.5 8).

For pictures, for `stored`, and for what a volume cannot read straight into place.
"""

from __future__ import annotations

import io
from functools import lru_cache
from importlib import import_module
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import codecs, colour, native, syntaxes
from convkit.dicom.encapsulation import MOST_FRAGMENTS, ExtendedOffsets, FrameIndex, index_frames
from convkit.dicom.palette import Palette, palette_of_file
from convkit.errors import PixelError, UnsupportedError
from convkit.model import values
from convkit.model.frame import HeldPixels, PixelSource, ValuePlace
from convkit.storage import files

_OF_ANY_PRECISION = syntaxes.JPEG_LS | syntaxes.JPEG_2000
"""Their streams say themselves how many bits a sample has, so nothing in it is above them."""


def read_stored(source: PixelSource, frame: int, *, is_clean: bool = True) -> NDArray[Any]:
    """Stored samples of one frame.

    Parameters
    ----------
    source : PixelSource
    frame : int
        From 0.
    is_clean : bool
        Whether bits above Bits Stored are cleared, or made to repeat the sign (PS3.5 8.1.1).

    Returns
    -------
    (rows, columns) or (rows, columns, samples) of the stored type
        Colour by pixel; neither converted nor rescaled.

    Raises
    ------
    PixelError
        The file is shorter than its header says, or its compressed data cannot be decoded.
    UnsupportedError
        The transfer syntax is not one that can be decoded.
    """
    if source.picture is not None:
        return _tile(source, frame, read_stored(_whole(source), 0, is_clean=is_clean))
    here = placed(source)
    samples = native.read(here, frame, 1)[0] if is_native(here) else _decoded(here, frame, _coded(here, frame))
    return cleaned(samples, here) if is_clean else samples


def read_rgb(source: PixelSource, frame: int, palette: Palette | None = None) -> NDArray[np.uint8]:
    """Colours of one frame of a colour image, (rows, columns, 3) uint8.

    Parameters
    ----------
    source : PixelSource
    frame : int
        From 0.
    palette : Palette or None
        Of a PALETTE COLOR image; None reads it from the file, which a data set in memory has not.

    Raises
    ------
    PixelError, UnsupportedError
        As in `read_stored`; the palette is unusable, or the colours are of a kind that cannot be shown.
    """
    if source.picture is not None:
        return _tile(source, frame, read_rgb(_whole(source), 0, palette))
    layout, photometric = source.layout, source.layout.photometric
    here = placed(source)
    if is_native(here):
        samples = native.read(here, frame, 1)[0]
    else:
        data = _coded(here, frame)
        samples = _decoded(here, frame, data)
        photometric = codecs.photometric(data, codecs.Coded(here.transfer_syntax, layout))
    if photometric == colour.PALETTE and palette is None and source.held is None:
        palette = palette_of_file(source.path)
    return colour.rgb(
        cleaned(samples, here), photometric, bits_stored=layout.bits_stored, palette=palette, where=source.path
    )


def read_all(source: PixelSource) -> NDArray[Any]:
    """Stored samples of all frames, (frames, rows, columns[, samples]), clean; see `read_stored`."""
    here = placed(source)
    if is_native(here):
        return cleaned(native.read(here, 0, source.frames), here)
    first = read_stored(here, 0)  # before memory is asked for: a header may promise what no codec gives
    samples = np.empty((source.frames, *first.shape), first.dtype)
    samples[0] = first
    for frame in range(1, source.frames):
        samples[frame] = read_stored(here, frame)
    return samples


def is_native(source: PixelSource) -> bool:
    """True where samples are not compressed."""
    return source.transfer_syntax in syntaxes.NATIVE


# --- tiles -----------------------------------------------------------------------------------------------


def _whole(source: PixelSource) -> PixelSource:
    """The one stored picture whose tiles are the frames."""
    return source._replace(layout=source.stored_layout, frames=1, picture=None)


def _tile(source: PixelSource, frame: int, whole: NDArray[Any]) -> NDArray[Any]:
    if source.picture is None:
        return whole
    down, right = divmod(frame, source.picture.across)
    rows, columns = source.layout.rows, source.layout.columns
    tile = whole[down * rows : (down + 1) * rows, right * columns : (right + 1) * columns]
    return np.ascontiguousarray(tile)


# --- where the bytes are ---------------------------------------------------------------------------------


def placed(source: PixelSource) -> PixelSource:
    """The source with its pixels held, where they lie in a deflated stream.

    Raises
    ------
    PixelError
        They are fewer than the header says.
    """
    if source.held is not None or source.offset is not None:
        return source
    try:
        status = files.status(source.path)
    except OSError as err:
        raise native.unreadable(source, err) from err
    held = _inflated(source.path, *status)
    if is_native(source) and len(held.value) < native.bytes_needed(source):
        raise native.cut(source)
    return source._replace(held=held, length=len(held.value))


@lru_cache(1)
def _inflated(path: str, _size: int, _modified_ns: int) -> HeldPixels:
    """The pixels of a deflated file; the last ones are kept, because a 4-D object is read volume by volume."""
    found: HeldPixels = import_module("convkit.dicom.full").pixels_of_file(path)  # pydicom, only for what needs it
    return found


# --- bits ------------------------------------------------------------------------------------------------


def cleaned(samples: NDArray[Any], source: PixelSource) -> NDArray[Any]:
    """Samples with nothing but the stored bits in them, changed in place.

    Raises
    ------
    PixelError
        High Bit says that samples are left-justified, and they are neither that nor right-justified.
    """
    layout = source.layout
    if layout.is_float or layout.bits_allocated == 1 or source.transfer_syntax in _OF_ANY_PRECISION:
        return samples
    is_right = layout.high_bit == layout.bits_stored - 1
    if not is_right and not _is_left_justified(samples, source):
        is_right = True
    high = layout.bits_stored - 1 if is_right else layout.high_bit
    if not is_right or values.has_junk_bits(samples, layout.bits_stored):
        values.clean_bits(samples, layout.bits_stored, high)
    return samples


def _is_left_justified(samples: NDArray[Any], source: PixelSource) -> bool:
    """Whether High Bit is right in that samples lie above the lowest bits; a wrong one is more frequent."""
    layout = source.layout
    if not (samples & ((1 << layout.high_bit - layout.bits_stored + 1) - 1)).any():
        return True
    if values.has_junk_bits(samples, layout.bits_stored):
        raise PixelError(
            "(0028,0102) HighBit says that samples are left-justified, but they have bits set below that.",
            source.path,
            "Correct HighBit to BitsStored - 1 if the samples are right-justified.",
            "header.inconsistent",
        )
    return False


# --- compressed frames -----------------------------------------------------------------------------------


def surplus_of(source: PixelSource) -> int:
    """How many compressed frames there are beyond those that the header promises; 0 for native ones.

    Raises
    ------
    PixelError, UnsupportedError
        As in `read_stored`.
    """
    if is_native(source):
        return 0
    return _index_of(source if source.picture is None else _whole(source)).surplus


def _coded(source: PixelSource, frame: int) -> bytes:
    """The compressed bytes of one frame."""
    index = _index_of(source)
    if source.held is not None:
        return index.read(io.BytesIO(source.held.value), frame)
    try:
        with files.buffered(source.path) as file:
            return index.read(file, frame)
    except OSError as err:
        raise native.unreadable(source, err) from err


def _index_of(source: PixelSource) -> FrameIndex:
    if source.transfer_syntax not in syntaxes.CODECS:
        raise _not_decodable(source)
    if source.held is not None:
        return _index_of_held(source)
    try:
        return _index_of_file(source, *files.status(source.path))
    except OSError as err:
        raise native.unreadable(source, err) from err


@lru_cache(4)
def _index_of_file(source: PixelSource, _size: int, _modified_ns: int) -> FrameIndex:
    """Where the frames of a file lie; the last ones are kept, because they are read one by one."""
    with files.buffered(source.path) as file:
        return _indexed(source, file)


@lru_cache(2)
def _index_of_held(source: PixelSource) -> FrameIndex:
    return _indexed(source, io.BytesIO(source.held.value if source.held else b""))


def _indexed(source: PixelSource, file: BinaryIO) -> FrameIndex:
    extended = ExtendedOffsets(*(_value_at(file, place) for place in source.extended)) if source.extended else None
    return index_frames(
        file,
        source.offset or 0,
        source.frames,
        transfer_syntax=source.transfer_syntax,
        extended=extended,
        where=source.path,
    )


def _value_at(file: BinaryIO, place: ValuePlace) -> bytes:
    """A long value of the header; empty where it is longer than any table of offsets that can be followed."""
    if place.held or not place.offset:  # no value starts where a file does
        return place.held
    if place.length > _LONGEST_TABLE:
        return b""
    file.seek(place.offset)
    return file.read(place.length)


_LONGEST_TABLE = 8 * MOST_FRAGMENTS
"""Bytes: an offset has 64 bits (OV), and a frame at least one fragment."""


def _not_decodable(source: PixelSource) -> UnsupportedError:
    syntax = source.transfer_syntax
    code = "object.video" if syntax in syntaxes.VIDEO else "object.unknown-syntax"
    what = f"The pixels are in {syntaxes.name(syntax)} ({syntax or 'not named'}): {syntaxes.why_not(syntax)}."
    return UnsupportedError(what, source.path, "", code)


def _decoded(source: PixelSource, frame: int, data: bytes) -> NDArray[Any]:
    coded = codecs.Coded(source.transfer_syntax, source.layout)
    decoded = codecs.decode(data, coded, where=source.path, frame=frame)
    return decoded.view(native.sample_type(source.layout))  # single bits have no sign
