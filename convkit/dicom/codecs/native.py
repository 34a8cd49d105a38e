"""Frames whose samples are as in native Pixel Data, bare or deflated (PS3.5 A.4, A.4.13). Runs in convkit's process."""

from __future__ import annotations

import zlib

import numpy as np

from convkit.dicom.codecs.task import Decoded, Task

_RAW_DEFLATE = -zlib.MAX_WBITS
"""RFC 1951, without the header and the check sum of zlib."""


def inflate(data: bytes, task: Task) -> Decoded:
    """A deflated frame; never more is inflated than the frame holds.

    Raises
    ------
    ValueError
        The stream is cut, or longer than the frame.
    """
    stream = zlib.decompressobj(_RAW_DEFLATE)
    most = _stored_bytes(task) + 2  # one to make the length even, one to see that it is too long
    samples = stream.decompress(data, most)
    if not stream.eof:
        raise ValueError
    return bare(samples, task)


def bare(data: bytes, task: Task) -> Decoded:
    """A frame that is not compressed.

    Raises
    ------
    ValueError
        It has another length.
    """
    need = _stored_bytes(task)
    if not need <= len(data) <= need + 1:
        raise ValueError
    if task.bits_allocated == 1:
        return _unpacked(data, task)
    if _is_subsampled(task):
        return _spread(data[:need])
    size = task.bits_allocated // 8
    samples = np.frombuffer(data, f"<u{size}", task.size)
    return Decoded(samples.astype(f"=u{size}").data.cast("B"), size, task.is_planar)


def _stored_bytes(task: Task) -> int:
    """Bytes of a frame."""
    whole = (task.size * task.bits_allocated + 7) // 8
    return whole * 2 // 3 if _is_subsampled(task) else whole


def _is_subsampled(task: Task) -> bool:
    """True where two pixels share their chrominance (PS3.3 C.7.6.3.1.2)."""
    return task.photometric == "YBR_FULL_422" and task.samples == 3 and task.bits_allocated == 8


def _unpacked(data: bytes, task: Task) -> Decoded:
    """Single bits as bytes: the first pixel is the lowest bit of the first byte (PS3.5 8.1.1)."""
    packed = np.frombuffer(data, np.uint8)
    return Decoded(np.unpackbits(packed, count=task.size, bitorder="little").data, 1)


def _spread(data: bytes) -> Decoded:
    """Y1 Y2 Cb Cr as Y1 Cb Cr Y2 Cb Cr."""
    pairs = np.frombuffer(data, np.uint8).reshape(-1, 4)
    return Decoded(np.take(pairs, [0, 2, 3, 1, 2, 3], axis=1).data.cast("B"), 1)
