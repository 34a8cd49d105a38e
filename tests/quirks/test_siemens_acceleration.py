"""Siemens acceleration: in plane, through the slab, and of slices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks.siemens_acceleration import QUIRK
from tests.quirks.siemens import HEADER, SDS, facts, look_alike, private, v_line, v_mosaic, xa_classic

TIMES = [0.0, 500.0, 0.0, 500.0]


def found_in(dataset: Any, folder: Path) -> dict[str, Any]:
    found = facts(QUIRK, dataset, folder)
    assert found is not None
    return found


def test_protocol_tells_the_factors(tmp_path: Path) -> None:
    lines = {"sPat.lAccelFactPE": 2, "sPat.lAccelFact3D": 3, "sPat.lRefLinesPE": 24, "sPat.ucPATMode": "0x2"}
    assert found_in(v_line(lines), tmp_path) == {
        "ParallelReductionFactorInPlane": 2,
        "ParallelReductionFactorOutOfPlane": 3,
        "RefLinesPE": 24,
        "MatrixCoilMode": "GRAPPA",
    }


def test_mode_counts_for_nothing_without_acceleration(tmp_path: Path) -> None:
    found = found_in(v_line({"sPat.lAccelFactPE": 1, "sPat.ucPATMode": "0x1"}), tmp_path)
    assert found == {"ParallelReductionFactorInPlane": 1}


@pytest.mark.parametrize(("text", "in_plane", "slices"), [("p2", 2, None), ("s4", 1, 4), ("p3 s2", 3, 2)])
def test_text_tells_the_factors_where_no_protocol_does(
    text: str, in_plane: float, slices: int | None, tmp_path: Path
) -> None:
    found = found_in(xa_classic({(SDS, 0x09): ("LO", text)}), tmp_path)
    assert found["ParallelReductionFactorInPlane"] == in_plane
    assert found.get("MultibandAccelerationFactor") == slices


@pytest.mark.parametrize(
    ("times", "slices"),
    [(TIMES, 2), ([0.0, 1.0, 2.0, 3.0], None), ([0.0, 0.0, 1.0, 2.0], None), ([0.0, 0.0, 0.0, 0.0], None)],
    ids=["pairs", "one by one", "uneven", "slab"],
)
def test_slices_of_a_mosaic_that_share_a_time(times: list[float], slices: int | None, tmp_path: Path) -> None:
    dataset = private(v_mosaic({"sSliceAcceleration.lMultiBandFactor": 1}), {(HEADER, 0x29): ("FD", times)})
    assert found_in(dataset, tmp_path).get("MultibandAccelerationFactor") == slices


def test_comment_of_a_research_sequence_tells_the_slices(tmp_path: Path) -> None:
    dataset = v_line({"sSliceAcceleration.lMultiBandFactor": 1}, ImageComments="Unaliased MB3/PE4/LB SENSE1")
    assert found_in(dataset, tmp_path)["MultibandAccelerationFactor"] == 3


@pytest.mark.parametrize(("description", "slices"), [("func", 2), ("func_SBRef", None)])
def test_single_band_reference_is_not_accelerated(description: str, slices: int | None, tmp_path: Path) -> None:
    dataset = xa_classic({}, {"sSliceAcceleration.lMultiBandFactor": 2}, SeriesDescription=description)
    assert found_in(dataset, tmp_path).get("MultibandAccelerationFactor") == slices


def test_protocol_of_another_creator_tells_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(ImageComments="Unaliased MB3"), tmp_path) is None
