"""Height of a pixel over its width, from whichever attribute tells it (PS3.3 C.7.6.3.1.7)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.errors import InputError

_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "PixelAspectRatio")
"""In the order in which they count; all of them vertical first."""

_MOST_ASPECT = 50.0
"""A pixel that is longer in one direction is no pixel of an image, but a mistake in its header."""

_NEARLY_SQUARE = 0.01
"""Ultrasound regions are measured on the screen: a ratio this near to 1 is 1, rounded."""

_TWO_DIMENSIONS, _CENTIMETRES = 1, 3
"""Region Spatial Format of an image of tissue (PS3.3 C.8.5.5.1.1), and the unit of its axes (C.8.5.5.1.15)."""

_FORMAT, _UNITS_X, _UNITS_Y, _DELTA_X, _DELTA_Y = 0x00186012, 0x00186024, 0x00186026, 0x0018602C, 0x0018602E


def aspect_of(header: Header) -> float:
    """Row spacing over column spacing; 1 where the header tells nothing usable."""
    for keyword in _SPACINGS:
        found = ratio(header.numbers(keyword))
        if found is not None:
            return found
    return _of_regions(header) if header.has_far("SequenceOfUltrasoundRegions") else 1.0


def ratio(sizes: Sequence[float]) -> float | None:
    """Height over width of (height, width), None where they are none of a pixel."""
    if len(sizes) != 2 or not all(math.isfinite(size) and size > 0 for size in sizes):
        return None
    found = sizes[0] / sizes[1]
    return found if 1 / _MOST_ASPECT <= found <= _MOST_ASPECT else None


def _of_regions(header: Header) -> float:
    """That of the regions of an ultrasound image, if they agree (PS3.3 C.8.5.5)."""
    try:
        found = [r for r in map(_of_region, items_of(header.far("SequenceOfUltrasoundRegions"))) if r is not None]
    except InputError:
        return 1.0
    if not found or max(found) - min(found) > _NEARLY_SQUARE * max(found):
        return 1.0
    return 1.0 if abs(found[0] - 1) <= _NEARLY_SQUARE else found[0]


def _of_region(region: Item) -> float | None:
    """Aspect of a region that shows tissue; None for others, such as a curve over time."""
    raw = {e.tag: region.value(e) for e in region.elements()}
    units = (values.integer(raw.get(tag, b""), "US") for tag in (_FORMAT, _UNITS_X, _UNITS_Y))
    if tuple(units) != (_TWO_DIMENSIONS, _CENTIMETRES, _CENTIMETRES):
        return None
    deltas = [abs(n) for tag in (_DELTA_Y, _DELTA_X) for n in values.numbers(raw.get(tag, b""), "FD")]
    return ratio(deltas)
