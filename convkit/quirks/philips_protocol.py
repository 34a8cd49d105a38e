"""Philips MR: facts of the protocol in private elements, and in the private group of a classic image.

A classic image holds, in (2005,xx0F), what its frame would have in an enhanced object; an enhanced object has it under
the standard keywords already.
"""

from __future__ import annotations

from typing import Any

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.dicom.sequences import items_of
from convkit.quirks._quirk import Extent, FactsQuirk

_GROUP = {
    "PulseSequenceName": (0x00189005, "SH"),
    "ParallelReductionFactorInPlane": (0x00189069, "FD"),
    "ParallelAcquisitionTechnique": (0x00189078, "CS"),
    "ParallelReductionFactorOutOfPlane": (0x00189155, "FD"),
    "GradientEchoTrainLength": (0x00189241, "US"),
}
"""What is read from the private group where the image itself lacks it: keyword to tag and value representation."""

_WATER_FAT_PPM = 3.4
"""Distance of water and fat, as the vendor's own formula has it."""


def _applies(header: Header) -> bool:
    # The private creator Philips Imaging DD 001 was checked when the header was read (PS3.5 7.8.1).
    return header.raw("PhilipsWaterFatShift") is not None or header.raw("PhilipsPhaseNumber") is not None


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    said = _said(header)
    echoes = _echoes(header, said)
    facts = {
        "SequenceName": header.text("SequenceName") or said.get("PulseSequenceName") or None,
        "EchoTrainLength": echoes,
        "InversionTime": _inversion_time(header),
        "WaterFatShift": header.number("PhilipsWaterFatShift") or None,
        "PartialFourierEnabled": "YES" if header.text("PhilipsPartialMatrixScanned").startswith("Y") else None,
        "ParallelReductionFactorOutOfPlane": said.get("ParallelReductionFactorOutOfPlane"),
        **_acceleration(said),
        **_estimated(header, echoes),
        **_scaling(header),
    }
    return {key: value for key, value in facts.items() if value is not None or key in _TAKEN_AWAY}


_TAKEN_AWAY = ("ParallelAcquisitionTechnique",)


def _said(header: Header) -> dict[str, Any]:
    """Values of the image, else of its private group."""
    found = {keyword: header.plain(keyword) for keyword in _GROUP}
    if header.has_far("PhilipsFrameGroup") and None in found.values():
        for item in items_of(header.far("PhilipsFrameGroup"))[:1]:
            inside = {element.tag: item.value(element) for element in item.elements()}
            for keyword, (tag, vr) in _GROUP.items():
                if found[keyword] is None and tag in inside:
                    found[keyword] = values.plain(inside[tag], vr)
    return found


def _echoes(header: Header, said: dict[str, Any]) -> int | None:
    """Echoes after an excitation: those of gradients where there are several, because an EPI has one RF echo."""
    gradient = said.get("GradientEchoTrainLength") or 0
    told = gradient if gradient > 1 else header.integer("EchoTrainLength") or header.integer("PhilipsEPIFactor")
    return told or None


def _inversion_time(header: Header) -> float | None:
    delay_ms = header.number("PhilipsPrepulseDelay") or 0.0
    return round(delay_ms * 1e-3, 9) if delay_ms > 0 else None


def _acceleration(said: dict[str, Any]) -> dict[str, Any]:
    """Factors in the plane; that of compressed sensing is told in the element of parallel imaging."""
    factor, technique = said.get("ParallelReductionFactorInPlane"), said.get("ParallelAcquisitionTechnique") or ""
    if factor is None:
        return {"ParallelAcquisitionTechnique": technique or None}
    if factor > 1 and "CSENSE" in technique:
        return {
            "ParallelReductionFactorInPlane": 1.0,
            "CompressedSensingFactor": factor,
            "ParallelAcquisitionTechnique": None,
        }
    return {"ParallelReductionFactorInPlane": factor, "ParallelAcquisitionTechnique": technique or None}


def _estimated(header: Header, echoes: int | None) -> dict[str, float]:
    """Readout of an EPI, estimated from the water-fat shift in pixels; the header does not tell it."""
    shift = header.number("PhilipsWaterFatShift") or 0.0
    frequency = header.number("ImagingFrequency") or header.number("TransmitterFrequency") or 0.0
    along = {"COL": "Rows", "ROW": "Columns"}.get(header.text("InPlanePhaseEncodingDirection")[:3], "")
    lines = (header.integer(along) or 0) if along else 0
    if (header.integer("PhilipsEPIFactor") or 0) < 2 or not echoes or shift <= 0 or frequency <= 0 or lines < 2:
        return {}
    readout_s = shift / (frequency * _WATER_FAT_PPM * (echoes + 1)) * echoes
    return {"EstimatedEffectiveEchoSpacing": readout_s / (lines - 1), "EstimatedTotalReadoutTime": readout_s}


def _scaling(header: Header) -> dict[str, float]:
    """What turns display values into precise ones and back."""
    numbers = (header.number("RescaleSlope"), header.number("RescaleIntercept"), header.number("PhilipsScaleSlope"))
    keys = ("PhilipsRescaleSlope", "PhilipsRescaleIntercept", "PhilipsScaleSlope")
    return {key: n for key, n in zip(keys, numbers, strict=True) if n is not None} if numbers[2] else {}


QUIRK = FactsQuirk(
    name="philips-protocol",
    why="(2001,xx13) EPI factor, (2001,xx19) partial matrix, (2001,xx1B) prepulse delay, (2001,xx22) water-fat shift "
    "of creator Philips Imaging DD 001, (2005,xx0F) of creator Philips MR Imaging DD 005; estimated readout as in "
    "dcm2niix issue 377; data sets neurolabusc/dcm_qa_philips, dcm_qa_philips_dwi and dcm_qa_cs_dl",
    applies=_applies,
    facts=_facts,
)
