"""What a presentation state draws: graphics, texts, overlays, in the order of their layers (PS3.3 C.10.5, C.10.7)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
from pydicom import Dataset

from convkit.dicom.cielab import srgb_of
from convkit.model.labels import Colour
from convkit.model.presentation import (
    WHITE,
    Bitmap,
    Drawing,
    Graphic,
    GraphicKind,
    Layer,
    Point,
    References,
    Scoped,
    TextObject,
    Units,
)

_Made = TypeVar("_Made")

_OVERLAYS = range(0x6000, 0x6020, 2)
_ROWS, _COLUMNS, _ORIGIN, _LAYER, _DATA = 0x0010, 0x0011, 0x0050, 0x1001, 0x3000

_LEAST_POINTS = {GraphicKind.POINT: 1, GraphicKind.CIRCLE: 2, GraphicKind.ELLIPSE: 4}
"""Points that a graphic needs; 2 for any other."""

_LUMINANCE = (0.2126, 0.7152, 0.0722)
"""How bright red, green and blue are (ITU-R BT.709)."""


class Annotations(NamedTuple):
    """What a state draws.

    Attributes
    ----------
    drawings : tuple of Scoped[Drawing]
        In the order of their layers.
    missing : tuple of str
        What it draws that is not drawn here.
    """

    drawings: tuple[Scoped[Drawing], ...]
    missing: tuple[str, ...]


def shutter_bitmap_of(dataset: Dataset) -> Bitmap | None:
    """The overlay that a bitmap shutter names (PS3.3 C.7.6.15)."""
    group = dataset.get("ShutterOverlayGroup")
    return _bitmap(dataset, int(group)) if group else None


def drawings_of(dataset: Dataset) -> Annotations:
    """What a state draws, for which images."""
    layers = {str(item.get("GraphicLayer")): _layer(item) for item in dataset.get("GraphicLayerSequence") or ()}
    missing: list[str] = []
    found = [Scoped(drawing, {}) for drawing in _overlays(dataset, layers)]
    for item in dataset.get("GraphicAnnotationSequence") or ():
        layer = layers.get(str(item.get("GraphicLayer")), Layer())
        graphics = tuple(_each(item, "GraphicObjectSequence", _graphic, missing, "graphics"))
        texts = tuple(_each(item, "TextObjectSequence", _text, missing, "texts"))
        if item.get("CompoundGraphicSequence"):
            missing.append("compound graphics")
        found.append(Scoped(Drawing(layer, graphics, texts), references_of(item)))
    found.sort(key=lambda scoped: scoped.item.layer.order)
    return Annotations(tuple(found), tuple(dict.fromkeys(missing)))


def references_of(item: Dataset) -> References:
    """The images that an item refers to; empty where it names none."""
    return {
        str(image.ReferencedSOPInstanceUID): frozenset(map(int, numbers(image, "ReferencedFrameNumber")))
        for image in item.get("ReferencedImageSequence") or ()
    }


def numbers(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Values of a numeric attribute; empty where it is absent, or one of them is no finite number."""
    value = dataset.get(keyword)
    if value is None or value == "":
        return ()
    found = tuple(map(float, value)) if hasattr(value, "__iter__") and not isinstance(value, str) else (float(value),)
    return found if all(map(math.isfinite, found)) else ()


def _layer(item: Dataset) -> Layer:
    colour = srgb_of(numbers(item, "GraphicLayerRecommendedDisplayCIELabValue")) or _retired_colour(item)
    level = numbers(item, "GraphicLayerRecommendedDisplayGrayscaleValue")
    bright = sum(share * part for share, part in zip(_LUMINANCE, colour, strict=True)) / 255 if colour else 1.0
    return Layer(
        int((numbers(item, "GraphicLayerOrder") or (0,))[0]),
        min(max(int(level[0]), 0), WHITE) if level else round(bright * WHITE),
        colour,
    )


def _retired_colour(item: Dataset) -> Colour | None:
    """Graphic Layer Recommended Display RGB Value: three words, each up to 0xFFFF (retired, PS3.3-2006)."""
    words = numbers(item, "GraphicLayerRecommendedDisplayRGBValue")
    if len(words) != 3:
        return None
    red, green, blue = (min(int(word) >> 8, 255) for word in words)
    return red, green, blue


def _each(
    item: Dataset, keyword: str, read: Callable[[Dataset], _Made | None], missing: list[str], name: str
) -> Iterator[_Made]:
    """Yield what is made of each item of a sequence; a name joins `missing` where nothing can be."""
    for inner in item.get(keyword) or ():
        made = read(inner)
        if made is None:
            missing.append(name)
        else:
            yield made


def _graphic(item: Dataset) -> Graphic | None:
    kind, units = str(item.get("GraphicType") or ""), _units(item, "GraphicAnnotationUnits")
    points = _points(item, "GraphicData")
    if kind not in set(GraphicKind) or units is None:
        return None
    if len(points) < _LEAST_POINTS.get(GraphicKind(kind), 2):
        return None
    is_filled = str(item.get("GraphicFilled") or "").strip().upper() == "Y"
    return Graphic(GraphicKind(kind), points, units, is_filled)


def _text(item: Dataset) -> TextObject | None:
    corners = (*_points(item, "BoundingBoxTopLeftHandCorner"), *_points(item, "BoundingBoxBottomRightHandCorner"))
    anchor = _points(item, "AnchorPoint")
    box_units = _units(item, "BoundingBoxAnnotationUnits") if corners else Units.PIXEL
    anchor_units = _units(item, "AnchorPointAnnotationUnits") if anchor else Units.PIXEL
    if box_units is None or anchor_units is None or not (len(corners) == 2 or anchor):
        return None
    return TextObject(
        "\n".join(str(item.get("UnformattedTextValue") or "").splitlines()),
        (corners[0], corners[1]) if len(corners) == 2 else None,
        anchor[0] if anchor else None,
        box_units,
        anchor_units,
        str(item.get("AnchorPointVisibility") or "").strip().upper() == "Y",
        str(item.get("BoundingBoxTextHorizontalJustification") or "LEFT").strip().upper(),
    )


def _units(item: Dataset, keyword: str) -> Units | None:
    """None for MATRIX, places in a picture of tiles."""
    word = str(item.get(keyword) or "PIXEL").strip().upper()
    return Units(word) if word in set(Units) else None


def _points(item: Dataset, keyword: str) -> tuple[Point, ...]:
    found = numbers(item, keyword)
    return tuple(zip(found[::2], found[1::2], strict=False))


# --- overlays of the state ---------------------------------------------------------------------------------


def _overlays(dataset: Dataset, layers: dict[str, Layer]) -> Iterator[Drawing]:
    """Overlays of the state that are switched on by the name of a layer (PS3.3 C.11.7)."""
    for group in _OVERLAYS:
        name = dataset.get((group, _LAYER))
        bitmap = _bitmap(dataset, group) if name is not None and name.value else None
        if bitmap is not None and name is not None and group != dataset.get("ShutterOverlayGroup"):
            yield Drawing(layers.get(str(name.value), Layer()), bitmaps=(bitmap,))


def _bitmap(dataset: Dataset, group: int) -> Bitmap | None:
    """The first frame of an overlay (PS3.3 C.9.2), None where it is absent or cut."""
    rows, columns, data = (dataset.get((group, element)) for element in (_ROWS, _COLUMNS, _DATA))
    if rows is None or columns is None or data is None:
        return None
    shape = int(rows.value), int(columns.value)
    bits = np.unpackbits(np.frombuffer(data.value, np.uint8), bitorder="little")  # PS3.5 8.1.2
    if not 0 < shape[0] * shape[1] <= len(bits):
        return None
    origin = dataset.get((group, _ORIGIN))
    row, column = (int(n) for n in origin.value) if origin is not None and origin.value else (1, 1)
    return Bitmap(bits[: shape[0] * shape[1]].reshape(shape).astype(bool), row, column)
