"""Siemens MR: arterial spin labeling, whose times only the protocol tells."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import Protocol, has_protocol, protocol_of

_MICROSECOND = 1e-6
_PULSED = {"ep2d_pasl": "PICORE", "tgse_pasl": "FAIR QII"}
"""Sequence to scheme of the product sequences of the V line."""

_PRODUCT_XA = "ep2d_asl"


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    protocol = protocol_of(header)
    sequence = protocol.text("tSequenceFileName").rpartition("\\")[2]
    pulsed = next((scheme for name, scheme in _PULSED.items() if sequence.startswith(name)), "")
    if pulsed:
        return {"ArterialSpinLabelingType": "PASL", "PASLType": pulsed} | _pulsed_times(protocol)
    return _xa_times(protocol) if sequence.startswith(_PRODUCT_XA) else {}


def _pulsed_times(protocol: Protocol) -> dict[str, float]:
    # alTI[0] ends the bolus, alTI[2] starts the readout; alTI[1] stops the saturation between the two.
    times = protocol.indexed("alTI")
    found = {"BolusDuration": times.get(0), "InversionTime": times.get(2)}
    return {key: value * _MICROSECOND for key, value in found.items() if value}


def _xa_times(protocol: Protocol) -> dict[str, float]:
    found = {
        "LabelingDuration": protocol.number("sAsl.ulLabelingDuration"),
        "PostLabelingDelay": protocol.number("sAsl.sPostLabelingDelay[0]"),
    }
    return {key: value * _MICROSECOND for key, value in found.items() if value}


QUIRK = FactsQuirk(
    name="siemens-labeling",
    why="Protocol lines alTI and sAsl.*; ADNI-3 Siemens E11 protocol, dcm2niix's vendor notes on Siemens; data set "
    "neurolabusc/dcm_qa_xa30 (XA product sequence; those of the V line were not seen)",
    applies=has_protocol,
    facts=_facts,
)
