"""GDCM, which opens most JPEG families and says on the standard error stream what it thinks of the data.

Runs in the codec process only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

from convkit.dicom.codecs.task import CorruptError, Decoded, Task, container

_STDERR = 2

_CORRUPT = re.compile(rb"Corrupt JPEG data|Premature end of JPEG file")
"""Warnings of libjpeg after which it fills the picture with what it can; it says only the first one of a picture."""

_EXTRANEOUS = re.compile(rb"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")


def decode(data: bytes, task: Task) -> Decoded:
    """Samples of a stream, colour by pixel and not converted.

    Raises
    ------
    CorruptError
        libjpeg warns that the data are damaged.
    ValueError
        GDCM cannot open the stream.
    """
    gdcm: Any = import_module("gdcm")
    size = container(task.precision)
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((task.columns, task.rows, 1))
    image.SetDataElement(_element(gdcm, data))
    # What the header says does not matter, as GDCM converts no colours, but it crashes where that makes no sense.
    kind = gdcm.PhotometricInterpretation.GetPIType("RGB" if task.samples > 1 else "MONOCHROME2")
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(kind))
    if task.samples > 1:
        image.SetPlanarConfiguration(0)
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(task.syntax)))
    bits = max(task.precision, 8)  # fewer make it stop the process
    image.SetPixelFormat(gdcm.PixelFormat(task.samples, 8 * size, bits, bits - 1, int(task.is_signed)))
    with _complaints() as said:
        text: str | None = image.GetBuffer()
    _judge(b"".join(said), data)
    if text is None:
        raise ValueError
    return Decoded(text.encode("utf-8", "surrogateescape"), size)


def _element(gdcm: Any, data: bytes) -> Any:
    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(data)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    return element


def _judge(said: bytes, data: bytes) -> None:
    """Refuse a picture that libjpeg has patched up; filling before the end marker does no harm."""
    if not _CORRUPT.search(said):
        return
    filling = _EXTRANEOUS.search(said)
    if filling:
        before = data[: data.rfind(b"\xff\xd9")]
        if not before[-int(filling[1]) :].strip(b"\x00\xff"):
            return
    raise CorruptError


@contextmanager
def _complaints() -> Iterator[list[bytes]]:
    """Collect what C and C++ write to the standard error stream inside the block; the list is filled at its end."""
    said: list[bytes] = []
    file = _scratch()
    before = os.dup(_STDERR)
    try:
        os.dup2(file, _STDERR)
        yield said
    finally:
        os.dup2(before, _STDERR)
        os.close(before)
        with suppress(OSError):
            os.lseek(file, 0, os.SEEK_SET)
            said.append(os.read(file, 1 << 16))
        os.close(file)


def _scratch() -> int:
    """Descriptor of a file that vanishes when it is closed."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("complaints")
    import tempfile  # noqa: PLC0415 (slow to load, and not needed on Linux)

    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
