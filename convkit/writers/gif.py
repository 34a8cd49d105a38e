"""GIF files: moving pictures that every program shows. Pillow compresses each picture.

Grey levels are exact. A coloured picture keeps the 256 colours that fit it best. There is no metadata.
"""

from __future__ import annotations

import io
import itertools
import struct
from typing import TYPE_CHECKING, BinaryIO

from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from convkit.model.picture import Picture

LONGEST_SIDE = 65535
"""Rows or columns, which have 16 bits."""

LEAST_HUNDREDTHS = 2
"""Shortest time of a frame, in 1/100 s: browsers show shorter ones for 1/10 s."""

_COLOURS = 256
_TABLE_OF_256 = 0x87  # table present, 2 ** (7 + 1) colours
_GREY_TABLE = bytes(itertools.chain.from_iterable((level,) * 3 for level in range(_COLOURS)))
_FOREVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
_TRAILER = b";"
_KEEP = 1 << 2  # disposal method 1: leave the picture in place


def encode_gif(file: BinaryIO, pictures: Iterator[Picture], options: PictureOptions) -> None:
    """Write pictures that are shown one after the other, for ever."""
    first = next(pictures)
    rows, columns = first.pixels.shape[:2]
    screen = struct.pack("<2H3B", columns, rows, _TABLE_OF_256 | 0x70, 0, 0)  # 8 bits a colour in the original
    file.write(b"GIF89a" + screen + _GREY_TABLE + _FOREVER)
    hundredths = min(max(round(options.frame_ms / 10), LEAST_HUNDREDTHS), 65535)
    control = struct.pack("<2sBBHBB", b"\x21\xf9", 4, _KEEP, hundredths, 0, 0)
    file.writelines(control + _frame(picture) for picture in itertools.chain((first,), pictures))
    file.write(_TRAILER)


def _frame(picture: Picture) -> bytes:
    """Image descriptor, colour table where the picture has its own, and compressed pixels."""
    from PIL import Image  # noqa: PLC0415 (loaded only when such a picture is written)

    image = Image.fromarray(picture.pixels)
    table = b""
    if picture.is_colour:
        image = image.quantize(_COLOURS, dither=Image.Dither.NONE)
        table = bytes(image.getpalette() or ()).ljust(len(_GREY_TABLE), b"\0")
    rows, columns = picture.pixels.shape[:2]
    descriptor = struct.pack("<s4HB", b",", 0, 0, columns, rows, _TABLE_OF_256 if table else 0)
    return descriptor + table + _compressed(image)


def _compressed(image: Image.Image) -> bytes:
    """The indices of the colours as a GIF file has them: taken out of one that Pillow makes."""
    out = io.BytesIO()
    image.save(out, "GIF", optimize=False, interlace=False)
    content = out.getvalue()
    place = 13 + _table_bytes(content[10])  # signature and screen
    while content[place] != ord(","):  # extensions: two bytes, then blocks
        place = _after_blocks(content, place + 2)
    place += 10 + _table_bytes(content[place + 9])
    return content[place : _after_blocks(content, place + 1)]


def _table_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _after_blocks(content: bytes, place: int) -> int:
    """The place after blocks that each say their length; the last is empty."""
    while content[place]:
        place += content[place] + 1
    return place + 1


GIF = PictureWriter("gif", ".gif", Frames.MANY, (8,), LONGEST_SIDE, encode_gif)
