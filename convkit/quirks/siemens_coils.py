"""Siemens MR: coils, and how their signals were combined."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import has_protocol, protocol_of

_COMBINATIONS = {1: "Sum of Squares", 2: "Adaptive Combine"}


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    protocol = protocol_of(header)
    found = {
        "ReceiveCoilName": protocol.text("sCoilElementID.tCoilID") or header.text("ReceiveCoilName"),
        "ReceiveCoilActiveElements": protocol.text("sCoilSelectMeas.sCoilStringForConversion")
        or header.text("SiemensXACoilElements"),
        "CoilCombinationMethod": _COMBINATIONS.get(protocol.integer("ucCoilCombineMode") or 0),
    }
    coils = header.text("SiemensCoilString")
    if coils != found["ReceiveCoilActiveElements"]:
        found["CoilString"] = coils
    return {key: value for key, value in found.items() if value}


QUIRK = FactsQuirk(
    name="siemens-coils",
    why="Protocol lines sCoilElementID.tCoilID, sCoilStringForConversion and ucCoilCombineMode, (0051,xx0F) of creator "
    "SIEMENS MR HEADER, (0021,xx4F) of SIEMENS MR SDI 02; dcm2niix's vendor notes on Siemens",
    applies=has_protocol,
    facts=_facts,
)
