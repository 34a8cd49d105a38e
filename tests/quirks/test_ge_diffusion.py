"""GE: weighting in private elements, the direction along frequency, phase and slice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks import gradient_of
from convkit.quirks.ge_diffusion import QUIRK
from tests.quirks.ge import ACQUISITION, B_VALUE, DIFFUSION, FLAG, Private, ge, header_of, look_alike

AXIAL, SAGITTAL, CORONAL = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]
VECTOR = (0.6, 0.0, 0.8)
OBLIQUE = (0.2, 0.4, 0.8944272)


def told(b_value: int, vector: tuple[float, float, float] = (0, 0, 0), directions: int = 6) -> Private:
    parts = {(ACQUISITION, 0xBB + place): ("DS", f"{part:.6f}") for place, part in enumerate(vector)}
    count = {(ACQUISITION, 0xE0): ("DS", f"{directions}.000000")}
    return {**DIFFUSION, B_VALUE: ("IS", [b_value, 8, 0, 0]), **parts, **count}


def gradient(dataset: Any, folder: Path) -> Any:
    return gradient_of(header_of(dataset, folder))


@pytest.mark.parametrize(
    ("cosines", "along", "lps"),
    [
        # x, y, z of OBLIQUE turned as dcm2niix does; the sign of the whole is free.
        (AXIAL, "COL", (0.2, 0.4, -0.8944272)),
        (AXIAL, "ROW", (0.4, -0.2, -0.8944272)),
        (SAGITTAL, "COL", (0.8944272, 0.2, -0.4)),
        (SAGITTAL, "ROW", (0.8944272, 0.4, 0.2)),
        (CORONAL, "COL", (0.2, -0.8944272, 0.4)),
        (CORONAL, "ROW", (-0.4, -0.8944272, 0.2)),
    ],
)
def test_direction_is_turned_into_the_patients_frame(
    cosines: list[int], along: str, lps: tuple[float, float, float], tmp_path: Path
) -> None:
    dataset = ge(told(1000, OBLIQUE), ImageOrientationPatient=cosines, InPlanePhaseEncodingDirection=along)
    found = gradient(dataset, tmp_path)
    assert found.b_value == 1000
    assert found.direction_lps == pytest.approx(lps, abs=1e-5)


@pytest.mark.parametrize(("stored", "b_value"), [(1_000_001_000, 1000), (12000, 12000), (1_000_000_000, 0)])
def test_bias_is_taken_off_the_b_value(stored: int, b_value: int, tmp_path: Path) -> None:
    assert gradient(ge(told(stored, VECTOR)), tmp_path).b_value == b_value


@pytest.mark.parametrize(("length", "b_value"), [(0.5, 750), (0.8164966, 2000), (0.98, 3000), (1.0, 3000)])
def test_short_vector_lowers_the_b_value(length: float, b_value: int, tmp_path: Path) -> None:
    found = gradient(ge(told(3000, (0.0, length, 0.0))), tmp_path)
    assert (found.b_value, found.direction_lps) == (b_value, (0.0, 1.0, 0.0))


@pytest.mark.parametrize(("directions", "flag", "b_value"), [(6, 16, 0), (6, 0, 0), (6, 15, 1000), (0, 16, 1000)])
def test_weighted_image_without_direction_is_a_mean_or_unweighted(
    directions: int, flag: int, b_value: int, tmp_path: Path
) -> None:
    found = gradient(ge({**told(1000, directions=directions), FLAG: ("SS", flag)}), tmp_path)
    assert (found.b_value, found.direction_lps) == (b_value, None)


@pytest.mark.parametrize("missing", [(0xBB,), (0xBC,), (0xBD,), (0xBB, 0xBC, 0xBD)])
@pytest.mark.parametrize("value", ["removed", None])
def test_missing_component_leaves_the_b_value_and_no_direction(
    missing: tuple[int, ...], value: str | None, tmp_path: Path
) -> None:
    elements = dict(told(3000, (0.5, 0.5, 0.5)))
    for low in missing:
        elements[ACQUISITION, low] = ("DS", value)
        if value:
            del elements[ACQUISITION, low]
    found = gradient(ge({**elements, FLAG: ("SS", 16)}), tmp_path)
    assert (found.b_value, found.direction_lps) == (3000, None)


def test_private_direction_wins_over_that_of_the_standard(tmp_path: Path) -> None:
    dataset = ge(told(1000, VECTOR), DiffusionBValue=900.0, DiffusionGradientOrientation=[0.0, 1.0, 0.0])
    found = gradient(dataset, tmp_path)
    assert (found.b_value, found.direction_lps) == (1000, pytest.approx((0.6, 0.0, -0.8)))


def test_direction_of_the_standard_is_in_the_patients_frame(tmp_path: Path) -> None:
    dataset = ge(DIFFUSION, DiffusionBValue=900.0, DiffusionGradientOrientation=[0.6, 0.8, 0.0])
    found = gradient(dataset, tmp_path)
    assert (found.b_value, found.direction_lps) == (900.0, pytest.approx((0.6, 0.8, 0.0)))


def test_image_of_a_diffusion_sequence_without_b_value_is_unweighted(tmp_path: Path) -> None:
    assert gradient(ge(DIFFUSION), tmp_path).b_value == 0


@pytest.mark.parametrize("overrides", [{"InPlanePhaseEncodingDirection": None}, {"ImageOrientationPatient": None}])
def test_unknown_axes_leave_the_direction_unknown(overrides: dict[str, Any], tmp_path: Path) -> None:
    assert gradient(ge(told(1000, VECTOR), **overrides), tmp_path).direction_lps is None


def test_elements_of_another_creator_tell_no_weighting(tmp_path: Path) -> None:
    header = header_of(look_alike(told(1000, VECTOR)), tmp_path)
    assert not QUIRK.applies(header)
    assert gradient_of(header) is None
