"""The protocol data block of GE MR: lines of a keyword and a value in quotation marks, compressed.

(0025,xx1B) of creator GEMS_SERS_01 holds four bytes with a length and then a gzip file. It repeats what was entered at
the console; what is used here was told by reading it, and by the public vendor notes of dcm2niix. Software that writes
XML there gives no lines.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping

from convkit.dicom.header import Header

_PREFIX_BYTES = 4  # length of what follows, little endian
_GZIP = b"\x1f\x8b\x08"
_GZIP_WINDOW = 31  # zlib: 15 bits, and 16 for a gzip header
_MOST_BYTES = 1 << 20
"""More than any protocol has (2 kB); a hostile block may not fill memory."""

_LINE = re.compile(rb'^(?:set )?(\w+) "([^"\n]*)"', re.MULTILINE)


def protocol_of(header: Header) -> Mapping[str, str]:
    """The lines of the protocol by keyword; empty where there is none that can be read."""
    block = header.far("GEProtocolDataBlock")
    if block is None or not block.data[_PREFIX_BYTES:].startswith(_GZIP):
        return {}
    try:
        plain = zlib.decompressobj(_GZIP_WINDOW).decompress(block.data[_PREFIX_BYTES:], _MOST_BYTES)
    except zlib.error:
        return {}
    return {key.decode("latin-1"): value.decode("latin-1") for key, value in _LINE.findall(plain)}


def protocol_number(protocol: Mapping[str, str], key: str) -> float | None:
    """The value of a line as a number; None where it is absent or no number."""
    try:
        return float(protocol[key])
    except (KeyError, ValueError):
        return None
