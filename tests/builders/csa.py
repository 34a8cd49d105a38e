"""Siemens CSA headers of both versions, as nibabel's notes on "Siemens format DICOM with CSA header" tell them."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

_LEAST_ITEMS = 6
"""Items of every tag: real headers pad with empty ones."""

_MARK = 77


def csa2(**tags: str | Sequence[str]) -> bytes:
    """A header of the second version (VB and later), which starts with ``SV10``."""
    return b"SV10\4\3\2\1" + _body(tags, is_second=True)


def csa1(**tags: str | Sequence[str]) -> bytes:
    """A header of the first version (VA): lengths count from the number of items of the first tag."""
    return _body(tags, is_second=False)


def _body(tags: dict[str, str | Sequence[str]], *, is_second: bool) -> bytes:
    parts = [pack("<2I", len(tags), _MARK)]
    base = 0 if is_second else _LEAST_ITEMS
    for name, given in tags.items():
        values = [given] if isinstance(given, str) else list(given)
        count = max(_LEAST_ITEMS, len(values))
        if count > _LEAST_ITEMS and not is_second:
            raise ValueError("a tag of the first version holds at most six values in this builder")
        parts.append(pack("<64si4siii", name.encode(), len(values), b"FD\0\0", 4, count, _MARK))
        parts += [_item(values[i] if i < len(values) else "", base) for i in range(count)]
    return b"".join(parts)


def _item(text: str, base: int) -> bytes:
    raw = text.encode("latin-1") + b"\0" if text else b""
    length = len(raw) + base
    return pack("<4i", length, len(raw), _MARK, length) + raw + bytes(-len(raw) % 4)
