"""The ways in which one value may be written, and the bytes that each encoding makes of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from convkit.audit.finding import Kind

_ENCODINGS = (
    "utf-8", "utf-16-le", "utf-16-be", "latin-1", "iso8859_2", "iso8859_3", "iso8859_4", "iso8859_5", "iso8859_6",
    "iso8859_7", "iso8859_8", "iso8859_9", "iso8859_15", "cp1250", "cp1251", "cp1252", "koi8_r", "tis_620", "gb18030",
    "big5", "shift_jis", "euc_jp", "euc_kr", "cp437",
)  # fmt: skip
"""PS3.3 C.12.1.1.2, and what the programs around DICOM write."""

_ISO_2022 = ("iso2022_jp", "iso2022_jp_2", "iso2022_kr")
_ESCAPES = re.compile(rb"\x1b[$(.)]{1,2}[@-~]|[\x0e\x0f]")
_JIS_KANJI = b"\x1b$B"
_SHORTEST = 4
"""Bytes of a pattern: shorter ones are everywhere."""


def encoded(text: str) -> Iterator[bytes]:
    """Bytes of a text in every encoding that can hold it, each once; ASCII text has one form besides UTF-16."""
    if text.isascii():
        yield text.encode("ascii")
        yield text.encode("utf-16-le")
        yield text.encode("utf-16-be")
        return
    seen: set[bytes] = set()
    for variant in {text, text.lower(), text.upper(), text.title(), unicodedata.normalize("NFD", text)}:
        for form in _encoded(variant):
            if len(form) >= _SHORTEST and form not in seen:
                seen.add(form)
                yield form


def _encoded(text: str) -> Iterator[bytes]:
    for name in _ENCODINGS:
        try:
            yield text.encode(name)
        except UnicodeEncodeError:
            continue
    for name in _ISO_2022:
        try:
            yield _ESCAPES.sub(b"", text.encode(name))
        except UnicodeEncodeError:
            continue
    yield "".join(c if c.isascii() else f"\\u{ord(c):04x}" for c in text).encode("ascii")  # JSON
    yield "".join(c if c.isascii() else f"&#{ord(c)};" for c in text).encode("ascii")  # HTML
    yield quote(text).encode("ascii")  # URL
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore")
    if len(folded) == len(text):  # a letter under its accent, not what is left of another script
        yield folded


def spellings(text: str, kind: Kind) -> set[str]:
    """The common ways to write a value of a kind; itself among them."""
    digits = re.sub(r"\D", "", text)
    found = {text}
    if kind is Kind.PHONE and len(digits) >= 7:
        found |= _phones(digits)
    elif kind is Kind.SSN and len(digits) == 9:
        found |= {f"{digits[:3]}{sep}{digits[3:5]}{sep}{digits[5:]}" for sep in ("-", " ", "", ".")}
    elif kind is Kind.ID:
        bare = re.sub(r"[\s./_-]", "", text)
        found |= {bare} if len(bare) >= 6 else set()
        found |= {digits} if len(digits) >= 6 and digits in text else set()
    elif kind in {Kind.INSTITUTION, Kind.ADDRESS, Kind.TERM}:
        found |= {text.replace(" ", "_"), text.replace(" ", "-"), text.replace(" ", "")} if len(text) > 5 else set()
    return found


def _phones(digits: str) -> set[str]:
    local, area = digits[-7:], digits[-10:-7]
    tail = f"{local[:3]}-{local[3:]}"
    found = {tail, digits, local}
    if area:
        found |= {f"{area}{a}{local[:3]}{b}{local[3:]}" for a in ("-", ".", " ", "") for b in ("-", ".", " ", "")}
        found |= {f"({area}) {tail}", f"({area}){tail}"}
    return found


def patterns(texts: Iterable[str]) -> set[bytes]:
    """The bytes to look for."""
    return {form.lower() for text in texts for form in encoded(text) if len(form) >= _SHORTEST}
