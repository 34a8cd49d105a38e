"""One picture of what came out: windowed planes of the NIfTI files, patient's right on the left of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

_TILE = 256
_CAPTION = 18
_SIZE = (_TILE, _TILE)


@dataclass(frozen=True, slots=True)
class View:
    """One tile.

    Attributes
    ----------
    path : Path
        A NIfTI file.
    plane : str
        ``axial``, ``coronal`` or ``sagittal``; the file's nearest one.
    place : float
        0 to 1 along the axis that the plane cuts, towards left, front or head.
    window : (centre, width)
        In real values.
    caption : str
    """

    path: Path
    plane: str
    place: float
    window: tuple[float, float]
    caption: str


_AXES = {"sagittal": 0, "coronal": 1, "axial": 2}


def save_montage(views: Sequence[View], path: Path, *, columns: int = 3) -> None:
    """Write a PNG of all views, row by row."""
    rows = -(-len(views) // columns)
    sheet = Image.new("L", (columns * _TILE, rows * (_TILE + _CAPTION)))
    draw = ImageDraw.Draw(sheet)
    for number, view in enumerate(views):
        left, top = number % columns * _TILE, number // columns * (_TILE + _CAPTION)
        sheet.paste(_tile(view), (left, top))
        draw.text((left + 4, top + _TILE + 3), view.caption, fill=230)
    sheet.save(path, optimize=True)


def _tile(view: View) -> Image.Image:
    """The plane at true proportions in the middle of a square tile."""
    canonical: Any = nib.as_closest_canonical  # nibabel has no types for it
    image = canonical(nib.load(view.path))  # axes run to right, front and head
    axis = _AXES[view.plane]
    values = np.asarray(image.dataobj)
    cut = values.take(round(view.place * (values.shape[axis] - 1)), axis=axis)
    across, up = (size for n, size in enumerate(image.header.get_zooms()[:3]) if n != axis)
    upright = cut.T[::-1] if view.plane == "sagittal" else cut.T[::-1, ::-1]
    grey = Image.fromarray(windowed(upright, view.window))
    width, height = cut.shape[0] * across, cut.shape[1] * up
    scale = _TILE / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    tile = Image.new("L", _SIZE)
    tile.paste(grey.resize(size, Image.Resampling.BICUBIC), ((_TILE - size[0]) // 2, (_TILE - size[1]) // 2))
    return tile


def windowed(values: NDArray[np.float64], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Values as grey levels, linear within the window."""
    centre, width = window
    return (np.clip((values - centre) / width + 0.5, 0, 1) * 255).astype(np.uint8)
