"""preview: one picture an image, in the grey levels of the standard, under names that are planned; nothing leaks."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut

import convkit
from convkit import ExitCode, Report, Status, UsageError
from tests.builders import instance, multi_frame_us, palette, rgb, series, structured_report, truncate, write
from tests.builders.instances import set_pixels
from tests.jobs.work import again, codes, contents, digests

GREY = np.arange(42, dtype=np.int16).reshape(6, 7) * 20


class Previewed(NamedTuple):
    """A finished run."""

    report: Report
    folder: Path

    @property
    def names(self) -> list[str]:
        return [name for name in sorted(contents(self.folder)) if name != "index.html"]

    def image(self, name: str = "") -> Image.Image:
        (only,) = [n for n in self.names if name in n]
        return Image.open(io.BytesIO((self.folder / only).read_bytes()))

    def array(self, name: str = "") -> NDArray[Any]:
        return np.asarray(self.image(name))

    @property
    def codes(self) -> set[str]:
        return codes(self.report)


def preview(datasets: list[Dataset], tmp_path: Path, **options: Any) -> Previewed:
    """Write data sets in shuffled order and make their pictures in this process."""
    write(datasets, tmp_path / "in", shuffle=True)
    return preview_folder(tmp_path / "in", tmp_path / "out", **options)


def preview_folder(source: Path, target: Path, **options: Any) -> Previewed:
    return Previewed(convkit.preview(source, target, **({"jobs": 1, "gallery": False} | options)), target)


def square(**overrides: Any) -> Dataset:
    """A CT image whose pixels are square, so that its picture has its matrix."""
    return instance(pixels=GREY, **({"PixelSpacing": [0.7, 0.7]} | overrides))


def stack(**overrides: Any) -> list[Dataset]:
    """Five slices of a CT with pixels of their own."""
    return series(slices=5, rows=6, columns=7, **overrides)


# --- grey levels -----------------------------------------------------------------------------------------


def test_a_picture_has_the_grey_levels_of_the_standard(tmp_path: Path) -> None:
    dataset = square(WindowCenter=-700, WindowWidth=500)
    run = preview([dataset], tmp_path)
    expected = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    expected = (expected - expected.min()) / (expected.max() - expected.min()) * 255
    assert run.report.exit_code == ExitCode.OK
    assert np.abs(run.array().astype(float) - expected).max() <= 1


def test_monochrome1_is_shown_dark_where_values_are_high(tmp_path: Path) -> None:
    bright = preview([square(WindowCenter=-600, WindowWidth=800)], tmp_path / "2").array()
    dataset = square(WindowCenter=-600, WindowWidth=800, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(preview([dataset], tmp_path / "1").array(), 255 - bright)


def test_a_window_of_the_command_wins_over_that_of_the_file(tmp_path: Path) -> None:
    dataset = square(WindowCenter=-600, WindowWidth=800)
    given = preview([dataset], tmp_path / "a", window="-1000/50")
    assert given.array().max() == 255
    assert (given.array() == 255).sum() > (preview([dataset], tmp_path / "b").array() == 255).sum()


def test_padding_is_black_whatever_the_polarity(tmp_path: Path) -> None:
    dataset = square(PixelPaddingValue=820, PhotometricInterpretation="MONOCHROME1")
    array = preview([dataset], tmp_path, window="full").array()
    assert array[5, 6] == 0
    assert array[0, 0] == 255


def test_sixteen_bits_keep_what_eight_cannot(tmp_path: Path) -> None:
    dataset = square(WindowCenter=-600, WindowWidth=1000)
    array = preview([dataset], tmp_path, bits=16).array()
    assert array.dtype == np.uint16
    assert len(np.unique(array)) == GREY.size


def test_a_series_of_pet_is_measured_as_a_whole(tmp_path: Path) -> None:
    datasets = [
        square(Modality="PT", number=n, SOPInstanceUID=f"2.25.{n}", RescaleSlope=1 + n, WindowCenter=n, WindowWidth=n)
        for n in (1, 2, 3)
    ]
    run = preview(datasets, tmp_path)
    brightest = [int(run.array(f"000{n}").max()) for n in (1, 2, 3)]
    assert brightest[0] < brightest[1] < brightest[2]  # one window for all: the hotter slice looks hotter


# --- what can have a picture ------------------------------------------------------------------------------


def test_every_frame_has_a_picture(tmp_path: Path) -> None:
    run = preview([multi_frame_us(frames=3)], tmp_path)
    assert [n[-10:] for n in run.names] == ["1_f001.png", "1_f002.png", "1_f003.png"]


def test_colours_are_those_of_the_file(tmp_path: Path) -> None:
    dataset = rgb()
    assert np.array_equal(preview([dataset], tmp_path).array(), dataset.pixel_array)


def test_a_palette_becomes_its_colours(tmp_path: Path) -> None:
    assert preview([palette()], tmp_path).image().mode == "RGB"


def test_what_has_no_picture_is_skipped_with_a_reason(tmp_path: Path) -> None:
    run = preview([square(), structured_report()], tmp_path)
    assert len(run.names) == 1
    assert run.report.exit_code == ExitCode.OK
    assert "object.not-image" in run.codes


def test_a_cut_file_costs_only_its_own_picture(tmp_path: Path) -> None:
    paths = write([square(number=n, SOPInstanceUID=f"2.25.{n}") for n in (1, 2, 3)], tmp_path / "in")
    truncate(paths[1], paths[1].stat().st_size - 40)
    (tmp_path / "in" / "notes.txt").write_text("no DICOM")
    run = preview_folder(tmp_path / "in", tmp_path / "out")
    assert [n[-8:] for n in run.names] == ["0001.png", "0003.png"]
    assert run.report.exit_code == ExitCode.SOME_FAILED
    assert {"pixels.truncated", "input.not-dicom"} <= run.codes


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"NumberOfFrames": 0}, "header.inconsistent"),
        ({"NumberOfFrames": 7}, "pixels.truncated"),
        ({"NumberOfFrames": 2**31 - 1}, "pixels.too-large"),
        ({"Rows": 65535, "Columns": 65535}, "pixels.too-large"),
        ({"BitsStored": 20}, "header.inconsistent"),
        ({"RescaleSlope": 0}, "values.bad-rescale"),
        ({"PixelData": None}, "pixels.missing"),
    ],
)
def test_bad_input_gets_a_code(changes: dict[str, Any], code: str, tmp_path: Path) -> None:
    good = square(number=2, SOPInstanceUID="2.25.2")
    run = preview([square(**changes), good], tmp_path)
    assert code in run.codes
    assert [n[-8:] for n in run.names] == ["0002.png"]


@pytest.mark.parametrize("width", [0, -5, "nan", "0.5"])
def test_a_bad_window_of_the_file_is_left_out_with_a_note(width: Any, tmp_path: Path) -> None:
    run = preview([square(WindowCenter=40, WindowWidth=width)], tmp_path)
    assert len(run.names) == 1
    assert codes(run.report, convkit.Severity.WARNING)


def test_more_frames_than_said_are_told(tmp_path: Path) -> None:
    dataset = multi_frame_us(frames=3)
    dataset.PixelData += b"\0" * 20
    run = preview([dataset], tmp_path)
    assert len(run.names) == 3
    assert "pixels.surplus" in codes(run.report, convkit.Severity.WARNING)


def test_a_constant_image_is_no_failure(tmp_path: Path) -> None:
    dataset = square(Modality="MR")
    set_pixels(dataset, np.full((6, 7), 5, np.int16))
    run = preview([dataset], tmp_path)
    assert run.report.exit_code == ExitCode.OK
    assert len(np.unique(run.array())) == 1


def test_a_picture_of_burned_in_names_comes_with_a_warning(tmp_path: Path) -> None:
    run = preview([square(BurnedInAnnotation="YES")], tmp_path)
    assert "pixels.burned-in" in codes(run.report, convkit.Severity.WARNING)


# --- names -----------------------------------------------------------------------------------------------


def test_names_hold_the_instance_number(tmp_path: Path) -> None:
    run = preview(stack(), tmp_path)
    assert [n.split("/")[1:] for n in run.names] == [["001_Series_1", f"000{n}.png"] for n in range(1, 6)]


def test_images_without_numbers_are_counted(tmp_path: Path) -> None:
    run = preview([again(d, InstanceNumber=None) for d in stack()], tmp_path)
    assert [n[-8:] for n in run.names] == [f"000{n}.png" for n in range(1, 6)]


def test_two_series_of_one_name_do_not_mix(tmp_path: Path) -> None:
    run = preview([*stack(), *series(series=2, slices=5, SeriesNumber=1, SeriesDescription="Series 1")], tmp_path)
    assert len(run.names) == 10
    assert len({name.casefold() for name in run.names}) == 10


def test_a_template_gets_the_number_of_the_picture(tmp_path: Path) -> None:
    run = preview(stack(), tmp_path, filename="{Modality}/{series}")
    assert all(re.fullmatch(r"CT/[0-9a-f]{6}_000\d\.png", name) for name in run.names)


def test_a_template_places_the_number_itself(tmp_path: Path) -> None:
    run = preview(stack(), tmp_path, filename="n{picture}_{Modality}")
    assert run.names == [f"n000{n}_CT.png" for n in range(1, 6)]


def test_a_template_knows_the_patient_by_a_hash(tmp_path: Path) -> None:
    run = preview([square(), square(patient=2)], tmp_path, filename="{patient}/{picture}")
    assert len({name.split("/")[0] for name in run.names}) == 2


def test_identifying_fields_need_permission(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        preview(stack(), tmp_path, filename="{PatientName}")


def test_nothing_of_the_patient_is_in_a_picture_or_its_name(tmp_path: Path) -> None:
    marks = {
        "PatientName": "Zqxgeheim^A",
        "PatientID": "Zqxgeheim7",
        "StudyDate": "19441231",
        "InstitutionName": "Zqxklinik",
    }
    datasets = [again(d, **marks) for d in stack()]
    for to in ("png", "jpg", "webp", "gif", "apng"):
        run = preview(datasets, tmp_path / to, to=to, gallery=True)
        whole = b"".join(name.encode() + content for name, content in contents(run.folder).items())
        assert b"zqx" not in whole.lower()
        assert b"19441231" not in whole


def test_copies_of_a_file_give_one_picture(tmp_path: Path) -> None:
    write(stack(), tmp_path / "in" / "a")
    write(stack(), tmp_path / "in" / "b")
    run = preview_folder(tmp_path / "in", tmp_path / "out")
    assert len(run.names) == 5
    assert "header.duplicate-file" in run.codes


# --- which slices, how large ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slices", "numbers"),
    [("all", [1, 2, 3, 4, 5]), ("middle", [3]), ("1", [3]), (2, [2, 4]), ("9", [1, 2, 3, 4, 5])],
)
def test_slices_are_chosen_evenly(slices: str, numbers: list[int], tmp_path: Path) -> None:
    run = preview(stack(), tmp_path, slices=slices)
    assert [int(n[-8:-4]) for n in run.names] == numbers


@pytest.mark.parametrize("slices", ["", "some", "0", "-1", "1.5"])
def test_other_selections_of_slices_are_refused(slices: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        preview(stack(), tmp_path, slices=slices)


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    dataset = instance(pixels=GREY, PixelSpacing=[1.4, 0.7])
    assert preview([dataset], tmp_path / "a").array().shape == (12, 7)
    assert preview([dataset], tmp_path / "b", aspect=False).array().shape == (6, 7)


def test_size_is_that_of_the_longer_side(tmp_path: Path) -> None:
    assert preview([square()], tmp_path, size=70).array().shape == (60, 70)


# --- views of volumes ---------------------------------------------------------------------------------------


def test_axial_planes_are_made_of_a_sagittal_stack(tmp_path: Path) -> None:
    datasets = series(slices=5, rows=6, columns=7, plane="sagittal")
    run = preview(datasets, tmp_path, view="axial")
    assert len(run.names) == 6  # the rows of sagittal slices run from head to foot
    assert run.names[0].endswith("001_Series_1_axial/0001.png")


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "oblique"])
@pytest.mark.parametrize("view", ["axial", "mosaic"])
def test_a_single_slice_is_shown_as_it_is_and_not_cut_into_slivers(view: str, plane: str, tmp_path: Path) -> None:
    (dataset,) = series(slices=1, rows=60, columns=70, spacing=(5.0, 1.0, 1.0), plane=plane)
    run = preview([dataset], tmp_path / "a", view=view, window="0/1000")
    assert len(run.names) == 1
    assert np.array_equal(run.array(), preview([dataset], tmp_path / "b", window="0/1000").array())
    volume = convkit.read(tmp_path / "a" / "in")
    assert np.array_equal(np.asarray(convkit.render(volume, window="0/1000")), run.array())


@pytest.mark.parametrize("view", ["three", "mosaic", "mip"])
def test_a_view_of_the_whole_volume_is_one_picture(view: str, tmp_path: Path) -> None:
    run = preview(stack(), tmp_path, view=view)
    assert [n.split("/")[1] for n in run.names] == [f"001_Series_1_{view}.png"]


def test_a_volume_without_a_place_has_no_three_planes(tmp_path: Path) -> None:
    run = preview([multi_frame_us(frames=3)], tmp_path, view="three")
    assert run.names == []
    assert "geometry.no-position" in run.codes


def test_views_use_the_window_of_the_file(tmp_path: Path) -> None:
    low = preview([again(d, WindowCenter=-1000, WindowWidth=10) for d in stack()], tmp_path / "a", view="three").array()
    high = preview([again(d, WindowCenter=3000, WindowWidth=10) for d in stack()], tmp_path / "b", view="three").array()
    assert low.mean() > high.mean()


# --- moving pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["gif", "apng"])
def test_a_series_becomes_one_moving_picture(to: str, tmp_path: Path) -> None:
    run = preview(stack(), tmp_path, to=to)
    with run.image() as image:
        assert image.n_frames == 5  # type: ignore[attr-defined]


def test_a_cine_runs_at_its_own_pace(tmp_path: Path) -> None:
    run = preview([multi_frame_us(frames=3, FrameTime=40)], tmp_path, to="gif")
    with run.image() as image:
        assert image.info["duration"] == 40


def test_a_series_becomes_a_film(tmp_path: Path) -> None:
    run = preview(series(slices=5, rows=64, columns=64), tmp_path, to="mp4")
    assert (run.folder / run.names[0]).read_bytes()[4:8] == b"ftyp"


# --- runs ------------------------------------------------------------------------------------------------


def test_workers_and_order_change_nothing(tmp_path: Path) -> None:
    datasets = [*stack(), *series(series=2, slices=3), multi_frame_us(series=3)]
    write(datasets, tmp_path / "in", shuffle=True)
    write(datasets[::-1], tmp_path / "ni")
    one = preview_folder(tmp_path / "in", tmp_path / "one", jobs=1, gallery=True)
    four = preview_folder(tmp_path / "ni", tmp_path / "four", jobs=4, gallery=True)
    assert contents(one.folder) == contents(four.folder)


def test_the_same_command_again_makes_nothing_twice(tmp_path: Path) -> None:
    first = preview(stack(), tmp_path)
    before = digests(first.folder / first.names[0].split("/")[0])
    second = preview_folder(tmp_path / "in", tmp_path / "out")
    assert second.report.counts[Status.RESUMED] == 1
    assert digests(first.folder / first.names[0].split("/")[0]) == before


def test_another_window_is_not_passed_off_as_the_old_one(tmp_path: Path) -> None:
    preview(stack(), tmp_path)
    second = preview_folder(tmp_path / "in", tmp_path / "out", window="full")
    assert "output.stale" in second.codes
    third = preview_folder(tmp_path / "in", tmp_path / "out", window="full", exists="overwrite")
    assert third.report.exit_code == ExitCode.OK


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    first = preview(stack(), tmp_path / "a")
    target = tmp_path / "b" / "out" / first.names[0]
    target.parent.mkdir(parents=True)
    target.write_text("mine")
    preview(stack(), tmp_path / "b")
    assert target.read_text() == "mine"


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    run = preview(stack(), tmp_path, dry_run=True)
    assert run.report.counts[Status.PLANNED] == 1
    assert len(run.report.outcomes[0].outputs) == 5
    assert not run.folder.exists()


def test_nothing_found_is_said(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    assert preview_folder(tmp_path / "in", tmp_path / "out").report.exit_code == ExitCode.NOTHING_TO_DO


def test_where_selects_images(tmp_path: Path) -> None:
    run = preview([*stack(), rgb(series=2)], tmp_path, where='Modality == "CT" and InstanceNumber > 3')
    assert [n[-8:] for n in run.names] == ["0004.png", "0005.png"]


def test_inputs_are_left_as_they_are(tmp_path: Path) -> None:
    write(stack(), tmp_path / "in")
    before = digests(tmp_path / "in")
    preview_folder(tmp_path / "in", tmp_path / "out", view="three", overlay=True)
    assert digests(tmp_path / "in") == before


# --- the page ---------------------------------------------------------------------------------------------


def test_the_page_lists_every_picture(tmp_path: Path) -> None:
    run = preview([*stack(), rgb(series=2)], tmp_path, gallery=True)
    page = (run.folder / "index.html").read_text()
    assert "Series_1" in page
    assert "data:image/webp" in page or "image/webp" in page


def test_a_page_of_another_program_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "index.html").write_text("<p>mine</p>")
    run = preview(stack(), tmp_path, gallery=True)
    assert (tmp_path / "out" / "index.html").read_text() == "<p>mine</p>"
    assert "output.exists" in run.codes
    again_ = preview_folder(tmp_path / "in", tmp_path / "out", gallery=True, exists="overwrite")
    assert "mine" not in (again_.folder / "index.html").read_text()


def test_a_folder_in_the_place_of_the_page_is_said(tmp_path: Path) -> None:
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    run = preview(stack(), tmp_path, gallery=True)
    assert len(run.names) == 5
    assert run.report.exit_code == ExitCode.SOME_FAILED


def test_the_page_keeps_what_an_earlier_run_has_made(tmp_path: Path) -> None:
    images = [again(d, Modality="PT") for d in stack()]
    write(images[:4], tmp_path / "in")
    preview_folder(tmp_path / "in", tmp_path / "out", gallery=True)
    write(images, tmp_path / "in2")
    run = preview_folder(tmp_path / "in2", tmp_path / "out", gallery=True)
    assert len(run.names) == 5
    assert "5 pictures" in (run.folder / "index.html").read_text()


# --- one bad image among good ones --------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [None, ["L", "P"], ["X", "Y"], ["L"]])
def test_letters_need_no_orientation(orientation: list[str] | None, tmp_path: Path) -> None:
    dataset = instance(
        pixels=np.zeros((64, 64), np.int16), ImageOrientationPatient=None, PatientOrientation=orientation
    )
    run = preview([dataset], tmp_path, letters=True, window="0/10")
    assert run.report.exit_code == ExitCode.OK
    assert bool(run.array().std() > 0) == bool(orientation == ["L", "P"])


@pytest.mark.parametrize("view", ["axial", "three", "mosaic", "mip"])
def test_a_volume_of_impossible_size_costs_only_itself(view: str, tmp_path: Path) -> None:
    bad = [again(d, PixelSpacing=[1e-308, 1e-308]) for d in series(series=2, slices=3)]
    run = preview([*stack(), *bad], tmp_path, view=view, slices=2)
    assert run.report.exit_code == ExitCode.SOME_FAILED
    assert all("001_Series_1" in name for name in run.names)
    assert run.names


def test_a_broken_image_is_no_part_of_the_measured_window(tmp_path: Path) -> None:
    images = [again(d, Modality="PT", WindowCenter=None) for d in series(slices=5, rows=64, columns=64, syntax="rle")]
    whole = preview(images, tmp_path / "a")
    paths = write(images, tmp_path / "b" / "in")
    content = bytearray(paths[2].read_bytes())
    content[-600:] = bytes(600)
    paths[2].write_bytes(bytes(content))
    broken = preview_folder(tmp_path / "b" / "in", tmp_path / "b" / "out")
    good = [o for o in broken.report.outcomes if o.outputs]
    assert len(whole.names) == 5
    assert "," not in str(good[0].facts["window"])  # one window for all that are left
