"""NumPy archives: real values with geometry, units, facts and sources, for `numpy.load`; no pickles.

Members are stored, not compressed: the standard library's zip can only use zlib, which would take 15 times
longer than ISA-L, and an array is put into an archive to be loaded fast and often.
"""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from convkit.writers._together import ImageFormat
from convkit.writers._voxels import real_dtype
from convkit.writers.npy import encode_npy
from convkit.writers.sidecar import to_plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from convkit.model.volume import Volume

_EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip file cannot hold an earlier time
_UNIX = 3  # written on every system, so that the bytes do not depend on it

ZIP64_BYTES = 1 << 30
"""Members from this size on get 64-bit sizes; plain ones end at 2 GiB in some readers, and the header counts
too."""


def _encode(file: BinaryIO, volume: Volume) -> None:
    large = volume.array.size * real_dtype(volume).itemsize >= ZIP64_BYTES
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(_member("array"), "w", force_zip64=large) as member:
            encode_npy(member, volume)
        for name, array in described(volume).items():
            with archive.open(_member(name), "w") as member:
                np.lib.format.write_array(member, array, version=(1, 0), allow_pickle=False)


def described(volume: Volume) -> dict[str, NDArray[Any]]:
    """What the archive holds beside ``array``.

    Returns
    -------
    members : dict
        affine_lps, affine_ras : (4, 4) float64; map array index (slice, row, column, 1) to LPS or RAS mm
        spacing : (3,) float64; mm between slices, rows, columns
        is_placed : () bool; False where the affines hold sizes only
        units : () str; of the values, empty where unknown
        slope, intercept : () float64; what is left to be applied: always 1 and 0, the values are real
        facts : () str; JSON
        sources : (volumes, slices) str; SOP Instance UIDs
        source_axis : () int64; spatial axis (0 slice, 1 row, 2 column) along which `sources` run
    """
    sources = np.array(volume.sources, np.str_) if volume.sources else np.empty((0, 0), "U1")
    facts = json.dumps(to_plain(volume.facts), ensure_ascii=False, allow_nan=False)
    members: dict[str, NDArray[Any]] = {
        "affine_lps": volume.affine_lps,
        "affine_ras": volume.affine_ras,
        "spacing": np.array(volume.spacing, "<f8"),
        "is_placed": np.array(volume.is_placed),
        "units": np.array(volume.units),
        "slope": np.array(1.0, "<f8"),
        "intercept": np.array(0.0, "<f8"),
        "facts": np.array(facts),
        "sources": sources,
        "source_axis": np.array(volume.source_axis, "<i8"),
    }
    return members


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(f"{name}.npy", _EARLIEST)
    member.create_system = _UNIX
    member.external_attr = 0o644 << 16
    return member


IMAGES = {"npz": ImageFormat(_encode)}
"""See `convkit.writers.volume_formats.Writer`."""
