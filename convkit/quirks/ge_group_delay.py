"""GE EPI: the pause after each volume, which the repetition time of the header leaves out."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._ge import PulseSequence, sequence_of
from convkit.quirks._ge_protocol import protocol_number, protocol_of
from convkit.quirks._quirk import Extent, FactsQuirk

_MS = 1e-3
_MULTI_PHASE, _VARIABLE = "MPh", "MPhVar"
_SHORTEST = "Minimum"


def _applies(header: Header) -> bool:
    return sequence_of(header) in {PulseSequence.REAL_TIME, PulseSequence.MULTI_PHASE}


def _facts(header: Header, extent: Extent) -> dict[str, Any]:
    repetition, delay = header.number("RepetitionTime"), _delay(header)
    if extent.volumes == 1 or not repetition or not delay:
        return {}
    # The volumes follow each other at the repetition time that the slices share and the pause after them.
    return {"RepetitionTime": round(repetition * _MS + delay, 9), "DelayTime": delay}


def _delay(header: Header) -> float:
    """The pause after each volume, s; 0 where there is none."""
    told = header.number("GEGroupDelay")
    if told is not None:
        return round(max(told, 0.0), 6)
    protocol = protocol_of(header)
    options = protocol.get("IOPT", "")
    if _MULTI_PHASE not in options or _VARIABLE in options or protocol.get("DELACQ") == _SHORTEST:
        return 0.0
    return max(protocol_number(protocol, "DELACQNOAV") or 0.0, 0.0)


QUIRK = FactsQuirk(
    name="ge-group-delay",
    why="(0043,xx7C) Delay after slice group, s, of creator GEMS_PARM_01 (epiRT), line DELACQNOAV of the protocol data "
    "block (multi-phase EPI); dcm2niix's vendor notes on GE: the sampling interval is (0018,0080) and the delay",
    applies=_applies,
    facts=_facts,
)
