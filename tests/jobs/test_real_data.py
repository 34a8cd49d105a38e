"""Real series of $CONVKIT_DATA, against the references that lie beside them."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from tests.jobs.work import convert_folder

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


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["ct_siemens_gantry_tilt", "ge_siemens_epi", "siemens_xa30_enhanced", "siemens_xa30_interop"]
)
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
