"""The pace of a moving picture, from whichever attribute tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.dicom.attributes import display_table
from convkit.dicom.frame_rate import frame_ms_of
from convkit.dicom.header import read_header
from tests.builders import multi_frame_us, write_as

CASES: dict[str, tuple[dict[str, Any], float | None]] = {
    "frame time": ({"FrameTime": 40}, 40.0),
    "vector": ({"FrameTimeVector": [0, 30, 34, 30]}, 30.0),
    "cine rate": ({"CineRate": 20}, 50.0),
    "recommended rate": ({"RecommendedDisplayFrameRate": 10}, 100.0),
    "recommended before measured": ({"RecommendedDisplayFrameRate": 10, "FrameTime": 40}, 100.0),
    "zero is no time": ({"FrameTime": 0, "CineRate": 25}, 40.0),
    "zero is no rate": ({"CineRate": 0}, None),
    "negative": ({"FrameTime": -40}, None),
    "vector of one frame": ({"FrameTimeVector": [0]}, None),
    "duration": ({"ActualFrameDuration": 50}, 50.0),
    "duration of a PET frame is no pace": ({"ActualFrameDuration": 180000}, None),
    "nothing": ({}, None),
}


@pytest.mark.parametrize("case", CASES)
def test_pace_is_that_of_the_header(case: str, tmp_path: Path) -> None:
    attributes, expected = CASES[case]
    path = write_as(multi_frame_us(**attributes), tmp_path / "cine.dcm")
    assert frame_ms_of(read_header(str(path), display_table())) == expected
