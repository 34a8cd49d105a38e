"""Every maker: one name for the sidecar, whatever the company called itself when the image was made."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk

_NAMES = {
    "SIEMENS": "Siemens",
    "CPS ": "Siemens",  # CTI PET Systems
    "GE ": "GE",
    "GEMS ": "GE",
    "PHILIPS": "Philips",
    "TOSHIBA": "Toshiba",
    "CANON": "Canon",
    "UIH": "UIH",
    "HITACHI": "Hitachi",
    "BRUKER": "Bruker",
    "MEDISO": "Mediso",
    "HYPERFINE": "Hyperfine",
    "MR SOLUTIONS": "MRSolutions",
}
"""How (0008,0070) Manufacturer starts, in capitals, to the name that dcm2niix writes."""


def _name(header: Header) -> str | None:
    given = header.text("Manufacturer").upper() + " "
    return next((name for start, name in _NAMES.items() if given.startswith(start)), None)


def _applies(header: Header) -> bool:
    return _name(header) is not None


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    return {"Manufacturer": _name(header)}


QUIRK = FactsQuirk(
    name="manufacturer-names",
    why="SIEMENS, Siemens Healthineers and Siemens HealthCare GmbH are one maker, as are GE MEDICAL SYSTEMS and GE "
    "HEALTHCARE; scripts ask for the names that dcm2niix gives them; observed in 24 public data sets",
    applies=_applies,
    facts=_facts,
)
