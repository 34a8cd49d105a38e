"""GE MR: by how much the acquisition was accelerated."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._ge import is_ge_mr, sampled_share
from convkit.quirks._ge_protocol import protocol_number, protocol_of
from convkit.quirks._quirk import Extent, FactsQuirk

_DIGITS = 4
"""The header holds the reciprocal with 6 digits: 0.666667 stands for 1.5."""


def multiband_factor(header: Header) -> int:
    """Slices that are excited at once; 1 where it is not told."""
    told = header.texts("GEMultiband")[:1]
    private = int(told[0]) if told and told[0].isdecimal() else 0
    planned = protocol_number(protocol_of(header), "MBACCEL") or 0
    return max(1, private, int(planned))


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    in_plane, out_of_plane = sampled_share(header), sampled_share(header, 1)
    multiband = multiband_factor(header)
    sensing = header.texts("GECompressedSensing")[:1]
    return {
        **({"ParallelReductionFactorInPlane": round(1.0 / in_plane, _DIGITS)} if in_plane else {}),
        **({"ParallelReductionFactorOutOfPlane": round(1.0 / out_of_plane, _DIGITS)} if out_of_plane else {}),
        **({"MultibandAccelerationFactor": multiband} if multiband > 1 else {}),
        **({"CompressedSensingFactor": float(sensing[0])} if sensing and _is_above_one(sensing[0]) else {}),
    }


def _is_above_one(text: str) -> bool:
    try:
        return float(text) > 1.0
    except ValueError:
        return False


QUIRK = FactsQuirk(
    name="ge-acceleration",
    why="(0043,xx83) Asset R Factors: shares of lines in phase and slice direction; (0043,xxB6) Multiband Parameters, "
    "value 1; (0043,xxB7) Compressed Sensing Parameters, value 1, of creator GEMS_PARM_01; dcm2niix's vendor notes on "
    "GE; data sets neurolabusc/dcm_qa_stc, dcm_qa_fmap (multiband and compressed sensing were not seen)",
    applies=is_ge_mr,
    facts=_facts,
)
