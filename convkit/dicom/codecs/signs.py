"""Which of the bits that a codec gives are a sign: the stream, the header, or neither says it."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from convkit.dicom.codecs.task import Task
from convkit.model.frame import PixelLayout

Samples = NDArray[Any]


def as_stored(samples: Samples, _task: Task, _layout: PixelLayout) -> Samples:
    """RLE and native samples: all bits of Bits Allocated are there."""
    return samples


def of_jpeg(samples: Samples, task: Task, layout: PixelLayout) -> Samples:
    """JPEG knows no sign: the header's is meant where both have the same depth.

    Where they differ, the bits stay as they are, as in pydicom.
    """
    is_meant = layout.is_signed and task.precision == layout.bits_stored
    return read_as(samples, task.precision, is_signed=True) if is_meant else samples


def of_jpeg_ls(samples: Samples, task: Task, layout: PixelLayout) -> Samples:
    """JPEG-LS knows no sign, and its depth is that of the samples."""
    return read_as(samples, task.precision, is_signed=True) if layout.is_signed else samples


def of_jpeg_2000(samples: Samples, task: Task, layout: PixelLayout) -> Samples:
    """JPEG 2000 knows a sign; where the header contradicts it, the header is right (as in pydicom).

    Example: 13 bits, unsigned in the stream, signed in the header: 6192 is -2000.
    """
    if task.is_signed != layout.is_signed:
        return read_as(samples, task.precision, is_signed=layout.is_signed)
    return samples.view(f"i{samples.itemsize}") if layout.is_signed else samples


def read_as(samples: Samples, bits: int, *, is_signed: bool) -> Samples:
    """The lowest bits of unsigned samples as numbers with or without a sign."""
    kind = "i" if is_signed else "u"
    shift = samples.itemsize * 8 - bits
    numbers = samples.view(f"{kind}{samples.itemsize}")
    return (numbers << shift) >> shift if shift else numbers
