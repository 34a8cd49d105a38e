"""United Imaging: weighting in private elements, along the axes of the image."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks import gradient_of
from convkit.quirks.uih_diffusion import QUIRK
from tests.quirks.private import UIH, Private, header_of, mr

SAGITTAL = [0, 1, 0, 0, 0, -1]
"""Row along +y, column along -z: the normal is -x."""


def told(b_value: float, vector: tuple[float, float, float]) -> Private:
    return {(UIH, 0x09): ("FD", b_value), (UIH, 0x37): ("FD", list(vector))}


@pytest.mark.parametrize(
    ("vector", "lps"),
    [((1.0, 0.0, 0.0), (0, 1, 0)), ((0.0, 1.0, 0.0), (0, 0, -1)), ((0.0, 0.0, 1.0), (-1, 0, 0))],
)
def test_direction_is_turned_into_the_patients_frame(
    vector: tuple[float, float, float], lps: tuple[int, int, int], tmp_path: Path
) -> None:
    gradient = gradient_of(header_of(mr(told(930.0, vector), ImageOrientationPatient=SAGITTAL), tmp_path))
    assert gradient is not None
    assert gradient.b_value == 930.0
    assert gradient.direction_lps == pytest.approx(lps)


def test_private_direction_wins_over_that_of_the_standard(tmp_path: Path) -> None:
    dataset = mr(told(930.0, (1.0, 0.0, 0.0)), DiffusionBValue=1000.0, DiffusionGradientOrientation=[0.0, 0.0, 1.0])
    gradient = gradient_of(header_of(dataset, tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps) == (930.0, (1.0, 0.0, 0.0))


def test_unweighted_image_tells_its_small_b_value_and_no_direction(tmp_path: Path) -> None:
    gradient = gradient_of(header_of(mr(told(1.25, (0.0, 0.0, 0.0))), tmp_path))
    assert gradient is not None
    assert (gradient.b_value, gradient.direction_lps, gradient.is_weighted) == (1.25, None, False)


def test_elements_of_another_creator_tell_no_weighting(tmp_path: Path) -> None:
    header = header_of(mr(told(930.0, (1.0, 0.0, 0.0)), creator="SOMEBODY ELSE"), tmp_path)
    assert not QUIRK.applies(header)
    assert gradient_of(header) is None
