"""ICC profiles without what is no colour: names, dates and private tags say where a picture comes from (ICC.1)."""

from __future__ import annotations

import struct

_HEADER, _ENTRY = 128, 12
_MOST_TAGS = 256
"""More tags than any profile has."""

_COLOUR_TAGS = frozenset(
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC kTRC wtpt bkpt chad chrm cicp gamt "
    b"A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 D2B0 D2B1 D2B2 D2B3 B2D0 B2D1 B2D2 B2D3".split()
)
"""Tags that say what a colour is (ICC.1 9.2)."""

_CLEARED = (slice(4, 8), slice(24, 36), slice(40, 44), slice(48, 64), slice(80, 128))
"""Preferred engine, date, platform, maker, model and attributes of the device, creator, profile ID, and reserved bytes
(ICC.1 7.2)."""

_NAME = "colour profile"


def neutral(profile: bytes) -> bytes:
    """The profile with its colours and nothing else; empty where it is none."""
    if len(profile) < _HEADER + 4 or profile[36:40] != b"acsp":
        return b""
    tags = _tags(profile)
    if not tags:
        return b""
    header = bytearray(profile[:_HEADER])
    for part in _CLEARED:
        header[part] = bytes(part.stop - part.start)
    is_old = header[8] < 4
    tags = {b"desc": _old_description() if is_old else _text(), b"cprt": _old_text() if is_old else _text(), **tags}
    return _joined(header, tags)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    """The tags of colour; none where one leads nowhere."""
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    if count > _MOST_TAGS or len(profile) < _HEADER + 4 + count * _ENTRY:
        return {}
    found: dict[bytes, bytes] = {}
    for place in range(count):
        name, offset, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + place * _ENTRY)
        if name in _COLOUR_TAGS:
            if offset + size > len(profile):
                return {}
            found[name] = profile[offset : offset + size]
    return found


def _joined(header: bytearray, tags: dict[bytes, bytes]) -> bytes:
    table = [struct.pack(">I", len(tags))]
    body: list[bytes] = []
    offset = _HEADER + 4 + len(tags) * _ENTRY
    for name, value in tags.items():
        table.append(struct.pack(">4sII", name, offset, len(value)))
        body.append(value + bytes(-len(value) % 4))
        offset += len(body[-1])
    header[:4] = struct.pack(">I", offset)
    return bytes(header) + b"".join(table) + b"".join(body)


def _text() -> bytes:
    """MultiLocalizedUnicodeType (ICC.1 10.15)."""
    words = _NAME.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(words), 28) + words


def _old_text() -> bytes:
    """TextType."""
    return b"text" + bytes(4) + _NAME.encode() + b"\0"


def _old_description() -> bytes:
    """TextDescriptionType of version 2."""
    words = _NAME.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(words)) + words + bytes(4 + 4 + 2 + 1 + 67)
