"""The oracle accepts a right answer in every plane and encoding, and rejects every wrong one that we know."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (its usual name)
from pydicom import Dataset, dcmread

from tests.builders import PLANES, instance, mosaic, series, write
from tests.builders.oracle import Output, check_world, stored_values
from tests.builders.outputs import check_nifti_forms, read_all, read_output

RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def right_answer(datasets: list[Dataset], volumes: int = 1) -> Output:
    """Columns, rows, slices as (i, j, k) in the order given, which is volume by volume."""
    each = len(datasets) // volumes
    real = [stored_values(d) * float(d.get("RescaleSlope", 1)) + float(d.get("RescaleIntercept", 0)) for d in datasets]
    values = np.stack([np.stack([r.T for r in real[v * each : (v + 1) * each]], -1) for v in range(volumes)], -1)
    first = datasets[0]
    positions = [np.array(d.ImagePositionPatient, float) for d in datasets[:each]]
    cosines, spacing = np.array(first.ImageOrientationPatient, float), first.PixelSpacing
    affine = np.eye(4)
    affine[:3, 0] = cosines[:3] * spacing[1]
    affine[:3, 1] = cosines[3:] * spacing[0]
    affine[:3, 2] = (positions[-1] - positions[0]) / (each - 1)
    affine[:3, 3] = positions[0]
    return Output(values[..., 0] if volumes == 1 else values, RAS @ affine)


def flipped(answer: Output, axis: int) -> Output:
    """The same volume stored the other way round along an axis, with the affine that belongs to it."""
    affine = answer.affine_ras.copy()
    affine[:3, 3] += affine[:3, axis] * (answer.values.shape[axis] - 1)
    affine[:3, axis] *= -1
    return Output(np.flip(answer.values, axis), affine)


def with_affine(answer: Output, matrix: np.ndarray) -> Output:
    return answer._replace(affine_ras=answer.affine_ras @ matrix)


# --- right -----------------------------------------------------------------------------------------------

ENCODINGS = [
    {"dtype": "int16"},
    {"dtype": "uint16", "bits_stored": 12, "junk": True},
    {"dtype": "int16", "bits_stored": 12, "junk": True},
    {"dtype": "uint8"},
    {"dtype": "int32", "slope": 0.1, "intercept": -3.7},
    {"dtype": "uint32"},
    {"dtype": "uint16", "slope": (0.5, 1, 1.5, 2, 2.5), "intercept": 0},
]


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("negated", ["", "row", "column", "both"])
@pytest.mark.parametrize("descending", [False, True])
def test_right_answer_is_accepted_in_every_plane(plane: str, negated: str, descending: bool) -> None:
    datasets = series(plane=plane, negated=negated, descending=descending)
    assert check_world(datasets, [right_answer(datasets)]) == []


@pytest.mark.parametrize("encoding", ENCODINGS, ids=str)
def test_right_answer_is_accepted_in_every_encoding(encoding: dict) -> None:
    datasets = series(**encoding)
    assert check_world(datasets, [right_answer(datasets)]) == []


@pytest.mark.parametrize("syntax", ["implicit", "big", "deflated", "rle", "jpegls", "jpeg2000"])
def test_transfer_syntax_does_not_matter(syntax: str, tmp_path: Path) -> None:
    datasets = series(syntax=syntax, slices=3, rows=32, columns=33)
    plain = series(slices=3, rows=32, columns=33)
    read_back = [dcmread(p) for p in write(datasets, tmp_path, shuffle=True)]
    assert check_world(datasets, [right_answer(plain)]) == []
    assert check_world(read_back, [right_answer(plain)]) == []


def test_tilted_stack_is_accepted_with_its_sheared_affine() -> None:
    datasets = series(tilt=0.9)
    assert check_world(datasets, [right_answer(datasets)]) == []


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_storage_order_does_not_matter_when_the_affine_says_so(axis: int) -> None:
    datasets = series(plane="oblique")
    assert check_world(datasets, [flipped(right_answer(datasets), axis)]) == []


def test_four_dimensional_answer_is_accepted() -> None:
    datasets = series(volumes=3, modality="MR")
    assert check_world(datasets, [right_answer(datasets, 3)]) == []


def test_echoes_may_be_outputs_of_their_own() -> None:
    datasets = series(echoes=(2.5, 5.0), modality="MR")
    assert check_world(datasets, [right_answer(datasets[5:]), right_answer(datasets[:5])]) == []


def test_float32_rounding_of_a_rescale_is_accepted() -> None:
    datasets = series(slope=0.1, intercept=-3.7)
    answer = right_answer(datasets)
    assert check_world(datasets, [answer._replace(values=answer.values.astype(np.float32))]) == []


# --- wrong -----------------------------------------------------------------------------------------------


def _reversed_volumes(answer: Output) -> Output:
    return answer._replace(values=answer.values[..., ::-1])


def _one_value(answer: Output) -> Output:
    values = answer.values.copy()
    values[2, 3, 1] += 1
    return answer._replace(values=values)


WRONG = {
    "rows flipped": lambda a: a._replace(values=a.values[:, ::-1]),
    "columns flipped": lambda a: a._replace(values=a.values[::-1]),
    "slices reversed": lambda a: a._replace(values=a.values[:, :, ::-1]),
    "rows and columns swapped": lambda a: a._replace(values=a.values.transpose(1, 0, 2)),
    "in-plane spacing swapped": lambda a: with_affine(a, np.diag([0.8 / 0.7, 0.7 / 0.8, 1, 1])),
    "slice spacing wrong": lambda a: with_affine(a, np.diag([1, 1, 1.01, 1])),
    "LPS called RAS": lambda a: a._replace(affine_ras=RAS @ a.affine_ras),
    "one slice dropped": lambda a: a._replace(values=a.values[:, :, :-1]),
    "one slice twice": lambda a: a._replace(values=np.concatenate([a.values, a.values[:, :, -1:]], 2)),
    "one value off by one": _one_value,
    "rescale forgotten": lambda a: a._replace(values=a.values + 1024),
    "not a number": lambda a: a._replace(values=np.full(a.values.shape, np.nan)),
}


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("mistake", WRONG)
def test_wrong_answer_is_rejected(plane: str, mistake: str) -> None:
    datasets = series(plane=plane)
    assert check_world(datasets, [WRONG[mistake](right_answer(datasets))]) != []


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("voxels", [-1, 0.5, 1])
def test_shifted_answer_is_rejected(axis: int, voxels: float) -> None:
    datasets = series()
    shift = np.eye(4)
    shift[axis, 3] = voxels
    assert check_world(datasets, [with_affine(right_answer(datasets), shift)]) != []


def test_shear_that_is_left_out_is_rejected() -> None:
    datasets = series(tilt=0.9)
    straight = right_answer(series())
    assert check_world(datasets, [straight]) != []


def test_junk_above_the_stored_bits_is_rejected() -> None:
    datasets = series(dtype="uint16", bits_stored=12, junk=True)
    answer = right_answer(datasets)
    assert check_world(datasets, [answer._replace(values=answer.values + 4096)]) != []


def test_sign_that_is_left_out_is_rejected() -> None:
    datasets = series(dtype="int16", bits_stored=12, intercept=0)
    answer = right_answer(datasets)
    unsigned = np.where(answer.values < 0, answer.values + 4096, answer.values)
    assert check_world(datasets, [answer._replace(values=unsigned)]) != []


def test_slope_of_another_slice_is_rejected() -> None:
    datasets = series(slope=(0.5, 1, 1.5, 2, 2.5), dtype="uint16")
    uniform = series(slope=0.5, dtype="uint16")
    assert check_world(datasets, [right_answer(uniform)]) != []


def test_wrong_volume_order_is_rejected() -> None:
    datasets = series(volumes=3, modality="MR")
    assert check_world(datasets, [_reversed_volumes(right_answer(datasets, 3))]) != []


def test_volume_mixed_from_two_times_is_rejected() -> None:
    datasets = series(volumes=2, modality="MR")
    answer = right_answer(datasets, 2)
    mixed = answer.values.copy()
    mixed[:, :, 0] = mixed[:, :, 0, ::-1]
    assert check_world(datasets, [answer._replace(values=mixed)]) != []


def test_volume_left_out_is_rejected() -> None:
    datasets = series(echoes=(2.5, 5.0), modality="MR")
    assert check_world(datasets, [right_answer(datasets[:5])]) != []


def test_volume_written_twice_is_rejected() -> None:
    datasets = series()
    assert check_world(datasets, [right_answer(datasets)] * 2) != []


def test_gap_papered_over_is_rejected() -> None:
    datasets = series(missing=(2,))
    assert check_world(datasets, [right_answer(datasets)]) != []


# --- readers ---------------------------------------------------------------------------------------------


def _save_nifti(answer: Output, path: Path) -> None:
    image = nib.Nifti1Image(answer.values.astype(np.int16), answer.affine_ras)
    image.set_sform(answer.affine_ras, 1)
    image.set_qform(answer.affine_ras, 1)
    nib.save(image, path)


def _save_itk(answer: Output, path: Path) -> None:
    image = sitk.GetImageFromArray(answer.values.astype(np.int16).T)
    affine = RAS @ answer.affine_ras
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing([float(s) for s in spacing])
    image.SetOrigin([float(v) for v in affine[:3, 3]])
    image.SetDirection([float(v) for v in (affine[:3, :3] / spacing).ravel()])
    sitk.WriteImage(image, str(path))


def _save_npz(answer: Output, path: Path) -> None:
    array = answer.values.transpose(2, 1, 0)[None].astype(np.int16)
    affine = answer.affine_ras[:, [2, 1, 0, 3]]
    np.savez(path, array=array, affine_ras=affine)


SAVERS = {
    ".nii": _save_nifti,
    ".nii.gz": _save_nifti,
    ".nrrd": _save_itk,
    ".mha": _save_itk,
    ".npz": _save_npz,
}


@pytest.mark.parametrize("suffix", SAVERS)
@pytest.mark.parametrize("plane", PLANES)
def test_reader_gives_what_was_saved(suffix: str, plane: str, tmp_path: Path) -> None:
    datasets = series(plane=plane)
    SAVERS[suffix](right_answer(datasets), tmp_path / f"x{suffix}")
    assert check_world(datasets, [read_output(tmp_path / f"x{suffix}")]) == []


def test_all_outputs_below_a_folder_are_read(tmp_path: Path) -> None:
    answer = right_answer(series())
    (tmp_path / "deep").mkdir()
    _save_nifti(answer, tmp_path / "deep" / "a.nii")
    _save_npz(answer, tmp_path / "b.npz")
    (tmp_path / "a.json").write_text("{}")
    assert [o.name for o in read_all(tmp_path)] == ["b.npz", "a.nii"]


def test_forms_that_differ_are_found(tmp_path: Path) -> None:
    answer = right_answer(series())
    image = nib.Nifti1Image(answer.values, answer.affine_ras)
    image.set_qform(answer.affine_ras, 1)
    image.set_sform(answer.affine_ras @ np.diag([1, 1, 1.1, 1]), 1)
    nib.save(image, tmp_path / "x.nii")
    assert len(check_nifti_forms(tmp_path / "x.nii")) == 1
    _save_nifti(answer, tmp_path / "y.nii")
    assert check_nifti_forms(tmp_path / "y.nii") == []


# --- builders --------------------------------------------------------------------------------------------


def test_every_stored_value_is_used_once() -> None:
    datasets = series(volumes=2, echoes=(1.0, 2.0), parts=("M", "P"), modality="MR")
    values = np.concatenate([stored_values(d).ravel() for d in datasets])
    assert len(set(values.tolist())) == values.size == 8 * 5 * 6 * 7


def test_builder_refuses_more_voxels_than_values() -> None:
    with pytest.raises(ValueError, match="cannot each have a value"):
        series(dtype="uint8", rows=20, columns=20)


def test_builders_are_pure_functions_of_their_numbers(tmp_path: Path) -> None:
    one = write(series(plane="oblique"), tmp_path / "one")
    two = write(series(plane="oblique"), tmp_path / "two")
    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]
    assert instance(number=1).SOPInstanceUID != instance(number=2).SOPInstanceUID


def test_shuffled_files_keep_the_order_of_the_data_sets(tmp_path: Path) -> None:
    datasets = series()
    paths = write(datasets, tmp_path, shuffle=True)
    assert paths != sorted(paths)
    assert [dcmread(p).SOPInstanceUID for p in paths] == [d.SOPInstanceUID for d in datasets]


def test_none_deletes_an_attribute() -> None:
    assert "PixelSpacing" not in instance(PixelSpacing=None)
    assert "MOSAIC" in mosaic().ImageType
