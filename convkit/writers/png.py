"""PNG files, 8 and 16 bits: filtered with NumPy, compressed with ISA-L.

Several times as fast as an encoder of zlib, at its size. A file holds the pixels and, where there is one, the ICC
profile of their colours: no text, no time, nothing else.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from convkit.writers._gzip import crc32, deflated_at_once
from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter, profile_of
from convkit.writers._png_rows import FAR_WINDOW_BITS, choose_coding, filtered_bands

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from convkit.model.picture import Picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""PNG 5.2."""

LONGEST_SIDE = 1_000_000
"""Rows or columns: libpng refuses more, unless told otherwise."""

MOST_IDAT_BYTES = 1 << 24
"""About the size of a chunk of pixels: nearly all pictures need one; PNG 5.3 allows 2 GiB."""

_GREY, _RGB = 0, 2  # PNG, IHDR: colour types


def encode_png(file: BinaryIO, pictures: Iterator[Picture], options: PictureOptions) -> None:  # noqa: ARG001 (lossless)
    """Write one picture."""
    picture = next(pictures)
    file.write(SIGNATURE + head_chunks(picture))
    for part in compressed_pixels(picture):
        file.writelines(_chunk(b"IDAT", part))
    file.write(_END)


def head_chunks(picture: Picture) -> bytes:
    """What stands before the pixels: IHDR, and iCCP where the picture has a profile."""
    rows, columns = picture.pixels.shape[:2]
    bits, colour = picture.pixels.dtype.itemsize * 8, _RGB if picture.is_colour else _GREY
    header = chunk(b"IHDR", struct.pack(">2I5B", columns, rows, bits, colour, 0, 0, 0))
    profile = profile_of(picture)
    if not profile:
        return header
    # PNG, iCCP: a name, which says nothing here, a zero, and compression method 0
    return header + chunk(b"iCCP", b"icc\0\0" + b"".join(deflated_at_once([profile], FAR_WINDOW_BITS)))


def compressed_pixels(picture: Picture) -> Iterator[bytes]:
    """Yield the filtered and compressed rows in parts of about `MOST_IDAT_BYTES`; most pictures have one part."""
    coding = choose_coding(picture.pixels, _compressed_size)
    bands = filtered_bands(picture.pixels, coding.row_filter)
    parts: list[bytes] = []
    size = 0
    for piece in deflated_at_once((band.data for band in bands), coding.window_bits, is_even=coding.is_even):
        parts.append(piece)
        size += len(piece)
        if size >= MOST_IDAT_BYTES:
            yield b"".join(parts)
            parts, size = [], 0
    if size:
        yield b"".join(parts)


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk: length, type, content, CRC of type and content (PNG 5.3)."""
    return b"".join(_chunk(kind, content))


def _chunk(kind: bytes, content: bytes) -> tuple[bytes, ...]:
    return struct.pack(">I", len(content)), kind, content, struct.pack(">I", crc32(content, crc32(kind)))


_END = chunk(b"IEND", b"")


def _compressed_size(rows: NDArray[np.uint8], window_bits: int) -> int:
    return sum(len(piece) for piece in deflated_at_once([rows.data], window_bits))


PNG = PictureWriter("png", ".png", Frames.ONE, (8, 16), LONGEST_SIDE, encode_png)
