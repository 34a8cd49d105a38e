"""NumPy array files: the real values and nothing else; where the voxels lie is in the sidecar."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import numpy as np

from convkit.writers._together import ImageFormat
from convkit.writers._voxels import real_dtype, real_pieces

if TYPE_CHECKING:
    from convkit.model.volume import Volume


def encode_npy(file: IO[bytes], volume: Volume) -> None:
    """Write `numpy.asarray(volume)` in NumPy's format 1.0 without making that array.

    The shape is (volumes, slices, rows, columns) or the same with a trailing 3, C order.
    """
    descr = np.lib.format.dtype_to_descr(real_dtype(volume))
    header = {"descr": descr, "fortran_order": False, "shape": volume.shape}
    np.lib.format.write_array_header_1_0(file, header)
    file.writelines(real_pieces(volume))


IMAGES = {"npy": ImageFormat(encode_npy, has_affine=False)}
"""See `convkit.writers.volume_formats.Writer`."""
