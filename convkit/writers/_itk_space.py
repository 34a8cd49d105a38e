"""The geometry of a volume in ITK's words, fastest axis first: size, origin, spacing, direction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convkit.model.volume import Volume


class ItkSpace(NamedTuple):
    """Where the voxels of an image lie, as ITK has it.

    Attributes
    ----------
    size : number of (columns, rows, slices[, volumes])
    origin : LPS position of the first voxel, mm[, 0 s]
    spacing : mm along (column, row, slice)[, seconds from volume to volume, 1 where unknown]
    direction : (3, 3) or (4, 4) float64
        Columns are the unit vectors of the axes, LPS. Not orthogonal where the volume is sheared.
    """

    size: tuple[int, ...]
    origin: tuple[float, ...]
    spacing: tuple[float, ...]
    direction: NDArray[np.float64]


def itk_space(volume: Volume) -> ItkSpace:
    """The space of a volume, with a fourth axis where there are several volumes.

    Without a place in space it is the identity but for the spacing.
    """
    volumes, slices, rows, columns = volume.shape[:4]
    is_4d = volumes > 1
    spacing = tuple(reversed(volume.spacing))
    direction = np.eye(4 if is_4d else 3)
    if volume.is_placed:
        direction[:3, :3] = volume.affine_lps[:3, [2, 1, 0]] / np.array(spacing)
    origin = tuple(float(n) for n in volume.affine_lps[:3, 3]) if volume.is_placed else (0.0, 0.0, 0.0)
    return ItkSpace(
        size=(columns, rows, slices, *((volumes,) if is_4d else ())),
        origin=(*origin, *((0.0,) if is_4d else ())),
        spacing=(*spacing, *((volume.step_s or 1.0,) if is_4d else ())),
        direction=direction,
    )
