"""Runs of volumes: stopped before their end, timed, named by what they are, and told in the sidecar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import pytest
from pydicom import Dataset

from tests.builders import cr, series
from tests.jobs.work import assert_right, convert

SLICES = 5


def run_of(volumes: int, **overrides: Any) -> list[Dataset]:
    return series(modality="MR", volumes=volumes, slices=SLICES, **overrides)


# --- runs that were stopped ------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [1, 4])
def test_a_run_that_was_stopped_gives_its_complete_volumes(lost: int, tmp_path: Path) -> None:
    datasets = run_of(4)
    run = convert(datasets[:-lost], tmp_path)
    assert run.report.exit_code == 0
    assert "series.short-volume" in run.codes
    assert_right(datasets[: 3 * SLICES], run)


def test_a_slice_that_is_lost_within_a_run_is_no_stopped_run(tmp_path: Path) -> None:
    datasets = run_of(4)
    run = convert(datasets[:7] + datasets[8:], tmp_path)
    assert "series.short-volume" not in run.codes
    assert "geometry.unequal-extent" in run.codes
    assert all(image.values.ndim == 3 or image.values.shape[3] == 1 for image in run.images)


def test_two_volumes_of_which_one_is_short_are_not_guessed_at(tmp_path: Path) -> None:
    run = convert(run_of(2)[:-1], tmp_path)
    assert "series.short-volume" not in run.codes
    assert "geometry.unequal-extent" in run.codes


# --- what images are -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image_type", "code"),
    [
        (["DERIVED", "PRIMARY", "M"], "series.derived"),
        (["ORIGINAL", "PRIMARY", "LOCALIZER"], "series.localizer"),
    ],
)
def test_derived_images_and_localizers_are_converted_and_labelled(
    image_type: list[str], code: str, tmp_path: Path
) -> None:
    datasets = series(modality="MR", ImageType=image_type)
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert code in run.codes
    assert code in {n["code"] for n in run.sidecar["Convkit"]["Notes"]}


def capture(number: int | None) -> Dataset:
    """A capture of a frame, that tells from which object it was made and not where it lies."""
    source = Dataset()
    source.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4.4"
    source.ReferencedSOPInstanceUID = "1.2.3.4"
    source.ReferencedFrameNumber = number or 1
    return cr(
        InstanceNumber=number,
        Modality="MR",
        SOPClassUID="1.2.840.10008.5.1.4.1.1.7",
        SOPInstanceUID=f"1.2.3.5.{number or id(source)}",
        ConversionSourceAttributesSequence=[source],
    )


def test_captures_of_the_frames_of_one_object_are_one_volume(tmp_path: Path) -> None:
    run = convert([capture(n) for n in (1, 2, 3, 4)], tmp_path)
    assert run.image.values.shape[2] == 4
    assert "geometry.piled" in run.codes


@pytest.mark.parametrize("numbers", [(1, 2, 4), (None, None)])
def test_captures_without_a_full_count_are_volumes_of_their_own(
    numbers: tuple[int | None, ...], tmp_path: Path
) -> None:
    run = convert([capture(n) for n in numbers], tmp_path)
    assert run.report.exit_code == 0
    assert [image.values.shape[2] for image in run.images] == [1] * len(numbers)


# --- the sidecar -----------------------------------------------------------------------------------------


def test_acquisition_time_is_that_of_the_first_image_not_of_the_lowest(tmp_path: Path) -> None:
    datasets = series(modality="MR", slices=SLICES)
    for place, dataset in enumerate(datasets):  # from the head to the feet
        dataset.InstanceNumber = SLICES - place
        dataset.AcquisitionTime = f"1015{SLICES - place:02d}"
    assert convert(datasets, tmp_path).sidecar["AcquisitionTime"] == "10:15:01.000000"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"ProtocolName": "head", "SeriesDescription": "T1"}, "head"),
        ({"ProtocolName": None, "SeriesDescription": "T1"}, "T1"),
    ],
)
def test_protocol_name_falls_back_to_the_description(given: dict[str, Any], name: str, tmp_path: Path) -> None:
    assert convert(series(modality="MR", **given), tmp_path).sidecar["ProtocolName"] == name


def test_echoes_without_numbers_are_numbered_by_their_rank(tmp_path: Path) -> None:
    datasets = run_of(2, EchoNumbers=None, EchoTime=lambda place: (30, 10)[place.volume])
    run = convert(datasets, tmp_path)
    assert [(s["EchoTime"], s["EchoNumber"]) for s in run.sidecars] == [(0.01, 1), (0.03, 2)]


def test_three_dimensional_run_has_the_time_from_volume_to_volume(tmp_path: Path) -> None:
    datasets = run_of(3, MRAcquisitionType="3D", RepetitionTime=50)
    for place, dataset in enumerate(datasets):
        dataset.AcquisitionTime = f"1015{place // SLICES * 2:02d}"
    run = convert(datasets, tmp_path)
    assert run.sidecar["RepetitionTime"] == pytest.approx(2.0)
    assert run.sidecar["RepetitionTimeExcitation"] == pytest.approx(0.05)
    image: Any = nibabel.load(next(run.folder.rglob("*.nii")))
    assert image.header["pixdim"][4] == pytest.approx(2.0)
