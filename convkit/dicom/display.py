"""What a header says of display: rescale, windows, tables, padding, polarity, pixel aspect (PS3.3 C.11, C.7.6.3).

For the header of one frame, read with `attributes.display_table`. Nothing is applied here. What cannot be used is
left out with a note, but for a rescale or a Modality LUT: without them every value would be wrong.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import NamedTuple

from convkit.dicom.header import Header
from convkit.dicom.icc import neutral
from convkit.dicom.lookup_tables import TableItem, table_items
from convkit.dicom.pixel_aspect import aspect_of
from convkit.dicom.sequences import FarValue, items_of
from convkit.dicom.values import numbers
from convkit.errors import InputError, MissingAttributeError
from convkit.model.display import Display, LookupTable, Voi, VoiFunction, Window
from convkit.model.notes import Note, note

_LEAST_LINEAR_WIDTH = 1.0
"""Least width of a LINEAR window (PS3.3 C.11.2.1.2.1); the other functions take any that is positive."""

_NO_UNITS = frozenset({"", "US"})
"""Rescale Types that say that the unit is not specified (PS3.3 C.11.1.1.2)."""

_VR = slice(12, 14)
"""Where the first element of the first item of a sequence has its value representation, if it has one."""


class DisplayFound(NamedTuple):
    """How a frame is meant to be shown, and what the user must know of it.

    Attributes
    ----------
    display : Display
    notes : tuple of Note
    """

    display: Display
    notes: tuple[Note, ...] = ()


class ModalityTable(NamedTuple):
    """A Modality LUT.

    Attributes
    ----------
    table : LookupTable
        Stored value to real value.
    kind : str
        Modality LUT Type, the unit of real values (PS3.3 C.11.1.1.2); ``US`` is unspecified.
    """

    table: LookupTable
    kind: str


class _Levels(NamedTuple):
    """Stored to real values, as the header says, and the range of either.

    Attributes
    ----------
    slope, intercept : float
    table : LookupTable or None
    units : str
    stored : (int, int)
        Least and greatest stored value that the bits allow.
    is_signed : bool
        True where real values may be negative, so that a table over them may start below 0.
    """

    slope: float
    intercept: float
    table: LookupTable | None
    units: str
    stored: tuple[int, int]
    is_signed: bool


def display_of(header: Header) -> DisplayFound:
    """How the frame of a header is meant to be shown.

    Parameters
    ----------
    header : Header
        Of one frame, read with `attributes.display_table`. Slope and intercept are as the header has them: what the
        vendor means by them, and real world values, are for whoever calls.

    Raises
    ------
    MissingAttributeError
        Rescale Slope or Intercept is no usable number (``values.bad-rescale``).
    InputError
        The Modality LUT cannot be used (``values.bad-lut``).
    """
    notes: list[Note] = []
    levels = _levels(header)
    display = Display(
        header.text("Modality"),
        levels.slope,
        levels.intercept,
        levels.table,
        levels.units,
        (*_windows(header, notes), *_voi_tables(header, levels, notes)),
        _is_inverse(header, notes),
        _padding(header, levels),
        _presentation_table(header, notes),
        _bits_stored(header),
        header.integer("PixelRepresentation") == 1,
        aspect_of(header),
    )
    return DisplayFound(display, tuple(notes))


def has_burned_in(header: Header) -> bool:
    """True where the header says that the pixels identify the patient (PS3.3 C.7.6.1.1.1, Burned In Annotation)."""
    return header.text("BurnedInAnnotation").upper() == "YES"


def icc_profile_of(header: Header) -> bytes:
    """The ICC profile of the colours; that of the first optical path of a slide picture; empty where there is none.

    Without its texts, dates and private tags (`convkit.dicom.icc.neutral`): they say where a picture comes from.

    Raises
    ------
    InputError
        The file is gone, or the sequence of optical paths leads nowhere.
    """
    profile = header.far("ICCProfile")
    if profile is not None and profile.data:
        return neutral(profile.data)
    paths = items_of(header.far("OpticalPathSequence"))
    return neutral(next((found for found in (path.find(0x00282000) for path in paths) if found), b""))


# --- stored to real values ---------------------------------------------------------------------------------


def _levels(header: Header) -> _Levels:
    stored = _stored_range(header)
    found = modality_table_of(header)
    if found is not None:
        units = "" if found.kind in _NO_UNITS else found.kind
        return _Levels(1.0, 0.0, found.table, units, stored, is_signed=False)
    slope = _number(header, "RescaleSlope", "0028,1053", 1.0)
    intercept = _number(header, "RescaleIntercept", "0028,1052", 0.0)
    lowest = min(slope * stored[0], slope * stored[1]) + intercept
    return _Levels(slope, intercept, None, _units(header), stored, lowest < 0)


def modality_table_of(header: Header) -> ModalityTable | None:
    """The Modality LUT of an image; None where there is none, so that its rescale counts.

    PS3.3 C.11.1: a table and a rescale exclude each other; of both, DCMTK and pydicom take the table, too.

    Parameters
    ----------
    header : Header
        Of one frame.

    Raises
    ------
    InputError
        It cannot be used (``values.bad-lut``).
    """
    if not header.has_far("ModalityLUTSequence"):
        return None
    wrong = InputError(
        "(0028,3000) ModalityLUTSequence cannot be used, so the values are unknown.", header.path, "", "values.bad-lut"
    )
    try:
        items = _items(header, "ModalityLUTSequence")
    except InputError as err:
        raise wrong from err
    if not items:
        return None
    table = items[0].table(is_signed=_stored_range(header)[0] < 0)
    if table is None:
        raise wrong
    return ModalityTable(table, items[0].kind)


def _stored_range(header: Header) -> tuple[int, int]:
    bits = _bits_stored(header)
    if header.integer("PixelRepresentation") == 1:
        return -(1 << bits - 1), (1 << bits - 1) - 1
    return 0, (1 << bits) - 1


def _bits_stored(header: Header) -> int:
    bits = header.integer("BitsStored") or header.integer("BitsAllocated") or 0
    return bits if 0 < bits <= 64 else 16


def _number(header: Header, keyword: str, tag: str, default: float) -> float:
    if not header.has(keyword):
        return default
    number = header.number(keyword)
    if number is None or (keyword.endswith("Slope") and number == 0):
        raise MissingAttributeError(f"({tag}) {keyword} is no usable number.", header.path, "", "values.bad-rescale")
    return number


def _units(header: Header) -> str:
    units = header.text("Units") or header.text("RescaleType")
    if not units and header.text("Modality") == "CT" and header.has("RescaleIntercept"):
        return "HU"  # PS3.3 C.8.2.1.1.5, unless Rescale Type says otherwise
    return "" if units in _NO_UNITS else units


# --- values of interest ------------------------------------------------------------------------------------


def _windows(header: Header, notes: list[Note]) -> list[Window]:
    """The windows that can be used, in the order of the header (PS3.3 C.11.2.1.2)."""
    centers, widths = _decimals(header, "WindowCenter"), _decimals(header, "WindowWidth")
    if not centers and not widths:
        return []
    function, explanations = _function(header, notes), header.texts("WindowCenterWidthExplanation")
    pairs = list(zip_longest(centers, widths, explanations[: max(len(centers), len(widths))]))
    found = [
        Window(center, width, function, explanation or "")
        for center, width, explanation in pairs
        if center is not None and width is not None and _is_width(width, function)
    ]
    if len(found) < len(pairs):
        notes.append(note("display.bad-window", where=header.path))
    return found


def _is_width(width: float, function: VoiFunction) -> bool:
    return width >= _LEAST_LINEAR_WIDTH if function is VoiFunction.LINEAR else width > 0


def _decimals(header: Header, keyword: str) -> tuple[float | None, ...]:
    """Numbers of a multi-valued decimal string, None for each that is none."""
    raw = header.raw(keyword)
    if not raw or not raw.strip(b" \0"):
        return ()
    return header.numbers(keyword) or tuple(map(_decimal, raw.strip(b" \0").split(b"\\")))


def _decimal(raw: bytes) -> float | None:
    found = numbers(raw, "DS")
    return found[0] if found else None


def _function(header: Header, notes: list[Note]) -> VoiFunction:
    text = header.text("VOILUTFunction").upper()
    if not text:
        return VoiFunction.LINEAR  # PS3.3 C.11.2.1.3: the default
    try:
        return VoiFunction(text)
    except ValueError:
        text = "(0028,1056) VOILUTFunction is none of the standard's; windows are taken as LINEAR."
        notes.append(note("display.bad-window", text, where=header.path))
        return VoiFunction.LINEAR


def _voi_tables(header: Header, levels: _Levels, notes: list[Note]) -> list[Voi]:
    if not header.has_far("VOILUTSequence"):
        return []
    tables = [item.table(is_signed=levels.is_signed) for item in _optional_items(header, "VOILUTSequence", notes)]
    if None in tables:
        notes.append(note("display.bad-lut", where=header.path))
    return [table for table in tables if table is not None]


def _presentation_table(header: Header, notes: list[Note]) -> LookupTable | None:
    if not header.has_far("PresentationLUTSequence"):
        return None
    items = _optional_items(header, "PresentationLUTSequence", notes)
    table = items[0].table(is_signed=False) if items else None
    if items and table is None:
        notes.append(note("display.bad-lut", where=header.path))
    return table


def _optional_items(header: Header, keyword: str, notes: list[Note]) -> list[TableItem]:
    try:
        return _items(header, keyword)
    except InputError:
        notes.append(note("display.bad-lut", where=header.path))
        return []


def _items(header: Header, keyword: str) -> list[TableItem]:
    """The tables of a sequence: that of the frame, which its functional group holds whole, or that of the object."""
    held = header.raw(keyword)
    far = FarValue(held, held[_VR].isalpha() and held[_VR].isupper()) if held else header.far(keyword)
    return table_items(items_of(far), charset=header.charset, syntax=header.transfer_syntax)


# --- what is no part of the image, and which end is white ------------------------------------------------------


def _padding(header: Header, levels: _Levels) -> tuple[int, int] | None:
    """Range of stored values that are padding (PS3.3 C.7.5.1.1.2), None where there is none or it cannot be."""
    value = _stored_value(header, "PixelPaddingValue", levels.stored)
    if value is None or header.integer("SamplesPerPixel") not in {None, 1}:
        return None
    limit = _stored_value(header, "PixelPaddingRangeLimit", levels.stored)
    # The limit is the greater one in MONOCHROME2 and the smaller one in MONOCHROME1.
    return (value, value) if limit is None else (min(value, limit), max(value, limit))


def _stored_value(header: Header, keyword: str, stored: tuple[int, int]) -> int | None:
    """A word of the header as a stored value, whichever of US and SS it was written as; None where it can be none."""
    raw = header.raw(keyword)
    if raw is None or len(raw) < 2:
        return None
    value = int.from_bytes(raw[:2], "little", signed=stored[0] < 0)
    if stored[1] < value <= stored[1] - stored[0] and stored[0] < 0:
        value -= stored[1] - stored[0] + 1  # 12 bits stored, signed: 0x0800 is written for -2048
    return value if stored[0] <= value <= stored[1] else None


def _is_inverse(header: Header, notes: list[Note]) -> bool:
    """True where the smallest value is to be white.

    PS3.3 C.7.6.1: Presentation LUT Shape is INVERSE with MONOCHROME1 and IDENTITY with MONOCHROME2. Where the two
    contradict each other, the shape counts, as in DCMTK.
    """
    is_light_first = header.text("PhotometricInterpretation") == "MONOCHROME1"
    shape = header.text("PresentationLUTShape").upper()
    if shape not in {"IDENTITY", "INVERSE"}:
        return is_light_first  # LIN OD is for film only
    is_inverse = shape == "INVERSE"
    if is_inverse != is_light_first and header.text("PhotometricInterpretation").startswith("MONOCHROME"):
        notes.append(note("display.polarity", where=header.path))
    return is_inverse
