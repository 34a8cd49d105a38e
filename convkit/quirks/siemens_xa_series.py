"""Siemens XA, classic export: every volume of a run comes as a series of its own, numbered 7001, 7002, ..."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import MergeQuirk, TraitsQuirk

_RUN = 1000
"""Series of one acquisition share their number without its last three digits."""


def _applies(header: Header) -> bool:
    number = header.integer("SeriesNumber")
    return (
        "MFSPLIT" in header.texts("ImageType")
        and header.text("Manufacturer").upper().startswith("SIEMENS")
        and number is not None
        and number > _RUN
    )


def _acquisition(header: Header) -> Hashable:
    return (
        (header.integer("SeriesNumber") or 0) // _RUN,
        header.text("ProtocolName"),
        header.text("SeriesDescription"),
        header.text("FrameOfReferenceUID"),
        header.text("SeriesDate"),
        header.text("SeriesTime"),  # of the acquisition: the same in all its series
        header.sop_class_uid,
    )


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**traits, "series_number": (header.integer("SeriesNumber") or 0) // _RUN * _RUN + 1}


QUIRK = MergeQuirk(
    name="siemens-xa-series",
    why="Image Type contains MFSPLIT: an enhanced object was split for export, each volume into a series; data set "
    "neurolabusc/dcm_qa_xa30i",
    applies=_applies,
    acquisition=_acquisition,
    said="an enhanced object of Siemens XA was split for export, each volume into a series",
)

NUMBERS = TraitsQuirk(
    name="siemens-xa-series-number",
    why=QUIRK.why,
    keywords=("SeriesNumber", "ImageType", "Manufacturer"),
    applies=_applies,
    fix=_fix,
)
