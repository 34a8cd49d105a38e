"""NIfTI files, compressed or not, in the voxel order of dcm2niix."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, ClassVar

from convkit.model.geometry import Turn
from convkit.writers._fsl_tables import BVAL, BVEC, fsl_tables
from convkit.writers._gzip import Container, Piece, deflated
from convkit.writers._nifti_header import nifti_header
from convkit.writers._together import ImageFormat, write_together
from convkit.writers._voxels import stored_pieces
from convkit.writers._writer import WriteOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from convkit.model.volume import Volume

_ROWS_REVERSED = Turn(axes=(0, 1, 2), flips=(False, True, False))


class NiftiGzWriter:
    """NIfTI in one gzip-compressed file."""

    name: ClassVar[str] = "nii.gz"
    suffixes: ClassVar[tuple[str, ...]] = (".nii.gz",)
    sidecar_suffix: ClassVar[str] = ".json"
    table_suffixes: ClassVar[tuple[str, ...]] = (BVAL, BVEC)
    Options: ClassVar[type[WriteOptions]] = WriteOptions

    def write(self, volume: Volume, stem: Path, options: WriteOptions) -> tuple[Path, ...]:
        """Write the volume; see `Writer.write`."""
        return write_together(volume, stem, options, _COMPRESSED)


class NiftiWriter:
    """NIfTI in one file, not compressed."""

    name: ClassVar[str] = "nii"
    suffixes: ClassVar[tuple[str, ...]] = (".nii",)
    sidecar_suffix: ClassVar[str] = ".json"
    table_suffixes: ClassVar[tuple[str, ...]] = (BVAL, BVEC)
    Options: ClassVar[type[WriteOptions]] = WriteOptions

    def write(self, volume: Volume, stem: Path, options: WriteOptions) -> tuple[Path, ...]:
        """Write the volume; see `Writer.write`."""
        return write_together(volume, stem, options, _PLAIN)


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
    file.writelines(_pieces(volume))


def _encode_gz(file: BinaryIO, volume: Volume) -> None:
    file.writelines(deflated(_pieces(volume), Container.GZIP))


_COMPRESSED = ImageFormat(
    NiftiGzWriter.suffixes[0], NiftiGzWriter.sidecar_suffix, _encode_gz, native_layout, tables=fsl_tables
)
_PLAIN = ImageFormat(NiftiWriter.suffixes[0], NiftiWriter.sidecar_suffix, _encode, native_layout, tables=fsl_tables)
