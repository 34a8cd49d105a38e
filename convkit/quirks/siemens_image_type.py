"""Siemens MR: what was done to an image, as its type says."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import has_protocol

_CORRECTED = frozenset({"DIS2D", "DIS3D"})
_NOT_CORRECTED = "ND"
_DEEP_LEARNING = frozenset({"DRB", "DRG", "DRS"})
"""Deep Resolve Boost, Gain and Sharp."""


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    more = header.texts("SiemensXAImageType")
    found: dict[str, Any] = {"ImageTypeText": list(more)} if more else {}
    marks = {*header.texts("ImageType"), *more}
    if marks & _CORRECTED or _NOT_CORRECTED in marks:
        found["NonlinearGradientCorrection"] = bool(marks & _CORRECTED)
    if marks & _DEEP_LEARNING:
        found["DeepLearning"] = True
        found["DeepLearningDetails"] = header.text("SiemensXAReconstruction") or None
    if header.text("SiemensImageOrientationText"):
        found["ImageOrientationText"] = header.text("SiemensImageOrientationText")
    return found


QUIRK = FactsQuirk(
    name="siemens-image-type",
    why="Values of Image Type and of (0021,xx75) of creator SIEMENS MR SDI 02; Siemens MR conformance statements, "
    "dcm2niix's vendor notes on Siemens; data sets neurolabusc/dcm_qa_xa30 and dcm_qa_xa30i",
    applies=has_protocol,
    facts=_facts,
)
