"""How likely it is that text in the pixels of an image tells who the patient is, judged by its header.

The levels are for the policy; a header alone never proves that an image is clean. Rows of the table are asked in order,
the first that fits decides.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import NamedTuple

from convkit.deid.pixels.facts import Facts
from convkit.dicom import syntaxes

_STORAGE = "1.2.840.10008.5.1.4.1.1."


class Level(IntEnum):
    """How likely text in the pixels is."""

    NONE = 0
    POSSIBLE = 1
    LIKELY = 2
    CERTAIN = 3


class Risk(NamedTuple):
    """A level, and why.

    Attributes
    ----------
    level : Level
    code : str
        Stable, such as ``ultrasound``.
    why : str
        The end of a sentence.
    """

    level: Level
    code: str
    why: str


SECONDARY_CAPTURE = frozenset(_STORAGE + end for end in ("7", "7.1", "7.2", "7.3", "7.4"))
"""Secondary Capture Image Storage and its multi-frame kinds (PS3.4 B.5)."""

ULTRASOUND = frozenset(_STORAGE + end for end in ("3", "3.1", "6", "6.1", "6.2", "6.3"))
"""US and US multi-frame, retired ones too, enhanced US volumes, and photoacoustic images."""

DOCUMENTS = _STORAGE + "104."
"""Encapsulated PDF, CDA, STL, OBJ, MTL (PS3.4 B.5)."""

VISIBLE_LIGHT = _STORAGE + "77.1."
"""Endoscopy, microscopy, photographs, ophthalmology, and the videos of them; whole-slide pictures show labels."""

_SLICES = frozenset(_STORAGE + end for end in ("2", "2.1", "2.2", "4", "4.1", "4.3", "4.4", "128", "128.1", "130"))
"""CT, MR and PET, enhanced and legacy converted too."""

_COMPUTED = frozenset(
    _STORAGE + end for end in ("30", "66.4", "66.7", "481.2", "67", "4.2", "66", "66.1", "66.2", "66.3", "66.5")
)
"""Parametric maps, segmentations, doses, real-world maps, spectra, raw data, registrations: no pictures to be read."""

_VIDEO_MODALITIES = frozenset({"US", "IVUS", "XC", "ES", "GM", "SM", "OP", "DMS", "IO"})
_CAPTURED = frozenset({"DV", "DI", "DF", "WSD", "SD", "SI", "DRW", "SYN"})
"""Conversion Types (PS3.3 C.8.6.1): digitized video, digital interface, film, workstation, documents, images, drawings,
synthetic."""

_REPORT_TYPES = ("SCREEN SAVE", "SCREENSAVE", "SCREENSHOT", "DOSE", "REPORT", "PROTOCOL", "LABEL", "OVERVIEW", "CSA")
"""Words in Image Type of dose sheets, screen shots, protocol pages, labels of slides, and scanner reports."""

_PROJECTIONS = frozenset({"CR", "DX", "MG", "RF", "XA", "RG", "PX", "IO", "NM", "OT", "XC", "DF", "DS", "TG", "BMD"})

_Test = Callable[[Facts, str], bool]


def _is_document(facts: Facts, _syntax: str) -> bool:
    return facts.sop_class.startswith(DOCUMENTS) or facts.modality == "DOC"


def _is_report(facts: Facts, _syntax: str) -> bool:
    return any(word in value for value in facts.image_type for word in _REPORT_TYPES)


def _is_capture(facts: Facts, _syntax: str) -> bool:
    is_class = facts.sop_class in SECONDARY_CAPTURE
    return is_class or facts.modality in {"SC", "OT", "DOC"} or facts.conversion_type in _CAPTURED


def _is_ultrasound(facts: Facts, _syntax: str) -> bool:
    return facts.sop_class in ULTRASOUND or facts.modality in {"US", "IVUS"} or bool(facts.regions)


def _is_visible_light(facts: Facts, _syntax: str) -> bool:
    return facts.sop_class.startswith(VISIBLE_LIGHT) or facts.modality in _VIDEO_MODALITIES


def _is_plain_slice(facts: Facts, _syntax: str) -> bool:
    is_original = facts.image_type[:2] == ("ORIGINAL", "PRIMARY")
    return facts.sop_class in _SLICES and is_original and not facts.has_capture_device


_TABLE: tuple[tuple[_Test, Level, str, str], ...] = (
    (_is_document, Level.CERTAIN, "document", "it holds a document"),
    (lambda f, _: not f.has_pixels, Level.NONE, "none", "it has no pixels"),
    (lambda f, _: f.burned_in == "YES", Level.CERTAIN, "said-burned", "(0028,0301) BurnedInAnnotation is YES"),
    (lambda _, syntax: syntax in syntaxes.VIDEO, Level.LIKELY, "video", "it is a video"),
    (_is_report, Level.LIKELY, "report", "(0008,0008) ImageType says screen shot or report"),
    (_is_capture, Level.LIKELY, "capture", "it is a secondary capture or was digitized"),
    (_is_ultrasound, Level.LIKELY, "ultrasound", "it is an ultrasound image"),
    (_is_visible_light, Level.POSSIBLE, "visible-light", "it is a photograph or a video picture"),
    (lambda f, _: f.sop_class in _COMPUTED, Level.NONE, "computed", "it is computed data, no picture"),
    (lambda f, _: f.has_capture_device, Level.LIKELY, "digitizer", "a device that digitized it is named"),
    (lambda f, _: f.recognizable_features == "YES", Level.POSSIBLE, "visible", "features can be recognized"),
    (_is_plain_slice, Level.NONE, "slice", "it is an original slice"),
    (lambda f, _: f.modality in _PROJECTIONS, Level.POSSIBLE, "projection", "its kind often carries text"),
    # A header that says NO is believed only where the kind of image gives no reason to doubt it.
    (lambda f, _: f.burned_in == "NO", Level.NONE, "said-clean", "(0028,0301) BurnedInAnnotation is NO"),
    (lambda f, _: f.sop_class in _SLICES, Level.POSSIBLE, "derived", "it is a derived slice"),
)


def risk_of(facts: Facts, transfer_syntax: str) -> Risk:
    """How likely text in the pixels is, by the header."""
    for test, level, code, why in _TABLE:
        if test(facts, transfer_syntax):
            return Risk(level, code, why)
    return Risk(Level.POSSIBLE, "unknown", "its kind is not known to be free of text")
