"""A DICOM file as a tree of raw elements that can be changed and written again: every byte of it has a place.

For de-identification, where nothing may pass that no rule has seen. Values stay the bytes of the file, in its encoding;
sequences become items at any depth, also those that hide in UN or under implicit VR. Long pixel data stay in the file
and are copied from there. What is written holds nothing but the tree: reserved bytes are zero, lengths counted anew.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from struct import Struct
from typing import Literal, NamedTuple

from convkit.dicom.attributes import vr_of
from convkit.dicom.header import unreadable
from convkit.dicom.sequences import ITEM, ITEM_END, SEQUENCE_END, SHORT_VRS, UNDEFINED
from convkit.dicom.syntaxes import DEFLATED, EXPLICIT_BIG_ENDIAN, IMPLICIT_LITTLE_ENDIAN, is_standard
from convkit.errors import InputError, NotDicomError

SPAN_BYTES = 1 << 16
"""Pixel data of this length stay in the file."""

MOST_DEPTH = 64
"""Items within items; the deepest of the standard have about ten."""

PREAMBLE_BYTES = 128

PIXEL_DATA = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})

_LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_META_LENGTH, _TRANSFER_SYNTAX = 0x00020000, 0x00020010
_META_GROUP, _DELIMITERS = 0x0002, 0xFFFE
_FIRST_OF_ITEM = b"\xfe\xff\x00\xe0"


class Span(NamedTuple):
    """A value that was left in the file.

    Attributes
    ----------
    offset, length : int
    """

    offset: int
    length: int


class Element:
    """One element.

    Attributes
    ----------
    tag : int
        Group in the high half.
    vr : str
        Value representation; empty under implicit VR, where a dictionary knows it.
    value : bytes or Span
        As in the file; empty for a sequence. Of encapsulated pixel data all items, without the delimiter after them.
    items : list of Item, or None
        Of a sequence.
    is_undefined : bool
        The length was not written, and the value ends with a delimiter.
    """

    __slots__ = ("is_undefined", "items", "tag", "value", "vr")

    def __init__(
        self,
        tag: int,
        vr: str,
        value: bytes | Span = b"",
        items: list[Item] | None = None,
        *,
        is_undefined: bool = False,
    ) -> None:
        self.tag = tag
        self.vr = vr
        self.value = value
        self.items = items
        self.is_undefined = is_undefined


class Item:
    """One item of a sequence.

    Attributes
    ----------
    elements : list of Element
    is_undefined : bool
        As in `Element`.
    """

    __slots__ = ("elements", "is_undefined")

    def __init__(self, elements: list[Element], *, is_undefined: bool = False) -> None:
        self.elements = elements
        self.is_undefined = is_undefined


class Tree:
    """A file.

    Attributes
    ----------
    path : str
        Where spans lie; of a data set in memory a word for messages.
    preamble : bytes
        128 bytes; empty where the file has none.
    meta : list of Element
        File meta information without its length; explicit VR, little endian.
    elements : list of Element
    transfer_syntax : str
        How `elements` are encoded.
    """

    __slots__ = ("elements", "meta", "path", "preamble", "transfer_syntax")

    def __init__(
        self, path: str, preamble: bytes, meta: list[Element], elements: list[Element], transfer_syntax: str
    ) -> None:
        self.path = path
        self.preamble = preamble
        self.meta = meta
        self.elements = elements
        self.transfer_syntax = transfer_syntax

    @property
    def coding(self) -> Coding:
        """How the elements are encoded."""
        return Coding.of(self.transfer_syntax)


class Coding(NamedTuple):
    """How elements are encoded (PS3.5 7.1, 10).

    Attributes
    ----------
    is_explicit, is_big : bool
        Explicit VR; big endian.
    """

    is_explicit: bool
    is_big: bool

    @classmethod
    def of(cls, transfer_syntax: str) -> Coding:
        """The coding of a data set."""
        return cls(transfer_syntax != IMPLICIT_LITTLE_ENDIAN, transfer_syntax == EXPLICIT_BIG_ENDIAN)


_EXPLICIT_HEAD = Struct("<HH2sH").unpack_from
_IMPLICIT_HEAD = Struct("<HHI").unpack_from
_SHORT_NAMES = {vr: vr.decode("ascii") for vr in SHORT_VRS}
_PLAIN_NAMES = {vr: vr.decode("ascii") for vr in _LONG_VRS - {b"SQ", b"UN"}}
_PIXEL_GROUP = 0x7FE0
_NEVER_PLAIN = frozenset({_PIXEL_GROUP, _DELIMITERS})

_META = Coding(is_explicit=True, is_big=False)
_IMPLICIT = Coding(is_explicit=False, is_big=False)


# --- reading ---------------------------------------------------------------------------------------------


def read_tree(path: str, *, before_pixels: bool = False, without_private: bool = False) -> Tree:
    """All elements of a file.

    Parameters
    ----------
    path : str
    before_pixels : bool
        Stop at the group of the pixel data: for who only wants to know what is said, and will not write it.
    without_private : bool
        Leave private elements out, as far as they have plain values: for who will drop them all anyway.

    Raises
    ------
    NotDicomError
        The file is not DICOM.
    InputError
        The file cannot be read, ends inside an element, or is not encoded as it says.
    """
    try:
        with io.FileIO(path) as file:
            source = _Bytes(file, os.fstat(file.fileno()).st_size)
            extent = _Extent(before_pixels=before_pixels, without_private=without_private)
            return _Reader(path, source, extent).tree()
    except OSError as err:
        raise unreadable(path, err) from err


def tree_of(data: bytes, name: str = "<data set>") -> Tree:
    """All elements of a file that is held in memory; no value of it is a span.

    Raises
    ------
    NotDicomError, InputError
        As `read_tree`.
    """
    return _Reader(name, _Bytes(io.BytesIO(data), len(data)), _Extent(span_bytes=len(data) + 1)).tree()


class _Bytes:
    """The bytes of a file that have been read so far: all up to long pixel data, and all after them.

    Attributes
    ----------
    data : bytes
        From `base` on.
    base : int
    size : int
        Of the file.
    """

    __slots__ = ("_file", "base", "data", "size")

    def __init__(self, file: io.FileIO | io.BytesIO, size: int) -> None:
        self._file = file
        self.size = size
        self.move(0)

    def move(self, base: int) -> None:
        """Begin at another place."""
        self.base = base
        self.data = self._read(base, min(FIRST_BYTES, self.size - base))

    def grow(self) -> bool:
        """Read more behind what is there; False where there is no more."""
        start = self.base + len(self.data)
        if start >= self.size:
            return False
        self.data += self._read(start, min(max(len(self.data), FIRST_BYTES), self.size - start))
        return True

    def _read(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        return self._file.read(length) or b""


class _Extent(NamedTuple):
    """How much of a file is read: see `read_tree`; from `span_bytes` on, pixel data stay in it."""

    span_bytes: int = SPAN_BYTES
    before_pixels: bool = False
    without_private: bool = False


class _Reader:
    """Walks one file."""

    def __init__(self, path: str, source: _Bytes, extent: _Extent) -> None:
        self._path = path
        self._source = source
        self._extent = extent

    def tree(self) -> Tree:
        data = self._source.data
        if data[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] != b"DICM":
            raise NotDicomError("The file is not DICOM.", self._path, "", "input.not-dicom")
        meta, start = self._meta(PREAMBLE_BYTES + 4)
        syntax = next((_uid(e.value) for e in meta if e.tag == _TRANSFER_SYNTAX), "")
        if not is_standard(syntax):
            raise self._broken("(0002,0010) TransferSyntaxUID is missing or unknown.")
        if syntax == DEFLATED:
            inflated = self._inflated(start)
            elements = _Walk(inflated, Coding.of(syntax), self._path).elements(0, len(inflated))
        else:
            elements = self._elements(start, Coding.of(syntax))
        return Tree(self._path, data[:PREAMBLE_BYTES], meta, elements, syntax)

    def _meta(self, start: int) -> tuple[list[Element], int]:
        """File meta information, and where it ends: at the first element of another group (its length may be wrong)."""
        found: list[Element] = []
        here = start
        while True:
            walk = _Walk(self._source.data, _META, self._path)
            if here + 8 > len(walk.data) or walk.tag_at(here) >> 16 != _META_GROUP:
                return [each for each in found if each.tag != _META_LENGTH], here
            try:
                element, here = walk.element(here, len(walk.data))
            except _Short as err:
                if self._source.grow():
                    continue
                raise self._cut() from err
            found.append(element)

    def _inflated(self, start: int) -> bytes:
        while self._source.grow():
            pass
        try:
            inflater = zlib.decompressobj(-zlib.MAX_WBITS)
            return inflater.decompress(self._source.data[start:]) + inflater.flush()
        except zlib.error as err:
            raise self._broken("The deflated data set is damaged.") from err

    def _elements(self, start: int, coding: Coding) -> list[Element]:
        """The elements of the data set; what is missing of the file is read when it is met."""
        found: list[Element] = []
        position, source = start, self._source
        walk: _Walk | None = None
        while position < source.size:
            if walk is None or walk.data is not source.data:
                walk = _Walk(source.data, coding, self._path, without_private=self._extent.without_private)
            here = walk.plain(position - source.base, len(walk.data), found)
            position = source.base + here
            if position == source.size or (self._extent.before_pixels and walk.is_of_pixels(here)):
                break
            try:
                span = self._span(walk, here)
                if span is not None:
                    found.append(span)
                    position = _end_of(span)
                    source.move(position)
                    continue
                element, end = walk.element(here, len(walk.data))
            except _Short as err:
                if source.grow():
                    continue
                raise self._cut() from err
            found.append(element)
            position = source.base + end
        return found

    def _span(self, walk: _Walk, here: int) -> Element | None:
        """Long native pixel data, left in the file."""
        head = walk.head(here)
        if head.tag not in PIXEL_DATA or head.length == UNDEFINED or head.length < self._extent.span_bytes:
            return None
        offset = self._source.base + head.start
        if offset + head.length > self._source.size:
            raise self._cut()
        return Element(head.tag, head.vr, Span(offset, head.length))

    def _cut(self) -> InputError:
        what = "The file ends inside an element."
        return InputError(what, self._path, "Copy it again from its source.", "input.cut-header")

    def _broken(self, what: str) -> InputError:
        return InputError(what, self._path, "", "header.inconsistent")


FIRST_BYTES = 1 << 16
"""Bytes read at a time: most headers, and many whole files."""


def _end_of(element: Element) -> int:
    assert isinstance(element.value, Span)  # noqa: S101 (it was made so a line before)
    return element.value.offset + element.value.length


def _uid(value: bytes | Span) -> str:
    return value.rstrip(b"\0 ").decode("latin-1") if isinstance(value, bytes) else ""


class _Short(Exception):  # noqa: N818 (not an error: more of the file is read)
    """The bytes at hand end before the element does."""


class _Head(NamedTuple):
    """The beginning of an element: what it is, and where its value starts."""

    tag: int
    vr: str
    length: int
    start: int


class _Walk:
    """Elements in bytes, in one encoding."""

    __slots__ = ("_code", "_half", "_path", "_skipped", "_word", "coding", "data")

    def __init__(self, data: bytes, coding: Coding, path: str, *, without_private: bool = False) -> None:
        self._skipped = int(without_private)  # of the last bit of a group, which tells private ones
        self.data = data
        self.coding = coding
        self._path = path
        order = ">" if coding.is_big else "<"
        self._code = Struct(f"{order}HH").unpack_from
        self._half = Struct(f"{order}H").unpack_from
        self._word = Struct(f"{order}I").unpack_from

    def tag_at(self, here: int) -> int:
        group, number = self._code(self.data, here)
        return int(group << 16 | number)

    def head(self, here: int) -> _Head:
        """The head of the element at a place.

        Raises
        ------
        _Short
            The bytes end inside it.
        """
        data = self.data
        if here + 8 > len(data):
            raise _Short
        tag = self.tag_at(here)
        if not self.coding.is_explicit or tag >> 16 == _DELIMITERS:
            return _Head(tag, "", self._word(data, here + 4)[0], here + 8)
        vr = data[here + 4 : here + 6]
        if vr in SHORT_VRS:
            return _Head(tag, vr.decode("ascii"), self._half(data, here + 6)[0], here + 8)
        if vr not in _LONG_VRS:
            raise self._broken("An element has no value representation that there is.")
        if here + 12 > len(data):
            raise _Short
        return _Head(tag, vr.decode("ascii"), self._word(data, here + 8)[0], here + 12)

    def elements(self, here: int, end: int, depth: int = 0) -> list[Element]:
        """All elements up to a place."""
        found: list[Element] = []
        try:
            while (here := self.plain(here, end, found)) < end:
                element, here = self.element(here, end, depth)
                found.append(element)
        except _Short as err:
            raise self._broken("An element ends after what holds it.") from err
        return found

    def is_of_pixels(self, here: int) -> bool:
        """True where the element at a place is of the group of the pixel data, as far as it has been read."""
        return here + 4 <= len(self.data) and self.tag_at(here) >> 16 == _PIXEL_GROUP

    def plain(self, here: int, end: int, found: list[Element]) -> int:
        """Add the elements with plain values that follow each other; where the first one is that is another.

        A tenth of the price of `element`, which tells all cases apart: sequences, what may hide one, long pixel data,
        what ends too soon.
        """
        if self.coding.is_big:
            return here
        return (
            self._plain_explicit(here, end, found)
            if self.coding.is_explicit
            else self._plain_implicit(here, end, found)
        )

    def _plain_explicit(self, here: int, end: int, found: list[Element]) -> int:
        data, last, skipped = self.data, end - 8, self._skipped
        while here <= last:
            group, number, vr, length = _EXPLICIT_HEAD(data, here)
            start, name = here + 8, _SHORT_NAMES.get(vr)
            if name is None:
                name = _PLAIN_NAMES.get(vr)
                if name is None or group == _PIXEL_GROUP or here + 12 > end:
                    break
                start, (length,) = here + 12, self._word(data, here + 8)
            stop = start + length
            if stop > end:
                break
            if not group & skipped:
                found.append(Element(group << 16 | number, name, data[start:stop]))
            here = stop
        return here

    def _plain_implicit(self, here: int, end: int, found: list[Element]) -> int:
        data, last = self.data, end - 8
        while here <= last:
            group, number, length = _IMPLICIT_HEAD(data, here)
            start, tag = here + 8, group << 16 | number
            stop = start + length
            if stop > end or group in _NEVER_PLAIN:
                break
            value = data[start:stop]
            if is_sequence(tag, value):
                break
            if not group & self._skipped:
                found.append(Element(tag, "", value))
            here = stop
        return here

    def element(self, here: int, end: int, depth: int = 0) -> tuple[Element, int]:
        """The element at a place, and where the next one starts.

        Raises
        ------
        _Short
            The bytes end inside it.
        InputError
            It makes no sense.
        """
        head = self.head(here)
        if head.tag >> 16 == _DELIMITERS:
            raise self._broken("A delimiter stands where an element should.")
        if head.length == UNDEFINED:
            return self._undefined(head, end, depth)
        stop = head.start + head.length
        if stop > end:
            raise _Short
        value = self.data[head.start : stop]
        items = self._hidden_items(head, value, depth)
        return Element(head.tag, head.vr, b"" if items is not None else value, items), stop

    def _undefined(self, head: _Head, end: int, depth: int) -> tuple[Element, int]:
        if head.tag in PIXEL_DATA and not depth:
            stop = self._fragments_end(head.start, end)
            return Element(head.tag, head.vr, self.data[head.start : stop], is_undefined=True), stop + 8
        inner = self if head.vr != "UN" else _Walk(self.data, _IMPLICIT, self._path)  # PS3.5 6.2.2, note 2
        items, stop = inner.items(head.start, end, depth, is_open=True)
        return Element(head.tag, head.vr, b"", items, is_undefined=True), stop

    def _hidden_items(self, head: _Head, value: bytes, depth: int) -> list[Item] | None:
        """The items of a sequence of defined length; also where UN or implicit VR hides that it is one."""
        if head.vr == "SQ":
            return self.items(head.start, head.start + head.length, depth)[0]
        if head.vr not in {"", "UN"} or not is_sequence(head.tag, value):
            return None
        inner = self if head.vr == "" else _Walk(self.data, _IMPLICIT, self._path)
        try:
            return inner.items(head.start, head.start + head.length, depth)[0]
        except (InputError, _Short) as err:
            if vr_of(head.tag) == "SQ":
                raise self._broken("A sequence holds something else than items.") from err
            return None  # it only looked like a sequence

    def items(self, here: int, end: int, depth: int, *, is_open: bool = False) -> tuple[list[Item], int]:
        """Items up to a place, or up to the delimiter of their sequence; and where the next element starts."""
        if depth >= MOST_DEPTH:
            raise self._broken(f"Sequences are nested more than {MOST_DEPTH} deep.")
        found: list[Item] = []
        while is_open or here < end:
            if here + 8 > end:
                raise _Short
            tag, (length,) = self.tag_at(here), self._word(self.data, here + 4)
            here += 8
            if is_open and tag == SEQUENCE_END:
                return found, here
            if tag != ITEM:
                raise self._broken("A sequence holds something else than items.")
            if length == UNDEFINED:
                elements, here = self._open_item(here, end, depth + 1)
                found.append(Item(elements, is_undefined=True))
            elif here + length > end:
                raise _Short
            else:
                found.append(Item(self.elements(here, here + length, depth + 1)))
                here += length
        return found, here

    def _open_item(self, here: int, end: int, depth: int) -> tuple[list[Element], int]:
        found: list[Element] = []
        while True:
            here = self.plain(here, end, found)
            if here + 8 > end:
                raise _Short
            if self.tag_at(here) == ITEM_END:
                return found, here + 8
            element, here = self.element(here, end, depth)
            found.append(element)

    def _fragments_end(self, here: int, end: int) -> int:
        """Where the delimiter stands after the fragments of encapsulated pixel data (PS3.5 A.4)."""
        while True:
            if here + 8 > end:
                raise _Short
            tag, (length,) = self.tag_at(here), self._word(self.data, here + 4)
            if tag == SEQUENCE_END:
                return here
            if tag != ITEM or length == UNDEFINED:
                raise self._broken("Encapsulated pixel data hold something else than fragments.")
            here += 8 + length

    def _broken(self, what: str) -> InputError:
        return InputError(what, self._path, "", "header.inconsistent")


def is_sequence(tag: int, value: bytes) -> bool:
    """True where a value whose representation is not told is a sequence, by the dictionary, else by its looks."""
    return vr_of(tag) == "SQ" or (vr_of(tag) in {"", "UN"} and value[:4] == _FIRST_OF_ITEM)


# --- writing ---------------------------------------------------------------------------------------------


def written(tree: Tree) -> Iterator[bytes | Span]:
    """Yield the file: bytes, and spans of the file that the tree was read from.

    Sequences and items keep the kind of their length. Group lengths are written as they stand among the elements.
    """
    meta = b"".join(_encoded(element, _META) for element in tree.meta)
    length = Element(_META_LENGTH, "UL", len(meta).to_bytes(4, "little"))
    yield (tree.preamble or bytes(PREAMBLE_BYTES)) + b"DICM" + _encoded(length, _META) + meta
    coding = tree.coding
    if tree.transfer_syntax == DEFLATED:
        deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        packed = deflater.compress(b"".join(_encoded(e, coding) for e in tree.elements)) + deflater.flush()
        yield packed + bytes(len(packed) % 2)
        return
    pieces: list[bytes] = []
    for element in tree.elements:
        if isinstance(element.value, Span):
            pieces.append(_head(element.tag, element.vr, element.value.length, coding))
            yield b"".join(pieces)
            pieces.clear()
            yield element.value
        else:
            pieces.append(_encoded(element, coding))
    yield b"".join(pieces)


def _encoded(element: Element, coding: Coding) -> bytes:
    if element.items is not None:
        inner = _IMPLICIT if element.vr == "UN" else coding
        content = b"".join(_encoded_item(item, inner) for item in element.items)
    elif isinstance(element.value, Span):
        raise TypeError("only pixel data of the data set itself stay in the file")
    else:
        content = element.value
    if not element.is_undefined:
        return _head(element.tag, element.vr, len(content), coding) + content
    inner = _IMPLICIT if element.vr == "UN" else coding
    return _head(element.tag, element.vr, UNDEFINED, coding) + content + _head(SEQUENCE_END, "", 0, inner)


def _encoded_item(item: Item, coding: Coding) -> bytes:
    content = b"".join([_encoded(element, coding) for element in item.elements])
    if item.is_undefined:
        return _head(ITEM, "", UNDEFINED, coding) + content + _head(ITEM_END, "", 0, coding)
    return _head(ITEM, "", len(content), coding) + content


def _head(tag: int, vr: str, length: int, coding: Coding) -> bytes:
    order: Literal["big", "little"] = "big" if coding.is_big else "little"
    start = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)
    if not coding.is_explicit or not vr:
        return start + length.to_bytes(4, order)
    name = vr.encode("ascii")
    if name in SHORT_VRS:
        return start + name + length.to_bytes(2, order)
    return start + name + b"\0\0" + length.to_bytes(4, order)
