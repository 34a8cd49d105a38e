"""Philips: which images are derived trace images."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.philips_trace import QUIRK
from tests.quirks.private import header_of, mr, philips_diffusion

X, NOWHERE = (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)


def test_weighted_image_without_direction_is_a_trace_image(tmp_path: Path) -> None:
    header = header_of(mr(philips_diffusion(1000.0, NOWHERE)), tmp_path)
    assert QUIRK.applies(header)
    assert QUIRK.fix(header, {"weighting": None}) == {"weighting": "trace"}


def test_isotropic_image_is_a_trace_image_without_private_elements(tmp_path: Path) -> None:
    dataset = mr(Manufacturer="Philips", DiffusionBValue=1000.0, DiffusionDirectionality="ISOTROPIC")
    assert QUIRK.applies(header_of(dataset, tmp_path))


@pytest.mark.parametrize("told", [(0.0, NOWHERE), (0.001, X), (1000.0, X)], ids=str)
def test_directed_and_unweighted_images_are_none(
    told: tuple[float, tuple[float, float, float]], tmp_path: Path
) -> None:
    assert not QUIRK.applies(header_of(mr(philips_diffusion(*told)), tmp_path))


def test_trace_image_of_another_maker_is_left_alone(tmp_path: Path) -> None:
    dataset = mr(Manufacturer="SIEMENS", DiffusionBValue=1000.0, DiffusionDirectionality="ISOTROPIC")
    assert not QUIRK.applies(header_of(dataset, tmp_path))
