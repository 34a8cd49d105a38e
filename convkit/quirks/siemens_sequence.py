"""Siemens MR: names of the sequence and of its options that the plain attributes lack."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import has_protocol, protocol_of

_SCHEMES = {1: "Bipolar", 2: "Monopolar"}
_OLD_SCHEMES = {1: "Monopolar", 2: "Bipolar"}

_SEQUENCE_MAKERS = frozenset({"%CustomerSeq%", "%SiemensSeq%"})

_INSTEAD = {
    "ScanningSequence": ("ScanningSequence", "SiemensXAScanningSequence"),
    "SequenceVariant": ("SiemensXASequenceVariant", "SequenceVariant"),
    "ScanOptions": ("ScanOptions", "SiemensXAScanOptions"),
}
"""Sidecar key to the elements that may hold it, the first that has a value counts: Enhanced MR Image has no Scanning
Sequence, Sequence Variant and Scan Options (PS3.3 C.8.13), and the XA line keeps them in private elements."""


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    protocol = protocol_of(header)
    found: dict[str, Any] = {key: _first(header, keywords) for key, keywords in _INSTEAD.items()}
    name, enhanced_name = header.text("SequenceName"), header.text("PulseSequenceName")
    found["SequenceName"] = name or enhanced_name
    found["PulseSequenceName"] = enhanced_name if name else ""
    found["PulseSequenceDetails"] = _without_folders(protocol.text("tSequenceFileName"))
    found["ConsistencyInfo"] = (
        protocol.text("sProtConsistencyInfo.tMeasuredBaselineString")
        or protocol.text("sProtConsistencyInfo.tBaselineString")
        or protocol.text("sProtConsistencyInfo.ulConvFromVersion")
    )
    if any(header.number(keyword) is not None for keyword in ("SiemensBValue", "DiffusionBValue")):
        found["DiffusionScheme"] = _SCHEMES.get(protocol.integer("sDiffusion.dsScheme") or 0) or _OLD_SCHEMES.get(
            protocol.integer("ucReadOutMode") or 0
        )
    return {key: value for key, value in found.items() if value}


def _without_folders(path: str) -> str:
    """The name of the sequence after who made it; a folder between the two may be called after a person."""
    parts = [part for part in path.replace("/", "\\").split("\\") if part]
    makers = [part for part in parts[:1] if part in _SEQUENCE_MAKERS]
    names = parts[len(makers) :]
    return "\\".join([*makers, names[-1]]) if names else ""


def _first(header: Header, keywords: tuple[str, ...]) -> str:
    r"""The values of the first element that has some, as the standard writes them: ``GR\IR``."""
    return next(("\\".join(found) for k in keywords if (found := header.texts(k))), "")


QUIRK = FactsQuirk(
    name="siemens-sequence",
    why="(0021,xx5A) to (0021,xx5C) of creator SIEMENS MR SDS 01 and protocol lines; dcm2niix's vendor notes on "
    "Siemens; data sets neurolabusc/dcm_qa_xa30 and dcm_qa_agfa",
    applies=has_protocol,
    facts=_facts,
)
