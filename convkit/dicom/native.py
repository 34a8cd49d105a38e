"""Uncompressed samples of every kind that the standard has, from bytes to arrays (PS3.5 8.1.1, 8.2, Annex D).

`convkit.dicom.pixels` reads the plain ones straight into place; this module is for all: single bits, bytes that lie in
big-endian words, colour by plane, chrominance for two pixels, floats.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.dicom import syntaxes
from convkit.errors import PixelError
from convkit.model import values
from convkit.model.frame import PixelLayout, PixelSource
from convkit.storage import files

SUBSAMPLED = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
"""Two chrominance samples for two pixels: Y1 Y2 CB CR (PS3.3 C.7.6.3.1.2)."""

_VR_BEFORE = 8
"""How far before a value of OB or OW its representation is written (PS3.5 7.1.2)."""

Bytes = NDArray[np.uint8]


def sample_type(layout: PixelLayout) -> np.dtype[Any]:
    """Type of stored samples; single bits are unpacked to bytes, which have no sign."""
    if layout.is_float:
        return np.dtype(f"f{layout.bits_allocated // 8}")
    return values.stored_dtype(layout.bits_allocated, is_signed=layout.is_signed and layout.bits_allocated > 1)


def frame_shape(layout: PixelLayout) -> tuple[int, ...]:
    """(rows, columns), or (rows, columns, samples)."""
    return (layout.rows, layout.columns, *((layout.samples,) if layout.samples > 1 else ()))


def bytes_needed(source: PixelSource) -> int:
    """Bytes of native Pixel Data that the frames of an object need, without the one that makes their length even."""
    need = source.stored_bytes
    return need * 2 // 3 if _may_be_subsampled(source.layout) else need


def _may_be_subsampled(layout: PixelLayout) -> bool:
    return layout.samples == 3 and layout.photometric in SUBSAMPLED


def _is_subsampled(source: PixelSource) -> bool:
    """True where chrominance is for two pixels: some makers say so, and store all of it."""
    return _may_be_subsampled(source.layout) and 0 <= source.length < source.stored_bytes


def read(source: PixelSource, first: int, count: int) -> NDArray[Any]:
    """Stored samples of frames that follow each other, bits above Bits Stored as they are.

    Parameters
    ----------
    source : PixelSource
        With a place in a file, or held.
    first, count : int
        Frames from 0.

    Returns
    -------
    (count, rows, columns) or (count, rows, columns, samples) of `sample_type`, C-contiguous

    Raises
    ------
    PixelError
        The file ends too soon, or cannot be read.
    """
    layout = source.layout
    samples = layout.rows * layout.columns * layout.samples
    shape = count, *frame_shape(layout)
    if layout.bits_allocated == 1:
        return _read_bits(source, first * samples, count * samples).reshape(shape)
    dtype = sample_type(layout)
    if _is_subsampled(source):
        half = _read_samples(source, dtype, first * samples * 2 // 3, count * samples * 2 // 3)
        return _with_all_chrominance(half, source).reshape(shape)
    flat = _read_samples(source, dtype, first * samples, count * samples)
    if layout.is_planar:
        planes = flat.reshape(count, layout.samples, layout.rows, layout.columns)
        return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
    return flat.reshape(shape)


def _read_bits(source: PixelSource, first: int, count: int) -> Bytes:
    """Single bits, packed from the least significant on, frames not at borders of bytes (PS3.5 8.1.1)."""
    start, before = divmod(first, 8)
    packed = read_bytes(source, start, (before + count + 7) // 8)
    return np.unpackbits(packed, bitorder="little")[before : before + count]


def _read_samples(source: PixelSource, dtype: np.dtype[Any], first: int, count: int) -> NDArray[Any]:
    """Samples by number, in the byte order of this machine."""
    size = dtype.itemsize
    is_big_endian = source.transfer_syntax == syntaxes.EXPLICIT_BIG_ENDIAN
    if is_big_endian and size == 1 and _are_words(source):
        return _read_swapped(source, first, count).view(dtype)
    samples = read_bytes(source, first * size, count * size).view(dtype)
    return samples.byteswap() if is_big_endian and size > 1 else samples


def _read_swapped(source: PixelSource, first: int, count: int) -> Bytes:
    """Bytes that lie in big-endian words: the second of each pair comes first (PS3.5 Annex D)."""
    before = first % 2
    words = read_bytes(source, first - before, (before + count + 1) // 2 * 2)
    return words.reshape(-1, 2)[:, ::-1].reshape(-1)[before : before + count]


def _are_words(source: PixelSource) -> bool:
    """True where the value is OW."""
    if source.held is not None:
        return source.held.vr == "OW"
    try:
        with files.opened(source.path) as file:
            file.seek((source.offset or 0) - _VR_BEFORE)
            return file.read(2) == b"OW"
    except OSError as err:
        raise unreadable(source, err) from err


def _with_all_chrominance(half: NDArray[Any], source: PixelSource) -> NDArray[Any]:
    """Y1 Y2 CB CR to Y1 CB CR Y2 CB CR (PS3.3 C.7.6.3.1.2)."""
    if source.layout.columns % 2:
        raise PixelError(
            "(0028,0011) Columns is odd, which (0028,0004) PhotometricInterpretation does not allow.",
            source.path,
            "",
            "header.inconsistent",
        )
    pairs = half.reshape(-1, 4)
    whole = np.empty((len(pairs), 2, 3), half.dtype)
    whole[:, :, 0] = pairs[:, :2]
    whole[:, :, 1:] = pairs[:, None, 2:]
    return whole.reshape(-1)


def read_bytes(source: PixelSource, start: int, length: int) -> Bytes:
    """Bytes of the value of Pixel Data.

    Raises
    ------
    PixelError
        There are fewer, or the file cannot be read.
    """
    if source.held is not None:
        found = np.frombuffer(source.held.value, np.uint8)[start : start + length]
        if len(found) < length:
            raise cut(source)
        return found.copy()
    buffer = np.empty(length, np.uint8)
    try:
        with files.opened(source.path, is_checked=True) as file:
            file.seek((source.offset or 0) + start)
            fill(file, buffer.data, source)
    except OSError as err:
        raise unreadable(source, err) from err
    return buffer


def fill(file: files.Raw, view: memoryview, source: PixelSource) -> None:
    """Read until a buffer is full.

    Raises
    ------
    PixelError
        The file ends before.
    """
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])
        if not count:
            raise cut(source)
        done += count


def cut(source: PixelSource) -> PixelError:
    """The error of a file that ends too soon."""
    return PixelError(
        "The file ends inside Pixel Data.", source.path, "Copy the file again from its source.", "pixels.truncated"
    )


def unreadable(source: PixelSource, err: OSError) -> PixelError:
    """The error of a file that the system cannot read, or that is damaged in an archive."""
    what, hint, code = files.why_unreadable(err)
    return PixelError(what, source.path, hint, code)
