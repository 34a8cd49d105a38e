"""Siemens phase encoding: its sign comes from private elements of Siemens alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_phase_encoding import QUIRK
from tests.quirks.siemens import SDI, facts, look_alike, v_line, xa_classic, xa_enhanced

DIRECTIONS = [("COL", 1, "j"), ("COL", 0, "j-"), ("ROW", 1, "i"), ("ROW", 0, "i-")]


@pytest.mark.parametrize(("axis", "positive", "direction"), DIRECTIONS)
def test_v_line_tells_the_sign_in_the_csa_header(axis: str, positive: int, direction: str, tmp_path: Path) -> None:
    dataset = v_line(image={"PhaseEncodingDirectionPositive": str(positive)}, InPlanePhaseEncodingDirection=axis)
    assert facts(QUIRK, dataset, tmp_path) == {"PhaseEncodingDirection": direction, "PhaseEncodingAxis": None}


@pytest.mark.parametrize(("axis", "positive", "direction"), DIRECTIONS)
def test_xa_line_tells_the_sign_in_an_element(axis: str, positive: int, direction: str, tmp_path: Path) -> None:
    dataset = xa_classic({(SDI, 0x1C): ("IS", positive)}, InPlanePhaseEncodingDirection=axis)
    assert facts(QUIRK, dataset, tmp_path) == {"PhaseEncodingDirection": direction, "PhaseEncodingAxis": None}


def test_enhanced_object_tells_the_sign_in_each_frame(tmp_path: Path) -> None:
    dataset = xa_enhanced({}, {(SDI, 0x1C): ("IS", 0)}, InPlanePhaseEncodingDirection="COLUMN")
    found = facts(QUIRK, dataset, tmp_path)
    assert found is not None
    assert found["PhaseEncodingDirection"] == "j-"


@pytest.mark.parametrize("image", [{}, {"PhaseEncodingDirectionPositive": "7"}])
def test_unknown_sign_is_not_written(image: dict[str, str], tmp_path: Path) -> None:
    assert facts(QUIRK, v_line(image=image), tmp_path) == {}


def test_unknown_axis_is_not_written(tmp_path: Path) -> None:
    dataset = xa_classic({(SDI, 0x1C): ("IS", 1)}, InPlanePhaseEncodingDirection=None)
    assert facts(QUIRK, dataset, tmp_path) == {}


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
