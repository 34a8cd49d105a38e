"""Thumbnails of picture files, for the gallery."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

from PIL import Image

from convkit.storage.files import buffered, kept

if TYPE_CHECKING:
    from pathlib import Path

THUMBNAIL_PIXELS = 192
"""Pixels of the longer side: sharp on a dense screen, a few kilobytes."""

_TO_EIGHT_BITS = 1 / 257
"""65535 becomes 255."""


class Thumbnail(NamedTuple):
    """A small picture, and the size of the large one.

    Attributes
    ----------
    data : bytes
        A file of type `media_type`.
    media_type : str
    columns, rows : int
        Of the large picture.
    """

    data: bytes
    media_type: str
    columns: int
    rows: int


def thumbnail(path: Path) -> Thumbnail:
    """A thumbnail of a picture file; of the first frame of an animation.

    Raises
    ------
    OSError
        The file cannot be read as a picture.
    """
    with buffered(kept(str(path))) as file, Image.open(file) as picture:
        columns, rows = picture.size
        small = _eight_bits(picture)
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS), Image.Resampling.LANCZOS, reducing_gap=2)
    data = io.BytesIO()
    small.save(data, "WEBP", quality=70)
    return Thumbnail(data.getvalue(), "image/webp", columns, rows)


def _eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):
        return picture.convert("I").point(lambda level: level * _TO_EIGHT_BITS).convert("L")
    return picture.convert("L" if picture.mode == "L" else "RGB")
