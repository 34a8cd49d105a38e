"""What the header of an image says that matters for text in its pixels, read from the tree of raw elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from convkit.deid.pixels.box import Box
from convkit.dicom.tree import PIXEL_DATA, Coding, Element, Item, Tree

_SOP_CLASS, _MEDIA_CLASS = 0x00080016, 0x00020002
_REGIONS = 0x00186011
_REGION_ENDS = 0x0018601A, 0x00186018, 0x0018601E, 0x0018601C
"""Region Location Min Y0, Min X0, Max Y1, Max X1 (PS3.3 C.8.5.5.1.2); the last row and column belong to the region."""

_TEXTS = {
    "modality": 0x00080060,
    "burned_in": 0x00280301,
    "conversion_type": 0x00080064,
    "recognizable_features": 0x00280302,
    "manufacturer": 0x00080070,
    "model": 0x00081090,
    "lossy": 0x00282110,
}

_DIGITIZERS = frozenset({0x00181010, 0x00181016, 0x00181018, 0x00181019, 0x0018101A})
"""IDs, makers, models and versions of secondary capture devices and hard-copy devices (PS3.3 C.8.6.1).

A date of capture alone names no device: converters of all kinds write it.
"""


class Facts(NamedTuple):
    """What the header says.

    Attributes
    ----------
    sop_class, modality, burned_in, conversion_type, recognizable_features, lossy : str
        Upper case; empty where absent.
    image_type : tuple of str
        Upper case.
    manufacturer, model : str
    software : tuple of str
        Software Versions.
    rows, columns, frames : int
        0 where absent.
    regions : tuple of Box
        Ultrasound regions.
    has_pixels, has_capture_device : bool
        Pixel Data of any kind; a device that digitized or captured the image is named.
    """

    sop_class: str
    modality: str
    burned_in: str
    conversion_type: str
    recognizable_features: str
    lossy: str
    image_type: tuple[str, ...]
    manufacturer: str
    model: str
    software: tuple[str, ...]
    rows: int
    columns: int
    frames: int
    regions: tuple[Box, ...]
    has_pixels: bool
    has_capture_device: bool


def facts_of(tree: Tree) -> Facts:
    """What the top level of a data set says."""
    there = {element.tag: element for element in tree.elements}
    coding = tree.coding
    texts = {name: text(there.get(tag)) for name, tag in _TEXTS.items()}
    maker, model = texts.pop("manufacturer"), texts.pop("model")
    media = next((text(element) for element in tree.meta if element.tag == _MEDIA_CLASS), "")
    return Facts(
        sop_class=text(there.get(_SOP_CLASS)) or media,
        **{name: value.upper() for name, value in texts.items()},
        image_type=tuple(value.upper() for value in values(there.get(0x00080008))),
        manufacturer=maker,
        model=model,
        software=values(there.get(0x00181020)),
        rows=number(there.get(0x00280010), coding) or 0,
        columns=number(there.get(0x00280011), coding) or 0,
        frames=_integer(text(there.get(0x00280008))),
        regions=_regions(there, coding),
        has_pixels=not PIXEL_DATA.isdisjoint(there),
        # Philips writes these elements into every MR image, empty.
        has_capture_device=any(text(there.get(tag)) for tag in _DIGITIZERS),
    )


def values(element: Element | None) -> tuple[str, ...]:
    """Values of a text without padding; those that matter here are of the default character set."""
    if element is None or not isinstance(element.value, bytes) or not element.value.strip(b" \0"):
        return ()
    return tuple(part.strip(" \0") for part in element.value.decode("latin-1").split("\\"))


def text(element: Element | None) -> str:
    """The first value of a text; empty where there is none."""
    found = values(element)
    return found[0] if found else ""


def number(element: Element | None, coding: Coding) -> int | None:
    """The first value of US or UL; None where there is none."""
    if element is None or not isinstance(element.value, bytes) or len(element.value) < 2:
        return None
    order: Literal["big", "little"] = "big" if coding.is_big else "little"
    size = 4 if element.vr == "UL" else 2
    return int.from_bytes(element.value[:size], order)


def _integer(said: str) -> int:
    return int(said) if said.isdecimal() and said.isascii() else 0


def _regions(there: Mapping[int, Element], coding: Coding) -> tuple[Box, ...]:
    element = there.get(_REGIONS)
    if element is None or element.items is None:
        return ()
    # Items of a sequence that hides in UN are implicit and little endian (PS3.5 6.2.2, note 2).
    inner = coding if element.vr != "UN" else Coding(is_explicit=False, is_big=False)
    found = (_region(item, inner) for item in element.items)
    return tuple(box for box in found if box is not None)


def _region(item: Item, coding: Coding) -> Box | None:
    there = {element.tag: element for element in item.elements}
    ends = []
    for tag in _REGION_ENDS:
        element = there.get(tag)
        if element is None or not isinstance(element.value, bytes) or len(element.value) != 4:
            return None
        ends.append(int.from_bytes(element.value, "big" if coding.is_big else "little"))
    top, left, bottom, right = ends
    box = Box(top, left, bottom + 1, right + 1)
    return None if box.is_empty else box
