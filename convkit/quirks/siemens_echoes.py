"""Siemens MR: which echo an image is, and which two a phase difference was made of."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import has_protocol, protocol_of

_MICROSECOND = 1e-6
_PHASE = frozenset({"P", "PHASE"})


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    protocol = protocol_of(header)
    found: dict[str, Any] = {}
    echoes = protocol.integer("lContrasts") or 1
    number = header.integer("EchoNumbers") or _ice_echo(header)
    if echoes > 1 and number:
        found["EchoNumber"] = number
    if echoes == 2 and _PHASE & {*header.texts("ImageType")}:
        times = protocol.indexed("alTE")
        # BIDS: both echo times of a phase difference image.
        found |= {f"EchoTime{k + 1}": times[k] * _MICROSECOND for k in range(2) if times.get(k)}
    return found


def _ice_echo(header: Header) -> int | None:
    """The second part of the indices that the reconstruction counts by, such as ``X_2_1_1``."""
    parts = header.text("SiemensXAICEDims").split("_")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else None


QUIRK = FactsQuirk(
    name="siemens-echoes",
    why="(0021,xx06) of creator SIEMENS MR SDI 02 counts echoes where XA leaves out Echo Numbers; protocol lines "
    "lContrasts and alTE; dcm2niix's vendor notes on Siemens; data sets neurolabusc/dcm_qa_xa30 and dcm_qa_fmap",
    applies=has_protocol,
    facts=_facts,
)
