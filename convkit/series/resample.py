"""Volumes on another grid, through SimpleITK: uneven slices evened, sheared slices set upright.

Every volume that leaves here has a mask of invented voxels and says how it was made. Values are real values in
float32: interpolation between stored integers would round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 (the name that its users know)
from numpy.typing import NDArray

from convkit.model import geometry
from convkit.model.volume import MappingState, Volume

ON_SLICE = 1e-3
"""An output slice closer than this share of a step to an input slice is that slice, not an invention."""


def evened(volume: Volume, coordinates: Sequence[float]) -> Volume:
    """A volume interpolated linearly along its slice axis.

    Parameters
    ----------
    volume : Volume
        Its affine is that of the output already.
    coordinates : floats
        For each output slice its place among the input slices.
    """
    real = np.asarray(volume, dtype=np.float32)
    array = np.stack([_along_slices(one, coordinates) for one in real])
    places = np.asarray(coordinates)
    is_made = np.abs(places - np.round(places)) > ON_SLICE
    invented = np.broadcast_to(is_made[None, :, None, None], array.shape).copy()
    nearest = [round(c) for c in coordinates]
    return replace(
        _real(volume, array),
        invented=invented,
        sources=tuple(
            tuple("" if made else s[n] for n, made in zip(nearest, is_made, strict=True)) for s in volume.sources
        ),
        resampled={
            "Method": "linear interpolation between neighbouring slices",
            "SliceCoordinates": [round(c, 6) for c in coordinates],
        },
    )


def _along_slices(array: NDArray[np.float32], coordinates: Sequence[float]) -> NDArray[np.float32]:
    """One volume (slices, rows, columns) at fractional slice indices, linearly."""
    image = sitk.GetImageFromArray(array)  # spacing 1, so physical z is the slice index
    rows, columns = array.shape[1:]
    made = np.empty((len(coordinates), rows, columns), np.float32)
    for place, coordinate in enumerate(coordinates):
        slab = sitk.Resample(
            image,
            (columns, rows, 1),
            sitk.Transform(3, sitk.sitkIdentity),
            sitk.sitkLinear,
            (0.0, 0.0, min(float(coordinate), len(array) - 1.0)),
            (1.0, 1.0, 1.0),
            image.GetDirection(),
            0.0,
            sitk.sitkFloat32,
        )
        made[place] = sitk.GetArrayViewFromImage(slab)[0]
    return made


def upright(volume: Volume) -> Volume:
    """A sheared volume resampled onto a grid whose slices are stacked along their normal.

    The field of view grows by the shift of the slices, so that no measured voxel is lost; voxels that no slice
    covers hold the smallest value of the volume and are marked as invented.
    """
    affine, shape = upright_grid(volume.affine_lps, volume.shape[1:4])
    real = np.asarray(volume, dtype=np.float32)
    low = float(real.min())
    earlier = dict(volume.resampled or {})
    array = np.stack([_onto(one, volume.affine_lps, affine, shape, low) for one in real])
    invented = np.broadcast_to(~_is_between_samples(volume, affine, shape), array.shape).copy()
    if volume.invented is not None:
        earlier_ones = volume.invented.astype(np.float32)
        invented |= np.stack([_onto(one, volume.affine_lps, affine, shape, 0.0) for one in earlier_ones]) > ON_SLICE
    return replace(
        _real(volume, array),
        affine_lps=affine,
        is_sheared=False,
        invented=invented,
        resampled=earlier
        | {
            "Method": "; ".join([*filter(None, [earlier.get("Method")]), "linear interpolation onto an upright grid"]),
            "TiltDegrees": round(geometry.tilt_degrees(volume.affine_lps), 6),
        },
    )


def _is_between_samples(volume: Volume, target: geometry.Floats, shape: Sequence[int]) -> NDArray[np.bool_]:
    """(slices, rows, columns) of the target grid: True where a voxel lies between measured samples.

    SimpleITK also answers up to half a voxel outside the outermost samples, with their values; those are invented.
    """
    to_source = np.linalg.inv(volume.affine_lps) @ target
    index = np.ogrid[tuple(slice(n) for n in shape)]
    inside = np.ones(tuple(shape), bool)
    for axis, size in enumerate(volume.shape[1:4]):
        place = to_source[axis, 3] + sum(to_source[axis, k] * index[k] for k in range(3))
        inside &= (place > -ON_SLICE) & (place < size - 1 + ON_SLICE)
    return inside


def upright_grid(affine: geometry.Floats, shape: Sequence[int]) -> tuple[geometry.Floats, tuple[int, int, int]]:
    """The upright grid that covers a sheared one: affine and (slices, rows, columns)."""
    rows, columns = geometry.unit(affine[:3, 1]), geometry.unit(affine[:3, 2])
    normal = np.cross(columns, rows)
    straight = affine.copy()
    straight[:3, 0] = normal * float(affine[:3, 0] @ normal)
    index = (geometry.corners(affine, shape) - affine[:3, 3]) @ np.linalg.inv(straight[:3, :3]).T
    low = np.floor(index.min(axis=0) + ON_SLICE)
    high = np.ceil(index.max(axis=0) - ON_SLICE)
    low[0], high[0] = 0, shape[0] - 1
    straight[:3, 3] = affine[:3, 3] + straight[:3, :3] @ low
    size = high - low + 1
    return straight, (int(size[0]), int(size[1]), int(size[2]))


def _onto(
    array: NDArray[np.float32], affine: geometry.Floats, target: geometry.Floats, shape: Sequence[int], outside: float
) -> NDArray[np.float32]:
    """One volume (slices, rows, columns) linearly onto another grid."""
    # Index space carries the shear: the target index maps to the source index by an affine transform, which keeps
    # SimpleITK from ever seeing a direction matrix that is not orthonormal.
    to_source = np.linalg.inv(affine) @ target
    flipped = to_source[[2, 1, 0, 3]][:, [2, 1, 0, 3]]  # (slice, row, column) to (x, y, z)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix([float(v) for v in flipped[:3, :3].ravel()])
    transform.SetTranslation([float(v) for v in flipped[:3, 3]])
    image = sitk.GetImageFromArray(array)
    size = [int(n) for n in reversed(shape)]
    moved = sitk.Resample(
        image,
        size,
        transform,
        sitk.sitkLinear,
        (0.0, 0.0, 0.0),
        (1.0, 1.0, 1.0),
        image.GetDirection(),
        outside,
        sitk.sitkFloat32,
    )
    result: NDArray[np.float32] = sitk.GetArrayFromImage(moved)
    return result


def _real(volume: Volume, array: NDArray[Any]) -> Volume:
    """The volume with an array of real values."""
    state = volume.mapping.state
    applied = MappingState.APPLIED if state is MappingState.PENDING else state
    return replace(volume, array=array, mapping=replace(volume.mapping, state=applied))
