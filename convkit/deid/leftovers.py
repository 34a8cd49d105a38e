"""What lies beside the values of an object: overlays in unused bits, bytes behind the last pixel, remarks in streams.

No attribute names these, so no rule of a profile is for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convkit.deid.pixels.facts import number, text
from convkit.deid.pixels.graphics import embedded_bit, overlay_groups, without_embedded_overlays
from convkit.deid.pixels.streams import bare
from convkit.dicom import syntaxes
from convkit.dicom.tree import Coding, Element, Span, Tree

PIXEL_DATA, DOCUMENT = 0x7FE00010, 0x00420011
_DOCUMENT_LENGTH, _OVERLAY_DATA = 0x00420015, 0x3000
SIZES = 0x00280010, 0x00280011, 0x00280002, 0x00280100
"""Tags of rows, columns, samples per pixel and bits allocated."""

FRAMES = 0x00280008
_EXTENDED_OFFSETS = frozenset({0x7FE00001, 0x7FE00002})


def clear_embedded_overlays(tree: Tree) -> None:
    """Overlays in unused bits of the samples go with those that have data of their own."""
    if all(embedded_bit(tree, group) is None for group in overlay_groups(tree)):
        return
    for place, element in enumerate(tree.elements):
        if element.tag == PIXEL_DATA:
            tree.elements[place] = without_embedded_overlays(tree, element) or element


def cut_surplus_pixels(tree: Tree, there: Mapping[int, Element]) -> None:
    """Bytes behind the last native pixel go: nobody sees them, and anything may be written there."""
    pixels = there.get(PIXEL_DATA)
    length = native_bytes(there, tree.coding)
    if pixels is None or length is None or pixels.is_undefined or tree.transfer_syntax not in syntaxes.NATIVE:
        return
    shorten(pixels, length)


def native_bytes(there: Mapping[int, Element], coding: Coding) -> int | None:
    """Bytes of native pixel data, with their padding, by what the header says; None where it does not."""
    sizes = [number(there.get(tag), coding) for tag in SIZES]
    if not all(sizes):
        return None
    said = text(there.get(FRAMES))
    bits = int(said) if said.isdecimal() and said.isascii() and int(said) else 1
    for size in sizes:
        bits *= size or 1
    length = (bits + 7) // 8
    return length + length % 2


def shorten(pixels: Element, length: int) -> None:
    """Native pixel data without the bytes behind some."""
    if isinstance(pixels.value, Span):
        pixels.value = pixels.value._replace(length=min(length, pixels.value.length))
    elif len(pixels.value) > length:
        pixels.value = pixels.value[:length]


def bare_streams(elements: list[Element]) -> None:
    """Compressed pixel data, those of icons too, without what their streams carry beside the picture.

    Tables with an offset for each frame (PS3.3 C.7.6.3.1.8) go where they no longer fit; no reader needs them.
    """
    pixels = next((each for each in elements if each.tag == PIXEL_DATA and each.is_undefined), None)
    stream = None if pixels is None or not isinstance(pixels.value, bytes) else bare(pixels.value)
    if pixels is not None and stream is not None:
        pixels.value = stream
        elements[:] = [each for each in elements if each.tag not in _EXTENDED_OFFSETS]


def set_document_length(elements: Iterable[Element], there: Mapping[int, Element], coding: Coding) -> None:
    """The length of an encapsulated document that may be another one now (PS3.3 C.24.2)."""
    if DOCUMENT not in there:
        return
    found = {element.tag: element for element in elements}
    document, length = found.get(DOCUMENT), found.get(_DOCUMENT_LENGTH)
    if document is not None and length is not None and isinstance(document.value, bytes):
        length.value = len(document.value).to_bytes(4, "big" if coding.is_big else "little")


def without_empty_overlays(elements: list[Element], before: set[int]) -> list[Element]:
    """Without what describes overlay planes whose data are gone: a plane without data is no plane (PS3.3 C.9.2).

    Parameters
    ----------
    elements : list of Element
    before : set of int
        Groups of overlays that the object had.
    """
    left = {element.tag >> 16 for element in elements if element.tag & 0xFFFF == _OVERLAY_DATA}
    gone = before - left
    return [element for element in elements if element.tag >> 16 not in gone] if gone else elements
