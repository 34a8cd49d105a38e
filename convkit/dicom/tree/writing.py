"""A tree to the bytes of a file."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from struct import Struct
from typing import Literal

from convkit.dicom.sequences import ITEM, ITEM_END, SEQUENCE_END, SHORT_VRS, UNDEFINED
from convkit.dicom.syntaxes import DEFLATED
from convkit.dicom.tree.nodes import IMPLICIT, META, META_LENGTH, PREAMBLE_BYTES, Coding, Element, Item, Span, Tree


def written(tree: Tree) -> Iterator[bytes | Span]:
    """Yield the file: bytes, and spans of the file that the tree was read from.

    Sequences and items keep the kind of their length. Group lengths are written as they stand among the elements.
    """
    yield beginning(tree.meta, tree.preamble)
    coding = tree.coding
    if tree.transfer_syntax == DEFLATED:
        packed = _deflated(b"".join(encoded(e, coding) for e in tree.elements))
        yield packed + bytes(len(packed) % 2)
        return
    yield from pieces_of(tree.elements, coding)


def _deflated(data: bytes) -> bytes:
    """Deflated bytes (RFC 1951), of which the first few are stored as they are.

    Validators that do not inflate, such as dciodvfy, take packed bytes for elements. What they say of them would be a
    matter of luck, other for each copy than for its original; so it is always the same, a data set that cannot be read.
    """
    head = data[:_STORED_BYTES]
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    rest = deflater.compress(data[_STORED_BYTES:]) + deflater.flush()
    return _STORED_HEAD(0, len(head), len(head) ^ 0xFFFF) + head + rest


_STORED_BYTES = 8
_STORED_HEAD = Struct("<BHH").pack
"""Of a block that is stored and is not the last one: its kind, its length, and its length inverted (RFC 1951 3.2.4)."""


def pieces_of(elements: Iterable[Element], coding: Coding) -> Iterator[bytes | Span]:
    """Yield elements of a data set as they are written, and the spans between them."""
    pieces: list[bytes] = []
    for element in elements:
        if isinstance(element.value, Span):
            pieces.append(_head(element.tag, element.vr, element.value.length, coding))
            yield b"".join(pieces)
            pieces.clear()
            yield element.value
        else:
            pieces.append(encoded(element, coding))
    yield b"".join(pieces)


def beginning(meta: Iterable[Element], preamble: bytes = b"") -> bytes:
    """Preamble and file meta information (PS3.10 7.1)."""
    content = b"".join([encoded(element, META) for element in meta])
    length = Element(META_LENGTH, "UL", len(content).to_bytes(4, "little"))
    return (preamble or bytes(PREAMBLE_BYTES)) + b"DICM" + encoded(length, META) + content


def encoded(element: Element, coding: Coding) -> bytes:
    """The bytes of one element whose value is at hand."""
    if element.items is not None:
        inner = IMPLICIT if element.vr == "UN" else coding
        content = b"".join(_encoded_item(item, inner) for item in element.items)
    elif isinstance(element.value, Span):
        raise TypeError("only pixel data of the data set itself stay in the file")
    else:
        content = element.value
    if not element.is_undefined:
        return _head(element.tag, element.vr, len(content), coding) + content
    inner = IMPLICIT if element.vr == "UN" else coding
    return _head(element.tag, element.vr, UNDEFINED, coding) + content + _head(SEQUENCE_END, "", 0, inner)


def _encoded_item(item: Item, coding: Coding) -> bytes:
    content = b"".join([encoded(element, coding) for element in item.elements])
    if item.is_undefined:
        return _head(ITEM, "", UNDEFINED, coding) + content + _head(ITEM_END, "", 0, coding)
    return _head(ITEM, "", len(content), coding) + content


_SHORT_HEAD = Struct("<HH2sH").pack
_SHORT_NAMES = {name.decode("ascii"): name for name in SHORT_VRS}


def _head(tag: int, vr: str, length: int, coding: Coding) -> bytes:
    name = _SHORT_NAMES.get(vr)
    if name is not None and coding.is_explicit and not coding.is_big:
        return _SHORT_HEAD(tag >> 16, tag & 0xFFFF, name, length)
    order: Literal["big", "little"] = "big" if coding.is_big else "little"
    start = (tag >> 16).to_bytes(2, order) + (tag & 0xFFFF).to_bytes(2, order)
    if not coding.is_explicit or not vr:
        return start + length.to_bytes(4, order)
    if name is not None:
        return start + name + length.to_bytes(2, order)
    return start + vr.encode("ascii") + b"\0\0" + length.to_bytes(4, order)
