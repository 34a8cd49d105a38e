"""Siemens XA: one acquisition that came as many series is one volume again, and nothing else is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from tests.builders import series
from tests.builders.packed import enhanced_of
from tests.jobs.work import Run, assert_right, convert

VOLUMES = 4


def run_of_series(first: int = 7001, **overrides: Any) -> list[Dataset]:
    """A run whose volumes are series of their own, as the classic export of XA makes them."""
    given: dict[str, Any] = {
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "MFSPLIT"],
        "Manufacturer": "Siemens Healthineers",
        "ProtocolName": "fmri",
        "SeriesDescription": "fmri",
        "SeriesNumber": lambda place: first + place.volume,
        "SeriesInstanceUID": lambda place: f"2.25.88{first}{place.volume}",
        "TemporalPositionIdentifier": None,
        "NumberOfTemporalPositions": None,
        "AcquisitionNumber": lambda place: place.volume + 1,
    }
    return series(modality="MR", dtype="uint16", volumes=VOLUMES, **(given | overrides))


def shapes(run: Run) -> list[tuple[int, ...]]:
    return [i.values.shape for i in run.images]


def test_series_of_one_acquisition_are_one_run_in_its_order(tmp_path: Path) -> None:
    datasets = run_of_series()
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert shapes(run) == [(7, 6, 5, VOLUMES)]
    assert "series.merged" in run.codes
    assert run.sidecar["SeriesNumber"] == 7001


def test_order_of_volumes_is_that_of_their_numbers_where_clocks_are_equal(tmp_path: Path) -> None:
    datasets = run_of_series(AcquisitionTime="101300", ContentTime="101300")
    assert_right(datasets, convert(datasets, tmp_path))


def test_gap_between_the_series_numbers_does_not_matter(tmp_path: Path) -> None:
    datasets = run_of_series(SeriesNumber=lambda place: 7001 + 2 * place.volume)
    assert shapes(convert(datasets, tmp_path)) == [(7, 6, 5, VOLUMES)]


def test_two_runs_of_one_protocol_stay_two(tmp_path: Path) -> None:
    one, two = run_of_series(), run_of_series(9001, series=2, origin=(0.0, 0.0, 0.0))
    run = convert([*one, *two], tmp_path)
    assert_right([*one, *two], run)
    assert len(run.images) == 2


LOOK_ALIKES: dict[str, dict[str, Any]] = {
    "not split for export": {"ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"]},
    "another maker": {"Manufacturer": "GE MEDICAL SYSTEMS"},
    "numbers below a thousand": {"first": 1},
    "numbers of different thousands": {"SeriesNumber": lambda place: 7001 + 1000 * place.volume},
    "different protocols": {"ProtocolName": lambda place: f"fmri {place.volume}"},
    "different descriptions": {"SeriesDescription": lambda place: f"fmri {place.volume}"},
    "different frames of reference": {"FrameOfReferenceUID": lambda place: f"2.25.7{place.volume}"},
    "different studies": {"StudyInstanceUID": lambda place: f"2.25.6{place.volume}"},
    "no series number": {"SeriesNumber": None},
}


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_series_that_are_no_acquisition_are_not_merged(kind: str, tmp_path: Path) -> None:
    run = convert(run_of_series(**LOOK_ALIKES[kind]), tmp_path)
    assert "series.merged" not in run.codes
    assert shapes(run) == [(7, 6, 5)] * VOLUMES


def test_parts_of_a_merged_run_are_told_apart(tmp_path: Path) -> None:
    """Magnitude and phase of one run share thousands and protocol; they are no volumes of one another."""
    kind = [["ORIGINAL", "PRIMARY", "M", "MFSPLIT"], ["ORIGINAL", "PRIMARY", "P", "MFSPLIT"]]
    datasets = run_of_series(ImageType=lambda place: kind[place.volume % 2])
    run = convert(datasets, tmp_path)
    assert run.report.exit_code == 0
    assert sorted(shapes(run)) == [(7, 6, 5, 2)] * 2


def test_enhanced_objects_a_volume_are_one_run(tmp_path: Path) -> None:
    """XA's own form: one series, one enhanced object a volume."""
    datasets = series(modality="MR", dtype="uint16", volumes=VOLUMES)
    packed = [
        enhanced_of(datasets[5 * v : 5 * v + 5], v + 1, Manufacturer="Siemens Healthineers", AcquisitionNumber=v + 1)
        for v in range(VOLUMES)
    ]
    run = convert(packed, tmp_path)
    assert_right(datasets, run)
    assert "series.merged" not in run.codes
