"""Reads what a converter wrote, each format by its own library, into what the oracle judges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.builders.oracle import Output

_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_FORMS_MM = 1e-2
"""A qform keeps a rotation as three float32 numbers: off by up to 1e-3 mm at a far corner."""


def read_output(path: str | Path) -> Output:
    """Read a .nii, .nii.gz, .nrrd, .mha or .npz file."""
    path = Path(path)
    for suffix, read in _READERS.items():
        if path.name.endswith(suffix):
            return read(path)
    raise ValueError(f"no reader for {path.name}")


def read_nifti(path: str | Path) -> Output:
    """Read NIfTI with nibabel; real values as float64."""
    import nibabel as nib  # noqa: PLC0415 (one library, one reader)

    image: Any = nib.load(path)
    return Output(np.asarray(image.get_fdata(dtype=np.float64)), np.asarray(image.affine, float), Path(path).name)


def read_itk(path: str | Path) -> Output:
    """Read NRRD or MHA with SimpleITK."""
    import SimpleITK as sitk  # noqa: N813, PLC0415 (its usual name; one library, one reader)

    image = sitk.ReadImage(str(path))
    array = sitk.GetArrayFromImage(image)
    n = image.GetDimension()
    if image.GetNumberOfComponentsPerPixel() > 1:
        values = array.transpose(2, 1, 0, 3)
    else:
        values = array.transpose(*range(array.ndim)[::-1])
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (n, n))[:3, :3] @ np.diag(image.GetSpacing()[:3])
    affine[:3, 3] = image.GetOrigin()[:3]
    return Output(values.astype(np.float64), _LPS_TO_RAS @ affine, Path(path).name)


def read_npz(path: str | Path) -> Output:
    """Read NPZ: array (volumes, slices, rows, columns), affine_ras from (slice, row, column, 1) to RAS mm."""
    with np.load(path) as file:
        array: NDArray[Any] = file["array"]
        affine = np.asarray(file["affine_ras"], float)
    values = array.transpose(1, 2, 3, 0).astype(np.float64)
    return Output(values[..., 0] if values.shape[3] == 1 else values, affine, Path(path).name)


_READERS: dict[str, Callable[[Path], Output]] = {
    ".nii": read_nifti,
    ".nii.gz": read_nifti,
    ".nrrd": read_itk,
    ".mha": read_itk,
    ".npz": read_npz,
}


def read_all(folder: str | Path) -> list[Output]:
    """Every output below a folder that has a reader, by name; journals and sidecars are passed over."""
    paths = sorted(p for p in Path(folder).rglob("*") if p.is_file() and ".convkit" not in p.parts)
    return [read_output(p) for p in paths if p.name.endswith(tuple(_READERS))]


def check_nifti_forms(path: str | Path) -> list[str]:
    """Problems of qform and sform: neither set, or two that put a corner in different places."""
    import nibabel as nib  # noqa: PLC0415 (one library, one reader)

    image: Any = nib.load(path)
    codes = {name: int(image.header[f"{name}_code"]) for name in ("qform", "sform")}
    if not any(codes.values()):
        return [f"{Path(path).name}: neither qform nor sform is set"]
    if not all(codes.values()):
        return []
    ends = np.array(np.meshgrid(*[(0, n - 1) for n in image.shape[:3]], [1])).reshape(4, -1)
    apart = np.abs((image.get_qform() - image.get_sform()) @ ends).max()
    return [f"{Path(path).name}: qform and sform differ by {apart:.3g} mm"] if apart > _FORMS_MM else []
