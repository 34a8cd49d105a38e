"""Real series of $CONVKIT_DATA, against the references that lie beside them."""

from __future__ import annotations

import itertools
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from tests.jobs.work import Run, convert_folder

CORNER_MM = 0.05
"""A reference keeps its affine in float32 and its slice step as rounded by another program."""

CLASSIC: dict[str, tuple[str, ...]] = {
    "ct_siemens_gantry_tilt": (),
    "siemens_multiecho": ("me_fMRI_",),
    "ge_siemens_epi": ("EPI_PE=",),
}
"""Set to the beginnings of references that come from mosaics, which are not converted yet."""

Unpack = Callable[[str], Path]


@pytest.fixture(scope="session")
def unpacked(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpack:
    """Unpacks a set once and gives its folder, with ``in/`` and ``ref/``."""
    root = tmp_path_factory.mktemp("sets")

    def unpack(name: str) -> Path:
        archive = data_folder / "conversion" / f"{name}.tar.xz"
        if not archive.is_file():
            pytest.skip(f"the set {name} is not there")
        if not (root / name).exists():
            with tarfile.open(archive) as file:
                file.extractall(root, filter="data")
        return root / name

    return unpack


def canonical(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Real values and affine in the order nearest to RAS; nothing is interpolated."""
    image: Any = nib.as_closest_canonical(nib.load(path))
    return image.get_fdata(dtype=np.float64), image.affine


def corners(values: np.ndarray, affine: np.ndarray) -> np.ndarray:
    ends = np.array([[*c, 1] for c in itertools.product(*((0, n - 1) for n in values.shape[:3]))]).T
    return (affine @ ends)[:3]


def is_same(one: Path, other: Path) -> bool:
    """True where two files hold the same values in the same places."""
    mine, affine = canonical(one)
    theirs, reference = canonical(other)
    if mine.squeeze().shape != theirs.squeeze().shape:
        return False
    if np.abs(corners(mine, affine) - corners(theirs, reference)).max() > CORNER_MM:
        return False
    return bool(np.allclose(mine.squeeze(), theirs.squeeze(), rtol=1e-6, atol=1e-6))


def unmatched(run: Run, references: Path) -> list[str]:
    """References that no output equals."""
    made = sorted(run.folder.rglob("*.nii"))
    return [r.name for r in sorted(references.glob("*.nii*")) if not any(is_same(m, r) for m in made)]


@pytest.mark.slow
@pytest.mark.parametrize("name", CLASSIC)
def test_set_is_converted_as_its_reference(name: str, unpacked: Unpack, tmp_path: Path) -> None:
    folder = unpacked(name)
    run = convert_folder(folder / "in", tmp_path / "out")
    mosaics = [n for n in unmatched(run, folder / "ref") if n.startswith(CLASSIC[name])]
    assert list((folder / "ref").glob("*.nii*"))
    assert unmatched(run, folder / "ref") == mosaics, run.texts
    assert bool(mosaics) == ("object.mosaic" in run.codes)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ct_siemens_gantry_tilt", "ge_siemens_epi"])
def test_workers_and_order_change_no_byte_of_a_real_set(name: str, unpacked: Unpack, tmp_path: Path) -> None:
    from tests.jobs.work import contents  # noqa: PLC0415 (here alone)

    folder = unpacked(name)
    one = convert_folder(folder / "in", tmp_path / "one")
    two = convert_folder(folder / "in", tmp_path / "two", jobs=2)
    assert contents(one.folder) == contents(two.folder)


def test_tilted_ct_carries_its_shear(unpacked: Unpack, tmp_path: Path) -> None:
    run = convert_folder(unpacked("ct_siemens_gantry_tilt") / "in", tmp_path)
    assert "geometry.tilted" in run.codes
    axes = run.image.affine_ras[:3, :3] / np.linalg.norm(run.image.affine_ras[:3, :3], axis=0)
    assert abs(axes.T @ axes - np.eye(3)).max() > 0.01


@pytest.mark.parametrize("name", ["odd_missing_slice", "odd_missing_slice_tilt"])
def test_real_gap_is_refused_and_split_where_asked(name: str, unpacked: Unpack, tmp_path: Path) -> None:
    source = unpacked(name) / "in"
    run = convert_folder(source, tmp_path / "a")
    assert run.report.exit_code == 5
    assert run.codes & {"geometry.missing-slice", "geometry.irregular-spacing"}
    assert run.images == []
    assert convert_folder(source, tmp_path / "b", irregular="split").images
    assert convert_folder(source, tmp_path / "c", irregular="resample").masks


def test_real_tilt_with_variable_distance_is_refused(unpacked: Unpack, tmp_path: Path) -> None:
    run = convert_folder(unpacked("ct_ge_gantry_tilt") / "in", tmp_path)
    assert run.report.exit_code in {0, 4, 5}
    assert run.codes & {"geometry.irregular-spacing", "geometry.missing-slice", "geometry.tilted", "series.split"}
    if run.images:  # only volumes whose slices are even
        assert "geometry.kept-irregular" not in run.codes


def test_images_at_one_position_are_no_silent_volume(unpacked: Unpack, tmp_path: Path) -> None:
    run = convert_folder(unpacked("odd_not_a_volume") / "in", tmp_path)
    assert all(image.values.shape[2] == 1 for image in run.images)
    assert run.report.outcomes


def test_two_slices_are_a_volume(unpacked: Unpack, tmp_path: Path) -> None:
    run = convert_folder(unpacked("odd_two_slices") / "in", tmp_path)
    assert run.report.exit_code == 0
    assert min(run.image.values.shape) == 2


def test_three_planes_are_volumes_of_their_own(unpacked: Unpack, tmp_path: Path) -> None:
    run = convert_folder(unpacked("odd_three_planes") / "in", tmp_path)
    assert run.report.exit_code == 0
    assert len(run.images) >= 2
    assert len({nib.aff2axcodes(image.affine_ras) for image in run.images}) == len(
        {tuple(np.round(image.affine_ras[:3, 2], 2)) for image in run.images}
    )
