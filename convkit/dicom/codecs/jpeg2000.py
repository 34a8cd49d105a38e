"""JPEG 2000 and High-Throughput JPEG 2000 (ISO/IEC 15444-1 and -15): what the header says, and who opens it."""

from __future__ import annotations

import io
import struct
from importlib import import_module

from convkit.dicom.codecs import _gdcm
from convkit.dicom.codecs.task import Decoded, Stream, StreamError, Task, container

SOC_SIZ = b"\xff\x4f\xff\x51"
"""Start of a code stream, and the marker of the segment that follows it."""

JP2 = b"\x00\x00\x00\x0cjP  "
"""Start of a JP2 file around a code stream: not allowed in DICOM (PS3.5 A.4.4), but found."""

_JPEG_2000 = "1.2.840.10008.1.2.4.91"
_MOST_COMPONENTS = 4

_SIZ = struct.Struct(">8x4I16xH")
"""From SOC: Xsiz, Ysiz, XOsiz, YOsiz, Csiz; for each component one byte of depth and sign and two of subsampling
follow (ISO/IEC 15444-1 A.5.1)."""


def inspect(data: bytes) -> Stream:
    """What the segment SIZ of a code stream says.

    Raises
    ------
    StreamError
        There is none, or its components differ.
    """
    start = _code_stream(data)
    try:
        right, bottom, left, top, count = _SIZ.unpack_from(data, start)
    except struct.error:
        raise StreamError("its SIZ segment is cut") from None
    first = start + _SIZ.size
    depths = data[first : first + 3 * count : 3]
    if not 1 <= count <= _MOST_COMPONENTS or len(depths) != count:
        raise StreamError("its SIZ segment makes no sense")
    if len(set(depths)) != 1:
        raise StreamError("its components differ in depth")
    precision, is_signed = (depths[0] & 0x7F) + 1, bool(depths[0] & 0x80)
    return Stream(bottom - top, right - left, count, precision, is_signed, _JPEG_2000)


def _code_stream(data: bytes) -> int:
    """Where the code stream begins: at once, or in the box jp2c of a JP2 file (ISO/IEC 15444-1 I.5.4)."""
    place = 0
    if data.startswith(JP2):
        while data[place + 4 : place + 8] != b"jp2c":
            length = int.from_bytes(data[place : place + 4], "big")
            if length < 8 or place + length >= len(data):
                raise StreamError("it is a JP2 file without a code stream")
            place += length
        has_long_length = data[place : place + 4] == b"\x00\x00\x00\x01"
        place += 16 if has_long_length else 8
    if not data.startswith(SOC_SIZ, place):
        raise StreamError("it does not begin as a JPEG 2000 code stream")
    return place


def openjpeg(data: bytes, task: Task) -> Decoded:
    """OpenJPEG, through pylibjpeg-openjpeg: component transformations are undone."""
    library = import_module("_openjpeg")  # the package openjpeg around it loads more than is needed
    code, samples = library.decode(io.BytesIO(data), 2 if data.startswith(JP2) else 0, as_array=False)
    if code:
        raise ValueError
    return Decoded(samples, container(task.precision))


def gdcm(data: bytes, task: Task) -> Decoded:
    """GDCM, with an OpenJPEG of its own."""
    return _gdcm.decode(data, task)
