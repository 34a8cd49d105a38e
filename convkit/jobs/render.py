"""render and values: one picture, or real values, of a file, a data set or a volume in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import singledispatch
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convkit.dicom.attributes import display_table
from convkit.dicom.header import Header, read_header
from convkit.errors import UnsupportedError, UsageError
from convkit.jobs._choices import chosen
from convkit.jobs._pictures.choices import View
from convkit.jobs._pictures.grey_volume import display_of_volume
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.look import Look, checked_look
from convkit.jobs._pictures.stored import frame_picture
from convkit.jobs._pictures.viewed import kind_across, pictures_of
from convkit.jobs._sources import Source
from convkit.model.picture import Picture
from convkit.model.volume import Volume
from convkit.pictures.planes import planes_of
from convkit.pictures.voi import real

if TYPE_CHECKING:
    from PIL import Image


def values(source: Any, frame: int | None = None) -> NDArray[Any]:
    """Real values of an image: after rescale or Modality LUT, or those of the real world; HU is HU.

    Parameters
    ----------
    source : path or pydicom Dataset
    frame : int or None
        From 0; None gives all frames.

    Returns
    -------
    values : (rows, columns), or (frames, rows, columns) for an object of several frames
        The smallest integer type that holds every value exactly, else float32 or float64. What bits above Bits Stored
        hold is no part of a value.

    Raises
    ------
    UnsupportedError
        A colour image has no values, only colours.
    InputError
        The image cannot be read, or its values are unknown.
    """
    image = _image(source)
    if image.is_colour:
        what = "A colour image has no real values."
        raise UnsupportedError(what, image.header.path, "convkit.stored and convkit.render give its colours.")
    if frame is not None or image.frames == 1:
        return _values_of(image, 0 if frame is None else frame)
    return np.stack([_values_of(image, each) for each in range(image.frames)])


def _values_of(image: ImageFile, frame: int) -> NDArray[Any]:
    image.check(frame)
    return real(image.samples(frame), image.valued(frame))


def render(  # noqa: PLR0913 (one parameter an option of the command)
    source: Any,
    *,
    window: str = "auto",
    frame: int | None = None,
    view: str | None = None,
    size: int | None = None,
    bits: int = 8,
    aspect: bool = True,
    overlay: bool = False,
    labels: Source | Iterable[Source] = (),
    presentation: Source | Iterable[Source] = (),
    letters: bool = False,
    scale_bar: bool = False,
) -> Image.Image:
    """One picture, as a radiology viewer would show it.

    Parameters
    ----------
    source : path, pydicom Dataset or Volume
    window : str
        As in `convkit.preview`. A volume in memory does not know the windows of its files: ``auto`` takes what suits
        its modality.
    frame : int or None
        Which frame, from 0; of a volume which axial plane. None takes the first frame, and the middle plane.
    view : {"native", "axial", "three", "mosaic", "mip"} or None
        None is native for files and data sets, which have no other view, and axial for volumes.
    size, bits, aspect, overlay, labels, presentation, letters, scale_bar
        As in `convkit.preview`.

    Returns
    -------
    image : PIL.Image.Image
        Mode L (8 bits), I;16 (16 bits) or RGB.

    Raises
    ------
    UsageError
        A wrong option.
    InputError
        The image cannot be read, or its values are unknown.
    """
    is_volume = isinstance(source, Volume)
    chosen_view = chosen(View, view or ("axial" if is_volume else "native"), "view")
    if is_volume == (chosen_view is View.NATIVE):
        hint = "Volumes have axial, three, mosaic and mip; files and data sets have native."
        raise UsageError(f"{chosen_view} is no view of this.", "view", hint)
    look = checked_look(
        window=window,
        view=chosen_view,
        size=size,
        bits=bits,
        is_square=aspect,
        overlay=overlay,
        labels=labels,
        presentation=presentation,
        letters=letters,
        scale_bar=scale_bar,
    )
    picture = (
        _of_volume(source, look, frame)
        if is_volume
        else frame_picture(_image(source), 0 if frame is None else frame, look).picture
    )
    image: Image.Image = import_module("convkit.writers.pil_image").to_pil(picture)
    return image


def _of_volume(volume: Volume, look: Look, plane: int | None) -> Picture:
    kind = kind_across(volume)
    count = planes_of(
        volume.array[0], volume.affine_lps, kind, stack_axis=volume.source_axis, is_placed=volume.is_placed
    ).count
    if plane is not None and (not isinstance(plane, int) or not 0 <= plane < count):
        raise UsageError(f"There are {count} planes, numbered from 0; this is none of them.", "frame")
    one = count // 2 if plane is None else plane
    places = range(count) if look.view is View.MOSAIC else (one,)
    return next(pictures_of(volume, display_of_volume(volume), look, planes=places)).picture


# --- what can be an image --------------------------------------------------------------------------------


def _image(source: Any) -> ImageFile:
    return ImageFile(_header(source), os.fspath(source) if isinstance(source, os.PathLike) else source)


@singledispatch
def _header(source: Any) -> Header:
    """The header of a data set in memory."""
    header: Header = import_module("convkit.dicom.in_memory").header_of(source, display_table())
    return header


@_header.register(str)
@_header.register(os.PathLike)
def _(source: str | os.PathLike[str]) -> Header:
    return read_header(os.fspath(source), display_table())
