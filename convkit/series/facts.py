"""The sidecar's facts: BIDS names and SI units, from an allow-list. Nothing that is not listed here gets out.

Names and units follow BIDS 1.10 (MRI and PET metadata) and, where BIDS has no name, dcm2niix. Times of day leave as
HH:MM:SS.ffffff; milliseconds leave as seconds. Dates, names, identifiers, institutions and free-text comments are
not in the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from convkit.dicom.header import Header


@dataclass(frozen=True, slots=True)
class Fact:
    """One key of the sidecar: its name, and how to get it from a header; None leaves it out."""

    key: str
    read: Callable[[Header], Any]


def _same(keyword: str) -> Callable[[Header], Any]:
    return lambda header: header.plain(keyword)


def _scaled(keyword: str, factor: float) -> Callable[[Header], Any]:
    def read(header: Header) -> float | None:
        number = header.number(keyword)
        return None if number is None else round(number * factor, 12)

    return read


def _number(keyword: str) -> Callable[[Header], Any]:
    return lambda header: header.number(keyword)


def _positive(keyword: str) -> Callable[[Header], Any]:
    return lambda header: header.number(keyword) or None


def _list(keyword: str) -> Callable[[Header], Any]:
    return lambda header: list(header.texts(keyword)) or None


def _clean(keyword: str) -> Callable[[Header], Any]:
    """Text as dcm2niix writes it: blanks of a name become underscores."""
    return lambda header: header.text(keyword).replace(" ", "_") or None


def _joined(keyword: str) -> Callable[[Header], Any]:
    return lambda header: "_".join(header.texts(keyword)) or None


def _acquisition_time(header: Header) -> str | None:
    raw = header.text("AcquisitionTime").replace(":", "")
    if len(raw) < 6 or not raw[:6].isdigit():
        return None
    fraction = raw.partition(".")[2][:6].ljust(6, "0")
    return f"{raw[0:2]}:{raw[2:4]}:{raw[4:6]}.{fraction}"


def _phase_axis(header: Header) -> str | None:
    # PS3.3 C.8.3.1.1: COL means that the phase runs along a column, the second axis of the image.
    return {"COL": "j", "COLUMN": "j", "ROW": "i"}.get(header.text("InPlanePhaseEncodingDirection"))


def _phase_direction(header: Header) -> str | None:
    return {"COL": "COL", "COLUMN": "COL", "ROW": "ROW"}.get(header.text("InPlanePhaseEncodingDirection"))


def _acquisition_matrix_pe(header: Header) -> int | None:
    # (0018,1310): frequency rows, frequency columns, phase rows, phase columns; two of them are zero.
    matrix = header.numbers("AcquisitionMatrix")
    return int(matrix[2] or matrix[3]) or None if len(matrix) == 4 else None


def _recon_matrix_pe(header: Header) -> int | None:
    direction = _phase_direction(header)
    keyword = {"COL": "Rows", "ROW": "Columns"}.get(direction or "")
    return header.integer(keyword) if keyword else None


def _orientation(header: Header) -> list[float] | None:
    return list(header.numbers("ImageOrientationPatient")) or None


def _conversion(header: Header) -> str | None:
    return header.text("ConversionType") or None


FACTS: tuple[Fact, ...] = (
    Fact("Modality", _same("Modality")),
    Fact("MagneticFieldStrength", _positive("MagneticFieldStrength")),
    Fact("ImagingFrequency", _positive("ImagingFrequency")),
    Fact("Manufacturer", _same("Manufacturer")),
    Fact("ManufacturersModelName", _same("ManufacturerModelName")),
    Fact("BodyPart", _same("BodyPartExamined")),
    Fact("PatientPosition", _same("PatientPosition")),
    Fact("SoftwareVersions", _joined("SoftwareVersions")),
    Fact("MRAcquisitionType", _same("MRAcquisitionType")),
    Fact("SeriesDescription", _clean("SeriesDescription")),
    Fact("ProtocolName", _clean("ProtocolName")),
    Fact("ScanningSequence", _joined("ScanningSequence")),
    Fact("SequenceVariant", _joined("SequenceVariant")),
    Fact("ScanOptions", _joined("ScanOptions")),
    Fact("SequenceName", _same("SequenceName")),
    Fact("ImageType", _list("ImageType")),
    Fact("ConversionType", _conversion),
    Fact("SeriesNumber", _same("SeriesNumber")),
    Fact("AcquisitionTime", _acquisition_time),
    Fact("AcquisitionNumber", _same("AcquisitionNumber")),
    Fact("KVP", _number("KVP")),
    Fact("XRayExposure", _number("Exposure")),
    Fact("XRayTubeCurrent", _number("XRayTubeCurrent")),
    Fact("ConvolutionKernel", _same("ConvolutionKernel")),
    Fact("GantryDetectorTilt", _number("GantryDetectorTilt")),
    Fact("SliceThickness", _positive("SliceThickness")),
    Fact("SpacingBetweenSlices", _positive("SpacingBetweenSlices")),
    Fact("SAR", _positive("SAR")),
    Fact("NumberOfAverages", _positive("NumberOfAverages")),
    Fact("EchoNumber", _same("EchoNumbers")),
    Fact("EchoTime", _scaled("EchoTime", 1e-3)),
    Fact("RepetitionTime", _scaled("RepetitionTime", 1e-3)),
    Fact("InversionTime", _scaled("InversionTime", 1e-3)),
    Fact("FlipAngle", _number("FlipAngle")),
    Fact("EchoTrainLength", _same("EchoTrainLength")),
    Fact("PercentSampling", _number("PercentSampling")),
    Fact("PercentPhaseFOV", _number("PercentPhaseFieldOfView")),
    Fact("PhaseEncodingSteps", _same("NumberOfPhaseEncodingSteps")),
    Fact("AcquisitionMatrixPE", _acquisition_matrix_pe),
    Fact("ReconMatrixPE", _recon_matrix_pe),
    Fact("PixelBandwidth", _positive("PixelBandwidth")),
    Fact("PhaseEncodingAxis", _phase_axis),
    Fact("ReceiveCoilName", _same("ReceiveCoilName")),
    Fact("TransmitCoilName", _same("TransmitCoilName")),
    Fact("ContrastBolusIngredient", _same("ContrastBolusAgent")),
    Fact("PixelPaddingValue", _number("PixelPaddingValue")),
    Fact("ImageOrientationPatientDICOM", _orientation),
    Fact("InPlanePhaseEncodingDirectionDICOM", _phase_direction),
    Fact("BurnedInAnnotation", _same("BurnedInAnnotation")),
)


def facts_of(header: Header, *, keep: tuple[str, ...] = ()) -> dict[str, Any]:
    """The facts of a volume, from the header of its first slice.

    Parameters
    ----------
    header : Header
    keep : tuple of str
        Further DICOM keywords that the user asked for; they are written under their own names.
    """
    facts = {fact.key: fact.read(header) for fact in FACTS}
    facts |= {keyword: header.plain(keyword) for keyword in keep if keyword not in facts}
    return {key: value for key, value in facts.items() if value is not None}


def units_of(header: Header) -> str:
    """Unit of the real values: the PET unit, the rescale type, HU for CT; empty where the header tells none."""
    unit = header.text("Units")
    if unit:
        return {
            "BQML": "Bq/mL",
            "CNTS": "counts",
            "PROPCNTS": "proportional to counts",
            "GML": "g/mL",
            "NONE": "",
            "CPS": "counts/s",
        }.get(unit, unit)
    rescale = header.text("RescaleType")
    if rescale in {"", "US"}:
        # PS3.3 C.8.2.1.1.5: rescaled CT values are Hounsfield Units unless Rescale Type says otherwise.
        return "HU" if header.text("Modality") == "CT" and header.has("RescaleIntercept") and not rescale else ""
    return rescale
