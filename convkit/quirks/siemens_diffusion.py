"""Siemens: b-value and direction in private elements, in the patient's frame."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.diffusion import Gradient
from convkit.quirks._gradients import gradient, principal_direction
from convkit.quirks._quirk import GradientQuirk

_UNDIRECTED = frozenset({"NONE", "ISOTROPIC"})


def _applies(header: Header) -> bool:
    # The private creator SIEMENS MR HEADER was checked when the header was read (PS3.5 7.8.1); what the CSA header
    # says stands under the same keywords.
    return header.number("SiemensBValue") is not None


def _gradient(header: Header) -> Gradient | None:
    b_value = header.number("SiemensBValue")
    direction = header.numbers("SiemensDiffusionGradientDirection")
    if direction:
        return gradient(b_value, direction, "(0019,xx0E)")
    b_matrix = header.numbers("SiemensBMatrix")
    if b_matrix and header.text("SiemensDiffusionDirectionality") not in _UNDIRECTED:
        return gradient(b_value, principal_direction(b_matrix), "(0019,xx27)")
    return gradient(b_value, (), "(0019,xx0C)")


QUIRK = GradientQuirk(
    name="siemens-diffusion",
    why="(0019,xx0C) b-value, (0019,xx0E) direction, (0019,xx27) b-matrix of creator SIEMENS MR HEADER, and the CSA "
    "tags B_value, DiffusionGradientDirection and B_matrix; Siemens MR conformance statements, and the note of NA-MIC "
    "on DICOM for DWI and DTI",
    keywords=(
        "SiemensBValue",
        "SiemensDiffusionGradientDirection",
        "SiemensDiffusionDirectionality",
        "SiemensBMatrix",
    ),
    applies=_applies,
    gradient=_gradient,
)
