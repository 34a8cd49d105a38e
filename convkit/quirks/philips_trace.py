"""Philips MR: a derived trace or ADC image among the directed images of a diffusion series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._gradients import UNWEIGHTED_BELOW
from convkit.quirks._quirk import TraitsQuirk
from convkit.quirks.philips_diffusion import KEYWORDS, is_philips_diffusion, philips_gradient


def _applies(header: Header) -> bool:
    if not is_philips_diffusion(header):
        return False
    gradient = philips_gradient(header)
    return gradient is not None and gradient.b_value >= UNWEIGHTED_BELOW and gradient.direction_lps is None


def _fix(_header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**traits, "weighting": "trace"}


QUIRK = TraitsQuirk(
    name="philips-trace",
    why="The scanner appends an isotropic image to the directed ones: weighted, with direction (0, 0, 0) and "
    "(2001,xx04) I, or (0018,9075) ISOTROPIC; data set neurolabusc/dcm_qa_philips, series 601",
    keywords=KEYWORDS,
    applies=_applies,
    fix=_fix,
)
