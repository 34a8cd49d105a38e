"""GE EPI: the echo spacing that describes the distortion of the image as it was reconstructed."""

from __future__ import annotations

import math
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._ge import acquired_lines, reconstructed_lines, sampled_share
from convkit.quirks._quirk import Extent, FactsQuirk

_MICROSECOND = 1e-6
_PARTIAL_FOURIER = "PFF"
_WHOLE, _PARTIAL = 2, 4
"""Echo trains have a multiple of so many lines, with whole and with partial Fourier sampling."""

_NOISE = 1e-9
"""Of a line: what binary fractions add to a whole number of lines."""


def _applies(header: Header) -> bool:
    # The private creator GEMS_PARM_01 was checked when the header was read (PS3.5 7.8.1).
    return (header.number("GEEchoSpacing") or 0) > 0


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    image = reconstructed_lines(header)
    matrix, share = acquired_lines(header) or image, sampled_share(header)
    if share is None or min(matrix, image) < 2:
        return {}
    spacing = (header.number("GEEchoSpacing") or 0) * _MICROSECOND
    # The train in the time of which the whole matrix would have been sampled; partial Fourier sampling leaves a part of
    # it out, but does not change the distortion.
    effective = (_train(header, matrix * share) - 1) * spacing / (matrix - 1)
    return {
        "EffectiveEchoSpacing": round(effective, 12),
        # FSL: from the middle of the first line to the middle of the last, of the image as it is.
        "TotalReadoutTime": round(effective * (image - 1), 12),
    }


def _train(header: Header, lines: float) -> int:
    """Lines of an echo train that has at least so many."""
    step = _PARTIAL if _PARTIAL_FOURIER in header.texts("ScanOptions") else _WHOLE
    return math.ceil(lines / step - _NOISE) * step


QUIRK = FactsQuirk(
    name="ge-echo-spacing",
    why="(0043,xx2C) Effective Echo Spacing in microseconds and (0043,xx83) Asset R Factors of creator GEMS_PARM_01, "
    "and the formula for the total readout time in dcm2niix's vendor notes on GE; data sets neurolabusc/dcm_qa_nih, "
    "dcm_qa_stc, dcm_qa_fmap",
    applies=_applies,
    facts=_facts,
)
