"""JPEG files through Pillow: small previews; every pixel is near its value, few are exact.

Colours keep their full resolution (4:4:4), as the coloured lines of a graph or an overlay are thin. A file holds a
JFIF header and, where there is one, the ICC profile; no Exif, no XMP, no comment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter, profile_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convkit.model.picture import Picture

LONGEST_SIDE = 65500
"""Rows or columns: libjpeg refuses more; the format ends at 65535."""

_FULL_COLOUR = 0  # Pillow's number for 4:4:4


def encode_jpg(file: BinaryIO, pictures: Iterator[Picture], options: PictureOptions) -> None:
    """Write one picture."""
    from PIL import Image  # noqa: PLC0415 (loaded only when such a picture is written)

    picture = next(pictures)
    profile = profile_of(picture) or None
    image = Image.fromarray(picture.pixels)
    image.save(file, "JPEG", quality=options.quality, subsampling=_FULL_COLOUR, icc_profile=profile)


JPG = PictureWriter("jpg", ".jpg", Frames.ONE, (8,), LONGEST_SIDE, encode_jpg)
