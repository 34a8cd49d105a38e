"""GE phase encoding: its sign comes from an element of the standard, else from the raw-data header."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.ge_phase_encoding import QUIRK
from tests.quirks.ge import USER_DEFINE, facts, ge, look_alike, user_define


@pytest.mark.parametrize(
    ("axis", "order", "direction"),
    [("COL", "REVERSE_LINEAR", "j"), ("COL", "LINEAR", "j-"), ("ROW", "REVERSE_LINEAR", "i"), ("ROW", "LINEAR", "i-")],
)
def test_standard_tells_the_sign(axis: str, order: str, direction: str, tmp_path: Path) -> None:
    # The private element says the opposite, and is not asked.
    private = {USER_DEFINE: ("OB", user_define(is_flipped=order != "LINEAR"))}
    dataset = ge(private, InPlanePhaseEncodingDirection=axis, RectilinearPhaseEncodeReordering=order)
    found = facts(QUIRK, dataset, tmp_path)
    assert found is not None
    assert (found["PhaseEncodingDirection"], found["PhaseEncodingAxis"]) == (direction, None)


@pytest.mark.parametrize("version", [14.3, 24.0, 25.002, 26.002])
@pytest.mark.parametrize(
    ("is_flipped", "order", "direction"), [(False, 0, "j"), (True, 0, "j-"), (False, 2, "j-"), (True, 2, "j")]
)
def test_raw_data_header_tells_the_sign_by_two_switches(
    version: float, is_flipped: bool, order: int, direction: str, tmp_path: Path
) -> None:
    data = user_define(version=version, is_flipped=is_flipped, order=order)
    found = facts(QUIRK, ge({USER_DEFINE: ("OB", data)}, RectilinearPhaseEncodeReordering="CENTRIC"), tmp_path)
    assert found is not None
    assert found["PhaseEncodingDirection"] == direction
    assert found["PhaseEncodingPolarityGE"] == ("Flipped" if direction == "j-" else "Unflipped")


@pytest.mark.parametrize("data", [user_define(is_epi=False), user_define(version=99.0), user_define()[:200], b"\0\0"])
def test_raw_data_header_that_tells_no_sign_is_left(data: bytes, tmp_path: Path) -> None:
    assert facts(QUIRK, ge({USER_DEFINE: ("OB", data)}), tmp_path) == {}


def test_unknown_axis_leaves_the_direction_unknown(tmp_path: Path) -> None:
    dataset = ge(InPlanePhaseEncodingDirection=None, RectilinearPhaseEncodeReordering="LINEAR")
    assert facts(QUIRK, dataset, tmp_path) == {"PhaseEncodingPolarityGE": "Flipped"}


def test_other_makers_are_left_alone(tmp_path: Path) -> None:
    dataset = look_alike({USER_DEFINE: ("OB", user_define())}, RectilinearPhaseEncodeReordering="LINEAR")
    assert facts(QUIRK, dataset, tmp_path) is None
