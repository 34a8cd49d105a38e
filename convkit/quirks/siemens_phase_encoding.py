"""Siemens MR: which way the phase encoding runs along its axis."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._csa import csa_number
from convkit.quirks._quirk import Extent, FactsQuirk

_AXES = {"COL": "j", "COLUMN": "j", "ROW": "i"}
"""PS3.3 C.8.3.1.1 and C.8.13.5.3: COL and COLUMN run along a column, the second axis of the image."""


def _applies(header: Header) -> bool:
    return header.has("SiemensXAPhaseEncodingDirectionPositive") or header.has_far("SiemensCSAImageHeader")


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    axis = _AXES.get(header.text("InPlanePhaseEncodingDirection"))
    positive = _positive(header)
    if axis is None or positive not in {0, 1}:
        return {}
    # 1: along the growing row or column index (measured in 4 series, phase encoding in all 4 directions).
    return {"PhaseEncodingDirection": axis if positive else axis + "-", "PhaseEncodingAxis": None}


def _positive(header: Header) -> float | None:
    found = header.integer("SiemensXAPhaseEncodingDirectionPositive")
    if found is not None:
        return found
    csa = header.far("SiemensCSAImageHeader")
    return csa_number(csa.data, "PhaseEncodingDirectionPositive") if csa else None


QUIRK = FactsQuirk(
    name="siemens-phase-encoding",
    why="CSA image header, tag PhaseEncodingDirectionPositive, and (0021,xx1C) of creator SIEMENS MR SDI 02; "
    "dcm2niix's vendor notes on Siemens; data sets neurolabusc/dcm_qa, dcm_qa_nih, dcm_qa_xa30",
    applies=_applies,
    facts=_facts,
)
