"""Label images of the user: read, and sampled on planes of any direction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 (the name that its users know)
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from convkit.errors import InputError
from convkit.model.labels import LabelImage, Plane
from convkit.series.label_image import label_image, labels_on

SHAPE = (4, 5, 6)


def affine(
    spacing: tuple[float, float, float] = (3, 0.8, 0.7), origin: tuple[float, ...] = (-10, 20, 30)
) -> NDArray[Any]:
    made = np.zeros((4, 4))
    made[2, 0], made[1, 1], made[0, 2] = spacing
    made[:, 3] = (*origin, 1)
    return made


def numbered(dtype: Any = np.uint8) -> NDArray[Any]:
    return np.arange(np.prod(SHAPE), dtype=dtype).reshape(SHAPE)


def saved(array: NDArray[Any], at: NDArray[Any], path: Path) -> str:
    image: Any = sitk.GetImageFromArray(array)
    columns = at[:3, [2, 1, 0]]
    spacing = np.linalg.norm(columns, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((columns / spacing).ravel().tolist())
    image.SetOrigin(at[:3, 3].tolist())
    sitk.WriteImage(image, str(path))
    return str(path)


def oblique() -> NDArray[Any]:
    """A grid turned about two axes."""
    a, b = 0.3, -0.5
    turn = np.eye(4)
    turn[:3, :3] = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array(
        [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    )
    return turn @ affine()


def refused(path: Path | str) -> str:
    with pytest.raises(InputError) as caught:
        label_image(str(path))
    assert caught.value.code == "input.label-image"
    return caught.value.what


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("at", [affine(), oblique()], ids=["upright", "oblique"])
def test_every_format_gives_the_same_labels_in_the_same_place(suffix: str, at: NDArray[Any], tmp_path: Path) -> None:
    found = label_image(saved(numbered(), at, tmp_path / f"labels{suffix}"))
    assert np.array_equal(found.array, numbered())
    assert found.affine_lps == pytest.approx(at, abs=1e-4)


def test_whole_floats_are_labels(tmp_path: Path) -> None:
    found = label_image(saved(numbered(np.float32), affine(), tmp_path / "a.nii.gz"))
    assert found.array.dtype == np.int32
    assert np.array_equal(found.array, numbered())


@pytest.mark.parametrize("odd", [0.5, np.nan, np.inf, 1e12])
def test_other_floats_are_refused(odd: float, tmp_path: Path) -> None:
    array = numbered(np.float64)
    array[1, 2, 3] = odd
    assert "no labels" in refused(saved(array, affine(), tmp_path / "a.nrrd"))


def test_two_dimensions_are_refused(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(numbered()[0]), str(tmp_path / "a.nrrd"))
    assert "dimensions" in refused(tmp_path / "a.nrrd")


def test_several_volumes_are_refused_and_one_is_not(tmp_path: Path) -> None:
    for count in (1, 2):
        sitk.WriteImage(
            sitk.GetImageFromArray(np.stack([numbered()] * count), isVector=False), str(tmp_path / f"{count}.nii")
        )
    assert label_image(str(tmp_path / "1.nii")).array.shape == SHAPE
    assert "dimensions" in refused(tmp_path / "2.nii")


def test_colours_are_refused(tmp_path: Path) -> None:
    array = np.zeros((*SHAPE, 3), np.uint8)
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=True), str(tmp_path / "a.nrrd"))
    assert "several values" in refused(tmp_path / "a.nrrd")


def test_nifti_without_a_place_is_refused(tmp_path: Path) -> None:
    path = Path(saved(numbered(), affine(), tmp_path / "a.nii"))
    content = bytearray(path.read_bytes())
    content[252:256] = bytes(4)  # qform_code and sform_code
    path.write_bytes(content)
    assert "no place" in refused(path)


def test_sheared_nifti_is_refused_with_a_way_out(tmp_path: Path) -> None:
    path = Path(saved(numbered(), affine(), tmp_path / "a.nii"))
    content = bytearray(path.read_bytes())
    content[252:254] = bytes(2)  # no qform
    rows = np.frombuffer(content, "<f4", 12, 280).copy()
    rows[6] += 1.5  # slices shift along y
    content[280:328] = rows.tobytes()
    path.write_bytes(content)
    assert "sheared" in refused(path)


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nrrd", "a.mha", "a.nii"])
def test_what_is_no_image_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"no image at all")
    refused(tmp_path / name)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("kept", [0.5, 0.99])
def test_file_cut_short_is_refused(suffix: str, kept: float, tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 250, (8, 30, 30)).astype(np.uint8)
    path = Path(saved(array, affine(), tmp_path / f"a{suffix}"))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    refused(path)


def test_damaged_gzip_is_refused(tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 250, (8, 30, 30)).astype(np.uint8)
    path = Path(saved(array, affine(), tmp_path / "a.nii.gz"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    refused(path)


def test_header_that_promises_too_much_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nrrd").write_bytes(
        b"NRRD0004\ntype: uint8\ndimension: 3\nspace: left-posterior-superior\nsizes: 60000 60000 600\n"
        b"space directions: (1,0,0) (0,1,0) (0,0,1)\nspace origin: (0,0,0)\nencoding: raw\n\n" + bytes(100)
    )
    assert "promises" in refused(tmp_path / "a.nrrd")


def test_missing_file_and_unknown_name_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "gone.nii.gz")
    refused(tmp_path / "labels.png")


# --- on planes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [affine(), oblique()], ids=["upright", "oblique"])
def test_plane_of_its_own_grid_shows_its_slice(at: NDArray[Any]) -> None:
    image = LabelImage(numbered(), at)
    for place in range(SHAPE[0]):
        assert np.array_equal(labels_on(image, Plane.of_slice(at, place, *SHAPE[1:])), numbered()[place])


@pytest.mark.parametrize("at", [affine(), oblique()], ids=["upright", "oblique"])
def test_coronal_plane_cuts_across_the_slices(at: NDArray[Any]) -> None:
    coronal = Plane.of_slice(at[:, [1, 0, 2, 3]], 2, SHAPE[0], SHAPE[2])
    assert np.array_equal(labels_on(LabelImage(numbered(), at), coronal), numbered()[:, 2])


def test_flipped_and_turned_plane_shows_the_labels_flipped_and_turned() -> None:
    at = affine()
    flipped = at.copy()
    flipped[:3, 3] += 5 * at[:3, 2]
    flipped[:3, 2] *= -1
    image = LabelImage(numbered(), at)
    assert np.array_equal(labels_on(image, Plane.of_slice(flipped, 1, 5, 6)), numbered()[1, :, ::-1])
    assert np.array_equal(labels_on(image, Plane.of_slice(at[:, [0, 2, 1, 3]], 1, 6, 5)), numbered()[1].T)


def test_finer_plane_repeats_labels() -> None:
    at = affine()
    fine = at.copy()
    fine[:3, 1:3] /= 2
    fine[:3, 3] -= at[:3, 1] / 4 + at[:3, 2] / 4
    found = labels_on(LabelImage(numbered(), at), Plane.of_slice(fine, 0, 10, 12))
    assert np.array_equal(found, np.repeat(np.repeat(numbered()[0], 2, 0), 2, 1))


@given(st.integers(-8, 8), st.integers(-8, 8), st.integers(-6, 6))
def test_outside_of_the_label_image_is_no_label(down: int, right: int, up: int) -> None:
    at = affine()
    array = numbered() + 1
    moved = at.copy()
    moved[:3, 3] += at[:3, :3] @ (up, down, right)
    found = labels_on(LabelImage(array, at), Plane.of_slice(moved, 0, 5, 6))
    expected = np.zeros((5, 6), int)
    for row, column in np.ndindex(5, 6):
        if 0 <= up < 4 and 0 <= row + down < 5 and 0 <= column + right < 6:
            expected[row, column] = array[up, row + down, column + right]
    assert np.array_equal(found, expected)


def test_plane_within_half_a_slice_shows_the_nearest_and_beyond_nothing() -> None:
    at = affine()
    for shift, expected in ((0.49, 3), (0.51, None)):
        moved = at.copy()
        moved[:3, 3] += (3 + shift) * at[:3, 0]
        found = labels_on(LabelImage(numbered(), at), Plane.of_slice(moved, 0, 5, 6))
        assert np.array_equal(found, np.zeros((5, 6)) if expected is None else numbered()[expected])
