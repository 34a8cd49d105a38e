"""GE MR: magnitude and field map in one series, told apart by a private flag alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import TraitsQuirk


def _applies(header: Header) -> bool:
    # The private creator GEMS_PARM_01 was checked when the header was read (PS3.5 7.8.1).
    return header.integer("GECollapseFlag") is not None


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**traits, "variant": header.integer("GECollapseFlag")}


QUIRK = TraitsQuirk(
    name="ge-collapse-flag",
    why="(0043,1030) Vas Collapse Flag of creator GEMS_PARM_01 is the only element in which magnitude images (2) and "
    "the field map images (0) of a B0 map differ; observed in three series of data set neurolabusc/dcm_qa_fmap",
    keywords=("GECollapseFlag",),
    applies=_applies,
    fix=_fix,
)
