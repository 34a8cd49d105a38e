"""A volume as a nibabel image. Apart from `nifti`, because importing nibabel takes 0.3 s."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import nibabel
import numpy as np

from convkit.model.volume import ValueMapping, Volume
from convkit.writers._nifti_header import LARGEST_NIFTI1_DIM, affine_xyz_ras, nifti_header
from convkit.writers.nifti import native_layout

if TYPE_CHECKING:
    from numpy.typing import NDArray

_RGB = np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")])


def to_nifti(volume: Volume) -> nibabel.Nifti1Image:
    """The volume as a nibabel image, in the voxel order of the file that would be written.

    Parameters
    ----------
    volume : Volume

    Returns
    -------
    image : nibabel.Nifti1Image, or Nifti2Image where a dimension passes 32767
        Holds real values, so its slope is 1; (columns, rows, slices[, volumes]). Colour is nibabel's RGB
        record.

    Examples
    --------
    >>> image = to_nifti(volume)            # doctest: +SKIP
    >>> image.affine                        # doctest: +SKIP
    """
    laid = native_layout(volume)
    real = Volume(
        np.asarray(laid), laid.affine_lps, laid.is_placed, laid.is_sheared, ValueMapping(), step_s=laid.step_s
    )
    is_large = max(real.shape[:4]) > LARGEST_NIFTI1_DIM
    kind: Any = nibabel.Nifti2Image if is_large else nibabel.Nifti1Image
    header = kind.header_class.from_fileobj(io.BytesIO(nifti_header(real)))
    affine = affine_xyz_ras(real) if real.is_placed else header.get_best_affine()
    image: nibabel.Nifti1Image = kind(_xyz(real), affine, header)
    return image


def _xyz(volume: Volume) -> NDArray[Any]:
    """(columns, rows, slices[, volumes]), a view where possible."""
    array = np.ascontiguousarray(volume.array).view(_RGB)[..., 0] if volume.is_colour else volume.array
    return array.T[..., 0] if len(array) == 1 else array.T
