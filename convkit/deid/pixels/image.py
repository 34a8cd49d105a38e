"""The pixels of a tree as arrays: frames as stored for what is computed of them, and as they are looked at.

A frame is read when it is asked for. Of an object of many frames never more than a few are held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.deid.pixels.facts import text
from convkit.dicom import samples, syntaxes
from convkit.dicom.attributes import Attribute, TagTable, display_table
from convkit.dicom.header import Header
from convkit.dicom.lean import Far, Parsed
from convkit.dicom.native import bytes_needed
from convkit.dicom.palette import Palette, palette_of
from convkit.dicom.pixel_source import source_of_all
from convkit.dicom.tree import PIXEL_DATA, Element, Span, Tree
from convkit.errors import PixelError
from convkit.model.frame import HeldPixels, PixelSource

Array = NDArray[Any]

_KEYWORDS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_MEDIA_CLASS = 0x00020002
_WORDS = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 2}
"""Bytes of what is swapped in big endian (PS3.5 7.3)."""


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """The pixels of one object.

    Attributes
    ----------
    element : Element
        Pixel Data.
    source : PixelSource
        Where its frames are read from.
    palette : Palette or None
        Of PALETTE COLOR.
    window : (float, float) or None
        Lowest and highest stored value of the first window of the header, so far as there is a linear one.
    is_inverse : bool
        True where high stored values are shown dark.
    """

    element: Element
    source: PixelSource
    palette: Palette | None
    window: tuple[float, float] | None
    is_inverse: bool

    @property
    def frames(self) -> int:
        """How many there are."""
        return self.source.frames

    @property
    def is_colour(self) -> bool:
        """True where frames are looked at in colour."""
        return self.source.layout.is_colour

    def looked_at(self, frame: int) -> Array:
        """One frame to look at: RGB bytes, or stored values of a grey one.

        Raises
        ------
        InputError
            It cannot be decoded, or its colours are of a kind that cannot be shown.
        """
        if self.source.layout.samples == 1 and self.palette is None:
            return samples.read_stored(self.source, frame)
        return samples.read_rgb(self.source, frame, self.palette)


def image_of(tree: Tree) -> Image:
    """The pixels of an object that has some.

    Raises
    ------
    InputError
        The layout is missing or contradicts itself, or pixels are missing.
    """
    element = next(e for e in tree.elements if e.tag in PIXEL_DATA)
    header = _header(tree, element)
    source = source_of_all(header)
    _check_length(source, element)
    palette = palette_of(header) if source.layout.photometric == "PALETTE COLOR" else None
    slope = header.number("RescaleSlope") or 1.0
    is_inverse = (source.layout.photometric == "MONOCHROME1") != (slope < 0)
    return Image(element, source, palette, _window(header, slope), is_inverse)


def _window(header: Header, slope: float) -> tuple[float, float] | None:
    centre, width = header.number("WindowCenter"), header.number("WindowWidth")
    if centre is None or not width or width <= 0:
        return None
    intercept = header.number("RescaleIntercept") or 0.0
    ends = ((centre - width / 2 - intercept) / slope, (centre + width / 2 - intercept) / slope)
    return min(ends), max(ends)


def _check_length(source: PixelSource, element: Element) -> None:
    """Refuse native pixels that are fewer than the header promises."""
    if source.transfer_syntax not in syntaxes.NATIVE:
        return
    there = element.value.length if isinstance(element.value, Span) else len(element.value)
    if there < bytes_needed(source):
        raise PixelError("Pixel Data are shorter than the header says.", source.path, "", "pixels.truncated")


# --- a header of the elements of the tree ----------------------------------------------------------------


def _header(tree: Tree, element: Element) -> Header:
    table = display_table()
    raw, far = _raw(tree, table)
    syntax = tree.transfer_syntax
    if syntax == syntaxes.DEFLATED:
        syntax = syntaxes.EXPLICIT_LITTLE_ENDIAN  # what is in the tree has been inflated
    media = next((text(each) for each in tree.meta if each.tag == _MEDIA_CLASS), "")
    value = element.value
    if isinstance(value, Span):
        parsed = Parsed(syntax, media, raw, _KEYWORDS[element.tag], value.offset, value.length, far)
        return Header(tree.path, value.offset + value.length, 0, parsed, table)
    length = -1 if element.is_undefined else len(value)
    parsed = Parsed(syntax, media, raw, _KEYWORDS[element.tag], None, length, far)
    return Header(tree.path, len(value), 0, parsed, table, held=HeldPixels(value, element.vr or "OW"))


def _raw(tree: Tree, table: TagTable) -> tuple[tuple[bytes | None, ...], tuple[Far, ...]]:
    there = {element.tag: element for element in tree.elements}
    raw: list[bytes | None] = []
    far: list[Far] = []
    for place, attribute in enumerate(table.attributes):
        value = _value(there.get(attribute.tag), attribute, is_big=tree.coding.is_big)
        raw.append(value)
        if value is not None and attribute.is_far:
            raw[-1] = b""
            far.append(Far(place, 0, len(value), is_explicit=tree.coding.is_explicit, held=value))
    return tuple(raw), tuple(far)


def _value(element: Element | None, attribute: Attribute, *, is_big: bool) -> bytes | None:
    """The value of an element as a little-endian file would have it; sequences are of no interest here."""
    if element is None or attribute.creator or attribute.vr == "SQ" or not isinstance(element.value, bytes):
        return None
    size = _WORDS.get(element.vr or attribute.vr, 1)
    if not is_big or size == 1 or len(element.value) % size:
        return element.value
    return np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()
