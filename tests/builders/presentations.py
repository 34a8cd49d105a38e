"""Softcopy presentation states for images of the other builders (PS3.3 A.33)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tests.builders.kinds import presentation_state
from tests.builders.packed import made

_STORAGE = "1.2.840.10008.5.1.4.1.1.11."
GREY, COLOUR, PSEUDO_COLOUR, BLENDING = (_STORAGE + number for number in ("1", "2", "3", "4"))

Points = Sequence[tuple[float, float]]


def _made(**attributes: Any) -> Dataset:
    """An item with those of the attributes that are not None."""
    return made(**{keyword: value for keyword, value in attributes.items() if value is not None})


def reference(image: Dataset, *frames: int) -> Dataset:
    """An item that refers to an image, or to frames of it."""
    return _made(
        ReferencedSOPClassUID=image.SOPClassUID,
        ReferencedSOPInstanceUID=image.SOPInstanceUID,
        ReferencedFrameNumber=list(frames) or None,
    )


def state(images: Sequence[Dataset], **overrides: Any) -> Dataset:
    """A grey state that shows images whole, without window; attributes by keyword override, None leaves one out."""
    first = images[0]
    series = _made(
        SeriesInstanceUID=first.SeriesInstanceUID, ReferencedImageSequence=[reference(image) for image in images]
    )
    given = {
        "StudyInstanceUID": first.StudyInstanceUID,
        "PatientID": first.PatientID,
        "PresentationCreationDate": "20260101",
        "PresentationCreationTime": "120000",
        "ContentDescription": "",
        "ContentCreatorName": "",
        "InstanceNumber": 1,
        "ReferencedSeriesSequence": [series],
        "DisplayedAreaSelectionSequence": [area(1, 1, int(first.Columns), int(first.Rows))],
    }
    return presentation_state(**(given | overrides))


def area(left: int, upper: int, right: int, lower: int, **overrides: Any) -> Dataset:
    """An item of Displayed Area Selection Sequence."""
    given: dict[str, Any] = {
        "DisplayedAreaTopLeftHandCorner": [left, upper],
        "DisplayedAreaBottomRightHandCorner": [right, lower],
        "PresentationSizeMode": "SCALE TO FIT",
        "PresentationPixelAspectRatio": [1, 1],
    }
    return _made(**(given | overrides))


def window(center: float, width: float, *references: Dataset, **overrides: Any) -> Dataset:
    """An item of Softcopy VOI LUT Sequence."""
    given = {"WindowCenter": center, "WindowWidth": width, "ReferencedImageSequence": list(references) or None}
    return _made(**(given | overrides))


def table(entries: Sequence[int] | NDArray[Any], *, first: int = 0, bits: int = 16, vr: str = "US") -> Dataset:
    """An item with a look-up table; entries are words."""
    item = Dataset()
    item.add_new(0x00283002, vr, [len(entries) % 65536, first, bits])
    item.add_new(0x00283006, "OW", np.asarray(entries).astype("<u2").tobytes())
    return item


def graphic(kind: str, points: Points, *, units: str = "PIXEL", filled: str = "N") -> Dataset:
    """An item of Graphic Object Sequence."""
    return _made(
        GraphicAnnotationUnits=units,
        GraphicDimensions=2,
        NumberOfGraphicPoints=len(points),
        GraphicData=[float(number) for point in points for number in point],
        GraphicType=kind,
        GraphicFilled=filled,
    )


def text(words: str, corners: Points = (), *, units: str = "PIXEL", **overrides: Any) -> Dataset:
    """An item of Text Object Sequence, in a box or with an anchor of its own."""
    box: dict[str, Any] = {}
    if corners:
        box = {
            "BoundingBoxAnnotationUnits": units,
            "BoundingBoxTopLeftHandCorner": [float(number) for number in corners[0]],
            "BoundingBoxBottomRightHandCorner": [float(number) for number in corners[1]],
            "BoundingBoxTextHorizontalJustification": "LEFT",
        }
    return _made(**({"UnformattedTextValue": words} | box | overrides))


def annotation(layer: str, *items: Dataset, references: Sequence[Dataset] = ()) -> Dataset:
    """An item of Graphic Annotation Sequence with graphics and texts."""
    graphics = [item for item in items if "GraphicType" in item]
    texts = [item for item in items if "UnformattedTextValue" in item]
    return _made(
        GraphicLayer=layer,
        GraphicObjectSequence=graphics or None,
        TextObjectSequence=texts or None,
        ReferencedImageSequence=list(references) or None,
    )


def layer(name: str, order: int, level: int | None = None, **overrides: Any) -> Dataset:
    """An item of Graphic Layer Sequence."""
    given = {
        "GraphicLayer": name,
        "GraphicLayerOrder": order,
        "GraphicLayerRecommendedDisplayGrayscaleValue": level,
    }
    return _made(**(given | overrides))


def with_overlay(dataset: Dataset, group: int, bitmap: NDArray[np.bool_], *, layer: str = "") -> Dataset:
    """The state with an overlay of its own, switched on by the name of a layer; returns the same data set."""
    rows, columns = bitmap.shape
    dataset.add_new((group, 0x0010), "US", rows)
    dataset.add_new((group, 0x0011), "US", columns)
    dataset.add_new((group, 0x0040), "CS", "G")
    dataset.add_new((group, 0x0050), "SS", [1, 1])
    dataset.add_new((group, 0x0100), "US", 1)
    dataset.add_new((group, 0x0102), "US", 0)
    if layer:
        dataset.add_new((group, 0x1001), "CS", layer)
    packed = np.packbits(bitmap.ravel(), bitorder="little").tobytes()
    dataset.add_new((group, 0x3000), "OW", packed + bytes(len(packed) % 2))
    return dataset
