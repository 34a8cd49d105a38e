"""A picture as a Pillow image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from convkit.model.picture import Picture


def to_pil(picture: Picture) -> Image.Image:
    """The picture as a Pillow image of mode L, I;16 or RGB; an ICC profile goes into `info`."""
    image = Image.fromarray(picture.pixels)
    if picture.icc_profile:
        image.info["icc_profile"] = picture.icc_profile
    return image
