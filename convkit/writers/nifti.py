"""NIfTI files, compressed or not, in the voxel order of dcm2niix."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from convkit.model.geometry import Turn
from convkit.model.unread import Unread
from convkit.storage.at import CAN_SHARE
from convkit.writers._fsl_tables import fsl_tables
from convkit.writers._gzip import Container, Piece, deflated
from convkit.writers._nifti_header import nifti_header
from convkit.writers._together import ImageFormat
from convkit.writers._voxels import stored_pieces, write_side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convkit.model.volume import Volume

_ROWS_REVERSED = Turn(axes=(0, 1, 2), flips=(False, True, False))


def native_layout(volume: Volume) -> Volume:
    """The volume in the order in which dcm2niix writes it.

    Rows are reversed, so that j runs against the DICOM row index, and slices stay. A 3-D acquisition is
    turned to RAS as nearly as its axes allow. Observed on dcm2niix v1.0.20260724, not documented there.
    """
    return volume.oriented("RAS") if _is_turned_to_ras(volume) else volume.turned(_ROWS_REVERSED)


def _is_turned_to_ras(volume: Volume) -> bool:
    volumes, slices = volume.shape[:2]
    is_one_block = volumes == 1 and slices > 1
    return volume.is_3d_acquisition and is_one_block and volume.is_placed and not volume.is_colour


def _pieces(volume: Volume) -> Iterator[Piece]:
    yield nifti_header(volume)
    yield from stored_pieces(volume)


def _encode(file: BinaryIO, volume: Volume) -> None:
    if isinstance(volume.array, Unread) and volume.array.threads > 1 and CAN_SHARE:
        file.write(nifti_header(volume))
        write_side_by_side(file, volume.array)
    else:
        file.writelines(_pieces(volume))


def _encode_gz(file: BinaryIO, volume: Volume) -> None:
    file.writelines(deflated(_pieces(volume), Container.GZIP))


IMAGES = {
    "nii.gz": ImageFormat(_encode_gz, native_layout, tables=fsl_tables),
    "nii": ImageFormat(_encode, native_layout, tables=fsl_tables),
}
"""See `convkit.writers.volume_formats.Writer`."""
