"""APNG files: moving pictures without loss, 8 and 16 bits; a program that only knows PNG shows the first.

The pictures are compressed as in a PNG file (PNG, third edition). There is no metadata.
"""

from __future__ import annotations

import io
import itertools
import struct
from typing import TYPE_CHECKING, BinaryIO

from convkit.errors import OutputError
from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter
from convkit.writers.png import LONGEST_SIDE, SIGNATURE, chunk, compressed_pixels, head_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convkit.model.picture import Picture

_A_SECOND_MS = 1000
_LONGEST_MS = 65535  # PNG, fcTL: the numerator of the delay has 16 bits
_FOREVER = 0


def encode_apng(file: BinaryIO, pictures: Iterator[Picture], options: PictureOptions) -> None:
    """Write pictures that are shown one after the other, for ever."""
    first = next(pictures)
    kind = _kind(first)
    file.write(SIGNATURE + head_chunks(first))
    place = file.tell()
    file.write(_control(0))
    numbers = itertools.count()
    count = 0
    for picture in itertools.chain((first,), pictures):
        if _kind(picture) != kind:
            hint = "Choose gif or webp, where each picture has its own kind."
            raise OutputError("Some pictures are grey and others have colours, which apng cannot mix.", "", hint)
        file.write(_frame_control(picture, next(numbers), options.frame_ms))
        for part in compressed_pixels(picture):
            # the first picture is the one that programs without APNG show
            number = b"" if count == 0 else struct.pack(">I", next(numbers))
            file.write(chunk(b"fdAT" if number else b"IDAT", number + part))
        count += 1
    file.write(chunk(b"IEND", b""))
    file.seek(place)
    file.write(_control(count))
    file.seek(0, io.SEEK_END)


def _kind(picture: Picture) -> tuple[bool, int]:
    return picture.is_colour, picture.pixels.dtype.itemsize


def _control(count: int) -> bytes:
    """The chunk acTL, which counts the pictures."""
    return chunk(b"acTL", struct.pack(">2I", count, _FOREVER))


def _frame_control(picture: Picture, number: int, frame_ms: float) -> bytes:
    """The chunk fcTL before a picture: the whole area, for so long, put in place of the one before."""
    rows, columns = picture.pixels.shape[:2]
    delay = min(max(round(frame_ms), 1), _LONGEST_MS)
    return chunk(b"fcTL", struct.pack(">5I2H2B", number, columns, rows, 0, 0, delay, _A_SECOND_MS, 0, 0))


APNG = PictureWriter("apng", ".apng", Frames.MANY, (8, 16), LONGEST_SIDE, encode_apng)
