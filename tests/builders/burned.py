"""Images with text in their pixels: what is drawn, where, and where it is no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Array = NDArray[Any]

LINES = ("DOE, JANE", "ID 4417-882", "DOB 03/04/1951")


class Burned(NamedTuple):
    """A picture with text.

    Attributes
    ----------
    pixels : (rows, columns) or (rows, columns, 3)
    ink : (rows, columns) bool
        Where letters are.
    """

    pixels: Array
    ink: Array


def anatomy(rows: int = 256, columns: int = 320, *, bits: int = 8, seed: int = 1) -> Array:
    """Ellipses with noise on a dark ground, up to three quarters of the range of so many bits."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    picture = np.full((rows, columns), 0.05)
    for _ in range(6):
        middle = random.uniform(0.3, 0.7, 2) * (rows, columns)
        radii = random.uniform(0.08, 0.3, 2) * (rows, columns)
        inside = ((y - middle[0]) / radii[0]) ** 2 + ((x - middle[1]) / radii[1]) ** 2 < 1
        picture[inside] += random.uniform(0.05, 0.15)
    picture += random.normal(0, 0.01, picture.shape)
    top = (1 << bits) - 1
    kind = np.uint8 if bits <= 8 else np.uint16
    return (np.clip(picture, 0, 0.75) * top).astype(kind)


def burned(
    picture: Array,
    lines: Sequence[str] = LINES,
    *,
    corner: str = "top left",
    size: int = 14,
    value: Any = None,
    paper: Any = None,
    is_smooth: bool = False,
) -> Burned:
    """The picture with lines of text in one of its corners.

    Parameters
    ----------
    corner : ``top left``, ``top right``, ``bottom left`` or ``bottom right``
    size : of the font, pixels
    value : what letters are drawn in; None for the greatest value of the type
    paper : what is drawn behind them; None for nothing
    is_smooth : whether the edges of letters are half as bright
    """
    rows, columns = picture.shape[:2]
    font = ImageFont.load_default(size=size)
    sheet = Image.new("L", (columns, rows), 0)
    draw = ImageDraw.Draw(sheet)
    high = (size + 4) * len(lines)
    y = 3 if corner.startswith("top") else rows - high - 4
    boxes = []
    for line in lines:
        wide = int(draw.textlength(line, font=font))
        x = 3 if corner.endswith("left") else columns - wide - 4
        draw.text((x, y), line, fill=255, font=font)
        boxes.append((y, x, y + size + 4, x + wide))
        y += size + 4
    ink = np.asarray(sheet)
    drawn = picture.copy()
    if paper is not None:
        for top, left, bottom, right in boxes:
            drawn[top:bottom, left:right] = paper
    full = np.iinfo(picture.dtype).max if value is None else value
    share = ink / 255 if is_smooth else (ink > 110).astype(float)
    share = share[..., None] if picture.ndim == 3 else share
    drawn = (drawn * (1 - share) + np.asarray(full) * share).astype(picture.dtype)
    return Burned(drawn, ink > 110)
