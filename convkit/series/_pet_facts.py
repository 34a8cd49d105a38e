"""Sidecar keys of PET and NM images that all volumes share: BIDS (positron emission tomography), else dcm2niix.

What was injected stands in items of (0054,0016) Radiopharmaceutical Information Sequence. Times, and all that
differs from volume to volume, are in `convkit.series._volume_facts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from convkit.dicom import values
from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.errors import InputError
from convkit.series._fact import Fact, changed, positive, text

_INJECTIONS = "RadiopharmaceuticalInformationSequence"

_PET = ("PT",)
_TRACED = ("PT", "NM")
_CODES_OF_NUCLIDE, _CODES_OF_TRACER = 0x00540300, 0x00540304
_CODE_MEANING = 0x00080104
_TRACER, _VOLUME, _DOSE, _HALF_LIFE, _POSITRONS, _ACTIVITY = (
    0x00180031,  # Radiopharmaceutical, LO
    0x00181071,  # Radiopharmaceutical Volume, DS, cm3
    0x00181074,  # Radionuclide Total Dose, DS, Bq; in NM images MBq
    0x00181075,  # Radionuclide Half Life, DS, s
    0x00181076,  # Radionuclide Positron Fraction, DS
    0x00181077,  # Radiopharmaceutical Specific Activity, DS, Bq/micromole
)

_SYMBOLS = {
    "Carbon": "C",
    "Nitrogen": "N",
    "Oxygen": "O",
    "Fluorine": "F",
    "Sodium": "Na",
    "Scandium": "Sc",
    "Iron": "Fe",
    "Cobalt": "Co",
    "Copper": "Cu",
    "Gallium": "Ga",
    "Germanium": "Ge",
    "Bromine": "Br",
    "Rubidium": "Rb",
    "Yttrium": "Y",
    "Zirconium": "Zr",
    "Technetium": "Tc",
    "Indium": "In",
    "Iodine": "I",
    "Xenon": "Xe",
    "Lutetium": "Lu",
    "Thallium": "Tl",
}
"""Elements of PS3.16 CID 4020 (PET) and CID 18 (NM) that are in use, by the name that stands in Code Meaning."""

_NUCLIDE = re.compile(r"\^(\d+m?)\^\s*([A-Za-z]+)|([A-Za-z]+)\s*\^?(\d+m?)\^?$")
"""``^18^Fluorine`` as PS3.16 writes it, ``Fluorine^18^`` and ``Fluorine 18`` as older editions do."""

_STEPS = re.compile(r"\s*\(?(?:(\d+)\s*i\s*/?\s*(\d+)\s*s|(\d+)\s*s\s*/?\s*(\d+)\s*i)\)?", re.IGNORECASE)
"""Iterations and subsets in a reconstruction's name: ``OSEM3D 4i21s``, ``PSF (4i/21s)``."""

_SIZED = re.compile(r"^(.*?)\s*(\d+(?:\.\d+)?)\s*(?:mm)?$", re.DOTALL)
"""Name and width of a filter: ``XYZ Gauss 4.00``."""

PET_UNITS = {
    "BQML": "Bq/mL",
    "CNTS": "counts",
    "CPS": "counts/s",
    "GML": "g/mL",
    "CM2": "cm2",
    "CM2ML": "cm2/mL",
    "PCNT": "%",
    "MGMINML": "mg/min/mL",
    "UMOLMINML": "umol/min/mL",
    "MLMING": "mL/min/g",
    "MLG": "mL/g",
    "1CM": "1/cm",
    "UMOLML": "umol/mL",
    "MLMINML": "mL/min/mL",
    "MLML": "mL/mL",
    "PROPCNTS": "proportional to counts",
    "PROPCPS": "proportional to counts/s",
    "STDDEV": "standard deviations",
    "NONE": "",
}
"""(0054,1001) Units: the defined terms of PS3.3 C.8.9.1.1.3."""


# --- what was injected -----------------------------------------------------------------------------------


def injection(header: Header) -> Item | None:
    """The first item of (0054,0016); None where there is none, or it cannot be read: the image needs none."""
    try:
        return next(iter(items_of(header.far(_INJECTIONS))), None)
    except InputError:
        return None


def _injected(read: Callable[[Header, Item], Any]) -> Callable[[Header], Any]:
    def of(header: Header) -> Any:
        item = injection(header)
        return None if item is None else read(header, item)

    return of


def _text_in(item: Item, tag: int, header: Header) -> str:
    return values.text(item.find(tag) or b"", header.charset)


def _positive_in(item: Item, tag: int) -> float | None:
    found = values.numbers(item.find(tag) or b"", "DS")
    return found[0] if found and found[0] > 0 else None


def _meaning_in(item: Item, tag: int, header: Header) -> str:
    return next((_text_in(code, _CODE_MEANING, header) for code in item.items(tag)), "")


def _tracer(header: Header, item: Item) -> str | None:
    # Some add the name in full: "FDG -- fluorodeoxyglucose".
    name = _text_in(item, _TRACER, header).partition(" --")[0].strip()
    return name or _meaning_in(item, _CODES_OF_TRACER, header) or None


def _nuclide(header: Header, item: Item) -> str | None:
    """``F18``, as BIDS writes it; the meaning of the code where it cannot be read so."""
    meaning = _meaning_in(item, _CODES_OF_NUCLIDE, header)
    found = _NUCLIDE.search(meaning)
    if found is None:
        return meaning or None
    mass, name = (found[1], found[2]) if found[1] else (found[4], found[3])
    symbol = _SYMBOLS.get(name.capitalize())
    return f"{symbol}{mass}" if symbol else meaning


def _radioactivity(header: Header, item: Item) -> float | None:
    dose = _positive_in(item, _DOSE)
    # PS3.3 C.8.9.2 gives Bq, C.8.4.10 (NM) MBq.
    return dose if dose is None or header.text("Modality") == "NM" else changed(dose, 1e-6)


def _constant_with(tag: int, constant: str) -> Callable[[Header], Any]:
    return _injected(lambda _header, item: constant if _positive_in(item, tag) else None)


def _value_of(tag: int) -> Callable[[Header], Any]:
    return _injected(lambda _header, item: _positive_in(item, tag))


# --- how it was reconstructed ----------------------------------------------------------------------------


def _steps(header: Header) -> tuple[int, int] | None:
    """Subsets and iterations; None where they are not told."""
    subsets, iterations = header.integer("NumberOfSubsets"), header.integer("NumberOfIterations")
    if subsets and iterations:
        return subsets, iterations
    found = _STEPS.search(header.text("ReconstructionMethod"))
    if found is None:
        return None
    return (int(found[2]), int(found[1])) if found[1] else (int(found[3]), int(found[4]))


def _method(header: Header) -> str | None:
    method = header.text("ReconstructionMethod") or header.text("ReconstructionAlgorithm")
    return _STEPS.sub("", method).strip() or method or None


def _parameters(labels: list[Any]) -> Callable[[Header], Any]:
    return lambda header: labels if _steps(header) else None


def _parameter_values(header: Header) -> list[int] | None:
    steps = _steps(header)
    return list(steps) if steps else None


def _filter(header: Header) -> tuple[str, float | None]:
    found = _SIZED.match(header.text("ConvolutionKernel"))
    return (found[1].strip(" \\"), float(found[2])) if found else (header.text("ConvolutionKernel"), None)


def _filter_type(header: Header) -> str | None:
    return _filter(header)[0] or None


def _filter_size(header: Header) -> float | None:
    return _filter(header)[1]


def _is_decay_corrected(header: Header) -> bool | None:
    told = header.text("DecayCorrection")
    if told:
        return told != "NONE"
    return {"YES": True, "NO": False}.get(header.text("DecayCorrected"))


def _mode(header: Header) -> str | None:
    return next(iter(header.texts("SeriesType")), "").lower() or None


PET_FACTS: tuple[Fact, ...] = (
    Fact("TracerName", _injected(_tracer), _TRACED),
    Fact("TracerRadionuclide", _injected(_nuclide), _TRACED),
    Fact("InjectedRadioactivity", _injected(_radioactivity), _TRACED),
    Fact("InjectedRadioactivityUnits", _constant_with(_DOSE, "MBq"), _TRACED),
    Fact("InjectedVolume", _value_of(_VOLUME), _TRACED),
    Fact("MolarActivity", _value_of(_ACTIVITY), _PET),
    Fact("MolarActivityUnits", _constant_with(_ACTIVITY, "Bq/umol"), _PET),
    Fact("RadionuclideHalfLife", _value_of(_HALF_LIFE), _PET),
    Fact("RadionuclidePositronFraction", _value_of(_POSITRONS), _PET),
    Fact("AcquisitionMode", _mode, _PET),
    Fact("DoseCalibrationFactor", positive("DoseCalibrationFactor"), _PET),
    Fact("DecayCorrection", text("DecayCorrection"), _PET),
    Fact("ImageDecayCorrected", _is_decay_corrected, _PET),
    Fact("AttenuationCorrection", text("AttenuationCorrectionMethod"), _PET),
    Fact("AttenuationCorrectionMethod", text("AttenuationCorrectionMethod"), _PET),
    Fact("RandomsCorrectionMethod", text("RandomsCorrectionMethod"), _PET),
    Fact("ScatterCorrectionMethod", text("ScatterCorrectionMethod"), _PET),
    Fact("ReconstructionMethod", text("ReconstructionMethod"), _PET),
    Fact("ReconMethodName", _method, _PET),
    Fact("ReconMethodParameterLabels", _parameters(["subsets", "iterations"]), _PET),
    Fact("ReconMethodParameterUnits", _parameters(["none", "none"]), _PET),
    Fact("ReconMethodParameterValues", _parameter_values, _PET),
    Fact("ReconFilterType", _filter_type, _PET),
    Fact("ReconFilterSize", _filter_size, _PET),
)
