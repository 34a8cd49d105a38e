"""Do the volumes and pictures hold exactly what went in? Read back with other people's readers, not with convkit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import nibabel as nib
import numpy as np
import SimpleITK as sitk  # noqa: N813 (the name that its users know)
from PIL import Image
from pydicom import Dataset
from pydicom.pixels.processing import apply_windowing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from convkit.demo.phantoms import Phantom

OFF_VOXELS = 2e-3
"""NIfTI-1 holds its affine in float32, whose rounding moves a voxel at 200 mm by less than this share of itself."""

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def nifti_is_exact(path: Path, phantom: Phantom, volume: int) -> bool:
    """True where every value of the phantom is found at its place in space, and nothing else is in the file."""
    image: Any = nib.load(path)
    values = np.asarray(image.dataobj)
    truth = phantom.values[volume]
    to_file = np.linalg.inv(image.affine) @ _LPS_TO_RAS @ phantom.affine_lps
    whole = np.rint(to_file)
    corners = np.array(
        [
            [s, r, c, 1]
            for s in (0, truth.shape[0] - 1)
            for r in (0, truth.shape[1] - 1)
            for c in (0, truth.shape[2] - 1)
        ],
        float,
    )
    if values.size != truth.size or np.abs((to_file - whole) @ corners.T).max() > OFF_VOXELS:
        return False
    step, start = whole[:3, :3].astype(int), whole[:3, 3].astype(int)
    return np.array_equal(_picked(values, step, start, truth.shape), truth)


def _picked(
    values: NDArray[np.float64], step: NDArray[np.int_], start: NDArray[np.int_], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """The values of a file in the order of the phantom's array; a step that leaves the file gives an empty array."""
    index = np.indices(shape, np.int32, sparse=True)
    places = [sum(step[axis, n] * index[n] for n in range(3)) + start[axis] for axis in range(3)]
    if any(np.min(p) < 0 or np.max(p) >= n for p, n in zip(places, values.shape, strict=True)):
        return np.empty(0)
    found: NDArray[np.float64] = values[tuple(np.broadcast_arrays(*places))]
    return found


def nrrd_is_exact(path: Path, phantom: Phantom) -> bool:
    """True where SimpleITK reads the phantom's values and its place in space."""
    image = sitk.ReadImage(str(path))
    last = [int(n) - 1 for n in image.GetSize()]
    corner = phantom.affine_lps @ [*reversed(last), 1]
    is_placed = np.allclose(image.TransformIndexToPhysicalPoint(last), corner[:3], atol=1e-3)
    return bool(is_placed) and np.array_equal(sitk.GetArrayViewFromImage(image), phantom.values[0])


def npz_is_exact(path: Path, phantom: Phantom) -> bool:
    """True where plain NumPy reads the phantom's values and its affine."""
    with np.load(path) as archive:
        return np.array_equal(archive["array"], phantom.values) and np.allclose(
            archive["affine_lps"], phantom.affine_lps, atol=1e-5
        )


def instances_in(folder: Path) -> set[str]:
    """SOP Instance UIDs behind the slices of all volumes below a folder, from the sidecars."""
    found: set[str] = set()
    for path in folder.rglob("*.json"):
        found |= set(np.ravel(json.loads(path.read_text(encoding="utf-8"))["Convkit"]["Sources"]).tolist())
    return found


def pictures_are_exact(paths: Sequence[Path], phantom: Phantom, window: tuple[float, float]) -> bool:
    """True where the pictures show the slices of a phantom in the grey levels of pydicom, at most 1 off."""
    asked = Dataset()
    asked.WindowCenter, asked.WindowWidth = window
    asked.PhotometricInterpretation, asked.BitsStored, asked.PixelRepresentation = "MONOCHROME2", 16, 1
    slices = phantom.values[0]
    if len(paths) != len(slices):
        return False
    low, high = np.iinfo(np.int16).min, np.iinfo(np.int16).max
    expected = ((apply_windowing(one, asked) - low) / (high - low) * 255 for one in slices)
    return all(
        np.abs(np.asarray(Image.open(path), float) - levels).max() <= 1
        for path, levels in zip(paths, expected, strict=True)
    )
