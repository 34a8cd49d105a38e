"""Siemens MR: what the scanner adjusted for one measurement: shim, transmitter, dwell time, table."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._csa import csa_number
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import Protocol, has_protocol, protocol_of

_NANOSECOND, _MICROSECOND = 1e-9, 1e-6
_FIRST_ORDER = ("lOffsetX", "lOffsetY", "lOffsetZ")
_SECOND_ORDER = 5


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    protocol = protocol_of(header)
    delay = protocol.number("lDelayTimeInTR")
    found = {
        "DwellTime": _dwell_time(header),
        "DelayTime": delay * _MICROSECOND if delay else None,
        "ShimSetting": _shim(protocol),
        "TxRefAmp": protocol.number("sTXSPEC.asNucleusInfo[0].flReferenceAmplitude"),
        "TablePosition": _table(header),
    }
    return {key: value for key, value in found.items() if value}


def _dwell_time(header: Header) -> float | None:
    """Seconds between two samples of a line, oversampling included."""
    found = header.number("SiemensXARealDwellTime") or header.number("SiemensRealDwellTime")
    if not found:
        csa = header.far("SiemensCSAImageHeader")
        found = csa_number(csa.data, "RealDwellTime") if csa else None
    return found * _NANOSECOND if found else None


def _shim(protocol: Protocol) -> list[float] | None:
    """Currents of the shims of first and second order; a line that is missing is a zero."""
    new, old = "sGRADSPEC.asGPAData[0]", "sGRADSPEC"
    first = [protocol.number(f"{new}.{x}") or protocol.number(f"{old}.{x}") or 0.0 for x in _FIRST_ORDER]
    rest = [protocol.number(f"sGRADSPEC.alShimCurrent[{k}]") or 0.0 for k in range(_SECOND_ORDER)]
    return first + rest if any(first) else None


def _table(header: Header) -> list[float] | None:
    """Where the table stood, mm; its last axis runs against that of the patient in the header."""
    place = header.numbers("SiemensXARelativeTablePosition") or header.numbers("SiemensRelativeTablePosition")
    return [place[0], place[1], 0.0 - place[2]] if len(place) == 3 else None


QUIRK = FactsQuirk(
    name="siemens-adjustments",
    why="(0019,xx14), (0019,xx18) of creator SIEMENS MR HEADER, (0021,xx05) of SIEMENS MR SDS 01, (0021,xx42) of "
    "SIEMENS MR SDI 02, protocol lines sGRADSPEC, sTXSPEC, lDelayTimeInTR; dcm2niix's vendor notes on Siemens",
    applies=has_protocol,
    facts=_facts,
)
