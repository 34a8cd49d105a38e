"""JPEG-LS (ISO/IEC 14495-1), lossless and near-lossless: what its header says, and who opens it."""

from __future__ import annotations

from importlib import import_module

from convkit.dicom.codecs import _gdcm, jpeg
from convkit.dicom.codecs.task import Decoded, Stream, StreamError, Task, container

_EOI = b"\xff\xd9"


def inspect(data: bytes) -> Stream:
    """What the frame header says, which is that of JPEG.

    Raises
    ------
    StreamError
        There is none, or the stream is cut: CharLS takes seconds to find that out.
    """
    stream = jpeg.inspect(data)
    if _EOI not in data:  # it cannot occur within coded data (ISO/IEC 14495-1 A.1)
        raise StreamError("its end is missing")
    return stream


def charls(data: bytes, task: Task) -> Decoded:
    """CharLS, through pyjpegls."""
    samples, said = import_module("jpeg_ls").decode_pixel_data(data)
    is_planar = task.samples > 1 and said["interleave_mode"] == 0
    return Decoded(samples, container(said["bits_per_sample"]), is_planar)


def gdcm(data: bytes, task: Task) -> Decoded:
    """GDCM, which gives wrong samples of 6 and 7 bits (pydicom refuses it for them, too)."""
    if task.precision in {6, 7}:
        raise ValueError
    return _gdcm.decode(data, task)
