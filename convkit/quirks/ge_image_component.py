"""GE MR: a private element says whether an image is magnitude, phase, real or imaginary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import TraitsQuirk

_COMPONENTS = {0: "mag", 1: "phase", 2: "real", 3: "imag"}


def _applies(header: Header) -> bool:
    # The private creator GEMS_PARM_01 was checked when the header was read (PS3.5 7.8.1).
    return header.integer("GEImageComponent") in _COMPONENTS


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**traits, "component": _COMPONENTS[header.integer("GEImageComponent") or 0]}


QUIRK = TraitsQuirk(
    name="ge-image-component",
    why="(0043,102F) of creator GEMS_PARM_01, GE MR conformance statements; data set neurolabusc/dcm_qa_fmap",
    keywords=("GEImageComponent",),
    applies=_applies,
    fix=_fix,
)
