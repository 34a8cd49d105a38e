"""Several pictures laid into one: a grid of slices, or views side by side.

Pictures are placed, never scaled: give them one scale first (`convkit.pictures.resize`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.errors import PixelError
from convkit.model.picture import Picture

MAX_PIXELS = 2**28
"""The largest picture that is made: 16384 x 16384, 256 MB of grey."""

SAME_ASPECT = 0.01
"""How far pixel aspects may differ, as a share of 1, and still count as one: half a pixel in a hundred is not seen."""

BYTE_TO_WORD = 257
"""255 * 257 = 65535: white stays white."""


def check_size(rows: int, columns: int) -> None:
    """Refuse a picture that would take the memory.

    Raises
    ------
    PixelError
        It has more than `MAX_PIXELS` (``pictures.too-large``).
    """
    if rows * columns > MAX_PIXELS:
        what = f"A picture of {rows} x {columns} pixels would be too large; at most {MAX_PIXELS} pixels are drawn."
        raise PixelError(what, "", "Give a smaller size, or fewer slices.", "pictures.too-large")


def mosaic(pictures: Sequence[Picture], columns: int | None = None, *, background: int = 0, gap: int = 0) -> Picture:
    """Pictures in a grid, row by row from the top left.

    Parameters
    ----------
    pictures : sequence of Picture
        At least one. All become colour where one is, else 16 bits where one has them. Smaller ones stand in the middle
        of a cell.
    columns : int or None
        Pictures in a row; None makes the whole as nearly square as it can be.
    background : int
        Grey level from 0 to 255 of gaps and empty cells.
    gap : int
        Pixels between pictures.

    Raises
    ------
    ValueError
        There are no pictures, or their pixel aspects differ.
    PixelError
        The result would be too large.
    """
    alike = _alike(pictures)
    height, width = (max(p.pixels.shape[axis] for p in alike) for axis in (0, 1))
    across = columns or near_square(len(alike), (height + gap) * alike[0].aspect / (width + gap))
    across = min(across, len(alike))
    down = math.ceil(len(alike) / across)
    canvas = _canvas(alike[0], down * (height + gap) - gap, across * (width + gap) - gap, background)
    for place, picture in enumerate(alike):
        row, column = divmod(place, across)
        _put(canvas[row * (height + gap) :, column * (width + gap) :][:height, :width], picture.pixels)
    return replace(alike[0], pixels=canvas)


def side_by_side(pictures: Sequence[Picture], *, background: int = 0, gap: int = 0) -> Picture:
    """Pictures in one row, their middles on one line.

    Parameters
    ----------
    pictures, background, gap
        As in `mosaic`, but each picture keeps its width. For three planes of a volume give them one scale first
        (`convkit.pictures.resize.to_one_scale`).

    Raises
    ------
    ValueError
        There are no pictures, or their pixel aspects differ.
    PixelError
        The result would be too large.
    """
    alike = _alike(pictures)
    height = max(len(p.pixels) for p in alike)
    canvas = _canvas(alike[0], height, sum(p.pixels.shape[1] + gap for p in alike) - gap, background)
    left = 0
    for picture in alike:
        width = picture.pixels.shape[1]
        _put(canvas[:, left : left + width], picture.pixels)
        left += width + gap
    return replace(alike[0], pixels=canvas)


def near_square(count: int, aspect: float) -> int:
    """How many of `count` cells of an aspect (height over width) to put in a row, to come nearest to a square."""

    def departure(across: int) -> tuple[float, int]:
        down = math.ceil(count / across)
        return abs(math.log(down * aspect / across)), down * across  # of equals the one with fewer empty cells

    return min(range(1, count + 1), key=departure)


def as_colour(pixels: NDArray[np.unsignedinteger]) -> NDArray[np.uint8]:
    """RGB of grey levels: (rows, columns) uint8 or uint16 to (rows, columns, 3) uint8; RGB as it is."""
    if pixels.ndim == 3:
        return pixels.astype(np.uint8, copy=False)
    grey = pixels if pixels.dtype == np.uint8 else (pixels.astype(np.uint32) + BYTE_TO_WORD // 2) // BYTE_TO_WORD
    return np.repeat(grey.astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


def _alike(pictures: Sequence[Picture]) -> list[Picture]:
    """The pictures with one kind of pixel and one colour profile."""
    if not pictures:
        raise ValueError("there are no pictures to compose")
    aspects = [p.aspect for p in pictures]
    if max(aspects) > min(aspects) * (1 + SAME_ASPECT):
        raise ValueError("pictures of different pixel aspects cannot share a canvas; make their pixels square first")
    profiles = {p.icc_profile for p in pictures if p.is_colour}
    profile = profiles.pop() if len(profiles) == 1 else b""  # colours of several spaces have no common profile
    is_colour = any(p.is_colour for p in pictures)
    is_deep = any(p.pixels.dtype == np.uint16 for p in pictures)
    change = as_colour if is_colour else _as_words if is_deep else np.asarray
    return [replace(p, pixels=change(p.pixels), icc_profile=profile) for p in pictures]


def _as_words(pixels: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    return pixels if pixels.dtype == np.uint16 else pixels.astype(np.uint16) * np.uint16(BYTE_TO_WORD)


def _canvas(like: Picture, rows: int, columns: int, level: int) -> NDArray[Any]:
    check_size(rows, columns)
    pixels = like.pixels
    white = level * BYTE_TO_WORD if pixels.dtype == np.uint16 else level
    return np.full((rows, columns, *pixels.shape[2:]), white, pixels.dtype)


def _put(cell: NDArray[Any], pixels: NDArray[Any]) -> None:
    """Write pixels into the middle of a cell."""
    top, left = (cell.shape[0] - pixels.shape[0]) // 2, (cell.shape[1] - pixels.shape[1]) // 2
    cell[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
