"""Label images that the user gives (NIfTI, NRRD, MetaImage): read, and sampled on any plane of any volume.

SimpleITK reads them and takes 0.3 s to import, so it comes only with the first file.
"""

from __future__ import annotations

import gzip
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.errors import InputError
from convkit.model.geometry import Floats
from convkit.model.labels import LabelImage, Plane, nearest

SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")
"""Names of files that are taken for label images."""

_CODE = "input.label-image"

_MOST_DEFLATED = 1100
"""Bytes that one byte of a compressed file can stand for at most; deflate reaches 1032 (RFC 1951)."""


def is_label_image(path: str) -> bool:
    """True for the name of a file that `label_image` reads."""
    return path.lower().endswith(SUFFIXES)


def label_image(path: str) -> LabelImage:
    """The label image in a file.

    Parameters
    ----------
    path : str
        ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha``, three-dimensional; floating-point numbers must be whole.

    Raises
    ------
    InputError
        The file cannot be read, has no place in space, or holds something else than labels (``input.label-image``).
    """
    if not is_label_image(path):
        hint = "A DICOM segmentation is given as a source, with --overlay."
        raise InputError(f"A label image is one of {', '.join(SUFFIXES)}.", path, hint, _CODE)
    if not Path(path).exists():
        raise InputError("The label image does not exist.", path, "Check the spelling.", _CODE)
    sitk: Any = import_module("SimpleITK")
    reader = sitk.ImageFileReader()
    reader.SetFileName(path)
    try:
        reader.ReadImageInformation()
        _check_information(reader, path)
        _check_whole(reader, path)
        image = reader.Execute()
    except (RuntimeError, OSError, EOFError, zlib.error) as err:
        raise _unreadable(path, err) from err
    array = sitk.GetArrayFromImage(image)
    affine = _affine(image)
    if not np.all(np.isfinite(affine)) or abs(np.linalg.det(affine)) == 0:
        raise _unusable(path, "The place of the image in space is no usable number.")
    return LabelImage(_whole(array.reshape(array.shape[-3:]), path), affine)


def _check_information(reader: Any, path: str) -> None:
    """Refuse what is no label image before its voxels are read."""
    size = reader.GetSize()
    if reader.GetNumberOfComponents() != 1:
        raise _unusable(path, "The image has several values a voxel, so it holds no labels.")
    if len(size) < 3 or any(n != 1 for n in size[3:]):
        raise _unusable(path, f"The image has {len(size)} dimensions; a label image has three.")
    voxels = int(np.prod([int(n) for n in size], dtype=object))
    if voxels > _MOST_DEFLATED * Path(path).stat().st_size:
        raise _unusable(path, f"The header promises {voxels} voxels, more than the file can hold.")
    codes = [reader.GetMetaData(key) for key in ("qform_code", "sform_code") if reader.HasMetaDataKey(key)]
    if codes and all(code.strip() in {"", "0"} for code in codes):
        raise _unusable(path, "The NIfTI image has no place in space (qform_code and sform_code are 0).")


def _check_whole(reader: Any, path: str) -> None:
    """Refuse a NIfTI file that ends too soon or is damaged: ITK reads such a one as zeros, and says nothing."""
    if not path.lower().endswith((".nii", ".nii.gz")):
        return
    start = int(float(reader.GetMetaData("vox_offset"))) if reader.HasMetaDataKey("vox_offset") else 0
    bits = int(reader.GetMetaData("bitpix"))
    need = start + int(np.prod([int(n) for n in reader.GetSize()], dtype=object)) * bits // 8
    if path.lower().endswith(".gz"):
        there = 0
        with gzip.open(path) as file:
            while there <= need + _CHUNK and (part := file.read(_CHUNK)):  # to the end, where the checksum is
                there += len(part)
    else:
        there = Path(path).stat().st_size
    if there < need:
        raise EOFError


_CHUNK = 1 << 20


def _unreadable(path: str, err: Exception) -> InputError:
    if "orthonormal" in str(err):
        hint = "Save the labels on a grid with perpendicular axes, or as NRRD or MetaImage."
        return InputError("The label image is sheared, which ITK does not read from NIfTI.", path, hint, _CODE)
    return InputError("The label image cannot be read.", path, "Check that the file is whole.", _CODE)


def _unusable(path: str, what: str) -> InputError:
    return InputError(what, path, "", _CODE)


def _whole(array: NDArray[Any], path: str) -> NDArray[np.integer]:
    """The labels as integers."""
    if array.dtype.kind in "iu":
        return array
    limits = np.iinfo(np.int32)
    if array.dtype.kind != "f" or not np.all(np.isfinite(array)):
        raise _unusable(path, "The image holds values that are no numbers, so it holds no labels.")
    if np.any(array != np.rint(array)) or array.min() < limits.min or array.max() > limits.max:
        raise _unusable(path, "The image holds values that are no whole numbers, so it holds no labels.")
    return array.astype(np.int32)


def _affine(image: Any) -> Floats:
    """(4, 4) float64: array index (slice, row, column, 1) to LPS mm; ITK's axes run (column, row, slice)."""
    count = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (count, count))[:3, :3]
    affine = np.eye(4)
    affine[:3, :3] = (direction * np.array(image.GetSpacing()[:3]))[:, ::-1]
    affine[:3, 3] = image.GetOrigin()[:3]
    return affine


def labels_on(image: LabelImage, plane: Plane) -> NDArray[np.integer]:
    """The labels at the pixels of a plane, each that of the nearest voxel.

    Parameters
    ----------
    image : LabelImage
    plane : Plane
        Of any direction.

    Returns
    -------
    labels : (rows, columns) of the type of the label image
        0 where the plane leaves it.
    """
    to_index = np.asarray(np.linalg.inv(image.affine_lps), np.float64)
    places = [nearest(plane.along(to_index[axis, :3]) + to_index[axis, 3]) for axis in range(3)]
    inside = np.ones((plane.rows, plane.columns), bool)
    for place, size in zip(places, image.array.shape, strict=True):
        inside &= (place >= 0) & (place < size)
    slices, rows, columns = (np.clip(p, 0, size - 1) for p, size in zip(places, image.array.shape, strict=True))
    return np.where(inside, image.array[slices, rows, columns], image.array.dtype.type(0))
