"""The NIfTI header, packed by hand: importing nibabel takes longer than converting a small series.

NIfTI-1: nifti1.h of the NIfTI Data Format Working Group. NIfTI-2: nifti2.h, for dimensions past 32767. RAS
and the (x, y, z) order exist only here and in the other NIfTI modules.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from convkit.model import geometry
from convkit.writers._voxels import code_of

if TYPE_CHECKING:
    from convkit.model.volume import Volume

Floats = NDArray[np.float64]

LARGEST_NIFTI1_DIM = 32767
"""NIfTI-1 stores dimensions as int16."""

_DATATYPES = {
    "uint8": 2,
    "int16": 4,
    "int32": 8,
    "float32": 16,
    "float64": 64,
    "int8": 256,
    "uint16": 512,
    "uint32": 768,
    "int64": 1024,
    "uint64": 1280,
}
_COLOUR_DATATYPES = {"uint8": 128}  # NIFTI_TYPE_RGB24

_MM_AND_SECONDS = 2 | 8  # NIFTI_UNITS_MM, NIFTI_UNITS_SEC
_SCANNER_ANAT = 1  # NIFTI_XFORM_SCANNER_ANAT
_NO_EXTENSION = bytes(4)

_STEPS = np.array(sorted(product(range(-2, 3), repeat=3), key=lambda s: sum(map(abs, s))))
"""Steps of float32 around three numbers, the smallest first."""

_NIFTI1 = np.dtype(
    [
        ("sizeof_hdr", "<i4"),
        ("data_type", "S10"),
        ("db_name", "S18"),
        ("extents", "<i4"),
        ("session_error", "<i2"),
        ("regular", "S1"),
        ("dim_info", "u1"),
        ("dim", "<i2", 8),
        ("intent_p", "<f4", 3),
        ("intent_code", "<i2"),
        ("datatype", "<i2"),
        ("bitpix", "<i2"),
        ("slice_start", "<i2"),
        ("pixdim", "<f4", 8),
        ("vox_offset", "<f4"),
        ("scl_slope", "<f4"),
        ("scl_inter", "<f4"),
        ("slice_end", "<i2"),
        ("slice_code", "u1"),
        ("xyzt_units", "u1"),
        ("cal_max", "<f4"),
        ("cal_min", "<f4"),
        ("slice_duration", "<f4"),
        ("toffset", "<f4"),
        ("glmax", "<i4"),
        ("glmin", "<i4"),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        ("qform_code", "<i2"),
        ("sform_code", "<i2"),
        ("quatern", "<f4", 3),
        ("qoffset", "<f4", 3),
        ("srow", "<f4", (3, 4)),
        ("intent_name", "S16"),
        ("magic", "S4"),
    ]
)
_NIFTI2 = np.dtype(
    [
        ("sizeof_hdr", "<i4"),
        ("magic", "S8"),
        ("datatype", "<i2"),
        ("bitpix", "<i2"),
        ("dim", "<i8", 8),
        ("intent_p", "<f8", 3),
        ("pixdim", "<f8", 8),
        ("vox_offset", "<i8"),
        ("scl_slope", "<f8"),
        ("scl_inter", "<f8"),
        ("cal_max", "<f8"),
        ("cal_min", "<f8"),
        ("slice_duration", "<f8"),
        ("toffset", "<f8"),
        ("slice_start", "<i8"),
        ("slice_end", "<i8"),
        ("descrip", "S80"),
        ("aux_file", "S24"),
        ("qform_code", "<i4"),
        ("sform_code", "<i4"),
        ("quatern", "<f8", 3),
        ("qoffset", "<f8", 3),
        ("srow", "<f8", (3, 4)),
        ("slice_code", "<i4"),
        ("xyzt_units", "<i4"),
        ("intent_code", "<i4"),
        ("intent_name", "S16"),
        ("dim_info", "u1"),
        ("unused", "S15"),
    ]
)


def nifti_header(volume: Volume) -> bytes:
    """Everything before the voxels: header and an empty extension, 352 bytes (NIfTI-2: 544).

    Parameters
    ----------
    volume : Volume
        In file order: column index is i, row index j, slice index k.

    Raises
    ------
    OutputError
        NIfTI has no such voxel type.
    """
    volumes, slices, rows, columns = volume.shape[:4]
    is_large = max(volume.shape[:4]) > LARGEST_NIFTI1_DIM
    header = np.zeros((), _NIFTI2 if is_large else _NIFTI1)
    header["sizeof_hdr"] = header.itemsize
    header["magic"] = b"n+2\0\r\n\x1a\n" if is_large else b"n+1"
    header["vox_offset"] = header.itemsize + len(_NO_EXTENSION)
    if not is_large:
        header["regular"] = b"r"
    header["descrip"] = b"convkit"
    header["dim"] = (4 if volumes > 1 else 3, columns, rows, slices, volumes, 1, 1, 1)
    header["datatype"] = _datatype(volume)
    header["bitpix"] = volume.dtype.itemsize * 8 * (3 if volume.is_colour else 1)
    header["scl_slope"], header["scl_inter"] = volume.mapping.pending
    header["xyzt_units"] = _MM_AND_SECONDS
    _set_space(header, volume)
    return header.tobytes() + _NO_EXTENSION


def affine_xyz_ras(volume: Volume) -> Floats:
    """(4, 4) float64: maps (i, j, k, 1) = (column, row, slice, 1) to RAS position in mm."""
    return np.asarray(volume.affine_ras[:, [2, 1, 0, 3]], dtype=np.float64)


def quaternion(affine: Floats) -> tuple[Floats, float]:
    """Quaternion and handedness of an affine, as NIfTI's qform has them.

    Parameters
    ----------
    affine : (4, 4) float64
        Maps (i, j, k, 1) to RAS mm.

    Returns
    -------
    quatern : (4,) float64
        Unit quaternion (a, b, c, d); a is not negative. The header holds the last three.
    qfac : float
        -1 where the axes are left-handed: k then runs against the third column of the rotation.
    """
    left, _, right = np.linalg.svd(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))
    r = left @ right  # the nearest orthogonal matrix: direction cosines are rounded in the header
    qfac = 1.0 if np.linalg.det(r) > 0 else -1.0
    r[:, 2] *= qfac
    # 4 q qT of q = (a, b, c, d); its row with the largest diagonal is q up to a factor.
    products = np.array(
        [
            [1 + r[0, 0] + r[1, 1] + r[2, 2], r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]],
            [r[2, 1] - r[1, 2], 1 + r[0, 0] - r[1, 1] - r[2, 2], r[0, 1] + r[1, 0], r[0, 2] + r[2, 0]],
            [r[0, 2] - r[2, 0], r[0, 1] + r[1, 0], 1 - r[0, 0] + r[1, 1] - r[2, 2], r[1, 2] + r[2, 1]],
            [r[1, 0] - r[0, 1], r[0, 2] + r[2, 0], r[1, 2] + r[2, 1], 1 - r[0, 0] - r[1, 1] + r[2, 2]],
        ]
    )
    q = geometry.unit(products[np.argmax(np.diag(products))])
    return (-q if q[0] < 0 else q), qfac


def stored_quaternion(quatern: Floats) -> NDArray[np.float32]:
    """The three numbers that NIfTI-1 holds of a quaternion, chosen so that readers find the fourth.

    Readers take a from 1 - b² - c² - d². At a = 0 (a half turn: most axial series, as their rows are
    reversed) mere rounding to float32 turns an image by up to 7e-4 rad; the best of the numbers a few steps
    away do not.

    Parameters
    ----------
    quatern : (4,) float64
        Unit quaternion (a, b, c, d), a not negative.

    Returns
    -------
    stored : (3,) float32
        b, c, d.
    """
    nearest = quatern[1:].astype(np.float32)
    near = (nearest + _STEPS * np.spacing(nearest).astype(np.float64)).astype(np.float32)
    found = np.sqrt(np.clip(1 - (near.astype(np.float64) ** 2).sum(axis=1), 0, None))
    best: NDArray[np.float32] = near[np.argmin(np.abs(found - quatern[0]))]
    return best


def _datatype(volume: Volume) -> int:
    if volume.is_colour:
        return code_of(volume.dtype, _COLOUR_DATATYPES, format_name="NIfTI (in colour)")
    return code_of(volume.dtype, _DATATYPES, format_name="NIfTI")


def _set_space(header: NDArray[np.void], volume: Volume) -> None:
    """Fill pixdim, qform and sform of a header, in place."""
    between_volumes = (volume.step_s or 0.0) if volume.shape[0] > 1 else 0.0
    header["pixdim"] = (1.0, *reversed(volume.spacing), between_volumes, 0, 0, 0)
    if not volume.is_placed:
        return
    affine = affine_xyz_ras(volume)
    header["sform_code"] = _SCANNER_ANAT
    header["srow"] = affine[:3]
    if volume.is_sheared:  # a quaternion cannot hold shear
        return
    header["qform_code"] = _SCANNER_ANAT
    quatern, header["pixdim"][0] = quaternion(affine)
    is_narrow = header["quatern"].dtype == np.float32
    header["quatern"] = stored_quaternion(quatern) if is_narrow else quatern[1:]
    header["qoffset"] = affine[:3, 3]
