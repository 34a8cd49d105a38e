"""The damaged-series table: every row ends in the right result or in a coded refusal, never in a wrong file."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from pydicom import Dataset

from convkit import Status
from tests.builders import cr, series, truncate, ultrasound, write
from tests.builders.oracle import check_world
from tests.builders.outputs import check_nifti_forms
from tests.jobs.work import again, assert_right, codes, contents, convert, convert_folder, ramp_at, with_ramp

RAMP_TOLERANCE = 1e-2
"""Of values up to 1000: the affine in float32 and the interpolation in float32 each round by 1e-4."""

UNEVEN: dict[str, tuple[dict[str, Any], set[str]]] = {
    "missing": ({"missing": (2,)}, {"geometry.missing-slice"}),
    "two missing": ({"slices": 9, "missing": (2, 6)}, {"geometry.missing-slice"}),
    "missing descending": ({"missing": (2,), "descending": True}, {"geometry.missing-slice"}),
    "missing coronal": ({"missing": (1,), "plane": "coronal"}, {"geometry.missing-slice"}),
    "missing oblique": ({"missing": (2,), "plane": "oblique"}, {"geometry.missing-slice"}),
    "missing in 4-D": ({"missing": (2,), "modality": "MR", "volumes": 2}, {"geometry.missing-slice"}),
    "missing tilted": ({"missing": (2,), "tilt": 0.9}, {"geometry.missing-slice"}),
    "doubled": ({"doubled_from": 2}, {"geometry.irregular-spacing", "geometry.missing-slice"}),
    "doubled late": ({"slices": 8, "doubled_from": 5}, {"geometry.irregular-spacing", "geometry.missing-slice"}),
    "doubled tilted": ({"doubled_from": 2, "tilt": 0.9}, {"geometry.irregular-spacing", "geometry.missing-slice"}),
    "one slice moved": (
        {"slices": 6, "ImagePositionPatient": lambda p: [-20, -30, -40 + 3 * p.slice + (p.slice == 3)]},
        {"geometry.irregular-spacing"},
    ),
}
"""Row to recipe and the codes that may refuse it."""

AXIAL = {name: row for name, row in UNEVEN.items() if row[0].get("plane", "axial") == "axial"}


# --- uneven slices --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", UNEVEN)
def test_uneven_slices_are_refused_with_a_code_and_nothing_is_written(row: str, tmp_path: Path) -> None:
    recipe, allowed = UNEVEN[row]
    run = convert(series(**recipe), tmp_path)
    assert run.report.exit_code == 5
    (outcome,) = run.report.outcomes
    assert outcome.status is Status.REFUSED
    assert outcome.notes[0].code in allowed
    assert run.images == []
    assert not (tmp_path / "out").exists() or contents(tmp_path / "out") == {}


def test_message_names_positions_and_instance_numbers_of_the_gap(tmp_path: Path) -> None:
    run = convert(series(missing=(2,)), tmp_path)
    text = run.report.outcomes[0].notes[0].text
    assert re.search(r"-37\.00 mm \(instance 2\)", text)
    assert re.search(r"-31\.00 mm \(instance 3\)", text)
    assert "6.000 mm" in text
    assert "--irregular" in run.report.outcomes[0].notes[0].hint


def test_message_names_where_the_spacing_changes(tmp_path: Path) -> None:
    run = convert(series(slices=8, doubled_from=5), tmp_path)
    text = run.report.outcomes[0].notes[0].text
    assert "-25.00 mm (instance 6)" in text
    assert "-19.00 mm (instance 7)" in text


def test_message_names_position_and_instances_of_a_doubled_slice(tmp_path: Path) -> None:
    run = convert(series(duplicated=(2,)), tmp_path)
    text = run.report.outcomes[0].notes[0].text
    assert "-34.00 mm" in text
    assert "instances 3, 4" in text


@pytest.mark.parametrize("row", UNEVEN)
def test_split_gives_even_runs_that_are_right(row: str, tmp_path: Path) -> None:
    datasets = series(**UNEVEN[row][0])
    run = convert(datasets, tmp_path, irregular="split")
    assert_right(datasets, run)
    assert len(run.images) > 1
    assert "geometry.split-runs" in run.codes
    assert all("_chunk-" in image.name for image in run.images)
    assert all(s["Convkit"]["Split"]["Reasons"] for s in run.sidecars)


@pytest.mark.parametrize("row", UNEVEN)
def test_keep_writes_all_slices_and_says_that_the_affine_is_a_fit(row: str, tmp_path: Path) -> None:
    datasets = series(**UNEVEN[row][0])
    run = convert(datasets, tmp_path, irregular="keep")
    assert run.report.exit_code == 0
    assert "geometry.kept-irregular" in codes(run.report)
    assert "geometry.kept-irregular" in {n["code"] for n in run.sidecar["Convkit"]["Notes"]}
    volumes = UNEVEN[row][0].get("volumes", 1)
    assert run.image.values.shape[2] == len(datasets) // volumes
    kept = sorted(float(v) for v in np.unique(run.image.values))
    real = np.concatenate([_real(d).ravel() for d in datasets])
    assert kept == sorted(real.tolist())


@pytest.mark.parametrize("row", UNEVEN)
def test_keep_puts_first_and_last_slice_where_they_are(row: str, tmp_path: Path) -> None:
    datasets = series(**UNEVEN[row][0])
    run = convert(datasets, tmp_path, irregular="keep")
    values, affine, _ = run.image
    ends = (affine @ np.array([[0, 0, 0, 1], [0, 0, values.shape[2] - 1, 1]]).T)[:3]
    apart = np.linalg.norm(ends[:, 1] - ends[:, 0])
    positions = np.array([d.ImagePositionPatient for d in datasets], float)
    assert apart == pytest.approx(max(np.linalg.norm(p - q) for p in positions for q in positions), abs=1e-3)


@pytest.mark.parametrize("row", AXIAL)
def test_resample_reproduces_a_linear_ramp_on_an_even_grid(row: str, tmp_path: Path) -> None:
    run = convert(with_ramp(series(**AXIAL[row][0])), tmp_path, irregular="resample")
    assert run.report.exit_code == 0
    assert "geometry.resampled" in run.codes
    expected = ramp_at(run.image)
    volumes = np.moveaxis(np.atleast_3d(run.image.values).reshape(*expected.shape, -1), -1, 0)
    for volume in volumes:
        assert abs(volume - expected).max() < RAMP_TOLERANCE


@pytest.mark.parametrize("row", ["missing", "missing descending", "missing oblique", "missing in 4-D"])
def test_resample_keeps_measured_slices_and_marks_the_invented_one(row: str, tmp_path: Path) -> None:
    datasets = series(**UNEVEN[row][0])
    run = convert(datasets, tmp_path, irregular="resample")
    (mask,) = run.masks
    assert mask.values.shape[:3] == run.image.values.shape[:3] == (7, 6, 5)
    assert np.array_equal(mask.affine_ras, run.image.affine_ras)
    invented = np.atleast_3d(mask.values).reshape(7, 6, 5, -1)[..., 0].astype(bool)
    assert invented[:, :, 2].all()
    assert invented.sum() == invented[:, :, 2].size
    positions = sorted({tuple(map(float, d.ImagePositionPatient)) for d in datasets})
    values = run.image.values.reshape(7, 6, 5, -1)[:, :, [0, 1, 3, 4]]
    assert np.array_equal(np.unique(values), np.unique([_real(d) for d in datasets]))
    assert len(positions) == 4


def test_resample_says_in_the_sidecar_what_was_done(tmp_path: Path) -> None:
    datasets = series(missing=(2,))
    run = convert(datasets, tmp_path, irregular="resample")
    own = run.sidecar["Convkit"]
    assert own["Resampled"]["SliceCoordinates"] == [0, 1, 1.5, 2, 3]
    uids = [d.SOPInstanceUID for d in datasets]
    assert own["Sources"] == [uids[0], uids[1], "", uids[2], uids[3]]
    assert own["ValueMapping"]["State"] == "applied"


@pytest.mark.parametrize("missing", [(), (2,)])
def test_slice_times_are_told_only_where_every_slice_was_measured(missing: tuple[int, ...], tmp_path: Path) -> None:
    datasets = series(
        modality="MR",
        missing=missing,
        Manufacturer="SIEMENS",
        MRAcquisitionType="2D",
        AcquisitionTime=lambda p: f"101300.{10 * p.slice:02d}0000",
    )
    run = convert(datasets, tmp_path, irregular="resample")
    times = run.sidecar.get("SliceTiming")
    assert times is None if missing else times == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4], abs=1e-4)


def test_resample_to_every_format_writes_a_mask_beside_each(tmp_path: Path) -> None:
    write(series(missing=(2,)), tmp_path / "in")
    for to in ("nii", "nii.gz", "nrrd", "mha", "npy", "npz"):
        run = convert_folder(tmp_path / "in", tmp_path / to, irregular="resample", to=to)
        assert run.report.exit_code == 0
        assert [name for name in contents(tmp_path / to) if name.endswith(f"_invented.{to}")]


@pytest.mark.parametrize("choice", ["error", "split", "keep", "resample"])
def test_even_slices_are_the_same_whatever_irregular_says(choice: str, tmp_path: Path) -> None:
    datasets = series()
    run = convert(datasets, tmp_path, irregular=choice)
    assert_right(datasets, run)
    assert "Resampled" not in run.sidecar["Convkit"]


def test_slices_shifted_within_their_plane_are_refused(tmp_path: Path) -> None:
    shifted = series(ImagePositionPatient=lambda p: [-20 + 5 * (p.slice == 2), -30, -40 + 3 * p.slice])
    run = convert(shifted, tmp_path)
    assert run.report.exit_code == 5
    assert "geometry.not-collinear" in run.codes


def test_shifted_slices_are_not_resampled(tmp_path: Path) -> None:
    shifted = series(ImagePositionPatient=lambda p: [-20 + 5 * (p.slice == 2), -30, -40 + 3 * p.slice])
    run = convert(shifted, tmp_path, irregular="resample")
    assert run.report.exit_code == 5
    assert "geometry.not-collinear" in run.codes


def test_shifted_slices_are_split_into_right_runs(tmp_path: Path) -> None:
    shifted = series(slices=6, ImagePositionPatient=lambda p: [-20 + 5 * (p.slice > 2), -30, -40 + 3 * p.slice])
    run = convert(shifted, tmp_path, irregular="split")
    assert_right(shifted, run)


@pytest.mark.parametrize("tilt", ["keep", "error", "resample"])
def test_tilt_is_never_silent_when_an_uneven_stack_is_resampled(tilt: str, tmp_path: Path) -> None:
    run = convert(with_ramp(series(missing=(2,), tilt=0.9)), tmp_path, irregular="resample", tilt=tilt)
    if tilt == "error":
        assert "geometry.tilt-refused" in run.codes
        assert run.images == []
    elif tilt == "keep":
        assert "geometry.tilted" in run.codes
    elif run.images:  # a coded refusal would do as well
        axes = run.image.affine_ras[:3, :3] / np.linalg.norm(run.image.affine_ras[:3, :3], axis=0)
        assert abs(axes.T @ axes - np.eye(3)).max() < 1e-5


def _real(dataset: Dataset) -> np.ndarray:
    samples = dataset.pixel_array.astype(float)
    return samples * float(dataset.get("RescaleSlope", 1)) + float(dataset.get("RescaleIntercept", 0))


# --- one slice twice ------------------------------------------------------------------------------------


def test_same_file_copied_gives_the_right_volume_and_a_note(tmp_path: Path) -> None:
    datasets = series()
    paths = write(datasets, tmp_path / "in", shuffle=True)
    shutil.copyfile(paths[2], tmp_path / "in" / "copy of a slice")
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert_right(datasets, run)
    assert "header.duplicate-file" in run.codes
    assert "header.duplicate-file" in {n["code"] for n in run.sidecar["Convkit"]["Notes"]}


def test_whole_series_copied_gives_one_volume(tmp_path: Path) -> None:
    datasets = series()
    write(datasets, tmp_path / "in" / "a", shuffle=True)
    write(datasets, tmp_path / "in" / "b")
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert_right(datasets, run)


def test_slice_twice_under_two_uids_is_refused(tmp_path: Path) -> None:
    run = convert(series(duplicated=(2,)), tmp_path)
    assert run.report.exit_code == 5
    assert "geometry.duplicate-slice" in run.codes
    assert run.images == []


def test_different_files_under_one_uid_are_refused_and_named(tmp_path: Path) -> None:
    datasets = [*series(), again(series()[2], WindowCenter=40)]
    run = convert(datasets, tmp_path)
    assert run.report.exit_code == 5
    assert {"header.conflicting-instances", "series.conflicting-images"} <= run.codes
    assert run.images == []


def test_different_files_under_one_uid_that_can_be_told_apart_are_two_right_volumes(tmp_path: Path) -> None:
    datasets = [*series(), again(series()[2], SliceThickness=4)]
    run = convert(datasets, tmp_path)
    assert check_world(datasets, run.images) == []
    assert "header.conflicting-instances" in run.codes


def test_doubled_slice_split_gives_right_outputs(tmp_path: Path) -> None:
    datasets = series(duplicated=(2,))
    run = convert(datasets, tmp_path, irregular="split")
    assert run.report.exit_code == 0
    shapes = sorted(image.values.shape for image in run.images)
    assert shapes == [(7, 6, 1), (7, 6, 5)]
    # Both twins have the same pixels; the run of five is judged against the series without the second one.
    whole = [image for image in run.images if image.values.shape[2] == 5]
    assert check_world(datasets[:3] + datasets[4:], whole) == []


@pytest.mark.parametrize("choice", ["keep", "resample"])
def test_doubled_slice_kept_drops_the_surplus_image_with_a_note(choice: str, tmp_path: Path) -> None:
    datasets = series(duplicated=(2,))
    run = convert(datasets, tmp_path, irregular=choice)
    assert_right(datasets[:3] + datasets[4:], run)
    assert "geometry.dropped-duplicates" in run.codes
    assert datasets[3].SOPInstanceUID not in run.sidecar["Convkit"]["Sources"]


def test_every_slice_twice_is_a_four_dimensional_series(tmp_path: Path) -> None:
    datasets = series(volumes=2)
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert run.image.values.shape == (7, 6, 5, 2)


# --- tilt -----------------------------------------------------------------------------------------------

TILTS = [
    {"tilt": 0.9},
    {"tilt": -0.9},
    {"tilt": 0.9, "descending": True},
    {"tilt": 0.6, "plane": "coronal"},
    {"tilt": 0.6, "plane": "oblique"},
]


@pytest.mark.parametrize("recipe", TILTS, ids=str)
def test_tilt_keep_writes_the_sheared_affine_in_the_sform_alone(recipe: dict[str, Any], tmp_path: Path) -> None:
    datasets = series(**recipe)
    run = convert(datasets, tmp_path, tilt="keep")
    assert_right(datasets, run)
    assert "geometry.tilted" in run.codes
    (path,) = (tmp_path / "out").rglob("*.nii")
    header: Any = nib.load(path).header
    assert int(header["qform_code"]) == 0
    assert int(header["sform_code"]) > 0
    assert check_nifti_forms(path) == []


@pytest.mark.parametrize("recipe", TILTS, ids=str)
def test_tilt_error_refuses(recipe: dict[str, Any], tmp_path: Path) -> None:
    run = convert(series(**recipe), tmp_path, tilt="error")
    assert run.report.exit_code == 5
    assert "geometry.tilt-refused" in run.codes
    assert run.images == []


@pytest.mark.parametrize("recipe", [{"tilt": 0.9}, {"tilt": -0.9}, {"tilt": 0.9, "descending": True}], ids=str)
def test_tilt_resample_gives_an_upright_grid_with_a_mask(recipe: dict[str, Any], tmp_path: Path) -> None:
    run = convert(with_ramp(series(**recipe)), tmp_path, tilt="resample")
    assert run.report.exit_code == 0
    values, affine, _ = run.image
    axes = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    assert abs(axes.T @ axes - np.eye(3)).max() < 1e-6
    (mask,) = run.masks
    assert mask.values.shape == values.shape
    invented = mask.values.astype(bool)
    assert 0 < invented.sum() < invented.size
    assert abs(values - ramp_at(run.image))[~invented].max() < RAMP_TOLERANCE
    assert run.sidecar["Convkit"]["Resampled"]["TiltDegrees"]
    assert "geometry.resampled" in run.codes


@pytest.mark.parametrize("recipe", [{"tilt": 0.9}, {"tilt": 0.9, "descending": True}], ids=str)
def test_tilt_resample_marks_exactly_the_voxels_outside_the_measured_field(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    datasets = with_ramp(series(**recipe))
    run = convert(datasets, tmp_path, tilt="resample")
    (mask,) = run.masks
    index = np.indices(mask.values.shape).reshape(3, -1)
    lps = np.diag([-1.0, -1.0, 1.0]) @ (mask.affine_ras[:3, :3] @ index + mask.affine_ras[:3, 3:])
    inside = np.zeros(index.shape[1], bool)
    for dataset in datasets:
        x, y, z = (float(v) for v in dataset.ImagePositionPatient)
        on_slice = abs(lps[2] - z) < 1e-3
        row, column = (lps[1] - y) / 0.8, (lps[0] - x) / 0.7
        inside |= on_slice & (row > -1e-3) & (row < 5 + 1e-3) & (column > -1e-3) & (column < 6 + 1e-3)
    assert np.array_equal(mask.values.ravel().astype(bool), ~inside)


@pytest.mark.parametrize("recipe", TILTS, ids=str)
def test_tilt_resample_loses_no_measured_corner(recipe: dict[str, Any], tmp_path: Path) -> None:
    datasets = series(**recipe)
    run = convert(datasets, tmp_path, tilt="resample")
    inverse = np.linalg.inv(np.diag([-1, -1, 1, 1]) @ run.image.affine_ras)
    last = np.array(run.image.values.shape) - 1
    for dataset in datasets:
        corner = np.array([*map(float, dataset.ImagePositionPatient), 1])
        index = (inverse @ corner)[:3]
        assert (index > -0.01).all()
        assert (index < last + 0.01).all()


@pytest.mark.parametrize("choice", ["keep", "resample", "error"])
def test_upright_slices_are_the_same_whatever_tilt_says(choice: str, tmp_path: Path) -> None:
    datasets = series(plane="oblique")
    assert_right(datasets, convert(datasets, tmp_path, tilt=choice))


# --- no position ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_slices_without_position_are_refused(modality: str, tmp_path: Path) -> None:
    run = convert(series(modality=modality, position=False), tmp_path)
    assert run.report.exit_code == 5
    assert "geometry.missing-position" in run.codes
    assert run.images == []


def test_one_slice_without_position_refuses_its_volume(tmp_path: Path) -> None:
    datasets = series()
    del datasets[2].ImagePositionPatient
    run = convert(datasets, tmp_path)
    assert run.report.exit_code == 5
    assert "geometry.missing-position" in run.codes


def test_slices_without_position_are_kept_one_by_one_where_asked(tmp_path: Path) -> None:
    run = convert(series(position=False), tmp_path, irregular="keep")
    assert run.report.exit_code == 0
    assert [image.values.shape for image in run.images] == [(7, 6, 1)] * 5
    assert "geometry.no-position" in run.codes


def _capture() -> Dataset:
    return cr(Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", ImagerPixelSpacing=None)


@pytest.mark.parametrize("build", [cr, ultrasound, _capture], ids=["CR", "US", "SC"])
def test_picture_without_position_is_a_normal_outcome(build: Any, tmp_path: Path) -> None:
    run = convert([build()], tmp_path, strict=True)
    assert run.report.exit_code == 0
    assert run.image.values.shape[:3] == (7, 6, 1)
    assert run.sidecar["Convkit"]["Sources"] == [build().SOPInstanceUID]


def test_radiograph_has_its_pixel_sizes_and_no_form_code(tmp_path: Path) -> None:
    run = convert([cr()], tmp_path)
    assert np.allclose(np.linalg.norm(run.image.affine_ras[:3, :2], axis=0), [0.1, 0.2], atol=1e-6)
    (path,) = (tmp_path / "out").rglob("*.nii")
    header: Any = nib.load(path).header
    assert (int(header["qform_code"]), int(header["sform_code"])) == (0, 0)


def test_pictures_of_one_series_are_a_volume_each(tmp_path: Path) -> None:
    run = convert([cr(number=n) for n in (1, 2, 3)], tmp_path)
    assert run.report.exit_code == 0
    assert len(run.images) == 3
    assert len({image.name for image in run.images}) == 3


def test_single_slice_takes_its_depth_from_the_header_and_says_so(tmp_path: Path) -> None:
    datasets = series(slices=1)
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert np.linalg.norm(run.image.affine_ras[:3, 2]) == pytest.approx(3)
    assert "geometry.assumed-thickness" in run.codes


# --- values ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["nii", "nrrd", "mha", "npz"])
def test_slope_that_differs_per_slice_is_applied_in_float32(to: str, tmp_path: Path) -> None:
    datasets = series(modality="PT", slope=(0.5, 1, 1.5, 2, 2.5), intercept=(0, 1, 2, 3, 4), dtype="uint16")
    run = convert(datasets, tmp_path, to=to)
    assert_right(datasets, run)
    assert run.report.outcomes[0].facts["dtype"] == "float32"
    assert "values.per-slice-rescale" in run.codes
    assert run.sidecar["Convkit"]["ValueMapping"]["State"] == "applied"


def test_slopes_in_the_sidecar_follow_the_slices_as_written(tmp_path: Path) -> None:
    slopes = (0.5, 1, 1.5, 2, 2.5)
    datasets = series(modality="PT", slope=slopes, intercept=0, dtype="uint16", descending=True)
    run = convert(datasets, tmp_path)
    by_uid = {d.SOPInstanceUID: s for d, s in zip(datasets, slopes, strict=True)}
    own = run.sidecar["Convkit"]
    assert own["ValueMapping"]["RescaleSlope"] == [by_uid[uid] for uid in own["Sources"]]


# --- broken files ---------------------------------------------------------------------------------------


def test_truncated_file_costs_its_own_series_only(tmp_path: Path) -> None:
    good, bad = series(series=1), series(series=2)
    write(good, tmp_path / "in" / "good", shuffle=True)
    paths = write(bad, tmp_path / "in" / "bad", shuffle=True)
    truncate(paths[3], -20)
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert run.report.exit_code == 4
    assert check_world(good, run.images) == []
    (refused,) = [o for o in run.report.outcomes if o.status is Status.REFUSED]
    assert refused.notes[0].code == "pixels.truncated"
    assert refused.notes[0].where == str(paths[3])


@pytest.mark.parametrize("choice", ["split", "keep", "resample"])
def test_truncated_file_is_a_missing_slice_where_uneven_slices_are_allowed(choice: str, tmp_path: Path) -> None:
    datasets = series()
    paths = write(datasets, tmp_path / "in", shuffle=True)
    truncate(paths[2], -20)
    run = convert_folder(tmp_path / "in", tmp_path / "out", irregular=choice)
    assert run.images
    assert "pixels.truncated" in run.codes
    if choice == "split":
        assert check_world(datasets[:2] + datasets[3:], run.images) == []


@pytest.mark.parametrize("count", [0, 100, 140, 300])
def test_file_cut_in_its_header_is_listed_and_its_series_is_not_silently_short(count: int, tmp_path: Path) -> None:
    paths = write(series(), tmp_path / "in", shuffle=True)
    write(series(series=2), tmp_path / "in" / "other")
    truncate(paths[2], count)
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert run.codes & {"input.not-dicom", "input.cut-header", "input.broken-header", "header.no-series-uid"}
    assert "geometry.missing-slice" in run.codes
    assert len(run.images) == 1


def test_last_slice_cut_anywhere_is_never_left_out_in_silence(tmp_path: Path) -> None:
    paths = write(series(), tmp_path / "in")
    whole = paths[-1].read_bytes()
    silent = []
    for count in range(0, len(whole), 11):
        paths[-1].write_bytes(whole[:count])
        report = convert_folder(tmp_path / "in", tmp_path / "out", dry_run=True).report
        # Below 300 bytes nothing tells a DICOM file from any other; it is listed as one that is not DICOM.
        if report.exit_code == 0 and "input.not-dicom" not in codes(report):
            silent.append(count)
    assert silent == []


@pytest.mark.parametrize("keyword", ["Rows", "PixelSpacing", "PixelData", "BitsAllocated"])
def test_missing_attribute_is_a_coded_refusal_and_the_rest_is_done(keyword: str, tmp_path: Path) -> None:
    good, bad = series(series=1), series(series=2)
    for dataset in bad:
        delattr(dataset, keyword)
    write(good, tmp_path / "in", shuffle=True)
    write(bad, tmp_path / "in")
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert check_world(good, run.images) == []
    assert run.report.exit_code == 4
    expected = {"PixelSpacing": "geometry.missing-spacing", "PixelData": "pixels.missing"}
    assert expected.get(keyword, "header.missing-attribute") in run.codes


@pytest.mark.parametrize("keyword", ["Rows", "PixelSpacing", "PixelData", "ImageOrientationPatient"])
def test_attribute_missing_in_one_slice_never_gives_a_shorter_volume(keyword: str, tmp_path: Path) -> None:
    datasets = series(slices=7)
    delattr(datasets[6], keyword)
    run = convert(datasets, tmp_path)
    assert run.report.exit_code in {4, 5}, run.texts
    assert run.report.outcomes[0].notes


def test_matrix_that_changes_half_way_gives_two_right_volumes(tmp_path: Path) -> None:
    one = series(slices=4)
    other = series(slices=4, rows=9, origin=(-20.0, -30.0, 0.0))
    for number, dataset in enumerate(other):
        dataset.SOPInstanceUID = f"2.25.9{number}"
    run = convert(one + other, tmp_path)
    assert_right(one + other, run)
    assert {image.values.shape for image in run.images} == {(7, 6, 4), (7, 9, 4)}


def test_size_that_contradicts_the_pixel_data_is_refused(tmp_path: Path) -> None:
    datasets = series()
    datasets[2].Rows = 60
    run = convert(datasets, tmp_path)
    assert run.report.exit_code in {4, 5}
    assert run.codes & {"pixels.truncated", "pixels.too-large"}


@pytest.mark.parametrize("choice", ["error", "split", "keep", "resample"])
@pytest.mark.parametrize("tilt", ["keep", "resample", "error"])
def test_damage_never_ends_a_batch(choice: str, tilt: str, tmp_path: Path) -> None:
    good = series(series=99)
    batch = [
        *good,
        *series(series=1, missing=(2,)),
        *series(series=2, duplicated=(2,)),
        *series(series=3, tilt=0.9),
        *series(series=4, doubled_from=2),
        *series(series=5, position=False),
        *series(series=6, slope=(1, 2, 3, 4, 5)),
        *series(series=7, missing=(1,), tilt=0.5),
    ]
    run = convert(batch, tmp_path, irregular=choice, tilt=tilt)
    assert "engine.unexpected" not in run.codes
    assert check_world(good, [i for i in run.images if i.name.startswith("099")]) == []


# --- many ------------------------------------------------------------------------------------------------


def _three_hundred() -> list[Dataset]:
    return [
        dataset
        for number in range(1, 301)
        for dataset in series(
            series=number, slices=1, SeriesNumber=1, SeriesDescription="same", RescaleIntercept=1000 * number
        )
    ]


def test_three_hundred_series_of_one_name_are_three_hundred_files(tmp_path: Path) -> None:
    datasets = _three_hundred()
    run = convert(datasets, tmp_path)
    assert run.report.exit_code == 0
    assert len(run.images) == len(run.sidecars) == 300
    assert {s["Convkit"]["Sources"][0] for s in run.sidecars} == {d.SOPInstanceUID for d in datasets}
    lowest = sorted(float(image.values.min()) for image in run.images)
    assert lowest == sorted(_real(d).min() for d in datasets)
    assert len({image.name.casefold() for image in run.images}) == 300


def test_names_of_three_hundred_series_do_not_depend_on_the_order_of_files(tmp_path: Path) -> None:
    datasets = _three_hundred()
    one = convert(datasets, tmp_path / "one")
    two = convert(datasets[::-1], tmp_path / "two", shuffle=False)
    assert contents(one.folder) == contents(two.folder)
