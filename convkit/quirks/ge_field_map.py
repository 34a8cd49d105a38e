"""GE MR: B0 maps, whose series hold the field in Hz and the magnitude."""

from __future__ import annotations

from collections.abc import Mapping
from struct import pack
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk, TraitsQuirk, UnfoldQuirk

FIELD_MAP = "fieldmaphz"
"""Name of the component, as dcm2niix has it."""

_SEQUENCE = "b0map"
_FIELD, _MAGNITUDE = 0, 2
_MS, _US = 1e-3, 1e-6


def is_field_map(header: Header) -> bool:
    """True for an image of the field, False for a magnitude, and for any other sequence."""
    return _is_of_field_map(header) and header.integer("GECollapseFlag") == _FIELD


def _is_of_field_map(header: Header) -> bool:
    names = header.text("GEPulseSequenceName"), header.text("GEInternalPulseSequenceName")
    return any(_SEQUENCE in name.lower() for name in names)


def _lacks_flag(header: Header) -> bool:
    return header.integer("GECollapseFlag") is None and _is_of_field_map(header)


def _unfold(header: Header) -> Header:
    """The header with the flag that a de-identifier took away."""
    # The field comes first, and the magnitude after it: twice as many images as places.
    places, images = header.integer("GELocationsInAcquisition") or 0, header.integer("ImagesInAcquisition") or 0
    is_first = 0 < places < images and 1 <= (header.integer("InstanceNumber") or 0) <= places
    return header.with_shared({header.table.places["GECollapseFlag"]: pack("<h", _FIELD if is_first else _MAGNITUDE)})


def _fix(header: Header, traits: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**traits, "component": FIELD_MAP if is_field_map(header) else "mag", "variant": None}


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    first, between = header.number("EchoTime"), header.number("GEEchoSpacing") or 0.0
    facts: dict[str, Any] = {"Units": "Hz", "EchoTime": None}
    if not first:
        return facts
    facts["EchoTime1"] = round(first * _MS, 9)
    if between > 0:
        facts["EchoTime2"] = round(first * _MS + between * _US, 9)
    return facts


QUIRK = TraitsQuirk(
    name="ge-field-map",
    why="Sequences named B0map, 3db0map: (0043,xx30) of creator GEMS_PARM_01 is 0 for the field and 2 for the "
    "magnitude, (0043,xx2C) the time between the echoes; observed in data set "
    "neurolabusc/dcm_qa_fmap, where dcm2niix agrees",
    keywords=(
        "GEPulseSequenceName",
        "GEInternalPulseSequenceName",
        "GECollapseFlag",
    ),
    applies=_is_of_field_map,
    fix=_fix,
)

FACTS = FactsQuirk(name="ge-field-map-facts", why=QUIRK.why, applies=is_field_map, facts=_facts)

FLAG = UnfoldQuirk(name="ge-field-map-flag", why=QUIRK.why, applies=_lacks_flag, unfold=_unfold)
