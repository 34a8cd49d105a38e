"""What a run of preview tells: the page over all pictures, the notes, and which pictures of a series are taken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convkit
from convkit import ExitCode, Status, UsageError
from tests.builders import cr, instance, multi_frame_us, series, truncate, write
from tests.builders.presentations import state, window
from tests.builders.segmentations import binary, disc
from tests.jobs.test_preview import Previewed, preview, preview_folder, square, stack

ROWS, COLUMNS = 24, 32


def pictures_of(run: Previewed) -> list[str]:
    return [name for name in run.names if name.endswith(".png")]


def shown_on(folder: Path) -> str:
    return (folder / "index.html").read_text()


# --- the page --------------------------------------------------------------------------------------------


def test_a_later_run_into_the_same_folder_adds_to_the_page(tmp_path: Path) -> None:
    for number in (1, 2):
        write([square(series=number, SeriesDescription=f"SERIES{number}")], tmp_path / f"in{number}")
        preview_folder(tmp_path / f"in{number}", tmp_path / "out", gallery=True)
    assert "SERIES1" in shown_on(tmp_path / "out")
    assert "SERIES2" in shown_on(tmp_path / "out")


def test_a_series_that_is_made_again_is_shown_once(tmp_path: Path) -> None:
    for _ in range(2):
        run = preview([square(SeriesDescription="HEAD")], tmp_path, gallery=True, exists="overwrite")
    assert shown_on(run.folder).count("001 HEAD") == 1


def test_pictures_that_were_removed_are_no_longer_shown(tmp_path: Path) -> None:
    for number in (1, 2):
        write([square(series=number, SeriesDescription=f"SERIES{number}")], tmp_path / f"in{number}")
        run = preview_folder(tmp_path / f"in{number}", tmp_path / "out", gallery=True)
        for picture in (run.folder / name for name in pictures_of(run) if number == 1):
            picture.unlink()
    assert "SERIES1" not in shown_on(tmp_path / "out")


@pytest.mark.parametrize("memory", [b"", b"[]", b"{}", b'[["a"]]', b"[[1,2,3,4,5]]", b"\xff", b"null"])
def test_a_memory_that_is_not_ours_costs_only_itself(tmp_path: Path, memory: bytes) -> None:
    (tmp_path / "out" / ".convkit").mkdir(parents=True)
    (tmp_path / "out" / ".convkit" / "gallery.json").write_bytes(memory)
    run = preview([square(SeriesDescription="HEAD")], tmp_path, gallery=True)
    assert run.report.exit_code == ExitCode.OK
    assert "HEAD" in shown_on(run.folder)


def test_a_memory_leads_to_no_file_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    told = [["T", "S", [], ["../secret.png", "/etc/passwd"], []]]
    (tmp_path / "out" / ".convkit").mkdir(parents=True)
    (tmp_path / "out" / ".convkit" / "gallery.json").write_text(json.dumps(told))
    run = preview([square()], tmp_path, gallery=True)
    assert run.report.exit_code == ExitCode.OK
    assert "secret" not in shown_on(run.folder)
    assert "passwd" not in shown_on(run.folder)


def test_the_page_tells_how_much_it_does_not_show(tmp_path: Path) -> None:
    write([square()], tmp_path / "in")
    for number in (1, 2):
        (path,) = write([instance(series=7, number=number)], tmp_path / f"bad{number}")
        truncate(path, 100)
        path.rename(tmp_path / "in" / f"bad{number}.dcm")
    preview_folder(tmp_path / "in", tmp_path / "out", gallery=True)
    assert "Not shown are" in shown_on(tmp_path / "out")
    assert "2 files" in shown_on(tmp_path / "out")


# --- what is told ----------------------------------------------------------------------------------------


def test_a_file_without_a_picture_is_told_only_if_it_is_selected(tmp_path: Path) -> None:
    bad = instance(series=2, Modality="MR")
    del bad.PixelData
    write([square(), bad], tmp_path / "in")
    every = preview_folder(tmp_path / "in", tmp_path / "a")
    assert "pixels.missing" in every.codes
    assert preview_folder(tmp_path / "in", tmp_path / "b", where='Modality == "MR"').report.exit_code == 5
    good = preview_folder(tmp_path / "in", tmp_path / "c", where='Modality == "CT"')
    assert "pixels.missing" not in good.codes
    assert good.report.exit_code == ExitCode.OK
    assert preview_folder(tmp_path / "in", tmp_path / "d", where='Modality == "XX"').report.exit_code == 3


def test_a_segmentation_of_other_images_is_told(tmp_path: Path) -> None:
    others = series(slices=3, rows=ROWS, columns=COLUMNS, SeriesInstanceUID="2.25.77")
    segmentation = binary(others, {1: disc(3, ROWS, COLUMNS, (12, 16), 6)})
    run = preview([*stack(), segmentation], tmp_path, overlay=True)
    assert "preview.unused-segmentation" in run.codes


def test_a_presentation_state_of_other_images_is_told_and_one_that_fits_too(tmp_path: Path) -> None:
    images = stack()
    (path,) = write([state(images, SoftcopyVOILUTSequence=[window(40, 400)])], tmp_path / "state")
    fits = preview(images, tmp_path, presentation=path)
    assert "preview.presented" in fits.codes
    assert "preview.unused-presentation" not in fits.codes
    write([square(series=9)], tmp_path / "other")
    other = preview_folder(tmp_path / "other", tmp_path / "out2", presentation=path)
    assert "preview.unused-presentation" in other.codes


def test_frames_of_one_broken_file_are_one_file(tmp_path: Path) -> None:
    (path,) = write([multi_frame_us(frames=7)], tmp_path / "in")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 10])
    run = preview_folder(tmp_path / "in", tmp_path / "out")
    bad = [o for o in run.report.outcomes if o.status is Status.REFUSED]
    assert [o.facts["instances"] for o in bad] == [1]


def test_a_series_that_a_window_leaves_of_one_grey_is_told(tmp_path: Path) -> None:
    assert "preview.outside-window" in preview(stack(), tmp_path / "far", window="30000/10").codes
    assert "preview.outside-window" in preview(stack(), tmp_path / "low", window="-30000/10").codes
    assert "preview.outside-window" not in preview(stack(), tmp_path / "fits", window="full").codes


def test_one_slice_of_air_among_others_is_not_told(tmp_path: Path) -> None:
    images = stack()
    images[0].PixelData = bytes(len(images[0].PixelData))
    assert "preview.outside-window" not in preview(images, tmp_path, window="full").codes


@pytest.mark.parametrize("name", ["a.png", "a.GIF", "a.mp4"])
def test_a_destination_named_like_a_picture_is_taken_for_a_mistake(tmp_path: Path, name: str) -> None:
    write([square()], tmp_path / "in")
    with pytest.raises(UsageError, match="is a folder"):
        convkit.preview(tmp_path / "in", tmp_path / name, jobs=1)
    assert not (tmp_path / name).exists()
    (tmp_path / name).mkdir()
    assert preview_folder(tmp_path / "in", tmp_path / name).report.exit_code == ExitCode.OK


def test_a_destination_named_like_a_volume_is_taken_for_a_mistake(tmp_path: Path) -> None:
    write(series(slices=3), tmp_path / "in")
    with pytest.raises(UsageError, match=r"\.nii\.gz|\.gz"):
        convkit.convert(tmp_path / "in", tmp_path / "a.nii.gz", jobs=1)


# --- which pictures --------------------------------------------------------------------------------------


def test_the_middle_of_two_echoes_is_a_slice_of_the_middle(tmp_path: Path) -> None:
    images = series(slices=5, echoes=(10, 20))
    run = preview(images, tmp_path, slices="middle")
    middle = sorted(float(i.ImagePositionPatient[2]) for i in images)[5]
    taken = [int(Path(name).stem) for name in pictures_of(run)]
    assert [float(i.ImagePositionPatient[2]) for i in images if i.InstanceNumber in taken] == [middle]


def test_some_slices_are_spread_over_space(tmp_path: Path) -> None:
    images = series(slices=6, volumes=2)
    run = preview(images, tmp_path, slices=3)
    taken = {int(Path(name).stem) for name in pictures_of(run)}
    heights = sorted({float(i.ImagePositionPatient[2]) for i in images})
    assert sorted(float(i.ImagePositionPatient[2]) for i in images if i.InstanceNumber in taken) == heights[1::2]


def test_images_without_a_place_are_taken_by_number(tmp_path: Path) -> None:
    run = preview([cr(number=n) for n in range(1, 6)], tmp_path, slices="middle")
    assert [int(Path(name).stem) for name in pictures_of(run)] == [3]


# --- marks and projections -------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"letters": True}, {"scale_bar": True}])
def test_small_pictures_grow_for_marks_upon_them(tmp_path: Path, options: dict[str, Any]) -> None:
    plain = preview([square()], tmp_path / "plain").array()
    marked = preview([square()], tmp_path / "marked", **options).array()
    assert max(plain.shape) < 10
    assert max(marked.shape) == 384
    assert max(preview([square()], tmp_path / "asked", size=50, **options).array().shape) == 50


def test_three_planes_grow_for_marks_upon_them(tmp_path: Path) -> None:
    plain = preview(stack(), tmp_path / "plain", view="three").array()
    marked = preview(stack(), tmp_path / "marked", view="three", letters=True).array()
    assert plain.shape[1] < 100
    assert 1100 < marked.shape[1] < 1300


def test_a_projection_has_a_window_of_its_own(tmp_path: Path) -> None:
    images = stack(WindowCenter=-2000, WindowWidth=10)
    slices = preview(images, tmp_path / "slices").array("0003")
    projected = preview(images, tmp_path / "mip", view="mip").array()
    assert set(np.unique(slices)) == {255}
    assert len(np.unique(projected)) > 20
