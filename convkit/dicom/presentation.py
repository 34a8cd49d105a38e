"""Softcopy presentation states: a file to `PresentationState` (PS3.3 A.33, PS3.4 N.2).

One is read in a run, so pydicom reads it. What is not applied is told in a note; a state that would be shown wrong,
such as one that blends images, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError

from convkit.dicom._annotations import drawings_of, numbers, references_of, shutter_bitmap_of
from convkit.dicom._quiet import quiet_pydicom
from convkit.dicom.attributes import display_table
from convkit.dicom.cielab import srgb_of
from convkit.dicom.header import read_header
from convkit.dicom.lookup_tables import table_of
from convkit.dicom.palette import palette_of
from convkit.dicom.pixel_aspect import ratio
from convkit.errors import ConvkitError, InputError, NotDicomError, UnsupportedError
from convkit.model.display import LookupTable, Voi, VoiFunction, Window
from convkit.model.notes import Note, note
from convkit.model.presentation import (
    WHITE,
    Area,
    Circle,
    GreyLevels,
    PresentationState,
    Rectangle,
    Scoped,
    Shutter,
)
from convkit.storage.files import buffered

_STORAGE = "1.2.840.10008.5.1.4.1.1.11."
_GREY, _COLOUR, _PSEUDO_COLOUR, _ANGIOGRAPHY = (_STORAGE + number for number in ("1", "2", "3", "5"))
_SUPPORTED = frozenset((_GREY, _COLOUR, _PSEUDO_COLOUR, _ANGIOGRAPHY))


def presentation_of(path: str | Path) -> PresentationState:
    """Read a softcopy presentation state: grey, colour, pseudo-colour, or of angiography.

    Raises
    ------
    NotDicomError
        The file is not DICOM.
    UnsupportedError
        The file is no presentation state, or one that blends images or makes views of a volume.
    InputError
        The file cannot be read, or what the state says of grey levels makes no sense.
    """
    where = str(path)
    try:
        with quiet_pydicom(), buffered(where) as file:
            dataset = dcmread(file, stop_before_pixels=True)
            _check_kind(str(dataset.get("SOPClassUID", "")), where)
            return _state(dataset, where)
    except ConvkitError:
        raise
    except InvalidDicomError as err:
        raise NotDicomError("The file is not DICOM.", where, "", "input.not-dicom") from err
    except OSError as err:
        reason = err.strerror or type(err).__name__
        raise InputError(f"The file cannot be read ({reason}).", where, "", "input.unreadable") from err
    except Exception as err:
        # pydicom raises many kinds on broken files; each is the file's fault
        what = f"The presentation state cannot be read ({type(err).__name__})."
        raise InputError(what, where, "", "presentation.broken") from err


def _check_kind(sop_class: str, where: str) -> None:
    if sop_class in _SUPPORTED:
        return
    if sop_class.startswith(_STORAGE):
        what = "The presentation state is of a kind that is not applied: it blends images, or makes views of a volume."
    else:
        what = "The file is no presentation state."
    hint = "Give a grayscale, color or pseudo-color softcopy presentation state."
    raise UnsupportedError(what, where, hint, "presentation.unsupported")


def _state(dataset: Dataset, where: str) -> PresentationState:
    sop_class = str(dataset.SOPClassUID)
    is_grey = sop_class != _COLOUR
    annotations = drawings_of(dataset)
    shutter = _shutter(dataset)
    missing = [*annotations.missing, *_not_applied(dataset, shutter)]
    notes: list[Note] = []
    vois = _vois(dataset, where, notes) if is_grey else ()
    if missing:
        text = f"Parts of the presentation state were not applied: {', '.join(missing)}."
        notes.append(note("presentation.partly", text, where=where))
    return PresentationState(
        _references(dataset),
        _levels(dataset, where) if is_grey else None,
        vois,
        _areas(dataset),
        _rotation(dataset, where),
        str(dataset.get("ImageHorizontalFlip") or "").strip().upper() == "Y",
        shutter,
        annotations.drawings,
        _palette(where) if sop_class == _PSEUDO_COLOUR else None,
        tuple(notes),
    )


def _not_applied(dataset: Dataset, shutter: Shutter | None) -> Iterator[str]:
    """Yield the names of parts of a state that have no place in `PresentationState`."""
    if dataset.get("MaskSubtractionSequence"):
        yield "mask subtraction"
    found = shutter or Shutter()
    applied = {
        "RECTANGULAR": found.rectangle,
        "CIRCULAR": found.circle,
        "POLYGONAL": found.polygon,
        "BITMAP": found.bitmap,
    }
    if not all(applied.get(word) for word in _shapes(dataset)):
        yield "a shutter"


def _shapes(dataset: Dataset) -> set[str]:
    """Shutter Shape: the shapes that a shutter is made of."""
    shapes = dataset.get("ShutterShape") or ()
    return {shapes} if isinstance(shapes, str) else set(map(str, shapes))


def _references(dataset: Dataset) -> Mapping[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    for series in dataset.get("ReferencedSeriesSequence") or ():
        found |= references_of(series)
    return found


# --- grey levels -------------------------------------------------------------------------------------------


def _levels(dataset: Dataset, where: str) -> GreyLevels:
    slope, intercept = _number(dataset, "RescaleSlope", 1.0), _number(dataset, "RescaleIntercept", 0.0)
    if not slope:
        what = "(0028,1053) RescaleSlope of the presentation state is no usable number."
        raise InputError(what, where, "", "values.bad-rescale")
    items = dataset.get("ModalityLUTSequence")
    units = str((items[0].get("ModalityLUTType") if items else dataset.get("RescaleType")) or "")
    # PS3.3 C.11.6.1.2: INVERSE turns the output around, whatever Photometric Interpretation the image has
    shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
    return GreyLevels(
        1.0 if items else slope,
        0.0 if items else intercept,
        _needed_table(items, where),
        "" if units == "US" else units,
        _needed_table(dataset.get("PresentationLUTSequence"), where),
        shape == "INVERSE",
    )


def _needed_table(items: Any, where: str) -> LookupTable | None:
    if not items:
        return None
    table = _table(items[0])
    if table is None:
        raise InputError("A look-up table of the presentation state cannot be used.", where, "", "values.bad-lut")
    return table


def _table(item: Dataset) -> LookupTable | None:
    """The table of an item; its first input unsigned, because only an image tells whether it is signed."""
    descriptor, data = item.get("LUTDescriptor") or (), item.get("LUTData")
    words = [int(word) & 0xFFFF for word in descriptor]
    if data is not None and not isinstance(data, bytes):
        data = np.atleast_1d(np.asarray(data, np.int64)).astype("<u2").tobytes()
    explanation = str(item.get("LUTExplanation") or "")
    return table_of(np.array(words, "<u2").tobytes(), data or b"", explanation, is_signed=False)


def _vois(dataset: Dataset, where: str, notes: list[Note]) -> tuple[Scoped[tuple[Voi, ...]], ...]:
    found = []
    for item in dataset.get("SoftcopyVOILUTSequence") or ():
        windows, tables = _windows(item), [_table(t) for t in item.get("VOILUTSequence") or ()]
        voi: tuple[Voi, ...] = (*windows, *(t for t in tables if t is not None))
        if not voi:
            what = "A window or look-up table of the presentation state cannot be used."
            raise InputError(what, where, "", "presentation.broken")
        if None in tables:
            notes.append(note("display.bad-lut", where=where))
        found.append(Scoped(voi, references_of(item)))
    return tuple(found)


def _windows(item: Dataset) -> list[Window]:
    function = VoiFunction(str(item.get("VOILUTFunction") or "LINEAR").strip().upper())
    least = 1.0 if function is VoiFunction.LINEAR else 0.0  # PS3.3 C.11.2.1.2.1
    pairs = zip(numbers(item, "WindowCenter"), numbers(item, "WindowWidth"), strict=False)
    explanations = item.get("WindowCenterWidthExplanation") or ""
    texts = [explanations] if isinstance(explanations, str) else list(explanations)
    return [
        Window(center, width, function, str(texts[place]) if place < len(texts) else "")
        for place, (center, width) in enumerate(pairs)
        if width >= least and width > 0
    ]


def _palette(where: str) -> NDArray[np.uint8]:
    return palette_of(read_header(where, display_table())).colours


# --- place and shape -----------------------------------------------------------------------------------------


def _areas(dataset: Dataset) -> tuple[Scoped[Area], ...]:
    return tuple(
        Scoped(area, references_of(item))
        for item in dataset.get("DisplayedAreaSelectionSequence") or ()
        if (area := _area(item)) is not None
    )


def _area(item: Dataset) -> Area | None:
    # PS3.3 C.10.4: the corner that is at the top left after turning; here the least and the greatest count
    first = numbers(item, "DisplayedAreaTopLeftHandCorner")
    last = numbers(item, "DisplayedAreaBottomRightHandCorner")
    if len(first) != 2 or len(last) != 2:
        return None
    left, right = sorted((int(first[0]), int(last[0])))
    upper, lower = sorted((int(first[1]), int(last[1])))
    # Both of the attributes of a pixel's shape are vertical first.
    aspect = ratio(numbers(item, "PresentationPixelSpacing")) or ratio(numbers(item, "PresentationPixelAspectRatio"))
    return Area(Rectangle(left, upper, right, lower), aspect)


def _rotation(dataset: Dataset, where: str) -> int:
    rotation = int(_number(dataset, "ImageRotation", 0.0))
    if rotation not in {0, 90, 180, 270}:
        what = "(0070,0042) ImageRotation is not 0, 90, 180 or 270."
        raise InputError(what, where, "", "presentation.broken")
    return rotation


def _shutter(dataset: Dataset) -> Shutter | None:
    words = _shapes(dataset)
    vertices = numbers(dataset, "VerticesOfThePolygonalShutter") if "POLYGONAL" in words else ()
    found = Shutter(
        _rectangle(dataset) if "RECTANGULAR" in words else None,
        _circle(dataset) if "CIRCULAR" in words else None,
        tuple(zip(vertices[::2], vertices[1::2], strict=False)) if len(vertices) >= 6 else (),
        shutter_bitmap_of(dataset) if "BITMAP" in words else None,
        min(max(int(_number(dataset, "ShutterPresentationValue", 0.0)), 0), WHITE),
        srgb_of(numbers(dataset, "ShutterPresentationColorCIELabValue")),
    )
    is_there = found.rectangle or found.circle or found.polygon or found.bitmap
    return found if is_there else None


def _rectangle(dataset: Dataset) -> Rectangle | None:
    edges = [
        numbers(dataset, f"Shutter{edge}Edge")[:1]
        for edge in ("LeftVertical", "UpperHorizontal", "RightVertical", "LowerHorizontal")
    ]
    return Rectangle(*(int(edge[0]) for edge in edges)) if all(edges) else None


def _circle(dataset: Dataset) -> Circle | None:
    center, radius = numbers(dataset, "CenterOfCircularShutter"), numbers(dataset, "RadiusOfCircularShutter")
    return Circle(center[0], center[1], radius[0]) if len(center) == 2 and radius else None


def _number(dataset: Dataset, keyword: str, default: float) -> float:
    found = numbers(dataset, keyword)
    return found[0] if found else default
