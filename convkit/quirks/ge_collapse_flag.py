"""GE MR: images in one series whose kind a private flag alone tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._ge import PulseSequence, sequence_of
from convkit.quirks._quirk import TraitsQuirk

_OF_DIFFUSION = range(14, 20)
"""Values of diffusion-weighted series: 14 unweighted, 15 mean of directions, 16 of a tensor series."""


def _applies(header: Header) -> bool:
    # The private creator GEMS_PARM_01 was checked when the header was read (PS3.5 7.8.1).
    flag = header.integer("GECollapseFlag")
    if flag is None or flag in _OF_DIFFUSION:
        return False
    return not header.number("GEBValue") and sequence_of(header) is not PulseSequence.DIFFUSION


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**traits, "variant": header.integer("GECollapseFlag")}


QUIRK = TraitsQuirk(
    name="ge-collapse-flag",
    why="(0043,xx30) Vas Collapse Flag of creator GEMS_PARM_01 is the only element in which magnitude images (2) and "
    "the field map images (0) of a B0 map differ, observed in three series of data set neurolabusc/dcm_qa_fmap; in "
    "diffusion-weighted series it numbers the weightings (rordenlab/dcm2niix issues 690 and 777)",
    keywords=("GECollapseFlag", "GEBValue", "GEPulseSequenceName", "GEInternalPulseSequenceName", "GEGroupDelay"),
    applies=_applies,
    fix=_fix,
)
