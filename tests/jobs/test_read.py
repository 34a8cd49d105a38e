"""read and read_all: volumes into memory, and the doors of Volume."""

from __future__ import annotations

from pathlib import Path
from types import GeneratorType

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (its usual name)

import convkit
from convkit import (
    ConvkitError,
    GeometryError,
    InputError,
    MissingAttributeError,
    MultipleVolumesError,
    NotDicomError,
    PixelError,
    UnsupportedError,
    UsageError,
    ValueRangeError,
    Volume,
)
from tests.builders import countless_mosaic, cr, rgb, segmentation, series, structured_report, truncate, write
from tests.builders.oracle import Output, check_world
from tests.builders.outputs import read_output


def as_output(volume: Volume) -> Output:
    values = np.asarray(volume).transpose(3, 2, 1, 0).astype(float)
    return Output(values[..., 0] if values.shape[3] == 1 else values, volume.affine_ras[:, [2, 1, 0, 3]])


@pytest.mark.parametrize(
    "recipe",
    [{}, {"plane": "oblique", "descending": True}, {"modality": "MR", "volumes": 3}, {"tilt": 0.9}, {"slope": 0.5}],
    ids=str,
)
def test_read_gives_the_volume_in_its_place(recipe: dict[str, object], tmp_path: Path) -> None:
    datasets = series(**recipe)
    write(datasets, tmp_path, shuffle=True)
    assert check_world(datasets, [as_output(convkit.read(tmp_path))]) == []


def test_volume_tells_of_itself(tmp_path: Path) -> None:
    datasets = series()
    write(datasets, tmp_path, shuffle=True)
    volume = convkit.read(tmp_path)
    assert volume.shape == (1, 5, 6, 7)
    assert volume.spacing == pytest.approx((3, 0.8, 0.7))
    assert volume.units == "HU"
    assert volume.facts["Modality"] == "CT"
    assert volume.sources == (tuple(d.SOPInstanceUID for d in datasets),)
    assert volume.notes == ()
    assert volume.series_instance_uid == datasets[0].SeriesInstanceUID
    assert not volume.array.flags.writeable


def test_array_of_a_volume_holds_real_values(tmp_path: Path) -> None:
    write(series(slope=2, intercept=-1024), tmp_path)
    volume = convkit.read(tmp_path)
    assert np.array_equal(np.asarray(volume), volume.array.astype(int) * 2 - 1024)


@pytest.mark.parametrize("values", ["auto", "stored", "rescaled"])
def test_values_option(values: str, tmp_path: Path) -> None:
    write(series(slope=0.5, intercept=1), tmp_path)
    volume = convkit.read(tmp_path, values=values)
    stored = np.sort(np.arange(-105, 105))
    real = np.sort(np.asarray(volume).ravel())
    assert np.array_equal(real, stored if values == "stored" else stored * 0.5 + 1)


def test_dtype_option(tmp_path: Path) -> None:
    write(series(), tmp_path)
    assert convkit.read(tmp_path, dtype="float32").dtype == np.float32


def test_several_volumes_are_an_error_that_lists_them(tmp_path: Path) -> None:
    write(series(modality="MR", echoes=(2.5, 5.0)), tmp_path)
    write(series(series=2), tmp_path)
    with pytest.raises(MultipleVolumesError) as caught:
        convkit.read(tmp_path)
    assert "3 volumes" in caught.value.what
    for text in ("_echo-1", "_echo-2", "series 2 [", "1 x 5 x 6 x 7"):
        assert text in caught.value.what
    assert caught.value.code == "input.multiple-volumes"


def test_where_chooses_one_of_several(tmp_path: Path) -> None:
    write(series(series=1), tmp_path)
    write(series(series=2), tmp_path)
    assert convkit.read(tmp_path, where="SeriesNumber == 2").facts["SeriesNumber"] == 2


def test_report_beside_the_volume_does_not_matter(tmp_path: Path) -> None:
    write([*series(), structured_report(series=2)], tmp_path)
    assert convkit.read(tmp_path).shape == (1, 5, 6, 7)


def test_damaged_series_beside_the_volume_is_not_passed_over(tmp_path: Path) -> None:
    write(series(series=1), tmp_path)
    write(series(series=2, missing=(2,)), tmp_path)
    with pytest.raises(MultipleVolumesError):
        convkit.read(tmp_path)


@pytest.mark.parametrize(
    ("recipe", "error", "code"),
    [
        ({"missing": (2,)}, GeometryError, "geometry.missing-slice"),
        ({"duplicated": (2,)}, GeometryError, "geometry.duplicate-slice"),
        ({"position": False}, GeometryError, "geometry.missing-position"),
        ({"PixelSpacing": None}, GeometryError, "geometry.missing-spacing"),
        ({"Rows": None}, MissingAttributeError, "header.missing-attribute"),
        ({"RescaleSlope": 0}, ValueRangeError, "values.bad-rescale"),
    ],
    ids=str,
)
def test_no_volume_is_an_error_of_its_class(
    recipe: dict[str, object], error: type[ConvkitError], code: str, tmp_path: Path
) -> None:
    write(series(**recipe), tmp_path)
    with pytest.raises(error) as caught:
        convkit.read(tmp_path)
    assert caught.value.code == code


@pytest.mark.parametrize("build", [countless_mosaic, segmentation])
def test_object_that_is_not_handled_is_an_unsupported_error(build: object, tmp_path: Path) -> None:
    write([build()], tmp_path)  # type: ignore[operator]
    with pytest.raises(UnsupportedError):
        convkit.read(tmp_path)


def test_truncated_pixels_are_a_pixel_error_that_names_the_file(tmp_path: Path) -> None:
    paths = write(series(), tmp_path)
    truncate(paths[2], -10)
    with pytest.raises(PixelError) as caught:
        convkit.read(tmp_path)
    assert caught.value.code == "pixels.truncated"
    assert caught.value.where == str(paths[2])


def test_file_that_is_not_dicom_is_an_error_of_its_class(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("hello")
    with pytest.raises(NotDicomError):
        convkit.read(tmp_path / "x")


def test_report_alone_is_no_volume(tmp_path: Path) -> None:
    write([structured_report()], tmp_path)
    with pytest.raises(InputError, match="no volume"):
        convkit.read(tmp_path)


def test_empty_folder_is_no_volume(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        convkit.read(tmp_path)


@pytest.mark.parametrize("option", [{"values": "real"}, {"dtype": "int7"}, {"irregular": "guess"}, {"tilt": "guess"}])
def test_wrong_option_is_a_usage_error(option: dict[str, str], tmp_path: Path) -> None:
    write(series(), tmp_path)
    with pytest.raises(UsageError):
        convkit.read(tmp_path, **option)


# --- read_all --------------------------------------------------------------------------------------------


def test_read_all_yields_every_volume_one_by_one(tmp_path: Path) -> None:
    datasets = series(modality="MR", echoes=(2.5, 5.0))
    write([*datasets, cr(series=2), structured_report(series=3)], tmp_path, shuffle=True)
    volumes = convkit.read_all(tmp_path)
    assert isinstance(volumes, GeneratorType)
    shapes = [(v.facts["Modality"], v.shape, v.split.label) for v in volumes]
    assert shapes == [
        ("MR", (1, 5, 6, 7), "_echo-1"),
        ("MR", (1, 5, 6, 7), "_echo-2"),
        ("CR", (1, 1, 6, 7), ""),
    ]


def test_read_all_leaves_refused_series_out(tmp_path: Path) -> None:
    write(series(series=1, missing=(2,)), tmp_path)
    write(series(series=2), tmp_path)
    assert [v.facts["SeriesNumber"] for v in convkit.read_all(tmp_path)] == [2]


def test_read_all_takes_several_sources(tmp_path: Path) -> None:
    write(series(series=1), tmp_path / "a")
    write(series(series=2), tmp_path / "b")
    assert len(list(convkit.read_all(tmp_path / "a", tmp_path / "b"))) == 2
    assert len(list(convkit.read_all([tmp_path / "a", tmp_path / "b"]))) == 2


# --- Volume ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".npz"])
@pytest.mark.parametrize("recipe", [{"plane": "oblique"}, {"modality": "MR", "volumes": 2}, {"tilt": 0.9}], ids=str)
def test_save_writes_what_was_read(suffix: str, recipe: dict[str, object], tmp_path: Path) -> None:
    datasets = series(**recipe)
    write(datasets, tmp_path / "in")
    path = convkit.read(tmp_path / "in").save(tmp_path / f"my.volume{suffix}")
    assert path == tmp_path / f"my.volume{suffix}"
    assert (tmp_path / f"my.volume{'' if suffix.startswith('.nii') else suffix}.json").is_file()
    assert check_world(datasets, [read_output(path)]) == []


def test_save_is_byte_for_byte_what_convert_writes(tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    report = convkit.convert(tmp_path / "in", tmp_path / "out", jobs=1)
    convkit.read(tmp_path / "in").save(tmp_path / "x.nii.gz")
    assert (tmp_path / "x.nii.gz").read_bytes() == (tmp_path / "out" / report.outcomes[0].outputs[0]).read_bytes()
    assert (tmp_path / "x.json").read_bytes() == (tmp_path / "out" / report.outcomes[0].outputs[1]).read_bytes()


def test_save_turns_where_asked(tmp_path: Path) -> None:
    datasets = series(plane="coronal")
    write(datasets, tmp_path / "in")
    volume = convkit.read(tmp_path / "in")
    volume.save(tmp_path / "x.nii", orient="RAS", sidecar="none")
    assert check_world(datasets, [read_output(tmp_path / "x.nii")]) == []
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("name", ["x.tiff", "x", "nii"])
def test_save_under_an_unknown_suffix_is_a_usage_error(name: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    with pytest.raises(UsageError):
        convkit.read(tmp_path / "in").save(tmp_path / name)


@pytest.mark.parametrize("option", [{"orient": "RAT"}, {"sidecar": "xml"}])
def test_save_with_a_wrong_option_is_a_usage_error(option: dict[str, str], tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    with pytest.raises(UsageError):
        convkit.read(tmp_path / "in").save(tmp_path / "x.nii", **option)


@pytest.mark.parametrize("recipe", [{}, {"modality": "MR", "volumes": 2}, {"tilt": 0.9}, {"slope": 0.1}], ids=str)
def test_to_nifti_is_the_image_in_its_place(recipe: dict[str, object], tmp_path: Path) -> None:
    datasets = series(**recipe)
    write(datasets, tmp_path)
    image = convkit.read(tmp_path).to_nifti()
    assert check_world(datasets, [Output(image.get_fdata(), image.affine)]) == []


@pytest.mark.parametrize("recipe", [{}, {"plane": "oblique"}, {"slope": 0.1}], ids=str)
def test_to_sitk_is_the_image_in_its_place(recipe: dict[str, object], tmp_path: Path) -> None:
    datasets = series(**recipe)
    write(datasets, tmp_path / "in")
    sitk.WriteImage(convkit.read(tmp_path / "in").to_sitk(), str(tmp_path / "x.nrrd"))
    assert check_world(datasets, [read_output(tmp_path / "x.nrrd")]) == []


def test_colour_goes_through_every_door(tmp_path: Path) -> None:
    write([rgb()], tmp_path / "in")
    volume = convkit.read(tmp_path / "in")
    assert volume.is_colour
    assert volume.to_sitk().GetNumberOfComponentsPerPixel() == 3
    assert volume.to_nifti().shape[:3] == (7, 6, 1)


def test_refused_series_is_read_where_allowed(tmp_path: Path) -> None:
    write(series(missing=(2,)), tmp_path)
    assert convkit.read(tmp_path, irregular="keep").shape == (1, 4, 6, 7)
    resampled = convkit.read(tmp_path, irregular="resample")
    assert resampled.shape == (1, 5, 6, 7)
    assert resampled.invented is not None
    assert resampled.resampled is not None
