"""The lean header reader: walks the elements once and keeps a fixed table of raw values.

It reads the first kilobytes of a file and jumps over long values. Anything unusual (no meta header, big endian,
deflated, an unexpected value representation, a length that leaves the file) makes it decline, and pydicom reads
the file instead (`convkit.dicom.full`). Where it answers, it gives the same answer; a test holds the two together.
"""

from __future__ import annotations

import io
from struct import Struct
from typing import NamedTuple

from convkit.dicom import values
from convkit.dicom.alike import MOST_BYTES, Fit, Layouts
from convkit.dicom.attributes import CREATOR, Known, TagTable
from convkit.dicom.syntaxes import DEFLATED, EXPLICIT_BIG_ENDIAN, IMPLICIT_LITTLE_ENDIAN, is_standard

WINDOW = 16384
"""Bytes read at a time: most headers fit, and a read of this size costs no more than one of a page."""

NESTED_WINDOW = 1 << 18
"""The same inside a sequence of undefined length: functional groups of many frames take hundreds of kilobytes."""

LONGEST_VALUE = 1 << 16
"""A value that is kept is at most this long; a longer one under a tag of the table is not what it should be."""

LONGEST_PRIVATE = 4096
"""The same for a private element, where a longer one is left out: those of the table are numbers and short texts."""

UNDEFINED = 0xFFFFFFFF


def _code(vr: bytes) -> int:
    """A value representation as the number that its two letters are in a little-endian file."""
    return int.from_bytes(vr, "little")


_SHORT_VRS = frozenset(map(_code, b"AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US".split()))
_LONG_VRS = frozenset(map(_code, b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split()))
_SQ, _UN = _code(b"SQ"), _code(b"UN")
_IMPLICIT_VR = 0

_EXPLICIT = Struct("<IHH").unpack_from
_IMPLICIT = Struct("<II").unpack_from
_LENGTH = Struct("<I").unpack_from

_PIXEL_GROUP = 0x7FE0
_SHORT_HEADER = 8
_LONG_HEADER = 12
_PADDING = bytes(_LONG_HEADER)

_DELIMITER_GROUP = 0xFFFE
_ITEM = 0xE000FFFE
_ITEM_END = 0xE00DFFFE
_SEQUENCE_END = 0xE0DDFFFE
_TRANSFER_SYNTAX = 0x00100002
_MEDIA_CLASS = 0x00020002
_PIXELS = {0x00087FE0: "FloatPixelData", 0x00097FE0: "DoubleFloatPixelData", 0x00107FE0: "PixelData"}


class Declined(Exception):  # noqa: N818 (not an error: the other reader takes over)
    """A file for the full reader."""


class Foreign(Declined):
    """The file is not DICOM at all."""


class Cut(Declined):
    """A value runs past the end of the file."""


class Far(NamedTuple):
    """Where a value lies of which only the place is kept.

    Attributes
    ----------
    place : int
        Of the attribute in the table.
    offset, length : int
        Of the value in the file; a sequence of undefined length ends with its delimiter.
    is_explicit : bool
        Encoding of the elements inside a sequence.
    held : bytes
        The value itself, little-endian, where the file holds it in another form (deflated, big endian).
    """

    place: int
    offset: int
    length: int
    is_explicit: bool
    held: bytes = b""


class Parsed(NamedTuple):
    """What a reader found; the common answer of both readers.

    A tuple, because a scan sends one a file between processes, and nothing travels faster.

    Attributes
    ----------
    transfer_syntax, media_class : str
        From the file meta information; the class is empty where absent.
    raw : tuple of bytes or None
        Little-endian raw value for each place of the table; padding as in the file. Sequences give ``b""``.
    pixel_keyword : str
        ``PixelData``, ``FloatPixelData``, ``DoubleFloatPixelData``, or empty.
    pixel_offset : int or None
        Where the value starts in the file; None where it lies in a deflated stream.
    pixel_length : int
        Bytes; -1 where undefined (encapsulated).
    far : tuple of Far
        Where the values lie of which only the place is kept.
    """

    transfer_syntax: str
    media_class: str
    raw: tuple[bytes | None, ...]
    pixel_keyword: str
    pixel_offset: int | None
    pixel_length: int
    far: tuple[Far, ...] = ()


Readable = io.FileIO | io.BytesIO
"""A file, or what is held of one."""


class _Window:
    """A piece of the file in memory; `at(position)` moves it.

    Attributes
    ----------
    data : bytes
        Followed by zeros where the piece ends with the file, so that a short last element can be unpacked like any
        other; zeros are never taken as a value.
    base : int
        Where the piece starts in the file.
    end : int
        Bytes of the file in `data`.
    limit : int
        Last place in `data` where an element may start.
    """

    __slots__ = ("base", "data", "end", "file", "limit", "size")

    def __init__(self, file: Readable, size: int) -> None:
        self.file = file
        self.size = size
        self._keep(0, file.read(WINDOW) or b"")

    def at(self, position: int, need: int = WINDOW) -> bytes:
        self.file.seek(position)
        self._keep(position, self.file.read(max(need, WINDOW)) or b"")
        return self.data

    def _keep(self, base: int, data: bytes) -> None:
        self.base, self.end = base, len(data)
        is_tail = base + self.end >= self.size
        self.data = data + _PADDING if is_tail else data
        self.limit = self.end - (_SHORT_HEADER if is_tail else _LONG_HEADER)


def parse(file: Readable, size: int, table: TagTable) -> Parsed:
    """Read the header of an open file.

    Raises
    ------
    Declined
        The file is unusual; read it with pydicom.
    """
    window = _Window(file, size)
    layouts = _layouts_of(table)
    known = layouts.fit(window)
    if known is not None:
        return _as_known(known, window)
    data = window.data
    if data[128:132] != b"DICM":
        if not starts_with_an_element(data):
            raise Foreign
        raise Declined
    syntax, media_class, position = file_meta(data)
    if syntax in {"", EXPLICIT_BIG_ENDIAN, DEFLATED} or not is_standard(syntax):
        raise Declined
    if position + _SHORT_HEADER > size:
        raise Declined  # nothing but the meta header
    if syntax == IMPLICIT_LITTLE_ENDIAN and _looks_explicit(data, position):
        raise Declined
    found = _Found(table)
    walk = _walk_implicit if syntax == IMPLICIT_LITTLE_ENDIAN else _walk_explicit
    keyword, offset, length = walk(window, position, found)
    if offset is not None and length >= 0 and _is_followed(window, offset + length):
        raise Declined
    if walk is _walk_explicit and offset is not None and offset <= MOST_BYTES and layouts.is_learning:
        pixels = offset - _LONG_HEADER
        file.seek(0)
        header = file.read(offset) or b""
        layouts.learn(header[:pixels], header[pixels : pixels + 8], found.raw, (syntax, media_class, keyword))
    return Parsed(syntax, media_class, tuple(found.raw), keyword, offset, length, tuple(found.far))


_LAYOUTS: dict[TagTable, Layouts] = {}
_MOST_TABLES = 16


def _layouts_of(table: TagTable) -> Layouts:
    """Layouts of headers that were read for a table; they change what a header costs, and nothing else."""
    found = _LAYOUTS.get(table)
    if found is None:
        if len(_LAYOUTS) >= _MOST_TABLES:
            _LAYOUTS.clear()
        found = _LAYOUTS[table] = Layouts(table, _SHORT_VRS, _LONG_VRS, _after_items)
    return found


def _after_items(data: bytes, start: int, is_explicit: bool) -> int:  # noqa: FBT001 (a callback)
    try:
        return _skip_items(_Window(io.BytesIO(data), len(data)), start, is_explicit=is_explicit)
    except Declined as err:
        raise ValueError from err


def _as_known(fit: Fit, window: _Window) -> Parsed:
    """The answer of a walk, for a header that is laid out as one that was walked."""
    (length,) = _LENGTH(window.data, fit.pixels - window.base + _SHORT_HEADER)
    offset = fit.pixels + _LONG_HEADER
    if length != UNDEFINED and _is_followed(window, offset + length):
        raise Declined
    syntax, media_class, keyword = fit.answer
    far = tuple(Far(*each) for each in fit.far)
    return Parsed(syntax, media_class, tuple(fit.raw), keyword, offset, -1 if length == UNDEFINED else length, far)


class _Found:
    """What a walk has found so far, and what it knows."""

    __slots__ = ("far", "known", "raw")

    def __init__(self, table: TagTable) -> None:
        self.raw: list[bytes | None] = [None] * len(table.attributes)
        self.far: list[Far] = []
        self.known: Known = table.start


def _is_followed(window: _Window, position: int) -> bool:
    """True where elements that belong before Pixel Data come after them; padding and signatures may."""
    if position + _SHORT_HEADER > window.size:
        return False
    (tag,) = _LENGTH(_bytes_at(window, position, _SHORT_HEADER), position - window.base)
    return bool(0 < tag & 0xFFFF < _PIXEL_GROUP)


def starts_with_an_element(data: bytes) -> bool:
    """True where a file without preamble starts with an element of group 0002 or 0008, in any byte order."""
    groups = {b"\x02\x00", b"\x08\x00", b"\x00\x02", b"\x00\x08"}
    return len(data) >= 16 and data[:2] in groups and data[2:6] != bytes(4)


def file_meta(data: bytes) -> tuple[str, str, int]:
    """Transfer syntax, media storage class, and where the data set starts (PS3.10 7.1).

    Raises
    ------
    Declined
        The file meta information is unusual.
    """
    position, end = 132, len(data) - _LONG_HEADER
    syntax = media_class = b""
    while position <= end:
        tag, vr, length = _EXPLICIT(data, position)
        if tag & 0xFFFF != 2:
            return _uid(syntax), _uid(media_class), position
        start = position + 8
        if vr in _LONG_VRS:
            (length,) = _LENGTH(data, start)
            start += 4
        elif vr not in _SHORT_VRS:
            raise Declined
        value = data[start : start + length]
        if tag == _TRANSFER_SYNTAX:
            syntax = value
        elif tag == _MEDIA_CLASS:
            media_class = value
        position = start + length
    raise Declined


def _looks_explicit(data: bytes, position: int) -> bool:
    """True where the first element has a value representation, whatever the meta header says of the encoding."""
    return len(data) >= position + _SHORT_HEADER and _EXPLICIT(data, position)[1] in _SHORT_VRS | _LONG_VRS


def _uid(value: bytes) -> str:
    return value.rstrip(b"\0 ").decode("latin-1")


def _walk_explicit(window: _Window, start: int, found: _Found) -> tuple[str, int | None, int]:
    """Walk an explicit VR little-endian data set (PS3.5 7.1.2); fills `found`, returns where the pixels are."""
    short_vrs = _SHORT_VRS  # local names: this loop is what a scan spends its time in
    slots, raw = found.known.slots, found.raw
    here = start - window.base
    while True:
        data, limit, end = window.data, window.limit, window.end
        while here <= limit:
            tag, vr, length = _EXPLICIT(data, here)
            value = here + _SHORT_HEADER
            if vr not in short_vrs:
                break
            here = value + length
            if tag in slots:
                place, expected, is_far = slots[tag]
                if vr == expected and here <= end and not (is_far or tag & 1 or length > LONGEST_VALUE):
                    raw[place] = data[value:here]  # as `_keep` does, without the call: nearly all values are such
                    continue
                _keep(found, window, tag, vr, value, length)
                slots = found.known.slots
                if window.data is not data:
                    here -= value  # the window has moved to the value
                    break
        else:
            if window.base + here + _SHORT_HEADER > window.size:
                return _no_pixels(window.base + here, window.size)
            window.at(window.base + here)
            here = 0
            continue
        if vr in short_vrs:
            continue
        pixels, here = _long_element(found, window, tag, vr, here)
        if pixels:
            return pixels


def _keep(found: _Found, window: _Window, tag: int, vr: int, value: int, length: int) -> None:  # noqa: PLR0913, PLR0917 (the inside of the loop above)
    """Keep a value of the table; moves the window to the value where it is not all in it."""
    place, expected, is_far = found.known.slots[tag]
    if place == CREATOR:
        if length <= LONGEST_PRIVATE:
            found.known = found.known.after(tag, _value(window, value, length))
        return
    if tag & 1 and found.raw[place] is not None:
        return  # a creator owns two blocks, and the first has it
    if is_far:
        found.raw[place] = b""
        found.far.append(Far(place, window.base + value, length, vr not in {_UN, _IMPLICIT_VR}))
        if window.base + value + length > window.size:
            raise Cut
        return
    is_expected = vr in {expected, _IMPLICIT_VR} or _is_same_kind(vr, expected)
    if tag & 1:  # an odd group: private
        if length <= LONGEST_PRIVATE:
            is_usable = is_expected or vr == _UN
            raw = _value(window, value, length)
            found.raw[place] = raw if is_usable else values.converted(raw, _letters(vr), _letters(expected))
        return
    if length > LONGEST_VALUE or not is_expected:
        raise Declined
    found.raw[place] = _value(window, value, length)


def _letters(vr: int) -> str:
    return vr.to_bytes(2, "little").decode("latin-1")


def _value(window: _Window, value: int, length: int) -> bytes:
    """Bytes of the window; it moves to the value where it does not hold all of it."""
    if value + length <= window.end:
        return window.data[value : value + length]
    if window.base + value + length > window.size:
        raise Cut
    return window.at(window.base + value, length + _LONG_HEADER)[:length]


def _long_element(
    found: _Found, window: _Window, tag: int, vr: int, here: int
) -> tuple[tuple[str, int | None, int] | None, int]:
    """An element with a long length: where the pixels are if it holds them, and where the next one starts."""
    if vr not in _LONG_VRS:
        raise Declined
    (length,) = _LENGTH(window.data, here + _SHORT_HEADER)
    value = here + _LONG_HEADER
    if tag in _PIXELS:
        return (_PIXELS[tag], window.base + value, -1 if length == UNDEFINED else length), value
    if length == UNDEFINED:
        start = window.base + value
        after = _skip_items(window, start, is_explicit=vr != _UN)
        _keep_sequence(found, tag, start, after - start, is_explicit=vr != _UN)
        return None, after - window.base
    if tag in found.known.slots:
        before = window.base
        _keep(found, window, tag, vr, value, length)
        value += before - window.base
    return None, value + length


def _keep_sequence(found: _Found, tag: int, start: int, length: int, *, is_explicit: bool) -> None:
    """Keep the place of a sequence of undefined length."""
    place, expected, is_far = found.known.slots.get(tag, (CREATOR, 0, False))
    if is_far and expected == _SQ:
        found.raw[place] = b""
        found.far.append(Far(place, start, length, is_explicit))
    elif place != CREATOR and not tag & 1:
        raise Declined


def _walk_implicit(window: _Window, start: int, found: _Found) -> tuple[str, int | None, int]:
    """Walk an implicit VR little-endian data set (PS3.5 7.1.3); fills `found`, returns where the pixels are."""
    position = start
    while True:
        here = position - window.base
        if here > window.limit:
            if position + _SHORT_HEADER > window.size:
                return _no_pixels(position, window.size)
            window.at(position)
            here = 0
        tag, length = _IMPLICIT(window.data, here)
        value = here + _SHORT_HEADER
        if tag in _PIXELS:
            return _PIXELS[tag], window.base + value, -1 if length == UNDEFINED else length
        start = window.base + value
        if length == UNDEFINED:
            position = _skip_items(window, start, is_explicit=False)
            _keep_sequence(found, tag, start, position - start, is_explicit=False)
            continue
        position = start + length
        if tag in found.known.slots:
            _keep(found, window, tag, _IMPLICIT_VR, value, length)


def _no_pixels(position: int, size: int) -> tuple[str, int | None, int]:
    """The answer at the end of a file without pixels; fewer than eight bytes more are no element."""
    if position > size:
        raise Cut
    return "", None, 0


_ALIKE = tuple(frozenset(map(_code, kinds.split())) for kinds in (b"US SS", b"LO SH CS LT ST UT", b"DS IS"))


def is_same_kind(vr: str, expected: str) -> bool:
    """True where both representations hold the same raw bytes."""
    return vr == expected or _is_same_kind(_code(vr.encode()), _code(expected.encode()))


def _is_same_kind(vr: int, expected: int) -> bool:
    """True where both representations hold the same raw bytes: US and SS of Pixel Padding Value, kinds of text."""
    return any(vr in kinds and expected in kinds for kinds in _ALIKE)


def _skip_items(window: _Window, position: int, *, is_explicit: bool) -> int:  # noqa: C901, PLR0912 (no calls)
    """Position after a sequence of undefined length (PS3.5 7.5.2); nested ones are walked, not recursed."""
    within = [(False, is_explicit)]  # whether each is an item, and the encoding inside
    is_item = False
    data, here, limit = window.data, position - window.base, window.limit
    while within:
        if not 0 <= here <= limit:
            position = window.base + here
            if position + _SHORT_HEADER > window.size:
                raise Cut
            data, here = window.at(position, NESTED_WINDOW), 0
            limit = window.limit
        tag, vr, length = _EXPLICIT(data, here)
        here += _SHORT_HEADER
        if tag & 0xFFFF == _DELIMITER_GROUP or not is_item:
            length = vr | length << 16
            if tag == (_ITEM_END if is_item else _SEQUENCE_END):
                within.pop()
                is_item = bool(within) and within[-1][0]
                continue
            if is_item or tag != _ITEM:
                raise Declined
            if length == UNDEFINED:
                is_item = True
                within.append((True, within[-1][1]))
            else:
                here += length
            continue
        is_explicit = within[-1][1]
        if is_explicit and vr in _SHORT_VRS:
            here += length
            continue
        if not is_explicit:
            length = vr | length << 16
        elif vr in _LONG_VRS:
            (length,) = _LENGTH(data, here)
            here += 4
        else:
            raise Declined
        if length == UNDEFINED:
            is_item = False
            within.append((False, is_explicit and vr != _UN))
        else:
            here += length
    if window.base + here > window.size:
        raise Cut
    return window.base + here


def _bytes_at(window: _Window, position: int, count: int) -> bytes:
    """The window's bytes, moved so that `count` bytes at `position` are in it; zeros follow the end of the file."""
    here = position - window.base
    if not 0 <= here <= len(window.data) - count:
        window.at(position)
        here = 0
    if here > window.end - _SHORT_HEADER:
        raise Cut
    return window.data
