"""Text out of bytes: declared character sets first, then what fits, and what can be read in binary data."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator

from pydicom import charset

from convkit.audit._reader import Element, Reading

_RUN = re.compile(rb"[\x20-\x7e\x80-\xff\t]{6,}")
_LINE = re.compile(rb"[\x20-\x7e\x80-\xff\t\r\n]{4,10240}")
_READABLE = re.compile(rb"[\x20-\x7e\t\r\n]")
_CHARACTER_SET = 0x00080005


class Decoder:
    """Decodes the text of one file; items may have character sets of their own."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._declared = {
            each.parent: _encodings(reading.text(each)) for each in reading.elements if each.tag == _CHARACTER_SET
        }

    def text(self, element: Element) -> str:
        """The value of an element as text, without padding."""
        raw = self._reading.raw(element).strip(b" \0")
        if raw.isascii() and b"\x1b" not in raw:
            return raw.decode("ascii")
        return decoded(raw, self._encodings_for(element.parent))

    def _encodings_for(self, parent: str) -> list[str]:
        while parent and parent not in self._declared:
            parent = parent[: parent.rstrip("/").rfind("/") + 1]
        return self._declared.get(parent, [])


def _encodings(value: str) -> list[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return charset.convert_encodings([part.strip() for part in value.split("\\")])
        except (LookupError, ValueError):
            return []


def decoded(raw: bytes, encodings: list[str] | None = None) -> str:
    """Bytes as text: by what is declared, else UTF-8 where that fits, else Latin-1."""
    if encodings and encodings != ["iso8859"]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return charset.decode_bytes(raw, encodings, set(b"\\^=\r\n\t\f"))
            except (LookupError, ValueError):
                pass
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def unwidened(data: bytes) -> bytes:
    """A document in UTF-16 as UTF-8, so that it is read like any other; other bytes as they are."""
    if data[:2] not in {b"\xff\xfe", b"\xfe\xff"} or len(data) % 2:
        return data
    try:
        return data.decode("utf-16").encode("utf-8")
    except UnicodeDecodeError:
        return data


def runs(raw: bytes) -> Iterator[tuple[int, str]]:
    """What can be read in binary data: (place, text)."""
    for found in _RUN.finditer(raw):
        yield found.start(), decoded(found.group())


def is_readable(raw: bytes) -> bool:
    """True where nearly all of the first kilobytes are characters that people write."""
    sample = raw[:4096]
    if not sample or b"\0" in sample[:1024]:
        return False
    if len(_READABLE.findall(sample)) >= 0.95 * len(sample):
        return True
    try:
        sample[: max(0, len(sample) - 4)].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def is_line(raw: bytes) -> bool:
    """True for a value that is text and nothing else, as private text is under implicit VR."""
    return bool(raw) and _LINE.fullmatch(raw.rstrip(b"\0")) is not None
