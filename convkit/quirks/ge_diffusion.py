"""GE: diffusion weighting in private elements, the direction along frequency, phase and slice."""

from __future__ import annotations

import math

from convkit.dicom.header import Header
from convkit.model.diffusion import Direction, Gradient
from convkit.model.directions import is_orientation, normal_of, steepest_axis
from convkit.quirks._ge import PulseSequence, is_ge_mr, phase_along, sequence_of
from convkit.quirks._gradients import from_image_axes, gradient
from convkit.quirks._quirk import GradientQuirk

_BIAS = 1_000_000_000
"""Added to the b-values of series with several of them, and of computed ones."""

_PARTS = ("GEUserData20", "GEUserData21", "GEUserData22")
_SHORT, _LONG = 0.03, 0.97
"""Vectors between these lengths are scaled: their squared length is the share of the largest b-value of the series."""

_STEP = 5.0
"""s/mm²; b-values that are computed from a share are whole multiples."""

_DIRECTED_KINDS = {None, 0, 14, 16}
"""(0043,xx30): 14 an image before the weighted ones, 16 a weighted one of a tensor series, 0 unknown. Others are
means."""

_CORONAL = 1  # the normal is nearest to the second axis of the patient


def _applies(header: Header) -> bool:
    if not is_ge_mr(header):
        return False
    return header.number("GEBValue") is not None or sequence_of(header) is PulseSequence.DIFFUSION


def _gradient(header: Header) -> Gradient | None:
    b_value = _b_value(header)
    parts = [n for n in map(header.number, _PARTS) if n is not None]
    if len(parts) < len(_PARTS):
        # A missing component is not a zero one: neither direction nor length of the vector is known.
        return _of_standard_direction(header, b_value) or gradient(b_value, (), "(0043,xx39)")
    length = math.hypot(*parts)
    if b_value == 0 or length <= _SHORT:
        return _without_private_direction(header, b_value)
    if length < _LONG:
        b_value = max(_STEP, math.floor(b_value * length**2 / _STEP + 0.5) * _STEP)
    return gradient(b_value, _patient_direction(header, *parts), "(0043,xx39), (0019,xxBB)")


def _b_value(header: Header) -> float:
    # Version 27 and later repeat it in (0018,9087), which they leave out where it is zero.
    private = header.number("GEBValue")
    return float(private % _BIAS) if private is not None else header.number("DiffusionBValue") or 0.0


def _without_private_direction(header: Header, b_value: float) -> Gradient | None:
    standard = _of_standard_direction(header, b_value)
    if standard:
        return standard
    # Series with several b-values, before version 29.1, give their unweighted images the largest one.
    directions = header.number("GENumberOfDiffusionDirections") or 0
    is_unweighted = directions >= 1 and header.integer("GECollapseFlag") in _DIRECTED_KINDS
    return gradient(0.0 if is_unweighted else b_value, (), "(0043,xx39)")


def _of_standard_direction(header: Header, b_value: float) -> Gradient | None:
    standard = header.numbers("DiffusionGradientOrientation")
    is_told = b_value and len(standard) == 3 and any(standard)
    return gradient(b_value, standard, "(0018,9089)") if is_told else None


def _patient_direction(header: Header, frequency: float, phase: float, through: float) -> Direction | tuple[()]:
    """A vector along frequency, phase and slice, in the patient's frame; empty where the axes are not told."""
    cosines, along = header.numbers("ImageOrientationPatient"), phase_along(header)
    if not along or not is_orientation(cosines):
        return ()
    # Up to the sign of the whole: x along the rows or against the columns, z against row x column, and y along the
    # other axis of the image, in coronal images against it.
    is_coronal = steepest_axis(normal_of(cosines)) == _CORONAL
    phase = -phase if is_coronal else phase
    in_plane = (frequency, phase) if along == "COL" else (phase, -frequency)
    return from_image_axes(header, *in_plane, -through)


QUIRK = GradientQuirk(
    name="ge-diffusion",
    why="(0043,xx39), value 1, b-value of creator GEMS_PARM_01; (0019,xxBB) to (0019,xxBD) direction of GEMS_ACQU_01 "
    "along frequency, phase and slice: dcm2niix's vendor notes on GE; rordenlab/dcm2niix issues 602 (bias), 777 "
    "(unweighted images), 970 (planes and rows), pull request 736 (feet first); signs measured on what dcm2niix "
    "makes of edited headers in three planes, because no diffusion series was at hand",
    keywords=(
        "Modality",
        "Manufacturer",
        "GEInternalPulseSequenceName",
        "GEPulseSequenceName",
        "GEGroupDelay",
        "GEEchoSpacing",
        "GEImageComponent",
        "GEBValue",
        *_PARTS,
        "GENumberOfDiffusionDirections",
        "GECollapseFlag",
        "DiffusionBValue",
        "DiffusionGradientOrientation",
        "ImageOrientationPatient",
        "InPlanePhaseEncodingDirection",
    ),
    applies=_applies,
    gradient=_gradient,
)
