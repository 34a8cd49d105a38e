"""stored: the stored values of an object, as they are."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from numpy.typing import NDArray

from convkit.dicom import pixels, samples
from convkit.dicom.attributes import table_of
from convkit.dicom.header import Header, read_header
from convkit.errors import PixelError, UsageError
from convkit.model.frame import PixelSource


def stored(source: str | os.PathLike[str] | Any, frame: int | None = None) -> NDArray[Any]:
    """The stored values of an object with pixels, neither converted to other colours nor rescaled.

    >>> array = convkit.stored("image.dcm")
    >>> second = convkit.stored("cine.dcm", frame=1)

    Parameters
    ----------
    source : path, or pydicom.Dataset
        The data set is left as it is. It may have been made in memory, or changed since it was read.
    frame : int or None
        One frame, from 0; None gives all.

    Returns
    -------
    (rows, columns), (rows, columns, samples), (frames, rows, columns) or (frames, rows, columns, samples)
        In the smallest integer type of Bits Allocated, by Pixel Representation; uint8 for single bits; float32 or
        float64 for Float and Double Float Pixel Data. There is an axis for frames where there are several and none was
        asked for. Colour is by pixel, whatever the Planar Configuration, and chrominance is there for every pixel. Bits
        above Bits Stored are cleared, or repeat the sign (PS3.5 8.1.1).

    Raises
    ------
    NotDicomError, InputError
        The file cannot be read.
    MissingAttributeError
        There are no pixels, or what describes them is missing or not legal.
    UnsupportedError
        The transfer syntax is not one that can be decoded.
    PixelError
        The pixels are fewer or more than the header says, or cannot be decoded.
    UsageError
        There is no such frame.
    """
    header = _header_of(source)
    place = pixels.source_of_all(header)
    if frame is not None and not 0 <= frame < place.frames:
        raise UsageError(f"There is no frame {frame}: the object has {place.frames}, counted from 0.", header.path)
    pixels.check_complete(place, header.size)
    _check_surplus(place)
    if frame is not None:
        return samples.read_stored(place, frame)
    return samples.read_all(place) if place.frames > 1 else samples.read_stored(place, 0)


def _header_of(source: str | os.PathLike[str] | Any) -> Header:
    """What a file, or a data set in memory, says of its pixels."""
    if isinstance(source, (str, os.PathLike)):
        return read_header(os.fspath(source))
    in_memory = import_module("convkit.dicom.in_memory")  # pydicom, which is there then
    header: Header = in_memory.header_of(source, table_of(), only=pixels.SOURCE_KEYWORDS)
    return header


def _check_surplus(place: PixelSource) -> None:
    """Refuse pixels with a whole frame more than the header says."""
    if pixels.has_another_frame(place) or samples.surplus_of(place):
        raise PixelError(
            f"Pixel Data hold more than the {place.frames} frames of (0028,0008) NumberOfFrames.",
            place.path,
            "Correct NumberOfFrames.",
            "header.inconsistent",
        )
