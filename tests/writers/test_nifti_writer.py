"""What is particular to NIfTI: header fields, voxel order, NIfTI-2, images in memory."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from convkit.errors import OutputError
from convkit.model.volume import Volume
from convkit.writers import WriteOptions, writer_for
from convkit.writers._nifti_header import quaternion, stored_quaternion
from convkit.writers.nifti import native_layout
from convkit.writers.nifti_image import to_nifti

QFORM_MM = 1e-4
"""A quaternion of float32, over the few mm of these volumes."""

HALF_TURN = 1e-4
NEAR_HALF_TURN = 7e-4  # float32 resolves a of (a, b, c, d) no better where b is nearly 1; the sform stays exact
"""Largest error of a direction cosine; rounding alone would give 7e-4."""

Named = Callable[[str], Volume]


def header_of(volume: Volume, folder: Path) -> nibabel.Nifti1Header:
    return nibabel.load(writer_for("nii").write(volume, folder / "a", WriteOptions())[0]).header


def test_qform_and_sform_agree(reference: Volume, tmp_path: Path) -> None:
    header = header_of(reference, tmp_path)
    placed = int(reference.is_placed)
    assert int(header["sform_code"]) == placed
    assert int(header["qform_code"]) == int(placed and not reference.is_sheared)
    if header["qform_code"]:
        assert np.abs(header.get_qform() - header.get_sform()).max() < QFORM_MM


def test_header_says_nothing_about_a_person(reference: Volume, tmp_path: Path) -> None:
    header = header_of(reference, tmp_path)
    texts = [
        bytes(header[field]).rstrip(b"\0") for field in ("descrip", "aux_file", "intent_name", "db_name", "data_type")
    ]
    assert texts == [b"convkit", b"", b"", b"", b""]


def test_time_between_volumes_is_the_fourth_size(volume_of: Named, tmp_path: Path) -> None:
    assert header_of(volume_of("series"), tmp_path).get_zooms()[3] == 2.5
    assert header_of(volume_of("series-without-step"), tmp_path).get_zooms()[3] == 0
    assert header_of(volume_of("series"), tmp_path).get_xyzt_units() == ("mm", "sec")


def test_slope_and_intercept_are_left_to_the_reader(volume_of: Named, tmp_path: Path) -> None:
    path = writer_for("nii").write(volume_of("whole-mapping"), tmp_path / "a", WriteOptions())[0]
    raw = np.frombuffer(path.read_bytes()[:348], nibabel.Nifti1Header.template_dtype)
    assert (raw["scl_slope"].item(), raw["scl_inter"].item()) == (1, -1024)
    assert nibabel.load(path).get_data_dtype() == np.uint16


def test_stored_order_is_columns_then_reversed_rows_then_slices(volume_of: Named, tmp_path: Path) -> None:
    volume = volume_of("oblique")
    path = writer_for("nii").write(volume, tmp_path / "a", WriteOptions())[0]
    stored = np.asanyarray(nibabel.load(path).dataobj)
    assert np.array_equal(stored, volume.array[0, :, ::-1].transpose(2, 1, 0))


def test_3d_acquisition_is_turned_to_ras(volume_of: Named) -> None:
    assert native_layout(volume_of("3d-sagittal")).letters == "RAS"
    assert native_layout(volume_of("3d-series")).letters == native_layout(volume_of("sagittal")).letters != "RAS"


@pytest.mark.parametrize("shape", [(1, 1, 2, 40000), (1, 40000, 2, 1), (40000, 1, 1, 2)])
def test_a_long_dimension_takes_nifti_2(shape: tuple[int, ...], make: Callable[..., Volume], tmp_path: Path) -> None:
    volume = make(shape=shape, dtype="int32")
    image = nibabel.load(writer_for("nii.gz").write(volume, tmp_path / "a", WriteOptions())[0])
    assert isinstance(image, nibabel.Nifti2Image)
    assert np.array_equal(np.asanyarray(image.dataobj).reshape(shape[::-1]), volume.array[:, :, ::-1].T)
    assert np.array_equal(image.header.get_sform(), image.affine)
    assert isinstance(to_nifti(volume), nibabel.Nifti2Image)


def test_the_two_names_hold_the_same(reference: Volume, tmp_path: Path) -> None:
    plain = writer_for("nii").write(reference, tmp_path / "a", WriteOptions())[0]
    packed = writer_for("nii.gz").write(reference, tmp_path / "a", WriteOptions())[0]
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()


def test_a_type_that_nifti_lacks_is_an_error(make: Callable[..., Volume], tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="float16"):
        writer_for("nii").write(make(dtype="float16"), tmp_path / "a", WriteOptions())
    with pytest.raises(OutputError, match="uint16"):
        writer_for("nii").write(make(shape=(1, 2, 2, 2, 3), dtype="uint16"), tmp_path / "a", WriteOptions())
    assert list(tmp_path.iterdir()) == []


def test_the_image_in_memory_is_the_image_in_the_file(reference: Volume, tmp_path: Path) -> None:
    file = nibabel.load(writer_for("nii").write(reference, tmp_path / "a", WriteOptions())[0])
    made = to_nifti(reference)
    assert made.shape == file.shape
    np.testing.assert_allclose(made.affine, file.affine, atol=1e-4)
    assert [int(made.header[f"{q}form_code"]) for q in "qs"] == [int(file.header[f"{q}form_code"]) for q in "qs"]
    if not reference.is_colour:
        wanted = file.get_fdata()
        assert np.abs(made.get_fdata() - wanted).max() <= 1e-6 * np.abs(wanted).max()
    again = nibabel.Nifti1Image.from_bytes(made.to_bytes())
    assert np.array_equal(np.asanyarray(again.dataobj), np.asanyarray(made.dataobj))


def test_the_sidecar_names_the_axes_of_the_file(volume_of: Named, tmp_path: Path) -> None:
    _, sidecar = writer_for("nii").write(volume_of("3d-sagittal"), tmp_path / "a", WriteOptions())
    content = json.loads(sidecar.read_text())
    # Sagittal: columns of the image run along the body axis, rows to posterior, slices from right to left.
    assert content["PhaseEncodingAxis"] == "k"
    assert content["Convkit"]["SourceAxis"] == "i"
    assert content["Convkit"]["Sources"] == ["1.2.0.3", "1.2.0.2", "1.2.0.1", "1.2.0.0"]


@given(st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1), st.booleans())
def test_quaternion_gives_the_rotation_back(q: tuple[float, ...], is_left_handed: bool) -> None:
    a, b, c, d = np.array(q) / np.linalg.norm(q)
    affine = np.eye(4)
    affine[:3, :3] = nibabel.quaternions.quat2mat([a, b, c, d])
    affine[:3, 2] *= -1 if is_left_handed else 1
    quatern, qfac = quaternion(affine)
    found = nibabel.quaternions.quat2mat(quatern)
    found[:, 2] *= qfac
    assert qfac == (-1 if is_left_handed else 1)
    np.testing.assert_allclose(found, affine[:3, :3], atol=1e-12)


@example(0.0, (0, 1, 0, 0))
@given(st.floats(-1, 1), st.sampled_from([(0, 1, 0, 0), (0, 0, 1, 0), (0, 0.6, 0.8, 0)]))
def test_a_half_turn_survives_float32(tilt: float, half_turn: tuple[float, ...]) -> None:
    unit = np.array(half_turn) / np.linalg.norm(half_turn)
    tilted = nibabel.quaternions.mult([np.cos(tilt), np.sin(tilt), 0, 0], unit)
    quatern = tilted if tilted[0] >= 0 else -tilted
    stored = stored_quaternion(quatern).astype(float)
    found = nibabel.quaternions.quat2mat([np.sqrt(max(0, 1 - stored @ stored)), *stored])
    limit = HALF_TURN if tilt == 0 else NEAR_HALF_TURN
    assert np.abs(found - nibabel.quaternions.quat2mat(quatern)).max() < limit
