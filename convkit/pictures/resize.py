"""Pictures of another size: square pixels, a given longest side, several pictures at one scale.

Whatever need not be interpolated is left exactly as it is. Interpolated values never leave the range of the picture: a
cubic curve overshoots at edges, and a white that nobody measured must not come of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convkit.errors import PixelError, UsageError
from convkit.model.picture import Picture
from convkit.pictures.compose import SAME_ASPECT, check_size

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_ASPECT = 100.0
"""The longest pixel that is drawn, either way: a 5 mm slice over pixels of 0.05 mm. Beyond it a header is wrong."""


def square(picture: Picture) -> Picture:
    """The picture with square pixels: the axis of the larger pixel is stretched.

    An aspect within 1 % of 1 counts as square, and the pixels stay as they are.

    Raises
    ------
    PixelError
        The aspect is no usable number (``pictures.bad-aspect``), or the result too large (``pictures.too-large``).
    """
    tall = _checked(picture.aspect)
    rows, columns = picture.pixels.shape[:2]
    return _resampled(picture, _stretched(rows, max(tall, 1.0)), _stretched(columns, max(1 / tall, 1.0)))


def fitted(picture: Picture, size: int) -> Picture:
    """The picture with square pixels and a longest side of `size` pixels, enlarged or reduced in one step.

    Raises
    ------
    UsageError
        The size is below 1.
    PixelError
        As `square`.
    """
    if size < 1:
        raise UsageError(f"A picture cannot be {size} pixels large.", "size", "Give a number of pixels from 1.")
    tall = _checked(picture.aspect)
    rows, columns = picture.pixels.shape[:2]
    height, width = (rows * max(tall, 1.0), columns * max(1 / tall, 1.0)) if _is_uneven(tall) else (rows, columns)
    scale = size / max(height, width)
    return _resampled(picture, max(1, round(height * scale)), max(1, round(width * scale)))


def to_one_scale(
    pictures: Sequence[Picture], columns_mm: Sequence[float], mm_per_pixel: float | None = None
) -> tuple[list[Picture], float]:
    """Pictures with square pixels of one size in mm.

    Parameters
    ----------
    pictures : sequence of Picture
        Such as the axial, coronal and sagittal plane of a volume.
    columns_mm : sequence of float
        Width of a pixel of each, mm.
    mm_per_pixel : float or None
        The size that is wanted; None takes the smallest of all of theirs.

    Returns
    -------
    pictures : list of Picture
        An axis within 1 % of that size stays as it is.
    mm_per_pixel : float

    Raises
    ------
    PixelError
        As `square`; sizes in mm are held to the same limits.
    """
    widths = [float(mm) for mm in columns_mm]
    heights = [mm * _checked(p.aspect) for p, mm in zip(pictures, widths, strict=True)]
    scale = min(*widths, *heights) if mm_per_pixel is None else mm_per_pixel
    if not all(math.isfinite(mm) and mm > 0 for mm in (scale, *widths)):
        raise PixelError("A pixel has no usable size.", "", "Choose the native view.", "pictures.bad-aspect")
    scaled = []
    for picture, height, width in zip(pictures, heights, widths, strict=True):
        rows, columns = picture.pixels.shape[:2]
        scaled.append(_resampled(picture, _stretched(rows, height / scale), _stretched(columns, width / scale)))
    return scaled, scale


def _checked(aspect: float) -> float:
    if not (math.isfinite(aspect) and 1 / MAX_ASPECT <= aspect <= MAX_ASPECT):
        what = f"A pixel would be more than {MAX_ASPECT:.0f} times as long as it is wide, or has no usable size."
        hint = "The spacing in the header is hardly right; choose the native view to see the pixels as stored."
        raise PixelError(what, "", hint, "pictures.bad-aspect")
    return aspect


def _is_uneven(ratio: float) -> bool:
    """True where a ratio is further from 1 than the eye sees, either way."""
    return max(ratio, 1 / ratio) > 1 + SAME_ASPECT


def _stretched(length: int, factor: float) -> int:
    return max(1, round(length * factor)) if _is_uneven(factor) else length


def _resampled(picture: Picture, rows: int, columns: int) -> Picture:
    """The picture on another grid; a reduction is an average, not a choice of pixels."""
    if (rows, columns) == picture.pixels.shape[:2]:
        return picture if picture.aspect == 1.0 else replace(picture, aspect=1.0)
    check_size(rows, columns)
    return replace(picture, pixels=_interpolated(picture.pixels, rows, columns), aspect=1.0)


def _interpolated(pixels: NDArray[np.unsignedinteger], rows: int, columns: int) -> NDArray[Any]:
    lowest, highest = pixels.min(axis=(0, 1)), pixels.max(axis=(0, 1))
    if pixels.dtype == np.uint16:  # float32 holds 16 bits exactly; Pillow's own 16-bit modes resample in few versions
        made = np.asarray(_pillow(pixels.astype(np.float32), rows, columns))
        return np.asarray(np.clip(np.rint(made), lowest, highest).astype(np.uint16))
    return np.asarray(np.clip(np.asarray(_pillow(pixels, rows, columns)), lowest, highest))


def _pillow(pixels: NDArray[Any], rows: int, columns: int) -> Image:
    """Bicubic; where it reduces, Pillow widens the kernel to cover what falls into a pixel."""
    from PIL import Image  # noqa: PLC0415 (20 ms; most pictures keep their size)

    return Image.fromarray(pixels).resize((columns, rows), Image.Resampling.BICUBIC)
