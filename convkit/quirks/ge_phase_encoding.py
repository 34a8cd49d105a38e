"""GE EPI: which way the phase encoding runs along its axis."""

from __future__ import annotations

from struct import error, unpack_from
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._ge import is_ge_mr, phase_along
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks.ge_polarity_pairs import is_reversed

_AXES = {"COL": "j", "ROW": "i"}

_REORDERED = {"LINEAR": True, "REVERSE_LINEAR": False}
"""(0018,9034), which the software writes from version 27 on: the control variable pepolar is 0, 1."""

# (0043,xx2A) User Define Data is a raw-data header as the scanner's computer holds it. It starts where the 16 bits at
# 24 say, with its version as a 32-bit float. Version 25.002 moved the fields.
_START = 24
_OLDEST, _NEWEST = 5.0, 40.0
_MOVED_FROM, _MOVED_BY, _ORDER_MOVED_BY = 25.002, 0x4C, -0x40
_KIND, _IS_EPI = 0x3A, 0x0800
_ACQUISITION, _IS_FLIPPED = 0x30, 0x0004
_ORDER, _BOTTOM_UP = 0x394, 2


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    axis, is_flipped = _AXES.get(phase_along(header)), _polarity(header)
    if is_flipped is None:
        return {}
    # The header of a reversed image has the flag of the others.
    told = {"PhaseEncodingPolarityGE": "Flipped" if is_flipped != is_reversed(header) else "Unflipped"}
    if axis is None:
        return told
    # Unflipped: along the growing row or column index (7 series along a column; along a row as in dcm2niix).
    return {**told, "PhaseEncodingDirection": axis + "-" if is_flipped else axis, "PhaseEncodingAxis": None}


def _polarity(header: Header) -> bool | None:
    """True where the polarity is flipped; None where it is not told."""
    told = _REORDERED.get(header.text("RectilinearPhaseEncodeReordering"))
    if told is not None:
        return told
    data = header.far("GEUserDefineData")
    try:
        return _polarity_in(data.data) if data else None
    except error:  # shorter than it should be
        return None


def _polarity_in(data: bytes) -> bool | None:
    (start,) = unpack_from("<H", data, _START)
    (version,) = unpack_from("<f", data, start)
    if not _OLDEST <= version <= _NEWEST:
        return None
    is_moved = round(version, 3) >= _MOVED_FROM
    base, order = (start + _MOVED_BY, _ORDER + _ORDER_MOVED_BY - _MOVED_BY) if is_moved else (start, _ORDER)
    (kind,), (acquisition,) = unpack_from("<H", data, base + _KIND), unpack_from("<H", data, base + _ACQUISITION)
    if not kind & _IS_EPI:
        return None
    # Two switches of the console turn the polarity, each on its own: two turns undo each other.
    (view_order,) = unpack_from("<h", data, base + order)
    return bool(acquisition & _IS_FLIPPED) != bool(view_order == _BOTTOM_UP)


QUIRK = FactsQuirk(
    name="ge-phase-encoding",
    why="(0018,9034) Rectilinear Phase Encode Reordering from version 27 on, else (0043,xx2A) User Define Data of "
    "creator GEMS_PARM_01 (polarity bit and view order, at the places that dcm2niix's source gives); "
    "rordenlab/dcm2niix issues 163 and 674; data sets neurolabusc/dcm_qa_nih, dcm_qa_stc, which lack (0018,9034)",
    applies=is_ge_mr,
    facts=_facts,
)
