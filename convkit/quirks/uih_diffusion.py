"""United Imaging: b-value and direction in private elements, the direction along the axes of the image."""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.model.diffusion import Gradient
from convkit.quirks._gradients import from_image_axes, gradient
from convkit.quirks._quirk import GradientQuirk


def _applies(header: Header) -> bool:
    # The private creator Image Private Header was checked when the header was read (PS3.5 7.8.1).
    return header.number("UIHBValue") is not None


def _gradient(header: Header) -> Gradient | None:
    given = header.numbers("UIHGradientDirection")
    vector = from_image_axes(header, *given) if len(given) == 3 else ()
    return gradient(header.number("UIHBValue"), vector, "(0065,xx37)")


QUIRK = GradientQuirk(
    name="uih-diffusion",
    why="(0065,xx09) b-value and (0065,xx37) direction of creator Image Private Header, along row, column and "
    "row x column; United Imaging's list of private elements, measured on data set neurolabusc/dcm_qa_uih",
    keywords=("UIHBValue", "UIHGradientDirection", "ImageOrientationPatient"),
    applies=_applies,
    gradient=_gradient,
)
