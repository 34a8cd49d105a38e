"""United Imaging MR: acceleration, polarity of phase encoding, readout time and start in private elements."""

from __future__ import annotations

import re
from typing import Any

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.quirks._quirk import Extent, FactsQuirk

_ACQUISITION_TIME, _ACQUISITION_DURATION = 0x00080032, 0x00189073
_FACTOR = re.compile(r":(\d+(?:\.\d+)?)")
_MS = 1e-3


def _applies(header: Header) -> bool:
    # The private creator Image Private Header was checked when the header was read (PS3.5 7.8.1).
    return header.raw("UIHParallelInformation") is not None or header.raw("UIHBValue") is not None


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    tiles = items_of(header.far("UIHTiles")) if header.has_far("UIHTiles") else []
    factor = _FACTOR.search(header.text("UIHParallelInformation"))
    facts: dict[str, Any] = {
        "AcquisitionTime": _start(tiles),
        "ParallelReductionFactorInPlane": float(factor[1]) if factor else None,
        "PhaseEncodingDirection": _phase_direction(header),
    }
    found = {key: value for key, value in facts.items() if value is not None}
    # (0018,9073) is the readout of a slice in ms here, not the time of the scan in s.
    found |= {"AcquisitionDuration": None, "TotalReadoutTime": _readout_s(header, tiles)}
    return found | ({"EchoTrainLength": None} if "gre_fsp" in header.text("SequenceName") else {})


def _start(tiles: list[Item]) -> str | None:
    """Time of the tile that was acquired first, HH:MM:SS.ffffff."""
    times = [t for t in (values.seconds_of_day(tile.find(_ACQUISITION_TIME) or b"") for tile in tiles) if t is not None]
    if not times:
        return None
    micros = round(min(times) * 1_000_000)
    minutes, micros = divmod(micros, 60_000_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{micros // 1_000_000:02d}.{micros % 1_000_000:06d}"


def _phase_direction(header: Header) -> str | None:
    """Axis with its sign; (0065,xx05) shows A->P or the like, whatever the polarity."""
    axis = {"COL": "j", "ROW": "i"}.get(header.text("InPlanePhaseEncodingDirection")[:3])
    sign = {0: "", 1: "-"}.get(-1 if (told := header.integer("UIHPhaseEncodingPositive")) is None else told)
    return None if axis is None or sign is None else axis + sign


def _readout_s(header: Header, tiles: list[Item]) -> float | None:
    of_tile = values.numbers(tiles[0].find(_ACQUISITION_DURATION) or b"", "FD") if tiles else ()
    duration_ms = of_tile[0] if of_tile else header.number("AcquisitionDuration") or 0.0
    return round(duration_ms * _MS, 9) if duration_ms > 0 else None


QUIRK = FactsQuirk(
    name="uih-protocol",
    why="(0065,xx0D) parallel imaging such as F:2S, (0065,xx51) with times of each slice, and (0065,xx58) polarity of "
    "creator Image Private Header; sequence names gre_fsp tell an echo train that is none; United Imaging's list of "
    "private elements, dcm2niix issues 225, 410 and 531, data set neurolabusc/dcm_qa_uih, where runs of both "
    "polarities show A->P in (0065,xx05)",
    applies=_applies,
    facts=_facts,
)
