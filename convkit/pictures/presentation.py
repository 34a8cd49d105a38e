"""A presentation state put to a picture: shutter, graphics, turning, texts, in the order of PS3.4 N.2.

Grey levels are not the business of this file: `PresentationView.over` changes what they are made with. Pictures come in
at the resolution of the image, for the coordinates of a state are those of its pixels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from convkit.model.labels import Colour
from convkit.model.picture import Picture
from convkit.model.presentation import WHITE, Bitmap, Drawing, PresentationView, Rectangle, Shutter
from convkit.pictures._strokes import draw_graphics, draw_texts
from convkit.pictures._turning import Turning

Pixels = NDArray[Any]
Mask = NDArray[np.uint8]


def presented(picture: Picture, view: PresentationView, *, is_cropped: bool = True) -> Picture:
    """The picture as the presentation state has it.

    Parameters
    ----------
    picture : Picture
        Of the whole frame, one pixel for each of its pixels, with the grey levels of `view.over`.
    view : PresentationView
    is_cropped : bool
        False keeps what lies outside of the displayed area.

    Returns
    -------
    picture : Picture
        In colour where the state has a palette or the picture came in colour.
    """
    if view.palette is not None and not picture.is_colour:
        picture = coloured(picture, view.palette)
    rows, columns = picture.pixels.shape[:2]
    pixels = picture.pixels.copy()
    if view.shutter is not None:
        hidden = _shut(view.shutter, rows, columns, picture.aspect)
        pixels[hidden] = _ink(pixels, view.shutter.level, view.shutter.colour)
    turning = _turning(view, rows, columns, is_cropped=is_cropped)
    pixels = turning.applied_to(pixels).copy()
    for drawing in view.drawings:
        _draw(pixels, drawing, turning)
    aspect = 1 / picture.aspect if view.rotation in {90, 270} else picture.aspect
    return replace(picture, pixels=pixels, aspect=aspect)


def coloured(picture: Picture, palette: NDArray[np.uint8]) -> Picture:
    """The grey picture in the colours of a palette.

    Parameters
    ----------
    picture : Picture
        Grey.
    palette : (entries, 3) uint8
        From black to white; levels are spread over all of it (PS3.4 N.2.1).
    """
    top = np.iinfo(picture.pixels.dtype).max
    places = (np.arange(top + 1) * (len(palette) - 1) + top // 2) // top
    return replace(picture, pixels=palette[places].take(picture.pixels, axis=0))


def _turning(view: PresentationView, rows: int, columns: int, *, is_cropped: bool) -> Turning:
    whole = Rectangle(1, 1, columns, rows)
    area = view.area.rectangle if view.area else whole
    part = _within(area, whole) if is_cropped else whole
    return Turning((rows, columns), part, area, view.rotation, view.is_flipped)


def _within(area: Rectangle, whole: Rectangle) -> Rectangle:
    """The part of a displayed area that the image has; all of the image where it has none of it."""
    part = Rectangle(
        max(area.left, whole.left),
        max(area.upper, whole.upper),
        min(area.right, whole.right),
        min(area.lower, whole.lower),
    )
    return part if part.left <= part.right and part.upper <= part.lower else whole


# --- shutter -----------------------------------------------------------------------------------------------


def _shut(shutter: Shutter, rows: int, columns: int, aspect: float) -> NDArray[np.bool_]:
    """Where the image is hidden, (rows, columns) bool."""
    hidden = np.zeros((rows, columns), bool)
    row, column = np.ogrid[1 : rows + 1, 1 : columns + 1]
    if shutter.rectangle is not None:
        left, upper, right, lower = shutter.rectangle
        hidden |= (column < left) | (column > right) | (row < upper) | (row > lower)
    if shutter.circle is not None:
        center_row, center_column, radius = shutter.circle
        # PS3.3 C.7.6.11: the radius counts pixels of a row, and a circle is round on the screen.
        hidden |= ((row - center_row) * aspect) ** 2 + (column - center_column) ** 2 > radius**2
    if shutter.polygon:
        image = Image.new("1", (columns, rows), 1)
        ImageDraw.Draw(image).polygon([(c - 1, r - 1) for r, c in shutter.polygon], fill=0)
        hidden |= np.asarray(image)
    if shutter.bitmap is not None:
        hidden |= _placed(shutter.bitmap, rows, columns)
    return hidden


def _placed(bitmap: Bitmap, rows: int, columns: int) -> NDArray[np.bool_]:
    """A bitmap on an image, (rows, columns) bool; what lies outside of it is cut off."""
    mask = np.zeros((rows, columns), bool)
    top, left = bitmap.row - 1, bitmap.column - 1
    part = bitmap.mask[max(-top, 0) : max(rows - top, 0), max(-left, 0) : max(columns - left, 0)]
    mask[max(top, 0) : max(top, 0) + part.shape[0], max(left, 0) : max(left, 0) + part.shape[1]] = part
    return mask


# --- drawings ----------------------------------------------------------------------------------------------


def _draw(pixels: Pixels, drawing: Drawing, turning: Turning) -> None:
    """Draw what one layer holds upon turned pixels, in place."""
    ink = _ink(pixels, drawing.layer.level, drawing.layer.colour)
    rows, columns = turning.image
    masks = [turning.applied_to(_placed(bitmap, rows, columns)) for bitmap in drawing.bitmaps]
    for mask in masks:
        pixels[mask] = ink
    for mask in draw_graphics(drawing.graphics, turning):
        pixels[mask] = ink
    _press(pixels, draw_texts(drawing.texts, turning), ink)


def _press(pixels: Pixels, stamp: tuple[Mask, Mask] | None, ink: Pixels) -> None:
    """Draw texts: their ink, and a halo of the opposite brightness that keeps them readable."""
    if stamp is None:
        return
    full = float(np.iinfo(pixels.dtype).max)
    behind = 0.0 if float(np.mean(ink)) > full / 2 else full
    for mask, level in ((stamp[1], behind), (stamp[0], ink)):
        touched = mask > 0
        share = (mask[touched] / 255.0).reshape(-1, *(1,) * (pixels.ndim - 2))
        pixels[touched] = np.rint(pixels[touched] * (1 - share) + level * share).astype(pixels.dtype)


def _ink(pixels: Pixels, level: int, colour: Colour | None) -> Pixels:
    """A P-value, or a colour where the picture has colours, as the picture holds it."""
    if pixels.ndim == 3:
        return np.array(colour or (level >> 8,) * 3, pixels.dtype)
    return np.array(level * int(np.iinfo(pixels.dtype).max) // WHITE, pixels.dtype)
