"""The sidecar's facts: BIDS names, SI units, and nothing that is not on the list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.datadict import DicomDictionary
from pydicom.sequence import Sequence

from convkit.series.facts import FACTS, facts_of, units_of
from tests.builders import instance, series
from tests.jobs.work import convert
from tests.series.frames import headers_of


def facts(folder: Path, *, keep: tuple[str, ...] = (), **attributes: Any) -> dict[str, Any]:
    (header,) = headers_of([instance(**attributes)], folder, keep)
    return facts_of(header, keep=keep)


@pytest.mark.parametrize(
    ("attributes", "key", "value"),
    [
        ({"EchoTime": 30}, "EchoTime", 0.03),
        ({"RepetitionTime": 2300}, "RepetitionTime", 2.3),
        ({"InversionTime": 900}, "InversionTime", 0.9),
        ({"EchoTime": "4.92"}, "EchoTime", 0.00492),
        ({"FlipAngle": 9}, "FlipAngle", 9),
        ({"MagneticFieldStrength": 3}, "MagneticFieldStrength", 3),
        ({"SoftwareVersions": ["a", "b"]}, "SoftwareVersions", "a\\b"),
        ({"SeriesDescription": "T1 (MPRAGE): 1/2"}, "SeriesDescription", "T1 (MPRAGE): 1/2"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M_FFE"]}, "ImageType", ["ORIGINAL", "PRIMARY", "M", "FFE"]),
        ({"ImageType": ["DERIVED", "PRIMARY", "ADC"]}, "RawImage", False),
        ({"AcquisitionTime": "101300.25"}, "AcquisitionTime", "10:13:00.250000"),
        (
            {"AcquisitionTime": None, "AcquisitionDateTime": "20200102101300.25-0500"},
            "AcquisitionTime",
            "10:13:00.250000",
        ),
        ({"ScanningSequence": ["EP", "SE"]}, "ScanningSequence", "EP\\SE"),
        ({"PulseSequenceName": "*ep2d"}, "SequenceName", "*ep2d"),
        ({"Modality": "MR", "InPlanePhaseEncodingDirection": "COL"}, "PhaseEncodingAxis", "j"),
        ({"Modality": "MR", "InPlanePhaseEncodingDirection": "ROW"}, "PhaseEncodingAxis", "i"),
        ({"InPlanePhaseEncodingDirection": "COLUMN"}, "InPlanePhaseEncodingDirectionDICOM", "COL"),
        ({"Modality": "MR", "AcquisitionMatrix": [0, 64, 48, 0]}, "AcquisitionMatrixPE", 48),
        ({"Modality": "MR", "AcquisitionMatrix": [64, 0, 0, 40]}, "AcquisitionMatrixPE", 40),
        ({"Modality": "MR", "MRAcquisitionPhaseEncodingStepsInPlane": 72}, "AcquisitionMatrixPE", 72),
        ({"Modality": "MR", "InPlanePhaseEncodingDirection": "COL"}, "ReconMatrixPE", 6),
        ({"Modality": "MR", "InPlanePhaseEncodingDirection": "ROW"}, "ReconMatrixPE", 7),
        ({"Modality": "MR", "AcquisitionMatrix": [0, 64, 48, 0]}, "ReconMatrixPE", 48),
        ({"ImagingFrequency": 63.6}, "ImagingFrequency", 63.6),
        ({"ImagingFrequency": 128176031}, "ImagingFrequency", 128.176031),
        ({"ImagingFrequency": 128, "TransmitterFrequency": 123.2}, "ImagingFrequency", 123.2),
        ({"Modality": "MR", "Spoiling": "NONE"}, "SpoilingState", False),
        ({"Modality": "MR", "Spoiling": "RF_AND_GRADIENT"}, "SpoilingType", "COMBINED"),
        ({"Modality": "MR", "SequenceVariant": ["SK", "SP"]}, "SpoilingState", True),
        ({"Modality": "MR", "MagnetizationTransfer": "ON_RESONANCE"}, "MTState", True),
        ({"Modality": "MR", "SequenceVariant": ["SK", "MTC"]}, "MTState", True),
        ({"NumberOfPhaseEncodingSteps": 0, "MRAcquisitionPhaseEncodingStepsInPlane": 9}, "PhaseEncodingSteps", 9),
        ({"GradientEchoTrainLength": 54}, "EchoTrainLength", 54),
        ({"EchoTrainLength": 7, "GradientEchoTrainLength": 1}, "EchoTrainLength", 7),
        ({"ParallelReductionFactorInPlane": 2.5}, "ParallelReductionFactorInPlane", 2.5),
        ({"TablePosition": -30.5}, "TablePosition", [0, 0, -30.5]),
        ({"VariableFlipAngleFlag": "N"}, "VariableFlipAngleFlag", False),
        ({"PartialFourier": "YES"}, "PartialFourierEnabled", "YES"),
        ({"ExposureTime": 500}, "ExposureTime", 0.5),
        ({"Exposure": 0, "ExposureInmAs": 210.5}, "XRayExposure", 210.5),
        ({"ConvolutionKernel": ["Br40d", "3"]}, "ConvolutionKernel", "Br40d\\3"),
        ({"KVP": 120}, "KVP", 120),
        ({"ManufacturerModelName": "One"}, "ManufacturersModelName", "One"),
        ({"EchoNumbers": 2}, "EchoNumber", 2),
    ],
    ids=str,
)
def test_attribute_has_its_bids_name_and_unit(attributes: dict[str, Any], key: str, value: Any, tmp_path: Path) -> None:
    assert facts(tmp_path, **attributes)[key] == value


@pytest.mark.parametrize("time", ["1013", "", None])
def test_time_without_seconds_is_left_out(time: str | None, tmp_path: Path) -> None:
    assert "AcquisitionTime" not in facts(tmp_path, AcquisitionTime=time)


@pytest.mark.parametrize(
    "attributes",
    [
        {"InversionTime": 0},
        {"EchoTime": 0},
        {"FlipAngle": 0},
        {"RepetitionTime": None},
        {"NumberOfAverages": 0},
        {"EchoTrainLength": 0},
        {"PartialFourier": "NO"},
        {"ImageType": ["ORIGINAL", "PRIMARY"]},
    ],
    ids=str,
)
def test_zero_and_no_stand_for_not_given(attributes: dict[str, Any], tmp_path: Path) -> None:
    keys = {"InversionTime", "EchoTime", "FlipAngle", "RepetitionTime", "NumberOfAverages", "EchoTrainLength"}
    left_out = {*(attributes.keys() & keys), "PartialFourierEnabled", "RawImage"}
    assert not left_out & facts(tmp_path, **attributes).keys()


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"ScanningSequence": ["EP", "SE"]}, "Spin Echo EPI"),
        ({"ScanningSequence": ["EP", "GR"]}, "Gradient Echo EPI"),
        ({"ScanningSequence": "EP"}, None),
        ({"ScanningSequence": None, "EchoPulseSequence": "SPIN", "EchoPlanarPulseSequence": "YES"}, "Spin Echo EPI"),
        ({"ScanningSequence": "SE"}, "Spin Echo"),
        ({"ScanningSequence": ["SE", "IR"]}, "Inversion Recovery Spin Echo"),
        ({"ScanningSequence": ["GR", "IR"], "SequenceVariant": ["SK", "SP", "MP"]}, "MPRAGE"),
        ({"ScanningSequence": "GR", "SequenceVariant": ["SK", "SP"]}, "Spoiled Gradient Echo"),
        ({"ScanningSequence": "GR", "SequenceVariant": ["SK", "SS"]}, "Gradient Echo"),
        ({"ScanningSequence": "RM"}, None),
    ],
    ids=str,
)
def test_kind_of_sequence(attributes: dict[str, Any], kind: str | None, tmp_path: Path) -> None:
    found = facts(tmp_path, **{"Modality": "MR", "SequenceVariant": None} | attributes)
    assert found.get("PulseSequenceType") == kind


def test_keys_of_mr_stay_out_of_ct(tmp_path: Path) -> None:
    found = facts(tmp_path, AcquisitionMatrix=[0, 64, 48, 0], InPlanePhaseEncodingDirection="COL")
    assert not {"AcquisitionMatrixPE", "ReconMatrixPE", "PhaseEncodingAxis"} & found.keys()


def test_absent_attributes_leave_no_key(tmp_path: Path) -> None:
    found = facts(tmp_path)
    assert None not in found.values()
    assert "EchoTime" not in found


def test_keys_are_unique_and_in_the_order_of_the_list(tmp_path: Path) -> None:
    keys = [fact.key for fact in FACTS]
    assert len(set(keys)) == len(keys)
    found = list(facts(tmp_path, Modality="MR"))
    assert found == [k for k in keys if k in found]


def test_kept_keyword_has_its_own_name(tmp_path: Path) -> None:
    assert facts(tmp_path, keep=("PatientAge",), PatientAge="034Y")["PatientAge"] == "034Y"


def test_kept_keyword_never_replaces_a_fact(tmp_path: Path) -> None:
    assert facts(tmp_path, keep=("EchoTime",), EchoTime=30)["EchoTime"] == 0.03


@pytest.mark.parametrize(
    ("attributes", "unit"),
    [
        ({"Modality": "CT"}, "HU"),
        ({"Modality": "CT", "RescaleType": None}, "HU"),
        ({"Modality": "CT", "RescaleType": "US"}, ""),
        ({"Modality": "CT", "RescaleType": None, "RescaleIntercept": None}, ""),
        ({"Modality": "MR"}, ""),
        ({"Modality": "PT", "Units": "BQML"}, "Bq/mL"),
        ({"Modality": "PT", "Units": "CNTS"}, "counts"),
        ({"Modality": "PT", "Units": "GML"}, "g/mL"),
        ({"Modality": "PT", "Units": "NONE"}, ""),
        ({"Modality": "MR", "RescaleType": "OD"}, "OD"),
        ({"Modality": "CT", "RescaleType": "MGML"}, "mg/mL"),
        ({"Modality": "PT", "Units": "1CM"}, "1/cm"),
        ({"Modality": "PT", "Units": "SOMETHING"}, "SOMETHING"),
        ({"Modality": "RTDOSE", "DoseUnits": "GY", "RescaleType": "US"}, "Gy"),
        ({"Modality": "RTDOSE", "DoseUnits": None}, ""),
        ({"Modality": "NM", "ImageType": ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"]}, "counts"),
        ({"Modality": "NM", "ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"]}, ""),
        ({"Modality": "NM", "ImageType": ["DERIVED", "PRIMARY", "STATIC", "EMISSION"]}, ""),
    ],
    ids=str,
)
def test_unit(attributes: dict[str, Any], unit: str, tmp_path: Path) -> None:
    (header,) = headers_of([instance(**attributes)], tmp_path)
    assert units_of(header) == unit


# --- nothing else gets out -------------------------------------------------------------------------------

_TEXT = frozenset(("AE", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "CS"))
_MARK = "ZQ7XW"

ALLOWED = frozenset(
    [
        "BodyPartExamined",
        "BurnedInAnnotation",
        "ExposureModulationType",
        "FilterType",
        "ImagedNucleus",
        "ParallelAcquisitionTechnique",
        "PartialFourierDirection",
        "PulseSequenceName",
        "ResonantNucleus",
        "ContrastBolusAgent",
        "ConversionType",
        "ConvolutionKernel",
        "ImageType",
        "InPlanePhaseEncodingDirection",
        "MRAcquisitionType",
        "Manufacturer",
        "ManufacturerModelName",
        "Modality",
        "PatientPosition",
        "ProtocolName",
        "ReceiveCoilName",
        "RescaleType",
        "ScanOptions",
        "ScanningSequence",
        "SequenceName",
        "SequenceVariant",
        "SeriesDescription",
        "SoftwareVersions",
        "TransmitCoilName",
        "Units",
    ]
)
"""Texts that a sidecar may hold; everything else must not get out. Written here anew, not taken from the code."""

_OURS = frozenset(
    ("SpecificCharacterSet", "PhotometricInterpretation", "ComplexImageComponent", "TimezoneOffsetFromUTC")
)


def _planted() -> tuple[dict[str, str], dict[str, Any]]:
    """Attributes with a secret each (keyword to secret), and the others."""
    secrets: dict[str, str] = {}
    for number, (tag, (vr, _, _, retired, keyword)) in enumerate(sorted(DicomDictionary.items())):
        is_main = 0x0008 <= tag >> 16 <= 0x0040 and tag >> 16 != 0x0028 and not retired
        if keyword and is_main and vr in _TEXT and keyword not in ALLOWED | _OURS:
            secrets[keyword] = f"{_MARK}{number}"
    dates = {
        "PatientBirthDate": "19370904",
        "StudyDate": "19580712",
        "SeriesDate": "19580713",
        "AcquisitionDate": "19580714",
        "ContentDate": "19580715",
        "AcquisitionDateTime": "19580716101112",
        "DateOfLastCalibration": "19580717",
        "PatientAge": "083Y",
        "PatientWeight": "67.891",
        "PatientSize": "1.8437",
    }
    return secrets, dates


def test_planted_values_of_every_other_attribute_stay_out_of_the_sidecar(tmp_path: Path) -> None:
    secrets, dates = _planted()
    assert len(secrets) > 300
    item = Dataset()
    item.PatientName, item.StudyID, item.TextValue = f"{_MARK}A", f"{_MARK}B", f"{_MARK}C"
    datasets = series(modality="MR", volumes=2, **secrets | dates)
    for dataset in datasets:
        dataset.RequestAttributesSequence = Sequence([item])
        block = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
        block.add_new(0x10, "LO", f"{_MARK}D")
    run = convert(datasets, tmp_path)
    assert run.report.exit_code == 0
    text = json.dumps(run.sidecar) + json.dumps(run.report.to_json()) + "".join(p.name for p in run.folder.rglob("*"))
    assert _MARK not in text
    for value in (*dates.values(), "1937", "1958"):
        assert value not in text


def test_uids_in_the_sidecar_are_those_of_the_sources_alone(tmp_path: Path) -> None:
    datasets = series()
    text = json.dumps(convert(datasets, tmp_path).sidecar)
    for dataset in datasets:
        text = text.replace(dataset.SOPInstanceUID, "")
    assert "2.25." not in text
