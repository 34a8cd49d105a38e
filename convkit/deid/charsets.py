"""Text of an element between its bytes and characters, in any Specific Character Set (PS3.3 C.12.1.1.2, PS3.5 6.1)."""

from __future__ import annotations

import warnings

from convkit.dicom import values
from convkit.dicom.tree import Element


def decoded(raw: bytes, charset: bytes) -> str:
    """The characters of a value, with its backslashes, without padding."""
    return values.text(raw, charset)


def whole_text(element: Element | None) -> str:
    """All of a text of the default character set, backslashes too, without padding; empty where there is none."""
    value = b"" if element is None or not isinstance(element.value, bytes) else element.value
    return value.strip(b"\0 ").decode("latin-1")


def encoded(text: str, charset: bytes) -> bytes:
    """The bytes of a value, of even length.

    Characters that the character set lacks become question marks; what was cut out of a text that could be decoded
    never has such.
    """
    if text.isascii() and "\x1b" not in text:
        return padded(text.encode("ascii"))
    from pydicom.charset import convert_encodings, encode_string  # noqa: PLC0415 (0.2 s, only for non-ASCII text)

    names = [name.strip() for name in charset.decode("ascii", "replace").strip(" \0").split("\\")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pydicom, on what it has to replace
        try:
            return padded(encode_string(text, convert_encodings(names)))
        except (LookupError, ValueError):
            return padded(text.encode("ascii", "replace"))


def padded(raw: bytes, fill: bytes = b" ") -> bytes:
    """A value of even length (PS3.5 6.2)."""
    return raw + fill if len(raw) % 2 else raw
