"""Labels and bitmaps drawn into pictures: outlines in colour, overlay planes in white.

Everything here works on the finished picture, pixel for pixel: labels and bitmaps are brought to its size first
(`resized_labels`, `resized_bitmap`), so that a line is as thin as a pixel whatever the size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from convkit.model.labels import Colour, LabelMask, colour_of
from convkit.model.picture import Picture
from convkit.pictures.compose import as_colour

Labels = NDArray[np.integer] | NDArray[np.bool_]
"""(rows, columns): 0 is no label."""


def outlines(labels: Labels, thickness: int = 1) -> NDArray[np.bool_]:
    """The pixels of each label that lie at its border.

    Parameters
    ----------
    labels : (rows, columns) integer or bool
        0 is no label.
    thickness : int
        Pixels, inwards.

    Returns
    -------
    outlines : (rows, columns) bool
        True for labelled pixels with a neighbour above, below, left or right of another label or none, or at the edge
        of the picture. So holes and single pixels are seen, and labels that touch each have a line of their own.
    """
    if thickness < 1:
        raise ValueError("an outline is at least one pixel thick")
    inside = labels != 0
    same = _equal_neighbours(labels, outside=0)
    deep = inside & same
    for _ in range(thickness - 1):
        deep &= _equal_neighbours(deep, outside=False)
    return np.asarray(inside & ~deep)


def _equal_neighbours(labels: Labels, *, outside: int) -> NDArray[np.bool_]:
    """(rows, columns) bool: True where all four neighbours have the same label."""
    framed = np.pad(labels, 1, constant_values=outside)
    middle = framed[1:-1, 1:-1]
    equal: NDArray[np.bool_] = framed[:-2, 1:-1] == middle
    for neighbour in (framed[2:, 1:-1], framed[1:-1, :-2], framed[1:-1, 2:]):
        equal &= neighbour == middle
    return equal


def with_contours(
    picture: Picture, labels: Labels, colours: Mapping[int, Colour] | None = None, *, thickness: int = 1
) -> Picture:
    """The picture in colour, with the outline of each label.

    Parameters
    ----------
    picture : Picture
    labels : (rows, columns) integer
        Of the size of the picture; 0 is no label.
    colours : mapping of int to Colour
        A label that is not in it takes its colour from the palette.
    thickness : int
        Pixels, inwards.

    Raises
    ------
    ValueError
        Labels and picture differ in size.
    """
    _check_size(picture, labels)
    border = outlines(labels, thickness)
    numbers, places = np.unique(labels[border], return_inverse=True)
    own = colours or {}
    table = np.array([own.get(int(n), colour_of(int(n))) for n in numbers], np.uint8).reshape(-1, 3)
    pixels = np.array(as_colour(picture.pixels))
    pixels[border] = table[places.ravel()]
    return _coloured(picture, pixels)


def with_masks(picture: Picture, masks: Iterable[LabelMask], *, thickness: int = 1) -> Picture:
    """The picture in colour, with the outline of each mask; masks may overlap, and later ones lie on top.

    Parameters
    ----------
    picture : Picture
    masks : iterable of LabelMask
        Of the size of the picture.
    thickness : int
        Pixels, inwards.

    Raises
    ------
    ValueError
        A mask and the picture differ in size.
    """
    pixels = np.array(as_colour(picture.pixels))
    for one in masks:
        _check_size(picture, one.mask)
        rows, columns = np.flatnonzero(one.mask.any(axis=1)), np.flatnonzero(one.mask.any(axis=0))
        if len(rows):  # a segment is a small part of a picture
            box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
            pixels[box][outlines(one.mask[box], thickness)] = one.colour
    return _coloured(picture, pixels)


def with_bitmap(picture: Picture, bitmap: NDArray[np.bool_]) -> Picture:
    """The picture with the pixels of a bitmap in white, as an overlay plane is shown; grey stays grey.

    Parameters
    ----------
    picture : Picture
    bitmap : (rows, columns) bool
        Of the size of the picture.

    Raises
    ------
    ValueError
        Bitmap and picture differ in size.
    """
    _check_size(picture, bitmap)
    pixels = picture.pixels.copy()
    pixels[bitmap] = np.iinfo(pixels.dtype).max
    return replace(picture, pixels=pixels)


def resized_labels(labels: Labels, rows: int, columns: int) -> Labels:
    """Labels on a grid of another size over the same area, each pixel that of the nearest.

    Parameters
    ----------
    labels : (rows, columns) integer or bool
    rows, columns : int
        Of the new grid.
    """
    if labels.shape == (rows, columns):
        return labels
    return labels[np.ix_(_nearest(labels.shape[0], rows), _nearest(labels.shape[1], columns))]


def _nearest(before: int, after: int) -> NDArray[np.int64]:
    """For each new pixel the old one that its centre lies in."""
    return (2 * np.arange(after, dtype=np.int64) + 1) * before // (2 * after)


def resized_bitmap(bitmap: NDArray[np.bool_], rows: int, columns: int) -> NDArray[np.bool_]:
    """A bitmap on a grid of another size over the same area; thin lines and single pixels survive shrinking.

    Parameters
    ----------
    bitmap : (rows, columns) bool
    rows, columns : int
        Of the new grid. Where it is coarser a pixel is set if any of those under it is.
    """
    return _resized_axis(_resized_axis(bitmap, rows, 0), columns, 1)


def _resized_axis(bitmap: NDArray[np.bool_], after: int, axis: int) -> NDArray[np.bool_]:
    before = bitmap.shape[axis]
    if after >= before:
        return np.take(bitmap, _nearest(before, after), axis)
    starts = np.arange(after, dtype=np.int64) * before // after
    return np.asarray(np.logical_or.reduceat(bitmap, starts, axis))


def _check_size(picture: Picture, labels: Labels) -> None:
    if labels.shape != picture.pixels.shape[:2]:
        raise ValueError(f"labels of {labels.shape} do not fit a picture of {picture.pixels.shape[:2]}")


def _coloured(picture: Picture, pixels: NDArray[np.uint8]) -> Picture:
    """The picture with colour pixels; a profile of grey levels does not hold for colours."""
    profile = picture.icc_profile if picture.is_colour else b""
    return Picture(pixels, aspect=picture.aspect, icc_profile=profile)
