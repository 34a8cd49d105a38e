"""Reports of a small data set, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydicom import Dataset

import convkit
from convkit.survey.findings import Attribute, Findings
from tests.builders import series, structured_report


def data_set() -> list[Dataset]:
    """Twelve CT series of six patients, four MR series of two of them, and a report without pixels."""
    found: list[Dataset] = []
    for patient in range(1, 7):
        for number in (1, 2):
            found += series(
                patient=patient,
                series=number,
                slices=3 + patient % 3,
                spacing=(2.0 + number, 0.5 + patient / 10, 0.5 + patient / 10),
                ConvolutionKernel="B30f" if number == 1 else "B70f",
                KVP=120 if patient < 6 else 80,
                ProtocolName="Chest",
                SeriesDescription=f"CT {number}",
                BodyPartExamined="CHEST" if patient % 2 else None,
                PatientSex="FM"[patient % 2],
                PatientAge=f"{30 + 11 * patient:03d}Y",
                StudyDate=f"{2015 + patient}0703",
            )
    for patient in (1, 2):
        for number in (3, 4):
            found += series(
                patient=patient,
                series=number,
                modality="MR",
                Modality="MR",
                slices=4,
                spacing=(3.0, 0.9, 0.9),
                EchoTime=5 * number,
                PatientSex="FM"[patient % 2],
                PatientAge=f"{30 + 11 * patient:03d}Y",
            )
    return [*found, structured_report(series=9)]


def report(*sources: Any, **options: Any) -> Findings:
    found = convkit.report(*sources, **({"jobs": 1, "pixels": False} | options)).findings
    assert found is not None
    return found


def attribute(found: Findings, name: str) -> Attribute:
    return next(one for one in found.attributes if one.name == name)


def without_pixels(found: Findings) -> dict[str, Any]:
    told = convkit.DataReport(found).to_json()
    return told | {"notes": [note for note in told["notes"] if "pixel" not in note]}


def labels(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
