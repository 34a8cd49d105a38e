"""Philips MR: a private element says whether an image is magnitude, phase, real or imaginary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import TraitsQuirk

_COMPONENTS = {"M": "mag", "P": "phase", "R": "real", "I": "imag"}


def _applies(header: Header) -> bool:
    # The private creator Philips MR Imaging DD 001 was checked when the header was read (PS3.5 7.8.1).
    return header.text("PhilipsImageType") in _COMPONENTS


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    if traits["component"] is not None:
        return traits
    return {**traits, "component": _COMPONENTS[header.text("PhilipsImageType")]}


QUIRK = TraitsQuirk(
    name="philips-image-type",
    why="(2005,xx11) of creator Philips MR Imaging DD 001, which the scanner repeats in value 4 of Image Type, where "
    "other programs may have replaced it; data set neurolabusc/dcm_qa_philips",
    keywords=("PhilipsImageType",),
    applies=_applies,
    fix=_fix,
)
