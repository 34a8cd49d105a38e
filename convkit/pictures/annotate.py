"""Marks upon pictures: orientation letters, a scale bar. Only what was asked for is drawn.

Everything is drawn through a mask, so that 16-bit grey stays 16-bit. Nothing here knows a patient: letters and lengths
are all that is written.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from convkit.errors import GeometryError
from convkit.model.picture import Picture

TEXT_SHARES = (22, 6)
"""Text is a part of the longer side high, but no more than a part of the shorter: in views side by side it looks alike,
and in a flat one it still fits."""

MIN_TEXT = 14
"""Smallest height of text in pixels that can be read."""

BAR_SHARE = 0.25
"""Part of the width that a scale bar takes, roughly."""

_ROUND_LENGTHS = (1, 2, 5)


class _Stamp(NamedTuple):
    """Something to draw: white ink, and the dark halo that keeps it readable on white; (rows, columns) uint8."""

    ink: NDArray[np.uint8]
    halo: NDArray[np.uint8]


def with_letters(picture: Picture, letters: tuple[str, str, str, str]) -> Picture:
    """The picture with orientation letters at its edges.

    Parameters
    ----------
    picture : Picture
        With square pixels (`convkit.pictures.resize`).
    letters : (left, right, top, bottom)
        Such as `convkit.pictures.planes.Planes.letters`; an empty one is not drawn.
    """
    pixels = picture.pixels.copy()
    size = _text_size(picture)
    margin = size // 3
    rows, columns = pixels.shape[:2]
    for letter, side in zip(letters, ("left", "right", "top", "bottom"), strict=True):
        if letter:
            stamp = _text(letter, size)
            height, width = stamp.ink.shape
            top = {"top": margin, "bottom": rows - height - margin}.get(side, (rows - height) // 2)
            left = {"left": margin, "right": columns - width - margin}.get(side, (columns - width) // 2)
            _press(pixels, stamp, top, left)
    return replace(picture, pixels=pixels)


def with_scale_bar(picture: Picture, mm_per_pixel: float) -> Picture:
    """The picture with a bar of a round length at the bottom right, about a quarter of the width, and its length.

    Parameters
    ----------
    picture : Picture
        With square pixels (`convkit.pictures.resize`).
    mm_per_pixel : float

    Raises
    ------
    GeometryError
        The size of a pixel is unknown (``geometry.missing-spacing``).
    """
    if not (math.isfinite(mm_per_pixel) and mm_per_pixel > 0):
        what = "The size of a pixel is unknown, so there is no scale bar."
        raise GeometryError(what, "", "Leave the scale bar out.", "geometry.missing-spacing")
    rows, columns = picture.pixels.shape[:2]
    length_mm = round_length_mm(columns * mm_per_pixel * BAR_SHARE)
    size = _text_size(picture)
    stamp = _bar(max(1, round(length_mm / mm_per_pixel)), length_label(length_mm), size)
    height, width = stamp.ink.shape
    pixels = picture.pixels.copy()
    _press(pixels, stamp, rows - height - size // 3, columns - width - size // 3)
    return replace(picture, pixels=pixels)


def round_length_mm(near_mm: float) -> float:
    """The length of 1, 2 or 5 times a power of ten that is nearest, as a ratio, to `near_mm`."""
    power = math.floor(math.log10(near_mm))
    # Divided rather than multiplied below 1, so that 2 * 10**-1 is 0.2 to the last digit.
    choices = [d * 10**p if p >= 0 else d / 10**-p for p in (power, power + 1) for d in _ROUND_LENGTHS]
    return float(min(choices, key=lambda length: abs(math.log(length / near_mm))))


def length_label(length_mm: float) -> str:
    """A length as people say it: cm from 2 cm."""
    return f"{length_mm / 10:g} cm" if length_mm >= 20 else f"{length_mm:g} mm"


def _text_size(picture: Picture) -> int:
    sides: tuple[int, ...] = picture.pixels.shape[:2]
    return max(MIN_TEXT, min(max(sides) // TEXT_SHARES[0], min(sides) // TEXT_SHARES[1]))


@lru_cache(maxsize=64)
def _text(text: str, size: int) -> _Stamp:
    """Text in Pillow's own font, so that it looks the same everywhere."""
    font = ImageFont.load_default(size)
    stroke = max(1, size // 8)
    left, top, right, bottom = (round(edge) for edge in font.getbbox(text, stroke_width=stroke))
    layers = []
    for width in (0, stroke):
        layer = Image.new("L", (right - left, bottom - top), 0)
        # Pillow takes the stroke into the position: the same anchor leaves both layers on each other.
        place = (-left, -top)
        ImageDraw.Draw(layer).text(place, text, fill=255, font=font, stroke_width=width)
        layers.append(np.asarray(layer))
    return _Stamp(layers[0], layers[1])


@lru_cache(maxsize=64)
def _bar(length: int, label: str, size: int) -> _Stamp:
    """A bar with ends, its label in the middle above it."""
    text = _text(label, size)
    thick = max(1, size // 8)
    edge = thick  # of the halo
    width = max(length + 2 * edge, text.ink.shape[1])
    above = text.ink.shape[0] + thick
    ink, halo = (np.zeros((above + size // 2 + 2 * edge, width), np.uint8) for _ in range(2))
    middle = (width - text.ink.shape[1]) // 2
    for layer, letters in ((ink, text.ink), (halo, text.halo)):
        layer[: letters.shape[0], middle : middle + letters.shape[1]] = letters
    left, low = (width - length) // 2, len(ink) - edge
    for top, first, last in (
        (low - thick, left, left + length),
        (low - size // 2, left, left + thick),
        (low - size // 2, left + length - thick, left + length),
    ):
        halo[top - edge : low + edge, first - edge : last + edge] = 255
        ink[top:low, first:last] = 255
    return _Stamp(ink, halo)


def _overlap(start: int, length: int, whole: int) -> slice:
    """What of a stretch lies between 0 and `whole`; empty where nothing does."""
    first = min(max(start, 0), whole)
    return slice(first, max(first, min(start + length, whole)))


def _press(pixels: NDArray[Any], stamp: _Stamp, top: int, left: int) -> None:
    """Draw a stamp into pixels; what lies outside of them is cut off."""
    height, width = stamp.ink.shape
    rows, columns = _overlap(top, height, pixels.shape[0]), _overlap(left, width, pixels.shape[1])
    part = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    ink, halo = (np.asarray(layer[part], np.float32) / 255 for layer in stamp)
    if pixels.ndim == 3:
        ink, halo = ink[:, :, np.newaxis], halo[:, :, np.newaxis]
    white = float(np.iinfo(pixels.dtype).max)
    drawn = pixels[rows, columns] * (1 - halo) * (1 - ink) + white * ink
    pixels[rows, columns] = np.rint(drawn).astype(pixels.dtype)
