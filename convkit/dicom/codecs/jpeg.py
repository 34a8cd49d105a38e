"""JPEG (ISO/IEC 10918-1) of 8, 12 and 16 bits, lossy and lossless: what its header says, and who opens it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module

from convkit.dicom.codecs import _gdcm
from convkit.dicom.codecs.task import Decoded, Stream, StreamError, Task

SOI = b"\xff\xd8"

_BASELINE = "1.2.840.10008.1.2.4.50"
_EXTENDED = "1.2.840.10008.1.2.4.51"
_LOSSLESS = "1.2.840.10008.1.2.4.70"
_JPEG_LS = "1.2.840.10008.1.2.4.80"

_APP0, _DHP, _SOS, _EOI = 0xE0, 0xDE, 0xDA, 0xD9
_SOF3, _SOF55 = 0xC3, 0xF7
_START_OF_FRAME = frozenset({*range(0xC0, 0xD0), _SOF55}) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD8)})

_RGB_IDS = (b"RGB", b"rgb")
"""Component identifiers that say what the colours are, whatever the header says; in practice, no standard has them."""


def inspect(data: bytes) -> Stream:
    """What the frame header of a JPEG or JPEG-LS stream says (ISO/IEC 10918-1 B.2.2, ISO/IEC 14495-1 C.2.2).

    Raises
    ------
    StreamError
        There is none, or the stream is of a kind that no codec here opens.
    """
    is_jfif = False
    for marker, body in _segments(data):
        if marker == _APP0 and body.startswith(b"JFIF"):
            is_jfif = True
        elif marker == _DHP:
            raise StreamError("it is a hierarchical JPEG stream")
        elif marker in _START_OF_FRAME:
            return _frame_header(marker, body, is_jfif=is_jfif)
        elif marker == _SOS:
            break
    raise StreamError("it has no JPEG frame header")


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield marker code and body of the segments, up to the first scan."""
    if not data.startswith(SOI):
        raise StreamError("it does not begin as a JPEG stream")
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:  # the first is filling
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _EOI:
            return
        length = int.from_bytes(data[place + 2 : place + 4], "big")
        yield marker, data[place + 4 : place + 2 + max(length, 2)]
        place += 2 + max(length, 2)


def _frame_header(marker: int, body: bytes, *, is_jfif: bool) -> Stream:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise StreamError("its JPEG frame header is cut")
    precision, samples = body[0], body[5]
    rows, columns = int.from_bytes(body[1:3], "big"), int.from_bytes(body[3:5], "big")
    said = "RGB" if body[6 : 6 + 3 * samples : 3] in _RGB_IDS else "YBR_FULL" if is_jfif and samples == 3 else ""
    if marker == _SOF55:
        syntax = _JPEG_LS
    elif marker == _SOF3:
        syntax = _LOSSLESS
    else:
        syntax = _BASELINE if precision == 8 else _EXTENDED
    return Stream(rows, columns, samples, precision, is_signed=False, syntax=syntax, photometric=said)


def gdcm(data: bytes, task: Task) -> Decoded:
    """GDCM: all but arithmetic coding, and it knows damaged data."""
    return _gdcm.decode(data, task)


def pillow(data: bytes, task: Task) -> Decoded:
    """Pillow: 8 bits only, arithmetic coding included."""
    image = import_module("PIL.JpegImagePlugin").JpegImageFile(io.BytesIO(data))
    mode = "L" if task.samples == 1 else "RGB"
    if image.mode != mode:
        raise ValueError
    # Stored and wanted colours are said to be the same, so that none are converted whatever the markers say.
    codec, box, offset, _ = image.tile[0]
    image.tile = [(codec, box, offset, (mode, mode))]
    return Decoded(image.tobytes(), 1)
