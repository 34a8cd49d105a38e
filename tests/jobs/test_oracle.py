"""Undamaged series of every kind, to every format: the oracle carries each output voxel back to its source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from tests.builders import palette, rgb, series, write, ybr_full
from tests.builders.kinds import colours
from tests.builders.oracle import check_world
from tests.builders.outputs import check_nifti_forms, read_all, read_itk
from tests.jobs.work import assert_right, contents, convert, convert_folder

PLACES = {
    f"{plane} {negated or 'plain'} {'descending' if descending else 'ascending'}": {
        "plane": plane,
        "negated": negated,
        "descending": descending,
    }
    for plane in ("axial", "coronal", "sagittal", "oblique")
    for negated in ("", "row", "column", "both")
    for descending in (False, True)
}

VALUES: dict[str, dict[str, Any]] = {
    "signed": {"dtype": "int16"},
    "unsigned": {"dtype": "uint16"},
    "12 bits": {"dtype": "uint16", "bits_stored": 12},
    "12 bits with junk": {"dtype": "uint16", "bits_stored": 12, "junk": True},
    "signed 12 bits with junk": {"dtype": "int16", "bits_stored": 12, "junk": True},
    "10 bits with junk": {"dtype": "uint16", "bits_stored": 10, "junk": True},
    "8 bits": {"dtype": "uint8"},
    "signed 8 bits": {"dtype": "int8"},
    "32 bits": {"dtype": "int32", "modality": "MR"},
    "unsigned 32 bits": {"dtype": "uint32", "modality": "MR"},
    "rescaled": {"slope": 0.1, "intercept": -3.7},
    "rescaled downwards": {"slope": -2, "intercept": 100},
    "rescaled PET": {"modality": "PT", "slope": 1.7e-4, "intercept": 0, "dtype": "uint16"},
    "rescaled per slice": {"modality": "PT", "slope": (0.5, 1, 1.5, 2, 2.5), "intercept": 0, "dtype": "uint16"},
    "intercept per slice": {"slope": 1, "intercept": (0, 10, 20, 30, 40)},
}

SETS: dict[str, dict[str, Any]] = {
    "4-D": {"modality": "MR", "volumes": 3},
    "4-D coronal descending": {"modality": "MR", "volumes": 3, "plane": "coronal", "descending": True},
    "4-D per slice": {
        "modality": "PT",
        "volumes": 2,
        "slope": (0.5, 1, 1.5, 2, 2.5),
        "intercept": 0,
        "dtype": "uint16",
    },
    "4-D of CT": {"volumes": 2, "AcquisitionNumber": lambda p: p.volume + 1},
    "echoes": {"modality": "MR", "echoes": (2.5, 5.0, 7.5)},
    "magnitude and phase": {"modality": "MR", "parts": ("M", "P")},
    "four parts": {"modality": "MR", "parts": ("M", "P", "R", "I")},
    "echoes in 4-D": {"modality": "MR", "echoes": (2.5, 5.0), "volumes": 2, "plane": "coronal"},
    "two slices": {"slices": 2},
    "one slice": {"slices": 1},
    "tilted": {"tilt": 0.9},
    "tilted coronal": {"tilt": -0.6, "plane": "coronal"},
    "far from the origin": {"origin": (-1200.0, 900.0, 1500.0), "plane": "oblique"},
    "thin slices": {"spacing": (0.05, 0.02, 0.02)},
    "wide slices": {"spacing": (25.0, 1.5, 2.5)},
}

ENCODINGS: dict[str, dict[str, Any]] = {
    **{
        name: {"syntax": name, "rows": 32, "columns": 33, "slices": 3}
        for name in ("implicit", "big", "deflated", "rle", "jpegls", "jpeg2000")
    },
    "big 8 bits": {"syntax": "big", "dtype": "uint8"},
    "big 32 bits": {"syntax": "big", "dtype": "int32", "modality": "MR"},
    "big 12 bits with junk": {"syntax": "big", "dtype": "int16", "bits_stored": 12, "junk": True},
    "RLE signed": {"syntax": "rle", "dtype": "int16"},
    "without meta": {"meta": False},
    "without preamble": {"preamble": False},
    "bare": {"meta": False, "preamble": False, "syntax": "implicit"},
    "bare explicit": {"meta": False, "preamble": False},
}

CASES = PLACES | VALUES | SETS | ENCODINGS

TO = ("nii", "nii.gz", "nrrd", "mha", "npz")
TRAVELLED = (
    "axial plain ascending",
    "oblique both descending",
    "sagittal row descending",
    "4-D",
    "rescaled",
    "rescaled per slice",
    "tilted",
    "8 bits",
    "unsigned 32 bits",
    "signed 12 bits with junk",
)
"""Cases that go through every format."""


@pytest.mark.parametrize("case", CASES)
def test_every_voxel_is_where_its_source_is(case: str, tmp_path: Path) -> None:
    datasets = series(**CASES[case])
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    for path in (tmp_path / "out").rglob("*.nii"):
        assert check_nifti_forms(path) == []


@pytest.mark.parametrize("to", [to for to in TO if to != "nii"])
@pytest.mark.parametrize("case", TRAVELLED)
def test_every_format_says_the_same(case: str, to: str, tmp_path: Path) -> None:
    datasets = series(**CASES[case])
    assert_right(datasets, convert(datasets, tmp_path, to=to))


@pytest.mark.parametrize("orient", ["RAS", "LPS", "LAS", "ASR", "IPL", "ras"])
@pytest.mark.parametrize("case", ["oblique both descending", "4-D coronal descending", "rescaled per slice", "tilted"])
@pytest.mark.parametrize("to", ["nii", "nrrd", "npz"])
def test_orient_moves_voxels_and_affine_together(case: str, orient: str, to: str, tmp_path: Path) -> None:
    datasets = series(**CASES[case])
    run = convert(datasets, tmp_path, orient=orient, to=to)
    assert_right(datasets, run)
    if to == "nii":
        assert "".join(nib.aff2axcodes(run.image.affine_ras)) == orient.upper()


@pytest.mark.parametrize("orient", ["native", "RAS", "LPI", "PIR"])
def test_sources_name_the_slice_behind_each_position(orient: str, tmp_path: Path) -> None:
    datasets = series(plane="coronal", descending=True)
    run = convert(datasets, tmp_path, orient=orient)
    own = run.sidecar["Convkit"]
    axis = "ijk".index(own["SourceAxis"])
    by_uid = {d.SOPInstanceUID: d for d in datasets}
    for place, uid in enumerate(own["Sources"]):
        one = np.take(run.image.values, place, axis=axis)
        real = by_uid[uid].pixel_array.astype(float) - 1024
        assert np.array_equal(np.unique(one), np.unique(real))


# --- values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", TO)
def test_values_rescaled_are_the_real_values(to: str, tmp_path: Path) -> None:
    datasets = series(slope=0.1, intercept=-3.7)
    assert_right(datasets, convert(datasets, tmp_path, values="rescaled", to=to))


@pytest.mark.parametrize("to", TO)
def test_values_stored_are_the_stored_values(to: str, tmp_path: Path) -> None:
    datasets = series(slope=(0.5, 1, 1.5, 2, 2.5), intercept=7, dtype="uint16", bits_stored=12, junk=True)
    run = convert(datasets, tmp_path, values="stored", to=to)
    plain = series(slope=1, intercept=0, dtype="uint16", bits_stored=12, junk=True)
    assert check_world(plain, run.images) == []
    assert run.sidecar["Convkit"]["ValueMapping"]["State"] == "ignored"
    assert run.sidecar["Convkit"]["Units"] == ""


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
@pytest.mark.parametrize("to", ["nii", "nrrd", "mha", "npz"])
def test_dtype_changes_the_type_and_no_value(dtype: str, to: str, tmp_path: Path) -> None:
    datasets = series(dtype="int16")
    run = convert(datasets, tmp_path, dtype=dtype, to=to)
    assert_right(datasets, run)


def test_dtype_is_the_type_in_the_file(tmp_path: Path) -> None:
    convert(series(), tmp_path, dtype="float64")
    (path,) = (tmp_path / "out").rglob("*.nii")
    assert nib.load(path).get_data_dtype() == np.float64


def test_dtype_that_is_too_small_is_refused(tmp_path: Path) -> None:
    run = convert(series(), tmp_path, dtype="uint8")
    assert run.report.exit_code == 5
    assert "values.dtype-too-small" in run.codes
    assert run.images == []


def test_dtype_never_rounds(tmp_path: Path) -> None:
    run = convert(series(slope=0.1, intercept=0.5), tmp_path, values="rescaled", dtype="int16")
    assert "values.dtype-too-small" in run.codes
    assert run.images == []


def test_plain_ct_keeps_stored_int16_with_slope_and_intercept(tmp_path: Path) -> None:
    convert(series(), tmp_path)
    (path,) = (tmp_path / "out").rglob("*.nii")
    image = nib.load(path)
    assert image.get_data_dtype() == np.int16
    assert (image.dataobj.slope, image.dataobj.inter) == (1, -1024)


def test_twelve_bits_fit_int16(tmp_path: Path) -> None:
    convert(series(dtype="uint16", bits_stored=12), tmp_path)
    (path,) = (tmp_path / "out").rglob("*.nii")
    assert nib.load(path).get_data_dtype() in {np.dtype(np.int16), np.dtype(np.uint16)}


def test_junk_bits_are_said(tmp_path: Path) -> None:
    assert "pixels.junk-bits" in convert(series(dtype="uint16", bits_stored=12, junk=True), tmp_path).codes


def test_units_are_hounsfield_for_ct_and_becquerel_for_pet(tmp_path: Path) -> None:
    assert convert(series(), tmp_path / "ct").sidecar["Convkit"]["Units"] == "HU"
    assert convert(series(modality="PT"), tmp_path / "pt").sidecar["Convkit"]["Units"] == "Bq/mL"


# --- storage order of NIfTI ------------------------------------------------------------------------------


@pytest.mark.parametrize("descending", [False, True])
def test_axial_nifti_runs_to_anterior_like_dcm2niix(descending: bool, tmp_path: Path) -> None:
    run = convert(series(descending=descending), tmp_path)
    assert nib.aff2axcodes(run.image.affine_ras) == ("L", "A", "S")


def test_nifti_units_are_mm_and_seconds(tmp_path: Path) -> None:
    convert(series(volumes=2, modality="MR", RepetitionTime=1500), tmp_path)
    (path,) = (tmp_path / "out").rglob("*.nii")
    header: Any = nib.load(path).header
    assert header.get_xyzt_units() == ("mm", "sec")
    assert header.get_zooms()[3] == pytest.approx(1.5)


def test_nii_and_nii_gz_hold_the_same_bytes(tmp_path: Path) -> None:
    import gzip  # noqa: PLC0415 (here alone)

    write(series(), tmp_path / "in")
    plain = convert_folder(tmp_path / "in", tmp_path / "a", to="nii")
    packed = convert_folder(tmp_path / "in", tmp_path / "b", to="nii.gz")
    (one,) = (v for k, v in contents(plain.folder).items() if k.endswith(".nii"))
    (two,) = (v for k, v in contents(packed.folder).items() if k.endswith(".nii.gz"))
    assert gzip.decompress(two) == one


def test_npz_loads_with_plain_numpy(tmp_path: Path) -> None:
    convert(series(), tmp_path, to="npz")
    (path,) = (tmp_path / "out").rglob("*.npz")
    with np.load(path, allow_pickle=False) as file:
        assert {"array", "affine_ras"} <= set(file.files)
        assert file["array"].shape == (1, 5, 6, 7)


def test_npy_has_its_affine_in_the_sidecar(tmp_path: Path) -> None:
    datasets = series()
    run = convert(datasets, tmp_path, to="npy")
    (path,) = (tmp_path / "out").rglob("*.npy")
    array = np.load(path, allow_pickle=False)
    affine = np.diag([-1, -1, 1, 1]) @ np.array(run.sidecar["Convkit"]["AffineLPS"])
    values = array.reshape(array.shape[-3:]).transpose(2, 1, 0).astype(float)
    assert check_world(datasets, [(values, affine[:, [2, 1, 0, 3]])]) == []


# --- colour ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("planar", [0, 1])
def test_colour_picture_keeps_its_colours(planar: int, tmp_path: Path) -> None:
    convert([rgb(planar)], tmp_path, to="mha")
    (path,) = (tmp_path / "out").rglob("*.mha")
    assert np.array_equal(read_itk(path).values[:, :, 0].transpose(1, 0, 2), colours())


def test_palette_becomes_colours(tmp_path: Path) -> None:
    convert([palette()], tmp_path, to="nrrd")
    (path,) = (tmp_path / "out").rglob("*.nrrd")
    values = read_itk(path).values[:, :, 0].transpose(1, 0, 2)
    entry = np.arange(42).reshape(6, 7)
    assert np.array_equal(values, np.stack([entry, 255 - entry, np.full_like(entry, 128)], -1))


def test_colour_nifti_is_rgb24(tmp_path: Path) -> None:
    convert([rgb()], tmp_path, to="nii")
    (path,) = (tmp_path / "out").rglob("*.nii")
    image = nib.load(path)
    assert image.get_data_dtype().names == ("R", "G", "B")
    data = np.asarray(image.dataobj)
    picture = np.stack([data[n] for n in "RGB"], -1).reshape(7, 6, 3).transpose(1, 0, 2)
    assert np.array_equal(picture, colours()) or np.array_equal(picture[::-1], colours())


def test_ybr_picture_is_converted(tmp_path: Path) -> None:
    run = convert([ybr_full()], tmp_path, to="npz")
    assert run.report.exit_code == 0


def test_output_of_one_case_is_read_by_every_reader(tmp_path: Path) -> None:
    datasets = series(plane="oblique")
    write(datasets, tmp_path / "in")
    for to in TO:
        convert_folder(tmp_path / "in", tmp_path / "out" / to.replace(".", ""), to=to)
    outputs = read_all(tmp_path / "out")
    assert len(outputs) == len(TO)
    for output in outputs:
        assert check_world(datasets, [output]) == []
