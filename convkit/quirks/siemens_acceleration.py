"""Siemens MR: how many lines, partitions and slices were acquired at a time."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import Protocol, has_protocol, protocol_of

_IN_PLANE = re.compile(r"p(\d+(?:\.\d+)?)")
_SLICES = re.compile(r"s(\d+)")
_COMMENT = re.compile(r"Unaliased MB(\d+)")
"""What the multi-band sequences of the CMRR write into Image Comments."""

_REFERENCE = "SBRef"

_MODES = {1: "SENSE", 2: "GRAPPA"}
_COMPRESSED_SENSING = 256


def in_plane_factor(header: Header, protocol: Protocol) -> float:
    """Acceleration in phase encoding direction; 1 where there is none."""
    factor = protocol.number("sPat.lAccelFactPE")
    if factor:
        return factor
    told = _IN_PLANE.search(_mode_text(header))
    return max(float(told[1]) if told else 1.0, header.number("ParallelReductionFactorInPlane") or 1.0)


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    protocol = protocol_of(header)
    in_plane = in_plane_factor(header, protocol)
    through = protocol.number("sPat.lAccelFact3D") or header.number("ParallelReductionFactorOutOfPlane")
    mode = protocol.integer("sPat.ucPATMode") or 0
    # The mode is named in the protocol of a scan without acceleration, too.
    is_accelerated = max(in_plane, through or 1) > 1
    found = {
        "ParallelReductionFactorInPlane": in_plane,
        "ParallelReductionFactorOutOfPlane": through,
        "MultibandAccelerationFactor": _slices_at_a_time(header, protocol),
        "RefLinesPE": protocol.integer("sPat.lRefLinesPE"),
        "MatrixCoilMode": _MODES.get(mode) if is_accelerated else None,
        "CompressedSensingFactor": protocol.number("sPat.dTotalAccelFact") if mode == _COMPRESSED_SENSING else None,
    }
    return {key: value for key, value in found.items() if value}


def _mode_text(header: Header) -> str:
    """Such as ``p2`` or ``p2 s4``: in-plane and slice acceleration."""
    return header.text("SiemensXAPATMode") or header.text("SiemensPATMode")


def _slices_at_a_time(header: Header, protocol: Protocol) -> int | None:
    """Slices that one pulse excites; None where it is one.

    Sequences of research groups leave the product's own line at 1, so that all that tells it is asked.
    """
    times = header.numbers("SiemensMosaicRefAcqTimes")
    told = _SLICES.search(_mode_text(header))
    comment = _COMMENT.search(header.text("ImageComments"))
    # The single-band reference of a multi-band run has the protocol of the run.
    is_planned = not times and _REFERENCE not in header.text("SeriesDescription")
    found = max(
        _together(times),
        int(told[1]) if told else 1,
        int(comment[1]) if comment else 1,
        (protocol.integer("sSliceAcceleration.lMultiBandFactor") or 1) if is_planned else 1,
    )
    return found if found > 1 else None


def _together(times: tuple[float, ...]) -> int:
    """How many slices share each time; 1 where that is not one number, or where all share one (a 3-D slab)."""
    counts = set(Counter(times).values())
    return counts.pop() if len(counts) == 1 and len(set(times)) > 1 else 1


QUIRK = FactsQuirk(
    name="siemens-acceleration",
    why="Protocol lines sPat.* and sSliceAcceleration.*; (0051,xx11) of creator SIEMENS MR HEADER and (0021,xx09) of "
    "SIEMENS MR SDS 01; dcm2niix's vendor notes on Siemens; data sets neurolabusc/dcm_qa, dcm_qa_stc, dcm_qa_xa30",
    applies=has_protocol,
    facts=_facts,
)
