"""The formats of volumes, by name or by file name; what encodes one is imported with the first volume."""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from convkit.errors import UsageError
from convkit.writers._suggestion import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from convkit.model.volume import Volume
    from convkit.writers._together import ImageFormat
    from convkit.writers._write_options import WriteOptions

BVAL, BVEC = ".bval", ".bvec"


class Writer(NamedTuple):
    """One output format.

    Attributes
    ----------
    name : str
        Value of ``--to``.
    home : str
        Module of this room whose `IMAGES` says how the image is encoded.
    suffixes : tuple of str
        File name endings with their dot; the first is the one that is written.
    sidecar_suffix : str
        Ending of the sidecar: ``.json`` beside NIfTI, as BIDS has it; ``.nrrd.json`` and the like beside others, whose
        voxel order is another, so that volumes in two formats side by side do not share one.
    table_suffixes : tuple of str
        Endings of the tables beside the image of a diffusion-weighted series, where the format has such.
    is_stored : bool
        True where voxels are written as they are stored: the array is gone through once, so it may be an `Unread`.
    """

    name: str
    home: str
    suffixes: tuple[str, ...]
    sidecar_suffix: str
    table_suffixes: tuple[str, ...] = ()
    is_stored: bool = False

    def write(self, volume: Volume, stem: Path, options: WriteOptions) -> tuple[Path, ...]:
        """Write all files of a volume and return their paths, the image first.

        Parameters
        ----------
        volume : Volume
        stem : Path
            Path of the image without its suffix; it may contain dots. Missing folders are created.
        options : WriteOptions

        Raises
        ------
        OutputError
            A file cannot be written, or the format cannot hold the voxels. Nothing half-written is left.
        """
        image: ImageFormat = import_module(f"convkit.writers.{self.home}").IMAGES[self.name]
        together = import_module("convkit.writers._together")
        paths: tuple[Path, ...] = together.write_together(volume, stem, options, self, image)
        return paths


_FORMATS = (
    Writer("nii.gz", "nifti", (".nii.gz",), ".json", (BVAL, BVEC), is_stored=True),
    Writer("nii", "nifti", (".nii",), ".json", (BVAL, BVEC), is_stored=True),
    Writer("nrrd", "nrrd", (".nrrd",), ".nrrd.json"),
    Writer("mha", "mha", (".mha",), ".mha.json"),
    Writer("npy", "npy", (".npy",), ".npy.json"),
    Writer("npz", "npz", (".npz",), ".npz.json"),
)

WRITERS: Mapping[str, Writer] = MappingProxyType({each.name: each for each in _FORMATS})
"""Every writer by its name, the value of ``--to``; the first is the default."""


def writer_for(name: str) -> Writer:
    """The writer of a format.

    Raises
    ------
    UsageError
        There is no format of that name; the hint suggests the nearest.
    """
    if name in WRITERS:
        return WRITERS[name]
    near = suggestion(str(name).lower().lstrip("."), list(WRITERS))
    raise UsageError(f"{name!r} is not an output format.", "--to", near)


def writer_for_path(path: Path) -> Writer:
    """The writer for a file name, by its suffix.

    Raises
    ------
    UsageError
        No writer has that suffix; the hint suggests the nearest.
    """
    return _writer_and_suffix(path)[0]


def stem_of(path: Path) -> Path:
    """The path without the suffix that chose its writer: ``a/1.2.nii.gz`` becomes ``a/1.2``.

    Raises
    ------
    UsageError
        No writer has that suffix.
    """
    return path.with_name(path.name.removesuffix(_writer_and_suffix(path)[1]))


def _writer_and_suffix(path: Path) -> tuple[Writer, str]:
    known = {suffix: writer for writer in WRITERS.values() for suffix in writer.suffixes}
    for suffix, writer in known.items():
        if path.name.endswith(suffix) and path.name != suffix:
            return writer, suffix
    found = "".join(path.suffixes[-2:]).lower()
    raise UsageError(
        "The file name does not end in the suffix of an output format.", str(path), suggestion(found, list(known))
    )
