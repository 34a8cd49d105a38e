"""The formats of volumes, by name or by file name."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from convkit.errors import UsageError
from convkit.writers._suggestion import suggestion
from convkit.writers.mha import MhaWriter
from convkit.writers.nifti import NiftiGzWriter, NiftiWriter
from convkit.writers.npy import NpyWriter
from convkit.writers.npz import NpzWriter
from convkit.writers.nrrd import NrrdWriter

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from convkit.writers._writer import Writer

_CLASSES: tuple[type[Writer], ...] = (NiftiGzWriter, NiftiWriter, NrrdWriter, MhaWriter, NpyWriter, NpzWriter)

WRITERS: Mapping[str, Writer] = MappingProxyType({kind.name: kind() for kind in _CLASSES})
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
