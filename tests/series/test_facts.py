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
        ({"SoftwareVersions": ["a", "b"]}, "SoftwareVersions", "a_b"),
        ({"SeriesDescription": "T1 MPRAGE"}, "SeriesDescription", "T1_MPRAGE"),
        ({"ImageType": ["ORIGINAL", "PRIMARY"]}, "ImageType", ["ORIGINAL", "PRIMARY"]),
        ({"AcquisitionTime": "101300.25"}, "AcquisitionTime", "10:13:00.250000"),
        ({"InPlanePhaseEncodingDirection": "COL"}, "PhaseEncodingAxis", "j"),
        ({"InPlanePhaseEncodingDirection": "ROW"}, "PhaseEncodingAxis", "i"),
        ({"AcquisitionMatrix": [0, 64, 48, 0]}, "AcquisitionMatrixPE", 48),
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
