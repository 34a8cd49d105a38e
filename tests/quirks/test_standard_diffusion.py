"""Diffusion weighting in the elements of the standard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convkit.quirks import gradient_of
from convkit.quirks.standard_diffusion import QUIRK
from tests.quirks.private import header_of, mr

ALONG_X = {"XX": 1000.0, "XY": 0.0, "XZ": 0.0, "YY": 0.0, "YZ": 0.0, "ZZ": 0.0}


def b_matrix(**values: float) -> dict[str, float]:
    return {f"DiffusionBValue{axes}": value for axes, value in (ALONG_X | values).items()}


def test_direction_is_that_of_the_patient(tmp_path: Path) -> None:
    header = header_of(mr(DiffusionBValue=1000.0, DiffusionGradientOrientation=[0.6, 0.0, 0.8]), tmp_path)
    gradient = gradient_of(header)
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1000.0, (0.6, 0.0, 0.8))


def test_direction_becomes_a_unit_vector(tmp_path: Path) -> None:
    header = header_of(mr(DiffusionBValue=1000.0, DiffusionGradientOrientation=[0.0, 0.5, 0.0]), tmp_path)
    gradient = gradient_of(header)
    assert gradient is not None
    assert gradient.direction_lps == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    "attributes",
    [
        {"DiffusionBValue": 0.0},
        {"DiffusionBValue": 0.0, "DiffusionGradientOrientation": [0.0, 0.0, 1.0]},
        {"DiffusionDirectionality": "NONE"},
    ],
    ids=str,
)
def test_unweighted_image_has_no_direction(attributes: dict[str, Any], tmp_path: Path) -> None:
    gradient = gradient_of(header_of(mr(**attributes), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (0.0, None)


@pytest.mark.parametrize(
    "attributes",
    [
        {"DiffusionDirectionality": "ISOTROPIC", "DiffusionGradientOrientation": [1.0, 0.0, 0.0]},
        {"DiffusionGradientOrientation": [0.0, 0.0, 0.0]},
        {"DiffusionGradientOrientation": [7.23e75] * 3},
        {},
    ],
    ids=str,
)
def test_weighted_image_without_a_direction(attributes: dict[str, Any], tmp_path: Path) -> None:
    gradient = gradient_of(header_of(mr(DiffusionBValue=1000.0, **attributes), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (1000.0, None)


def test_direction_is_found_in_the_b_matrix(tmp_path: Path) -> None:
    half = b_matrix(XX=500.0, YY=500.0, XY=500.0)
    gradient = gradient_of(header_of(mr(DiffusionBValue=1000.0, **half), tmp_path))
    assert gradient is not None
    assert gradient.direction_lps is not None
    assert abs(np.dot(gradient.direction_lps, [0.5**0.5, 0.5**0.5, 0.0])) == pytest.approx(1.0)


def test_undefined_b_value_is_none(tmp_path: Path) -> None:
    assert gradient_of(header_of(mr(DiffusionBValue=7.23e75), tmp_path)) is None


def test_image_without_weighting_is_left_alone(tmp_path: Path) -> None:
    header = header_of(mr(DiffusionGradientOrientation=[1.0, 0.0, 0.0]), tmp_path)
    assert not QUIRK.applies(header)
    assert gradient_of(header) is None
