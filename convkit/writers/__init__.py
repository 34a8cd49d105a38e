"""From a volume or pictures to files: one module a format, found by name or by file name.

Importing this room is light. nibabel (`nifti_image.to_nifti`) and SimpleITK (`itk.to_sitk`) are imported with
their modules only, isal with the first compressed byte, Pillow with the first picture that is not PNG.
"""

from __future__ import annotations

import difflib
from types import MappingProxyType
from typing import TYPE_CHECKING

from convkit.errors import UsageError
from convkit.writers._atomic import remove_leftovers, written_aside
from convkit.writers._fsl_tables import fsl_directions, has_directions
from convkit.writers._picture_writer import Frames, PictureOptions, PictureWriter
from convkit.writers._writer import NATIVE, SidecarKind, WriteOptions, Writer
from convkit.writers.apng import APNG
from convkit.writers.gif import GIF
from convkit.writers.jpg import JPG
from convkit.writers.mha import MhaWriter
from convkit.writers.mp4 import MP4
from convkit.writers.nifti import NiftiGzWriter, NiftiWriter, native_layout
from convkit.writers.npy import NpyWriter
from convkit.writers.npz import NpzWriter
from convkit.writers.nrrd import NrrdWriter
from convkit.writers.png import PNG
from convkit.writers.sidecar import sidecar_content
from convkit.writers.webp import WEBP

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "NATIVE",
    "PICTURE_WRITERS",
    "WRITERS",
    "Frames",
    "PictureOptions",
    "PictureWriter",
    "SidecarKind",
    "WriteOptions",
    "Writer",
    "fsl_directions",
    "has_directions",
    "native_layout",
    "picture_writer_for",
    "remove_leftovers",
    "sidecar_content",
    "stem_of",
    "writer_for",
    "writer_for_path",
    "written_aside",
]

_CLASSES: tuple[type[Writer], ...] = (NiftiGzWriter, NiftiWriter, NrrdWriter, MhaWriter, NpyWriter, NpzWriter)

WRITERS: Mapping[str, Writer] = MappingProxyType({kind.name: kind() for kind in _CLASSES})
"""Every writer by its name, the value of ``--to``; the first is the default."""

PICTURE_WRITERS: Mapping[str, PictureWriter] = MappingProxyType(
    {writer.name: writer for writer in (PNG, JPG, WEBP, GIF, APNG, MP4)}
)
"""Every writer of pictures by its name, the value of ``--to``; the first is the default."""


def writer_for(name: str) -> Writer:
    """The writer of a format.

    Raises
    ------
    UsageError
        There is no format of that name; the hint suggests the nearest.
    """
    if name in WRITERS:
        return WRITERS[name]
    near = _suggestion(str(name).lower().lstrip("."), list(WRITERS))
    raise UsageError(f"{name!r} is not an output format.", "--to", near)


def picture_writer_for(name: str) -> PictureWriter:
    """The writer of a format of pictures.

    Raises
    ------
    UsageError
        There is no format of that name; the hint suggests the nearest.
    MissingExtraError
        The installed libraries cannot write it; the hint names others.
    """
    if name in PICTURE_WRITERS:
        PICTURE_WRITERS[name].require()
        return PICTURE_WRITERS[name]
    near = _suggestion(str(name).lower().lstrip("."), list(PICTURE_WRITERS))
    raise UsageError(f"{name!r} is not a format of pictures.", "--to", near)


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
        "The file name does not end in the suffix of an output format.", str(path), _suggestion(found, list(known))
    )


def _suggestion(given: str, known: list[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}Known are {', '.join(known)}."
