"""GE acceleration: reciprocal shares, and multiband factors from two places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks.ge_acceleration import QUIRK
from tests.quirks.ge import BLOCK, MULTIBAND, PARAMETERS, SHARES, block, facts, ge, look_alike


def test_factors_are_reciprocals_of_the_shares(tmp_path: Path) -> None:
    assert facts(QUIRK, ge({SHARES: ("DS", [0.666667, 1])}), tmp_path) == {
        "ParallelReductionFactorInPlane": 1.5,
        "ParallelReductionFactorOutOfPlane": 1.0,
    }


def test_without_shares_the_factors_of_the_standard_count(tmp_path: Path) -> None:
    dataset = ge(ParallelReductionFactorInPlane=2.0, ParallelReductionFactorOutOfPlane=3.0)
    assert facts(QUIRK, dataset, tmp_path) == {
        "ParallelReductionFactorInPlane": 2.0,
        "ParallelReductionFactorOutOfPlane": 3.0,
    }


@pytest.mark.parametrize(("told", "planned", "factor"), [("3", None, 3), ("0", 4, 4), ("1", 1, None), ("", None, None)])
def test_multiband_factor_is_in_an_element_or_in_the_protocol(
    told: str, planned: int | None, factor: int | None, tmp_path: Path
) -> None:
    elements: dict[Any, Any] = {MULTIBAND: ("LO", [told, "4", "19"])}
    if planned is not None:
        elements[BLOCK] = block(MBACCEL=planned)
    found = facts(QUIRK, ge(elements), tmp_path)
    assert found is not None
    assert found.get("MultibandAccelerationFactor") == factor


@pytest.mark.parametrize(("value", "factor"), [("1.24", 1.24), ("1", None), ("none", None)])
def test_compressed_sensing_is_told_where_it_accelerates(value: str, factor: float | None, tmp_path: Path) -> None:
    found = facts(QUIRK, ge({(PARAMETERS, 0xB7): ("LO", [value, "1"])}), tmp_path)
    assert found is not None
    assert found.get("CompressedSensingFactor") == factor


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike({SHARES: ("DS", [0.5, 1]), MULTIBAND: ("LO", ["3"])}), tmp_path) is None
