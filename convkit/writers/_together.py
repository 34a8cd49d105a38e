"""All files of one volume: image, sidecar and mask, put in place so that the image means that all are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from convkit.model.notes import Note
from convkit.model.volume import ValueMapping, Volume
from convkit.writers._atomic import written_aside
from convkit.writers._layout import as_it_is, in_file_order
from convkit.writers._write_options import SidecarKind, WriteOptions
from convkit.writers.sidecar import sidecar_json

if TYPE_CHECKING:
    from pathlib import Path

    from convkit.writers.volume_formats import Writer

Encode = Callable[[BinaryIO, Volume], None]
"""Writes one image to an open file; the array is in file order."""

Fill = Callable[[BinaryIO], object]
"""Writes the whole content of one open file."""


def _no_tables(_volume: Volume) -> tuple[dict[str, bytes], tuple[Note, ...]]:
    """For formats that have none: the sidecar holds the gradients."""
    return {}, ()


class ImageFormat(NamedTuple):
    """What tells the image file of one format from another's.

    Attributes
    ----------
    encode : function
        Writes one image to an open file.
    native : function
        Brings a volume into the order in which the format has it where nothing else was asked for.
    has_affine : bool
        True where the image file itself says where its voxels lie; else the sidecar does.
    tables : function
        Content of the tables of a diffusion-weighted volume by their endings, and what to note.
    """

    encode: Encode
    native: Callable[[Volume], Volume] = as_it_is
    has_affine: bool = True
    tables: Callable[[Volume], tuple[dict[str, bytes], tuple[Note, ...]]] = _no_tables


def write_together(
    volume: Volume, stem: Path, options: WriteOptions, names: Writer, image: ImageFormat
) -> tuple[Path, ...]:
    """Write image, sidecar and mask, and return their paths, the image first.

    All are written aside and closed before the first is put in place; the image is put in place last, so that
    an image under its final name says that the rest is there.

    Parameters
    ----------
    volume : Volume
    stem : Path
        May contain dots.
    options : WriteOptions
    names : Writer
        For the endings of image, mask and sidecar.
    image : ImageFormat
    """
    plan = _plan(in_file_order(volume, options.orient, native=image.native), options.sidecar, names, image)
    # Not with_suffix: the stem may contain dots.
    paths = {stem.with_name(stem.name + ending): fill for ending, fill in plan.items()}
    # The stack leaves its blocks in reverse order: the image, entered first, is put in place last.
    with ExitStack() as stack:
        for path, fill in paths.items():
            file = stack.enter_context(written_aside(path))
            fill(file)
            file.close()
    return tuple(paths)


def _plan(volume: Volume, sidecar: SidecarKind, names: Writer, image: ImageFormat) -> dict[str, Fill]:
    """What to write under which ending of the stem, the image first."""
    suffix = names.suffixes[0]
    tables, notes = image.tables(volume)
    volume = volume.with_notes(*notes)
    plan: dict[str, Fill] = {suffix: lambda file: image.encode(file, volume)}
    plan |= {ending: partial(_write, text) for ending, text in tables.items()}
    if sidecar != SidecarKind.NONE:
        text = sidecar_json(volume, sidecar, with_affine=not image.has_affine)
        plan[names.sidecar_suffix] = partial(_write, text)
    if volume.invented is not None:
        mask = mask_of(volume)
        plan[f"_invented{suffix}"] = lambda file: image.encode(file, mask)
    return plan


def _write(text: bytes, file: BinaryIO) -> object:
    return file.write(text)


def mask_of(volume: Volume) -> Volume:
    """The mask of invented voxels as a volume: uint8, 1 where resampling made a voxel up."""
    if volume.invented is None:
        raise ValueError("the volume was not resampled")
    mask = volume.invented.view(np.uint8)
    return replace(
        volume,
        array=mask,
        invented=None,
        mapping=ValueMapping(),
        units="",
        facts=MappingProxyType({}),
        notes=(),
        gradients=(),
    )
