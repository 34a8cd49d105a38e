"""NumPy array files: the real values and nothing else; where the voxels lie is in the sidecar."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, ClassVar

import numpy as np

from convkit.writers._together import ImageFormat, write_together
from convkit.writers._voxels import real_dtype, real_pieces
from convkit.writers._writer import WriteOptions

if TYPE_CHECKING:
    from pathlib import Path

    from convkit.model.volume import Volume


class NpyWriter:
    """One array in a ``.npy`` file."""

    name: ClassVar[str] = "npy"
    suffixes: ClassVar[tuple[str, ...]] = (".npy",)
    sidecar_suffix: ClassVar[str] = ".npy.json"
    table_suffixes: ClassVar[tuple[str, ...]] = ()
    Options: ClassVar[type[WriteOptions]] = WriteOptions

    def write(self, volume: Volume, stem: Path, options: WriteOptions) -> tuple[Path, ...]:
        """Write the volume; see `Writer.write`."""
        return write_together(volume, stem, options, _FORMAT)


def encode_npy(file: IO[bytes], volume: Volume) -> None:
    """Write `numpy.asarray(volume)` in NumPy's format 1.0 without making that array.

    The shape is (volumes, slices, rows, columns) or the same with a trailing 3, C order.
    """
    descr = np.lib.format.dtype_to_descr(real_dtype(volume))
    header = {"descr": descr, "fortran_order": False, "shape": volume.shape}
    np.lib.format.write_array_header_1_0(file, header)
    file.writelines(real_pieces(volume))


_FORMAT = ImageFormat(NpyWriter.suffixes[0], NpyWriter.sidecar_suffix, encode_npy, has_affine=False)
