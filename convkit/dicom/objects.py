"""What kind of object a header describes: an image to convert, or why not (PS3.4 B.5, PS3.3 A)."""

from __future__ import annotations

from functools import cache

from convkit.dicom import syntaxes
from convkit.dicom.header import Header
from convkit.model.notes import Note, note

DICOMDIR = "1.2.840.10008.1.3.10"

_STORAGE = "1.2.840.10008.5.1.4.1.1."

_NOT_IMAGES = {
    _STORAGE + "9.": "a waveform",
    _STORAGE + "11.": "a presentation state",
    _STORAGE + "66": "raw data, a registration, a segmentation or a surface",
    _STORAGE + "67": "a real-world value mapping",
    _STORAGE + "68.": "a surface scan",
    _STORAGE + "78.": "an ophthalmic measurement",
    _STORAGE + "79.": "a macular grid or measurement",
    _STORAGE + "80.": "a thickness or topography map",
    _STORAGE + "88.": "a structured report",
    _STORAGE + "90.": "a content assessment result",
    _STORAGE + "91.": "a microscopy annotation",
    _STORAGE + "104.": "an encapsulated document",
    _STORAGE + "200.": "a protocol",
    _STORAGE + "201.": "an inventory",
    _STORAGE + "481.3": "a structure set",
    _STORAGE + "481.4": "a treatment record",
    _STORAGE + "481.5": "a treatment plan",
    _STORAGE + "481.6": "a treatment record",
    _STORAGE + "481.7": "a treatment record",
    _STORAGE + "481.8": "a treatment plan",
    _STORAGE + "481.9": "a treatment record",
    _STORAGE + "4.2": "spectroscopy",
    "1.2.840.10008.5.1.4.34.": "a treatment or procedure instruction",
    "1.2.840.10008.5.1.4.38.": "a hanging protocol",
    "1.2.840.10008.5.1.4.39.": "a color palette",
    "1.2.840.10008.5.1.4.43.": "an implant template",
    "1.2.840.10008.5.1.4.44.": "an implant template",
    "1.2.840.10008.5.1.4.45.": "an implant template",
}
"""Start of a SOP Class UID to what it holds. Segmentations (66.4, 66.7) have pixels, but are label maps: see below."""

_LABELS = frozenset(_STORAGE + n for n in ("66.4", "66.7"))
"""Segmentations: pixels that are labels of another series."""

_MICROSCOPY = _STORAGE + "77.1.6"
"""Whole slide microscopy: tiles of a picture too large for a volume."""

PLANE_REQUIRED = frozenset(_STORAGE + n for n in ("2", "2.1", "2.2", "4", "4.1", "4.4", "128", "128.1", "130"))
"""CT, MR and PET images, classic and enhanced: a plane is mandatory, so a missing position is a defect (PS3.3 A.3, A.4,
A.36, A.38, A.56)."""


def not_convertible(header: Header) -> Note | None:
    """Why an object is no image that can become part of a volume, or None where it is one."""
    sop_class = header.sop_class_uid
    if is_directory(header):
        return note("input.dicomdir", where=header.path)
    kind = _not_image(sop_class)
    if kind and sop_class not in _LABELS:
        return note("object.not-image", f"Not a volume because the object holds {kind}.", where=header.path)
    if not sop_class:
        text = "(0008,0016) SOPClassUID is missing, so it is unknown what the object is."
        return note("header.missing-attribute", text, where=header.path)
    # An image of the standard without pixels is a defect, perhaps a file cut at the end of an element.
    if not header.parsed.pixel_keyword and not sop_class.startswith(_STORAGE):
        return note("object.not-image", "Not a volume because the object holds no pixels.", where=header.path)
    return _set_aside(header, sop_class)


def not_a_picture(header: Header) -> Note | None:
    """Why an object has no picture to show, or None where it has; segmentations and slide pictures have one."""
    if is_directory(header):
        return note("input.dicomdir", where=header.path)
    if not header.parsed.pixel_keyword:
        kind = _not_image(header.sop_class_uid) or "no pixels"
        is_image = not _not_image(header.sop_class_uid) and header.sop_class_uid.startswith(_STORAGE)
        if is_image:
            return note("pixels.missing", where=header.path)
        return note("object.not-image", f"No picture because the object holds {kind}.", where=header.path)
    if header.transfer_syntax in syntaxes.VIDEO:
        return note("object.video", where=header.path)
    if not syntaxes.is_decodable(header.transfer_syntax):
        return note("object.unknown-syntax", where=header.path)
    return None


def is_segmentation(header: Header) -> bool:
    """True for labels of another series (PS3.3 A.51)."""
    return header.sop_class_uid in _LABELS


def is_directory(header: Header) -> bool:
    """True for a DICOMDIR, an index of a medium (PS3.10 8)."""
    return DICOMDIR in {header.parsed.media_class, header.sop_class_uid}


@cache
def _not_image(sop_class: str) -> str:
    return next((kind for start, kind in _NOT_IMAGES.items() if _starts(sop_class, start)), "")


def _starts(sop_class: str, start: str) -> bool:
    return (
        sop_class.startswith(start) if start.endswith(".") else sop_class == start or sop_class.startswith(start + ".")
    )


def _set_aside(header: Header, sop_class: str) -> Note | None:
    if header.transfer_syntax in syntaxes.VIDEO:
        return note("object.video", where=header.path)
    if sop_class in _LABELS or sop_class == _MICROSCOPY:
        return note("object.multi-frame", where=header.path)
    if header.parsed.pixel_keyword in {"FloatPixelData", "DoubleFloatPixelData"}:
        return note("object.float-pixels", where=header.path)
    if not syntaxes.is_decodable(header.transfer_syntax):
        return note("object.unknown-syntax", where=header.path)
    return None
