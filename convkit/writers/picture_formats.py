"""The formats of pictures, by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from convkit.errors import UsageError
from convkit.writers._suggestion import suggestion
from convkit.writers.apng import APNG
from convkit.writers.gif import GIF
from convkit.writers.jpg import JPG
from convkit.writers.mp4 import MP4
from convkit.writers.png import PNG
from convkit.writers.webp import WEBP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convkit.writers._picture_writer import PictureWriter

PICTURE_WRITERS: Mapping[str, PictureWriter] = MappingProxyType(
    {writer.name: writer for writer in (PNG, JPG, WEBP, GIF, APNG, MP4)}
)
"""Every writer of pictures by its name, the value of ``--to``; the first is the default."""


def picture_writer_for(name: str) -> PictureWriter:
    """The writer of a format of pictures.

    Raises
    ------
    UsageError
        There is no format of that name; the hint suggests the nearest.
    MissingExtraError
        The installed libraries cannot write it; the hint names others.
    """
    if name in PICTURE_WRITERS:
        PICTURE_WRITERS[name].require()
        return PICTURE_WRITERS[name]
    near = suggestion(str(name).lower().lstrip("."), list(PICTURE_WRITERS))
    raise UsageError(f"{name!r} is not a format of pictures.", "--to", near)
