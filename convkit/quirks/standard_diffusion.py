"""Diffusion weighting as the standard has it: the last to be asked, because vendors fill it in part."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.diffusion import Gradient
from convkit.quirks._gradients import B_MATRIX_KEYWORDS, gradient, principal_direction
from convkit.quirks._quirk import GradientQuirk


def _applies(header: Header) -> bool:
    return header.number("DiffusionBValue") is not None or header.text("DiffusionDirectionality") == "NONE"


def _gradient(header: Header) -> Gradient | None:
    b_value = header.number("DiffusionBValue")
    directionality = header.text("DiffusionDirectionality")
    if directionality == "NONE" or (b_value is not None and directionality == "ISOTROPIC"):
        return gradient(b_value or 0.0, (), "(0018,9075)")
    direction = header.numbers("DiffusionGradientOrientation")
    if direction:
        return gradient(b_value, direction, "(0018,9089)")
    b_matrix = [n for n in map(header.number, B_MATRIX_KEYWORDS) if n is not None]
    if len(b_matrix) == len(B_MATRIX_KEYWORDS):
        return gradient(b_value, principal_direction(b_matrix), "(0018,9601)")
    return gradient(b_value, (), "(0018,9087)")


QUIRK = GradientQuirk(
    name="standard-diffusion",
    why="PS3.3 C.8.13.5.9 MR Diffusion Macro: b-value (0018,9087), direction (0018,9089) in the patient's frame, "
    "directionality (0018,9075), b-matrix (0018,9601), which is all that Bruker gives; Canon and Toshiba from V6.1 and "
    "Siemens XA write the same into classic images",
    keywords=("DiffusionBValue", "DiffusionDirectionality", "DiffusionGradientOrientation", *B_MATRIX_KEYWORDS),
    applies=_applies,
    gradient=_gradient,
)
