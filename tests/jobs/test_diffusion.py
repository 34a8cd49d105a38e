"""Diffusion series end to end: tables beside the image, the patient's frame in the sidecar, and doubts said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

import convkit
from tests.builders import PLANES, series
from tests.builders.packed import enhanced_of, made, mosaic_of, with_group
from tests.builders.stacks import Place
from tests.jobs.work import Run, assert_right, convert, convert_folder

B_VALUES = (0.0, 1000.0, 1000.0, 2000.0)
DIRECTIONS: tuple[tuple[float, float, float], ...] = (
    (0.0, 0.0, 0.0),
    (0.6, 0.0, 0.8),
    (-0.36, 0.48, 0.8),
    (0.0, -1.0, 0.0),
)
SLICES = 5
ROUNDING = 1e-5


def weighted(**overrides: Any) -> list[Dataset]:
    """Four volumes with b-values and directions in the elements of the standard (PS3.3 C.8.13.5.9)."""
    given: dict[str, Any] = {
        "modality": "MR",
        "dtype": "uint16",
        "volumes": len(B_VALUES),
        "DiffusionBValue": lambda place: B_VALUES[place.volume],
        "DiffusionGradientOrientation": lambda place: list(DIRECTIONS[place.volume]) if place.volume else None,
    }
    return series(**(given | overrides))


def tables(run: Run) -> dict[str, np.ndarray]:
    found = [p for p in run.folder.rglob("*") if p.suffix in {".bval", ".bvec"}]
    return {p.suffix: np.array([line.split() for line in p.read_text().splitlines()], float) for p in found}


def directions_lps(run: Run) -> np.ndarray:
    """The table told back in the patient's frame by the affine that was written beside it, (volumes, 3)."""
    table = tables(run)[".bvec"]
    axes = run.image.affine_ras[:3, :3] / np.linalg.norm(run.image.affine_ras[:3, :3], axis=0)
    if np.linalg.det(axes) > 0:
        table[0] *= -1
    return (np.diag([-1, -1, 1]) @ axes @ table).T


def assert_tables_right(run: Run) -> None:
    assert tables(run)[".bval"].tolist() == [list(B_VALUES)]
    assert np.abs(directions_lps(run) - DIRECTIONS).max() <= ROUNDING
    own = run.sidecar["Convkit"]["Diffusion"]
    assert own["BValues"] == list(B_VALUES)
    told = np.array([d or (0, 0, 0) for d in own["DirectionsLPS"]])
    assert np.abs(told - DIRECTIONS).max() <= 1e-12
    assert own["DirectionsLPS"][0] is None


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("descending", [False, True])
def test_directions_of_plain_slices_are_told_in_image_axes(plane: str, descending: bool, tmp_path: Path) -> None:
    datasets = weighted(plane=plane, descending=descending)
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert_tables_right(run)


@pytest.mark.parametrize("orient", ["native", "RAS", "LPS", "ASR", "ILP"])
def test_directions_follow_the_order_of_the_voxels(orient: str, tmp_path: Path) -> None:
    datasets = weighted(plane="oblique")
    run = convert(datasets, tmp_path, orient=orient)
    assert_right(datasets, run)
    assert_tables_right(run)


def test_three_dimensional_acquisition_turns_directions_with_the_image(tmp_path: Path) -> None:
    datasets = weighted(plane="sagittal", MRAcquisitionType="3D")
    assert_tables_right(convert(datasets, tmp_path))


def test_enhanced_object_tells_the_weighting_of_its_frames(tmp_path: Path) -> None:
    datasets = weighted(plane="oblique", DiffusionBValue=None, DiffusionGradientOrientation=None)
    index = [(1, k + 1, v + 1) for v in range(len(B_VALUES)) for k in range(SLICES)]
    packed = enhanced_of(datasets, index=index)
    for place in range(len(datasets)):
        volume = place // SLICES
        direction = [made(DiffusionGradientOrientation=list(DIRECTIONS[volume]))] if volume else []
        with_group(
            packed,
            place,
            "MRDiffusionSequence",
            DiffusionBValue=B_VALUES[volume],
            DiffusionDirectionality="DIRECTIONAL" if volume else "NONE",
            DiffusionGradientDirectionSequence=direction,
        )
    run = convert([packed], tmp_path)
    assert_right(datasets, run)
    assert_tables_right(run)


@pytest.mark.parametrize("version", [1, 2])
def test_mosaics_tell_theirs_in_the_csa_header(version: int, tmp_path: Path) -> None:
    datasets = weighted(plane="oblique", DiffusionBValue=None, DiffusionGradientOrientation=None)
    packed = []
    for volume, b_value in enumerate(B_VALUES):
        tags = {"B_value": f"{b_value:g}", "DiffusionDirectionality": "DIRECTIONAL" if volume else "NONE"}
        if volume:
            tags["DiffusionGradientDirection"] = [f"{x:.8f}" for x in DIRECTIONS[volume]]
        slices = datasets[SLICES * volume : SLICES * (volume + 1)]
        kind = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE", "ND", "MOSAIC"]
        packed.append(mosaic_of(slices, volume + 1, version=version, tags=tags, ImageType=kind))
    run = convert(packed, tmp_path)
    assert_right(datasets, run)
    assert_tables_right(run)


def test_other_formats_keep_the_directions_in_their_sidecar(tmp_path: Path) -> None:
    run = convert(weighted(), tmp_path, to="npz")
    assert tables(run) == {}


# --- what is missing or contradictory --------------------------------------------------------------------


def one_slice_differs(place: Place) -> list[float] | None:
    if place.volume == 2 and place.slice == 3:
        return [0.0, 0.6, 0.8]
    return list(DIRECTIONS[place.volume]) if place.volume else None


DOUBTS: dict[str, tuple[dict[str, Any], str, set[str]]] = {
    "slices of a volume with other directions": (
        {"DiffusionGradientOrientation": one_slice_differs},
        "diffusion.contradictory",
        set(),
    ),
    "slices of a volume with other b-values": (
        {"DiffusionBValue": lambda p: 500.0 if (p.volume, p.slice) == (1, 2) else B_VALUES[p.volume]},
        "diffusion.contradictory",
        set(),
    ),
    "slice without b-value": (
        {"DiffusionBValue": lambda p: None if (p.volume, p.slice) == (1, 2) else B_VALUES[p.volume]},
        "diffusion.incomplete",
        set(),
    ),
    "volume without b-value": (
        {"DiffusionBValue": lambda p: None if p.volume == 1 else B_VALUES[p.volume]},
        "diffusion.incomplete",
        set(),
    ),
    "volume without direction": (
        {"DiffusionGradientOrientation": lambda p: list(DIRECTIONS[p.volume]) if p.volume in {1, 2} else None},
        "diffusion.missing-direction",
        {".bval"},
    ),
    "trace images": (
        {"DiffusionGradientOrientation": None, "DiffusionDirectionality": "ISOTROPIC"},
        "diffusion.no-direction",
        {".bval", ".bvec"},
    ),
    "sheared slices": ({"tilt": 0.9}, "diffusion.sheared", {".bval"}),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_doubtful_weighting_is_said_and_nothing_wrong_is_written(case: str, tmp_path: Path) -> None:
    changes, code, written = DOUBTS[case]
    datasets = weighted(**changes)
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)  # the image itself is in no doubt
    assert code in run.codes | {n["code"] for n in run.sidecar["Convkit"]["Notes"]}
    assert set(tables(run)) == written
    if not written:
        assert "Diffusion" not in run.sidecar["Convkit"]


def test_directions_that_differ_by_rounding_are_one(tmp_path: Path) -> None:
    datasets = weighted()
    for dataset in datasets[SLICES : 2 * SLICES : 2]:
        dataset.DiffusionGradientOrientation = [0.6001, 0.0002, 0.7999]
        dataset.DiffusionBValue = 1000.4
    run = convert(datasets, tmp_path)
    assert set(tables(run)) == {".bval", ".bvec"}
    assert "diffusion.contradictory" not in run.codes


def test_series_without_weighting_has_no_tables(tmp_path: Path) -> None:
    run = convert(weighted(DiffusionBValue=0.0, DiffusionGradientOrientation=None), tmp_path)
    assert tables(run) == {}
    assert not {c for c in run.codes if c.startswith("diffusion.")}


def test_tables_are_made_again_where_they_were_lost(tmp_path: Path) -> None:
    run = convert(weighted(), tmp_path)
    (lost,) = run.folder.rglob("*.bvec")
    content = lost.read_bytes()
    lost.unlink()
    convert_folder(tmp_path / "in", run.folder)
    assert lost.read_bytes() == content


# --- in Python -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plane", PLANES)
def test_volume_in_memory_tells_what_the_files_hold(plane: str, tmp_path: Path) -> None:
    run = convert(weighted(plane=plane, InPlanePhaseEncodingDirection="COL"), tmp_path)
    volume = convkit.read(tmp_path / "in")
    b_values, directions = volume.gradient_table()
    assert np.allclose(b_values, tables(run)[".bval"][0])
    assert np.allclose(directions, tables(run)[".bvec"], atol=1e-6)
    assert volume.sidecar() == run.sidecar


def test_volume_that_is_not_weighted_has_an_empty_table(tmp_path: Path) -> None:
    convert(series(modality="MR"), tmp_path)
    b_values, directions = convkit.read(tmp_path / "in").gradient_table()
    assert b_values.size == directions.size == 0


def test_table_of_a_sheared_volume_is_refused(tmp_path: Path) -> None:
    convert(weighted(tilt=0.9), tmp_path)
    with pytest.raises(convkit.GeometryError):
        convkit.read(tmp_path / "in").gradient_table()
