"""WebP files: one picture as a still one, several as a moving one. Pillow compresses each picture.

Lossy, unless the quality is 100, which is lossless. A file holds pixels and, where there is one, the ICC profile.
"""

from __future__ import annotations

import io
import itertools
import struct
from typing import TYPE_CHECKING, BinaryIO

from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter, profile_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convkit.model.picture import Picture

LONGEST_SIDE = 16383
"""Rows or columns, which a stream of VP8 counts with 14 bits (RFC 6386 9.1)."""

LOSSLESS_QUALITY = 100

METHOD = 2
"""Of libwebp, 0 to 6: half the time of Pillow's default of 4, about 1 % larger."""

_LOSSLESS_EFFORT = 50  # without loss, libwebp reads the quality as effort

LONGEST_FRAME_MS = (1 << 24) - 1
"""A duration has 24 bits (RFC 9649, ANMF)."""

_HAS_ANIMATION, _HAS_PROFILE = 0x02, 0x20  # RFC 9649, VP8X: flags
_NO_BLENDING = 0x02  # RFC 9649, ANMF: flag
_RIFF_HEAD = 12  # "RIFF", size, "WEBP"


def encode_webp(file: BinaryIO, pictures: Iterator[Picture], options: PictureOptions) -> None:
    """Write one picture, or several that are shown one after the other, for ever."""
    first, second = next(pictures), next(pictures, None)
    if second is None:
        file.write(_still(first, options, profile_of(first)))
        return
    start = file.tell()
    size = file.write(_riff(0) + _animation_head(first))
    for picture in itertools.chain((first, second), pictures):
        size += file.write(_animation_frame(picture, options))
    file.seek(start)
    file.write(_riff(size))
    file.seek(0, io.SEEK_END)


def _riff(size: int) -> bytes:
    return b"RIFF" + struct.pack("<I", max(size - 8, 0)) + b"WEBP"


def _still(picture: Picture, options: PictureOptions, profile: bytes = b"") -> bytes:
    from PIL import Image  # noqa: PLC0415 (loaded only when such a picture is written)

    out = io.BytesIO()
    lossless = options.quality == LOSSLESS_QUALITY
    quality = _LOSSLESS_EFFORT if lossless else options.quality
    image = Image.fromarray(picture.pixels)
    image.save(out, "WEBP", quality=quality, lossless=lossless, method=METHOD, icc_profile=profile)
    return out.getvalue()


def _animation_head(picture: Picture) -> bytes:
    """The chunks VP8X, ICCP where there is a profile, and ANIM: black behind, shown for ever."""
    profile = profile_of(picture)
    flags = _HAS_ANIMATION | (_HAS_PROFILE if profile else 0)
    size = b"".join(_three_bytes(side - 1) for side in reversed(picture.pixels.shape[:2]))
    head = _chunk(b"VP8X", struct.pack("<4B", flags, 0, 0, 0) + size)
    return head + (_chunk(b"ICCP", profile) if profile else b"") + _chunk(b"ANIM", struct.pack("<4BH", 0, 0, 0, 255, 0))


def _animation_frame(picture: Picture, options: PictureOptions) -> bytes:
    """One ANMF chunk, which holds the picture as a still file has it."""
    duration = min(max(round(options.frame_ms), 1), LONGEST_FRAME_MS)
    rows, columns = picture.pixels.shape[:2]
    numbers = b"".join(map(_three_bytes, (0, 0, columns - 1, rows - 1, duration)))
    return _chunk(b"ANMF", numbers + bytes((_NO_BLENDING,)) + _still(picture, options)[_RIFF_HEAD:])


def _three_bytes(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk: type, length, content, filled up to an even length (RFC 9649, RIFF file format)."""
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


WEBP = PictureWriter("webp", ".webp", Frames.BOTH, (8,), LONGEST_SIDE, encode_webp)
