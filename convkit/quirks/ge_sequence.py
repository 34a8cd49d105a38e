"""GE MR: which pulse sequence, and how long it took."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._ge import is_ge_mr
from convkit.quirks._quirk import Extent, FactsQuirk

_MICROSECOND = 1e-6


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    name = header.text("GEPulseSequenceName")
    is_named = bool(header.text("SequenceName") or header.text("PulseSequenceName"))
    duration = header.number("GEAcquisitionDuration")
    shims = [header.integer(f"GEShim{axis}") for axis in "XYZ"]
    found = {
        "PulseSequenceName" if is_named else "SequenceName": name,
        "InternalPulseSequenceName": header.text("GEInternalPulseSequenceName"),
        "AcquisitionDuration": round(duration * _MICROSECOND, 4) if duration and duration > 0 else None,
        "ShimSetting": shims if None not in shims and any(shims) else None,
    }
    return {key: value for key, value in found.items() if value}


QUIRK = FactsQuirk(
    name="ge-sequence",
    why="(0019,xx9C) name, (0019,xx9E) internal name of the pulse sequence and (0019,xx5A) duration in microseconds of "
    "creator GEMS_ACQU_01, (0043,xx02) to (0043,xx04) gradient offsets of GEMS_PARM_01: pydicom's private dictionary; "
    "data sets neurolabusc/dcm_qa_nih, dcm_qa_stc, dcm_qa_fmap",
    applies=is_ge_mr,
    facts=_facts,
)
