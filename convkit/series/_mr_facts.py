"""Sidecar keys of MR images: BIDS (magnetic resonance imaging), and where it has no name, dcm2niix.

An enhanced object gives the same keys: what stands in its functional groups is found under the classic keyword, and
what only it has (PS3.3 C.8.13) is asked for second.
"""

from __future__ import annotations

from convkit.dicom.header import Header
from convkit.series._fact import Fact, changed, chosen, count, number, positive, same, scaled, text

_MS = 1e-3
_MR = ("MR",)

_HIGHEST_MHZ = 10_000.0
"""Above this an imaging frequency cannot be in MHz (800 MHz is 18.8 T); some scanners write Hz, against PS3.6."""

_DIRECTIONS = {"COL": "COL", "COLUMN": "COL", "ROW": "ROW"}
"""PS3.3 C.8.3.1.1 says COL, C.8.13.4.1 (enhanced) COLUMN."""

_ACQUIRED_IN_PLANE = "MRAcquisitionPhaseEncodingStepsInPlane"


def phase_direction(header: Header) -> str | None:
    """Along what the phase is encoded: COL or ROW; None where it is not told."""
    return _DIRECTIONS.get(header.text("InPlanePhaseEncodingDirection"))


def _phase_axis(header: Header) -> str | None:
    # COL means that the phase runs along a column, the second axis of the image.
    return {"COL": "j", "ROW": "i"}.get(phase_direction(header) or "")


def _imaging_frequency(header: Header) -> float | None:
    found = next((n for n in map(header.number, ("TransmitterFrequency", "ImagingFrequency")) if n), None)
    return changed(found, 1e-6) if found and found > _HIGHEST_MHZ else found


def _acquired_lines(header: Header) -> int | None:
    # (0018,1310): frequency rows, frequency columns, phase rows, phase columns; two of them are zero.
    matrix = header.numbers("AcquisitionMatrix")
    lines = int(matrix[2] or matrix[3]) if len(matrix) == 4 else 0
    return lines or header.integer(_ACQUIRED_IN_PLANE) or None


def _reconstructed_lines(header: Header) -> int | None:
    rows, columns, direction = header.integer("Rows"), header.integer("Columns"), phase_direction(header)
    if direction:
        return {"COL": rows, "ROW": columns}[direction]
    return rows if rows == columns else _acquired_lines(header)


def _is_spoiled(header: Header) -> bool | None:
    told = header.text("Spoiling")
    if told:
        return told != "NONE"
    return True if "SP" in header.texts("SequenceVariant") else None


def _is_magnetization_transferred(header: Header) -> bool | None:
    told = header.text("MagnetizationTransfer")
    if told:
        return told != "NONE"
    return True if "MTC" in header.texts("SequenceVariant") else None


def _echoes(header: Header) -> tuple[bool, bool]:
    """Whether the sequence makes spin echoes, and gradient echoes."""
    kinds = header.texts("ScanningSequence")
    told = header.text("EchoPulseSequence")
    return "SE" in kinds or told in {"SPIN", "BOTH"}, "GR" in kinds or told in {"GRADIENT", "BOTH"}


def _sequence_type(header: Header) -> str | None:
    """Kind of pulse sequence in words, as far as (0018,0020), (0018,0021) and their enhanced forms tell it."""
    kinds, variants = header.texts("ScanningSequence"), header.texts("SequenceVariant")
    is_spin, is_gradient = _echoes(header)
    if "EP" in kinds or header.text("EchoPlanarPulseSequence") == "YES":
        # Some write EP alone for spin echoes too: then nothing is said.
        return "Spin Echo EPI" if is_spin else "Gradient Echo EPI" if is_gradient else None
    is_inverted = "IR" in kinds or header.text("InversionRecovery") == "YES"
    if is_spin:
        return "Inversion Recovery Spin Echo" if is_inverted else "Spin Echo"
    if not is_gradient:
        return None
    if is_inverted and "MP" in variants:
        return "MPRAGE"
    return "Spoiled Gradient Echo" if _is_spoiled(header) else "Gradient Echo"


def _partial_fourier(header: Header) -> str | None:
    # BIDS' PartialFourier is the fraction; the standard says only whether (0018,9081).
    return "YES" if header.text("PartialFourier") == "YES" else None


def _table_position(header: Header) -> list[float] | None:
    # (0018,9327) has one number; BIDS wants three, and the table moves along the bore.
    along = header.number("TablePosition")
    return None if along is None else [0.0, 0.0, along]


MR_FACTS: tuple[Fact, ...] = (
    Fact("MagneticFieldStrength", positive("MagneticFieldStrength")),
    Fact("ImagingFrequency", _imaging_frequency),
    Fact("ResonantNucleus", text("ImagedNucleus", "ResonantNucleus")),
    Fact("MRAcquisitionType", same("MRAcquisitionType")),
    Fact("ScanningSequence", text("ScanningSequence")),
    Fact("SequenceVariant", text("SequenceVariant")),
    Fact("PulseSequenceType", _sequence_type, _MR),
    Fact("SequenceName", text("SequenceName", "PulseSequenceName")),
    Fact("TablePosition", _table_position),
    Fact("SAR", positive("SAR")),
    Fact("NumberOfAverages", positive("NumberOfAverages")),
    Fact("EchoNumber", same("EchoNumbers")),
    Fact("EchoTime", scaled(_MS, "EchoTime")),
    Fact("RepetitionTime", scaled(_MS, "RepetitionTime")),
    Fact("InversionTime", scaled(_MS, "InversionTime")),
    Fact("MTState", _is_magnetization_transferred, _MR),
    Fact("SpoilingState", _is_spoiled, _MR),
    Fact(
        "SpoilingType",
        chosen("Spoiling", {"RF": "RF", "GRADIENT": "GRADIENT", "RF_AND_GRADIENT": "COMBINED"}),
    ),
    Fact("FlipAngle", positive("FlipAngle")),
    Fact("VariableFlipAngleFlag", chosen("VariableFlipAngleFlag", {"Y": True, "N": False})),
    Fact("AcquisitionDuration", positive("AcquisitionDuration")),
    Fact("EchoTrainLength", count("EchoTrainLength", "GradientEchoTrainLength", "RFEchoTrainLength")),
    Fact("PercentSampling", number("PercentSampling")),
    Fact("PercentPhaseFOV", number("PercentPhaseFieldOfView")),
    Fact("PartialFourierEnabled", _partial_fourier),
    Fact("PartialFourierDirection", text("PartialFourierDirection")),
    Fact("PhaseEncodingSteps", count("NumberOfPhaseEncodingSteps", _ACQUIRED_IN_PLANE)),
    Fact("PhaseEncodingStepsOutOfPlane", count("MRAcquisitionPhaseEncodingStepsOutOfPlane")),
    Fact("FrequencyEncodingSteps", count("MRAcquisitionFrequencyEncodingSteps")),
    Fact("NumberOfKSpaceTrajectories", count("NumberOfKSpaceTrajectories")),
    Fact("AcquisitionMatrixPE", _acquired_lines, _MR),
    Fact("ReconMatrixPE", _reconstructed_lines, _MR),
    Fact("ParallelReductionFactorInPlane", positive("ParallelReductionFactorInPlane")),
    Fact("ParallelReductionFactorOutOfPlane", positive("ParallelReductionFactorOutOfPlane")),
    Fact("ParallelAcquisitionTechnique", text("ParallelAcquisitionTechnique")),
    Fact("PixelBandwidth", positive("PixelBandwidth")),
    Fact("PhaseEncodingAxis", _phase_axis, _MR),
    Fact("InPlanePhaseEncodingDirectionDICOM", phase_direction),
    Fact("ReceiveCoilName", same("ReceiveCoilName")),
    Fact("TransmitCoilName", same("TransmitCoilName")),
)
