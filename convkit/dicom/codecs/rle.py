"""RLE Lossless (PS3.5 G): planes of bytes, run-length coded."""

from __future__ import annotations

import struct
import sys
from collections.abc import Callable
from importlib import import_module

import numpy as np

from convkit.dicom.codecs.task import Decoded, Task

_HEADER = struct.Struct("<16I")
"""Number of segments and where each begins; unused places are zero (PS3.5 G.5)."""

_IS_LITTLE = sys.byteorder == "little"


def pylibjpeg(data: bytes, task: Task) -> Decoded:
    """The Rust decoder of pylibjpeg-rle.

    Raises
    ------
    ValueError
        The number of segments does not fit, or the length of one of them.
    """
    decode_segment = import_module("rle.rle").decode_segment
    return _decoded(data, task, lambda segment, _: decode_segment(segment))


def python(data: bytes, task: Task) -> Decoded:
    """A plain decoder, slow: for segments that the other does not like.

    Raises
    ------
    ValueError
        The number of segments does not fit, or the length of one of them.
    """
    return _decoded(data, task, _unpack)


def _decoded(data: bytes, task: Task, unpack: Callable[[bytes, int], bytes | bytearray]) -> Decoded:
    """Samples from planes of bytes: those of each colour follow each other, the most significant first (PS3.5 G.2)."""
    pixels = task.rows * task.columns
    is_packed = task.bits_allocated == 1
    need = (pixels + 7) // 8 if is_packed else pixels
    size = max(task.bits_allocated // 8, 1)
    planes = np.empty((task.samples, need, size), np.uint8)
    for place, segment in enumerate(_segments(data, task.samples * size)):
        content = unpack(segment, need + task.columns)
        if not need <= len(content) < need + task.columns:  # less than a row too much is filling
            raise ValueError
        colour, byte = divmod(place, size)
        planes[colour, :, size - 1 - byte if _IS_LITTLE else byte] = np.frombuffer(content, np.uint8, need)
    if is_packed:  # the first pixel is the lowest bit of the first byte (PS3.5 8.1.1)
        planes = np.unpackbits(planes[..., 0], axis=1, count=pixels, bitorder="little")
    return Decoded(planes.data.cast("B"), size, is_planar=True)


def _segments(data: bytes, count: int) -> list[bytes]:
    """The segments of a frame, still compressed."""
    if len(data) < _HEADER.size:
        raise ValueError
    found, *starts = _HEADER.unpack_from(data)
    if found != count or count > len(starts):
        raise ValueError
    ends = [*starts[1:count], len(data)]
    return [data[start:end] for start, end in zip(starts, ends, strict=False)]


def _unpack(segment: bytes, most: int) -> bytearray:
    """PackBits (PS3.5 G.3.2), until there is more than enough."""
    plane = bytearray()
    place = 0
    while len(plane) < most and place + 1 < len(segment):
        head = segment[place]
        if head < 128:
            plane += segment[place + 1 : place + 2 + head]
            place += 2 + head
        elif head > 128:
            plane += segment[place + 1 : place + 2] * (257 - head)
            place += 2
        else:  # -128: nothing
            place += 1
    return plane
