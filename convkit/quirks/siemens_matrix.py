"""Siemens MR: lines that were acquired and reconstructed, and how k-space was filled."""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.quirks._quirk import Extent, FactsQuirk
from convkit.quirks._siemens_protocol import Protocol, has_protocol, protocol_of

_PARTIAL_FOURIER = {1: 4 / 8, 2: 5 / 8, 4: 6 / 8, 8: 7 / 8}
"""sKSpace.ucPhasePartialFourier to the acquired part; 16 means off."""

_HALF_STEP = 1 / 16

_RECON_LINES = {"COL": "Rows", "COLUMN": "Rows", "ROW": "Columns"}


def recon_lines(header: Header) -> int | None:
    """Lines of the reconstructed image in phase encoding direction; None where the direction is unknown."""
    rows, columns = header.integer("Rows"), header.integer("Columns")
    if rows == columns:
        return rows
    keyword = _RECON_LINES.get(header.text("InPlanePhaseEncodingDirection"))
    return header.integer(keyword) if keyword else None


def acquired_lines(header: Header, protocol: Protocol) -> int | None:
    """Lines that a full acquisition without acceleration would have."""
    matrix = header.numbers("AcquisitionMatrix")
    if len(matrix) == 4 and (matrix[2] or matrix[3]):
        return int(matrix[2] or matrix[3])
    return (
        protocol.integer("sKSpace.lPhaseEncodingLines")
        or header.integer("MRAcquisitionPhaseEncodingStepsInPlane")
        or header.integer("NumberOfPhaseEncodingSteps")
    )


def _facts(header: Header, _extent: Extent) -> dict[str, Any]:
    protocol = protocol_of(header)
    found = {
        "AcquisitionMatrixPE": acquired_lines(header, protocol),
        "BaseResolution": protocol.integer("sKSpace.lBaseResolution"),
        "PhaseResolution": protocol.number("sKSpace.dPhaseResolution"),
        "PhaseOversampling": protocol.number("sKSpace.dPhaseOversamplingForDialog"),
        "Interpolation2D": protocol.integer("sKSpace.uc2DInterpolation"),
        "PartialFourier": _partial_fourier(header, protocol),
        "EchoTrainLength": _echo_train(header),
    }
    return {key: value for key, value in found.items() if value}


def _echo_train(header: Header) -> int | None:
    """Echoes a train; enhanced objects count those of gradient-echo trains in an element of their own."""
    gradient = header.integer("GradientEchoTrainLength") or 0
    return gradient if gradient > 1 else header.integer("EchoTrainLength")


def _partial_fourier(header: Header, protocol: Protocol) -> float | None:
    """The part of k-space that was acquired in phase encoding direction; None where all of it was."""
    code = protocol.integer("sKSpace.ucPhasePartialFourier")
    if code is not None:
        return _PARTIAL_FOURIER.get(code)
    lines, train = acquired_lines(header, protocol) or 0, _echo_train(header) or 0
    if not header.number("SiemensXABandwidthPerPixelPhaseEncode") or not 1 < train < lines:
        return None
    # Without a protocol: the part of the lines of a single-shot EPI that acceleration does not explain, as a train of
    # whole echoes comes close to it (dcm2niix's vendor notes on XA10).
    part = train * max(header.number("ParallelReductionFactorInPlane") or 1.0, 1.0) / lines
    return next((known for known in _PARTIAL_FOURIER.values() if abs(part - known) < _HALF_STEP), None)


QUIRK = FactsQuirk(
    name="siemens-matrix",
    why="Protocol lines sKSpace.*, named by ismrmrd's siemens_to_ismrmrd parameter maps; enhanced objects of the XA "
    "line have no Acquisition Matrix; data sets neurolabusc/dcm_qa and dcm_qa_xa30",
    applies=has_protocol,
    facts=_facts,
)
