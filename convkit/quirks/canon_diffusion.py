"""Canon and Toshiba: the direction as text in Image Comments, and unweighted images that say nothing.

Image Comments is free text. It is matched against one pattern here, and nothing else of it goes anywhere.
"""

from __future__ import annotations

import re

from convkit.dicom.header import Header
from convkit.model.diffusion import Direction, Gradient
from convkit.model.directions import is_orientation, normal_of, steepest_axis
from convkit.quirks._gradients import from_image_axes, gradient
from convkit.quirks._quirk import GradientQuirk

_NUMBER = r"\s*(-?\d+(?:\.\d+)?)\s*"
_COMMENT = re.compile(rf"b={_NUMBER}\({_NUMBER},{_NUMBER},{_NUMBER}\)")
_SAME_B = 1.0
"""s/mm²; a text whose b-value differs by more is that of another image."""

_MAKERS = ("CANON", "TOSHIBA")


def _applies(header: Header) -> bool:
    return header.text("Modality") == "MR" and header.text("Manufacturer").upper().startswith(_MAKERS)


def _gradient(header: Header) -> Gradient | None:
    b_value = header.number("DiffusionBValue")
    standard = header.numbers("DiffusionGradientOrientation")
    if b_value is not None and standard:
        return None  # software V6.1 and Toshiba: as in the standard
    found = _COMMENT.match(header.text("ImageComments"))
    if not found:
        # Unweighted images of a series tell no b-value; an image that is no diffusion image at all is not weighted.
        return gradient(b_value or 0.0, (), "(0018,9087)")
    told = float(found[1])
    if b_value is not None and abs(b_value - told) > _SAME_B:
        return gradient(b_value, (), "(0018,9087)")
    return gradient(told if b_value is None else b_value, standard or _patient_frame(header, found), "(0020,4000)")


def _patient_frame(header: Header, found: re.Match[str]) -> Direction | tuple[()]:
    """The vector of the text: along phase encoding, frequency encoding and slice; empty where these are not told.

    That is a right-handed frame, but in coronal images phase encoding runs the other way.
    """
    phase, frequency, through = (float(found[k]) for k in (2, 3, 4))
    if _is_coronal(header):
        phase = -phase  # as dcm2niix has it; no data set to measure it on
    along = header.text("InPlanePhaseEncodingDirection")
    if along.startswith("COL"):
        return from_image_axes(header, frequency, phase, -through)
    return from_image_axes(header, phase, -frequency, -through) if along == "ROW" else ()


def _is_coronal(header: Header) -> bool:
    cosines = header.numbers("ImageOrientationPatient")
    return is_orientation(cosines) and steepest_axis(normal_of(cosines)) == 1


QUIRK = GradientQuirk(
    name="canon-diffusion",
    why="Software V6.0 writes b=1500(0.445,0.000,0.895) into (0020,4000) instead of (0018,9089), and images with b=0 "
    "lack (0018,9087); along phase, frequency and slice: measured in four series with phase along columns and rows, "
    "data set neurolabusc/dcm_qa_canon",
    keywords=(
        "Modality",
        "Manufacturer",
        "DiffusionBValue",
        "DiffusionGradientOrientation",
        "ImageComments",
        "InPlanePhaseEncodingDirection",
        "ImageOrientationPatient",
    ),
    applies=_applies,
    gradient=_gradient,
)
