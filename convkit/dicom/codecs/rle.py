"""RLE Lossless (PS3.5 G): planes of bytes, run-length coded."""

from __future__ import annotations

import struct
import sys
from importlib import import_module

import numpy as np

from convkit.dicom.codecs.task import Decoded, Task

_HEADER = struct.Struct("<16I")
"""Number of segments and where each begins; unused places are zero (PS3.5 G.5)."""


def pylibjpeg(data: bytes, task: Task) -> Decoded:
    """The Rust decoder of pylibjpeg-rle.

    Raises
    ------
    ValueError
        The number of segments does not fit, or one of them has another length than its plane.
    """
    decode_frame = import_module("rle.rle").decode_frame
    _segments(data, task)
    if task.bits_allocated == 1:
        return _unpacked(decode_frame(data, _plane_bytes(task), 8, "<"), task)
    order = "<" if sys.byteorder == "little" else ">"
    samples = decode_frame(data, task.rows * task.columns, task.bits_allocated, order)
    return Decoded(samples, task.bits_allocated // 8, is_planar=True)


def python(data: bytes, task: Task) -> Decoded:
    """A plain decoder, slow, but content with segments that are longer than their plane.

    Raises
    ------
    ValueError
        The number of segments does not fit, or one of them is too short.
    """
    need = _plane_bytes(task)
    planes = np.stack([np.frombuffer(_unpack(segment, need), np.uint8) for segment in _segments(data, task)])
    if task.bits_allocated == 1:
        return _unpacked(planes.data, task)
    size = task.bits_allocated // 8
    # The most significant byte comes first (PS3.5 G.2).
    words = np.ascontiguousarray(planes.reshape(task.samples, size, need).transpose(0, 2, 1)).view(f">u{size}")
    return Decoded(words.astype(f"=u{size}").data.cast("B"), size, is_planar=True)


def _plane_bytes(task: Task) -> int:
    """Bytes of a decoded segment; single bits are packed."""
    pixels = task.rows * task.columns
    return (pixels + 7) // 8 if task.bits_allocated == 1 else pixels


def _segments(data: bytes, task: Task) -> list[bytes]:
    """The segments of a frame, still compressed."""
    if len(data) < _HEADER.size:
        raise ValueError
    count, *starts = _HEADER.unpack_from(data)
    if count != task.samples * max(task.bits_allocated // 8, 1) or count > len(starts):
        raise ValueError
    ends = [*starts[1:count], len(data)]
    return [data[start:end] for start, end in zip(starts, ends, strict=False)]


def _unpack(segment: bytes, need: int) -> bytes:
    """PackBits (PS3.5 G.3.2)."""
    plane = bytearray()
    place = 0
    while len(plane) < need and place + 1 < len(segment):
        head = segment[place]
        if head < 128:
            plane += segment[place + 1 : place + 2 + head]
            place += 2 + head
        elif head > 128:
            plane += segment[place + 1 : place + 2] * (257 - head)
            place += 2
        else:  # -128: nothing
            place += 1
    if len(plane) < need:
        raise ValueError
    return bytes(plane[:need])


def _unpacked(planes: bytes | bytearray | memoryview, task: Task) -> Decoded:
    """Packed planes as bytes of 0 and 1: the first pixel is the lowest bit of the first byte (PS3.5 8.1.1)."""
    packed = np.frombuffer(planes, np.uint8).reshape(task.samples, -1)
    bits = np.unpackbits(packed, axis=1, count=task.rows * task.columns, bitorder="little")
    return Decoded(bits.data.cast("B"), 1, is_planar=True)
