"""Philips MR: diffusion weighting in private elements, which older releases have alone and newer ones repeat."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.diffusion import Gradient
from convkit.quirks._gradients import gradient
from convkit.quirks._quirk import GradientQuirk

_DIRECTIONS = ("PhilipsDiffusionDirectionRL", "PhilipsDiffusionDirectionAP", "PhilipsDiffusionDirectionFH")

KEYWORDS = (
    "Manufacturer",
    "PhilipsDiffusionBFactor",
    *_DIRECTIONS,
    "DiffusionBValue",
    "DiffusionDirectionality",
    "DiffusionGradientOrientation",
)


def is_philips_diffusion(header: Header) -> bool:
    """True where an image of Philips gives a b-value, in the private element or in that of the standard."""
    # The private creator Philips Imaging DD 001 was checked when the header was read (PS3.5 7.8.1).
    if header.number("PhilipsDiffusionBFactor") is not None:
        return True
    is_philips = header.text("Manufacturer").upper().startswith("PHILIPS")
    return is_philips and header.number("DiffusionBValue") is not None


def philips_gradient(header: Header) -> Gradient | None:
    """The weighting of a Philips image."""
    b_value = header.number("DiffusionBValue")
    if b_value is None:
        b_value = header.number("PhilipsDiffusionBFactor")
    if header.text("DiffusionDirectionality") == "ISOTROPIC":
        return gradient(b_value, (), "(0018,9075)")
    standard = gradient(b_value, header.numbers("DiffusionGradientOrientation"), "(0018,9089)")
    if standard is not None and standard.direction_lps is not None:
        return standard
    components = [n for n in map(header.number, _DIRECTIONS) if n is not None]
    return gradient(b_value, components, "(2005,xxB0)")


QUIRK = GradientQuirk(
    name="philips-diffusion",
    why="(2001,xx03) b-factor of creator Philips Imaging DD 001 and (2005,xxB0) to (2005,xxB2) direction of creator "
    "Philips MR Imaging DD 001, in the patient's frame; a weighted image without a direction is derived (trace); "
    "Philips MR conformance statements, data sets neurolabusc/dcm_qa_philips and dcm_qa_philips_dwi",
    keywords=KEYWORDS,
    applies=is_philips_diffusion,
    gradient=philips_gradient,
)
