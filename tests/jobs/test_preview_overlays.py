"""What preview lays over pictures: overlay planes, segmentations, label images, presentation states."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (the name that its users know)
from numpy.typing import NDArray
from pydicom import Dataset

import convkit
from convkit import Severity, UsageError
from tests.builders import series, structured_report, write
from tests.builders.instances import instance
from tests.builders.presentations import state
from tests.builders.segmentations import binary, disc, with_overlay
from tests.jobs.test_preview import GREY, Previewed, preview, preview_folder
from tests.jobs.work import codes

ROWS, COLUMNS = 24, 32


def stack() -> list[Dataset]:
    return series(slices=5, rows=ROWS, columns=COLUMNS, spacing=(3.0, 1.0, 1.0))


def is_coloured(array: NDArray[np.uint8]) -> bool:
    return array.ndim == 3 and bool((array[..., 0] != array[..., 2]).any())


# --- overlay planes ----------------------------------------------------------------------------------------


def test_overlay_planes_are_burned_in_only_on_request(tmp_path: Path) -> None:
    bitmap = np.zeros((6, 7), bool)
    bitmap[2, 3] = True
    dataset = with_overlay(instance(pixels=GREY, PixelSpacing=[1, 1]), bitmap)
    without = preview([dataset], tmp_path / "a", window="-500/4000").array()
    burned = preview([dataset], tmp_path / "b", window="-500/4000", overlay=True).array()
    assert burned[2, 3] == 255
    assert without[2, 3] < 255
    assert (burned != without).sum() == 1


def test_a_data_set_in_memory_brings_its_overlays() -> None:
    bitmap = np.zeros((6, 7), bool)
    bitmap[2, 3] = True
    dataset = with_overlay(instance(pixels=GREY, PixelSpacing=[1, 1]), bitmap)
    assert np.asarray(convkit.render(dataset, window="-500/4000", overlay=True))[2, 3] == 255


# --- segmentations -----------------------------------------------------------------------------------------


def test_a_segmentation_is_laid_over_its_series_as_contours(tmp_path: Path) -> None:
    images = stack()
    mask = disc(5, ROWS, COLUMNS, (12, 16), 6)
    mask[3:] = False
    run = preview([*images, binary(images, {1: mask})], tmp_path, overlay=True)
    assert len(run.names) == 5
    assert is_coloured(run.array("0001"))
    assert not is_coloured(run.array("0005"))
    coloured = run.array("0001")[..., 0] != run.array("0001")[..., 2]
    assert coloured[12, 10]
    assert not coloured[12, 16]


def test_without_overlay_a_segmentation_has_pictures_of_its_own(tmp_path: Path) -> None:
    images = stack()
    run = preview([*images, binary(images, {1: disc(5, ROWS, COLUMNS, (12, 16), 6)})], tmp_path)
    assert len(run.names) == 10


@pytest.mark.parametrize("view", ["axial", "three", "mosaic"])
def test_a_segmentation_is_laid_over_views_of_its_volume(view: str, tmp_path: Path) -> None:
    images = stack()
    run = preview(
        [*images, binary(images, {1: disc(5, ROWS, COLUMNS, (12, 16), 6)})], tmp_path, overlay=True, view=view
    )
    assert any(is_coloured(run.array(name)) for name in run.names)
    assert "preview.nothing-laid-over" not in run.codes


@pytest.mark.parametrize("view", ["native", "axial", "mosaic"])
def test_a_segmentation_is_laid_over_a_single_slice(view: str, tmp_path: Path) -> None:
    images = series(slices=1, rows=ROWS, columns=COLUMNS, spacing=(3.0, 1.0, 1.0), plane="sagittal")
    mask = disc(1, ROWS, COLUMNS, (12, 16), 6)
    run = preview([*images, binary(images, {1: mask})], tmp_path, overlay=True, view=view)
    array = run.array(run.names[0])
    assert array.shape[:2] == (ROWS, COLUMNS)
    is_laid = np.any(array != array[..., :1], axis=-1)
    assert is_laid.any()
    assert not is_laid[~grown(mask[0])].any()


def grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask and what touches it: an outline may lie on either side."""
    padded = np.pad(mask.astype(bool), 1)
    rows, columns = mask.shape
    return np.any([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=0)


def test_a_segmentation_that_hits_nothing_is_said(tmp_path: Path) -> None:
    images = stack()
    mask = disc(5, ROWS, COLUMNS, (12, 16), 6)
    elsewhere = series(series=2, slices=5, rows=ROWS, columns=COLUMNS, origin=(300.0, 0.0, 0.0))
    segmentation = binary(elsewhere, {1: mask})
    segmentation.ReferencedSeriesSequence[0].SeriesInstanceUID = images[0].SeriesInstanceUID
    run = preview([*images, segmentation], tmp_path, overlay=True)
    assert "preview.nothing-laid-over" in codes(run.report, Severity.WARNING)


def test_a_damaged_segmentation_costs_no_picture(tmp_path: Path) -> None:
    images = stack()
    segmentation = binary(images, {1: disc(5, ROWS, COLUMNS, (12, 16), 6)})
    segmentation.PixelData = segmentation.PixelData[:8]
    run = preview([*images, segmentation], tmp_path, overlay=True)
    assert len(run.names) == 5
    assert "preview.unusable-segmentation" in codes(run.report, Severity.WARNING)


# --- label images ------------------------------------------------------------------------------------------


def label_file(path: Path) -> Path:
    """Label 1 in a box, on the grid of `stack`."""
    array = np.zeros((5, ROWS, COLUMNS), np.uint8)
    array[:, 8:16, 10:20] = 1
    image = sitk.GetImageFromArray(array)
    image.SetOrigin([float(v) for v in stack()[0].ImagePositionPatient])
    image.SetSpacing((1.0, 1.0, 3.0))
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("view", ["native", "axial", "three"])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_a_label_image_is_laid_over(suffix: str, view: str, tmp_path: Path) -> None:
    labels = label_file(tmp_path / f"labels{suffix}")
    run = preview(stack(), tmp_path, labels=labels, view=view, slices="middle")
    array = run.array(run.names[0])
    assert is_coloured(array)
    if view == "native":
        assert array[8, 10, 0] != array[8, 10, 2]
        assert array[12, 15, 0] == array[12, 15, 2]


def test_a_label_image_that_cannot_be_read_ends_the_run_at_once(tmp_path: Path) -> None:
    (tmp_path / "labels.nii").write_bytes(b"no image")
    with pytest.raises(convkit.InputError):
        preview(stack(), tmp_path, labels=tmp_path / "labels.nii")
    assert not (tmp_path / "out").exists()


# --- presentation states -----------------------------------------------------------------------------------


def turned(images: list[Dataset], tmp_path: Path, **options: object) -> Previewed:
    (path,) = write([state(images, **options)], tmp_path / "states")
    write(images, tmp_path / "in")
    return preview_folder(tmp_path / "in", tmp_path / "out", presentation=path)


def test_a_presentation_state_turns_the_images_that_it_references(tmp_path: Path) -> None:
    images = stack()
    plain = preview(images, tmp_path / "plain").array("0001")
    run = turned(images[:1], tmp_path / "turned", ImageRotation=90, ImageHorizontalFlip="N")
    assert run.array("0001").shape == plain.shape[::-1]


def test_a_presentation_state_leaves_other_images_alone(tmp_path: Path) -> None:
    images = stack()
    (path,) = write([state(images[:1], ImageRotation=90, ImageHorizontalFlip="N")], tmp_path / "states")
    write(images, tmp_path / "in")
    run = preview_folder(tmp_path / "in", tmp_path / "out", presentation=path)
    assert run.array("0001").shape == (COLUMNS, ROWS)
    assert run.array("0002").shape == (ROWS, COLUMNS)


def test_a_presentation_state_is_for_stored_images(tmp_path: Path) -> None:
    (path,) = write([state(stack())], tmp_path / "states")
    with pytest.raises(UsageError):
        preview(stack(), tmp_path, presentation=path, view="three")


def test_a_file_that_is_no_presentation_state_is_refused_at_once(tmp_path: Path) -> None:
    (path,) = write([structured_report()], tmp_path / "states")
    with pytest.raises(convkit.InputError):
        preview(stack(), tmp_path, presentation=path)
