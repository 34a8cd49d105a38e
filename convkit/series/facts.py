"""The sidecar's facts: BIDS names and SI units, from an allow-list. Nothing that is not listed gets out.

Names and units follow BIDS 1.11 (MRI and PET metadata) and, where BIDS has no name, dcm2niix. Times of day leave as
HH:MM:SS.ffffff; milliseconds leave as seconds; several values of a text stay separated by backslashes. Dates, names,
identifiers, institutions and free-text comments are not in the list. Here is what every modality has; `_mr_facts`,
`_ct_facts` and `_pet_facts` hold the rest, `_volume_facts` what needs a header of every volume.
"""

from __future__ import annotations

from typing import Any

from convkit.dicom.header import Header
from convkit.series._clock import OBJECT_STARTS, time_of_day
from convkit.series._ct_facts import CT_FACTS
from convkit.series._fact import Fact, number, positive, same, text
from convkit.series._mr_facts import MR_FACTS
from convkit.series._pet_facts import PET_FACTS, PET_UNITS
from convkit.series.rescale import real_world_units

__all__ = ["FACTS", "Fact", "facts_of", "unit_of_type", "units_of"]

_RESCALE_UNITS = {"US": "", "MGML": "mg/mL", "PCT": "%", "NORMALIZED": "", "NORMALISED": ""}
"""(0028,1054) Rescale Type that is not its own unit (PS3.3 C.11.1.1.2): US is "unspecified"."""

_FIELD_UNITS = frozenset({"Hz", "rad/s", "T"})
"""BIDS asks for Units of field maps; other measurements have theirs in Convkit.Units."""

_DOSE_UNITS = {"GY": "Gy", "RELATIVE": "relative dose"}
"""(3004,0002) Dose Units (PS3.3 C.8.8.3)."""


def _acquisition_time(header: Header) -> str | None:
    digits = time_of_day(header, OBJECT_STARTS)
    if not digits:
        return None
    fraction = digits.partition(".")[2][:6].ljust(6, "0")
    return f"{digits[0:2]}:{digits[2:4]}:{digits[4:6]}.{fraction}"


def _image_type(header: Header) -> list[str] | None:
    # dcm2niix separates at underscores as well; scripts look for the words: M_FFE becomes M, FFE.
    return [word for value in header.texts("ImageType") for word in value.split("_") if word] or None


def _is_raw(header: Header) -> bool | None:
    return False if header.texts("ImageType")[:1] == ("DERIVED",) else None


def _units(header: Header) -> str | None:
    unit = units_of(header)
    return unit if unit in _FIELD_UNITS or (unit and header.text("Modality") == "PT") else None


def _orientation(header: Header) -> list[float] | None:
    return list(header.numbers("ImageOrientationPatient")) or None


def _protocol_name(header: Header) -> str | None:
    """Protocol Name; where a scanner gives none (most CT and PET), what names the series otherwise, as in dcm2niix."""
    named = (header.text(keyword) for keyword in ("ProtocolName", "SeriesDescription", "SequenceName"))
    return next((name for name in named if len(name) > 1), None)


FACTS: tuple[Fact, ...] = (
    Fact("Modality", same("Modality")),
    Fact("Manufacturer", same("Manufacturer")),
    Fact("ManufacturersModelName", same("ManufacturerModelName")),
    Fact("BodyPart", same("BodyPartExamined")),
    Fact("PatientPosition", same("PatientPosition")),
    Fact("SoftwareVersions", text("SoftwareVersions")),
    Fact("SeriesDescription", text("SeriesDescription")),
    Fact("ProtocolName", _protocol_name),
    Fact("ScanOptions", text("ScanOptions")),
    Fact("ImageType", _image_type),
    Fact("RawImage", _is_raw),
    Fact("ConversionType", text("ConversionType")),
    Fact("SeriesNumber", same("SeriesNumber")),
    Fact("AcquisitionTime", _acquisition_time),
    Fact("AcquisitionNumber", same("AcquisitionNumber")),
    Fact("SliceThickness", positive("SliceThickness")),
    Fact("SpacingBetweenSlices", positive("SpacingBetweenSlices")),
    Fact("Units", _units, ("MR", "PT")),
    *MR_FACTS,
    *CT_FACTS,
    *PET_FACTS,
    Fact("ConvolutionKernel", text("ConvolutionKernel")),
    Fact("ContrastBolusIngredient", same("ContrastBolusAgent")),
    Fact("PixelPaddingValue", number("PixelPaddingValue")),
    Fact("ImageOrientationPatientDICOM", _orientation),
    Fact("BurnedInAnnotation", same("BurnedInAnnotation")),
)


def facts_of(header: Header, *, keep: tuple[str, ...] = ()) -> dict[str, Any]:
    """The facts of a volume, from the header of its first slice.

    Parameters
    ----------
    header : Header
    keep : tuple of str
        Further DICOM keywords that the user asked for; they are written under their own names.
    """
    facts = {fact.key: fact.of(header) for fact in FACTS}
    facts |= {keyword: header.plain(keyword) for keyword in keep if keyword not in facts}
    return {key: value for key, value in facts.items() if value is not None}


def units_of(header: Header) -> str:
    """Unit of the real values: of PET, of a dose, the rescale type, HU for CT; empty where the header tells none."""
    measured = real_world_units(header)
    if measured:
        return measured
    modality = header.text("Modality")
    if modality == "RTDOSE":
        return _DOSE_UNITS.get(header.text("DoseUnits"), "")
    unit = header.text("Units")
    if unit:
        return PET_UNITS.get(unit, unit)
    rescale = header.text("RescaleType")
    if rescale:
        return unit_of_type(rescale)
    if modality == "CT" and header.has("RescaleIntercept"):
        return "HU"  # PS3.3 C.8.2.1.1.5, unless Rescale Type says otherwise
    return "counts" if modality == "NM" and _is_counted(header) else ""


UNITS = frozenset({*PET_UNITS.values(), *_RESCALE_UNITS.values(), *_DOSE_UNITS.values(), *_FIELD_UNITS, "HU", "counts"})
"""Units that convkit itself has words for."""


def redacted_units(header: Header, unit: str, otherwise: str) -> str:
    """A unit as it may leave: words that anybody may have written into a header give way to what may leave of it."""
    return unit if header.redaction is None or unit in UNITS else otherwise


def unit_of_type(kind: str) -> str:
    """Unit that a Rescale Type or a Modality LUT Type stands for; empty where it is unspecified."""
    return _RESCALE_UNITS.get(kind.upper(), kind)


def _is_counted(header: Header) -> bool:
    """True for an NM image whose pixels are what the detector counted, not what was computed of it."""
    # PS3.3 C.8.4.9.1.1: value 3 is STATIC, DYNAMIC, TOMO, ..., or begins with RECON.
    kind = header.texts("ImageType")
    is_computed = len(kind) <= 2 or kind[2].startswith("RECON")
    return kind[:1] == ("ORIGINAL",) and not is_computed and not header.has("RescaleSlope")
