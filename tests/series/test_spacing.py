"""Are the slices evenly spaced on one line?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.model.frame import Frame, FrameKind, PixelLayout, PixelSource
from convkit.series.spacing import Evenness, describe_gaps, even_runs, judge
from tests.builders import series
from tests.series.frames import frames_from

_LAYOUT = PixelLayout(6, 7, 1, 16, 16, 15, True, "MONOCHROME2", False)


_KIND = FrameKind(_LAYOUT, (1, 0, 0, 0, 1, 0), (0.8, 0.7), 3, 1, 0, ())


def frame(number: int, z: float, x: float = 0.0, y: float = 0.0, rounding: float = 0.0) -> Frame:
    """An axial frame at a place."""
    return Frame(
        instance=number,
        place=0,
        pixels=PixelSource("", 0, 84, "", _LAYOUT),
        sop_instance_uid=f"2.25.{number}",
        instance_number=number,
        position_lps=(x, y, z),
        position_rounding_mm=rounding,
        kind=_KIND,
        moments=(),
    )


def at(*heights: float, **options: float) -> list[Frame]:
    return [frame(n, z, **options) for n, z in enumerate(heights, 1)]


@pytest.mark.parametrize(
    ("heights", "evenness"),
    [
        ((0, 3), Evenness.EVEN),
        ((0, 3, 6, 9), Evenness.EVEN),
        ((0, 3, 6.02, 9), Evenness.EVEN),
        ((0, 3, 6.1, 9), Evenness.IRREGULAR),
        ((0, 3, 9, 12), Evenness.MISSING),
        ((0, 3, 12, 15), Evenness.MISSING),
        ((0, 3, 6, 7.5, 10.5), Evenness.IRREGULAR),
        ((0, 3, 6, 9, 13.5, 16.5), Evenness.IRREGULAR),
        ((0, 3, 9, 12, 13.5), Evenness.IRREGULAR),
        ((0, 1, 3, 6, 10), Evenness.IRREGULAR),
        ((-1e4, -1e4 + 3, -1e4 + 6), Evenness.EVEN),
    ],
)
def test_evenness(heights: tuple[float, ...], evenness: Evenness) -> None:
    assert judge(at(*heights)).evenness is evenness


def test_step_is_that_from_first_to_last() -> None:
    assert judge(at(0, 3, 6, 9)).step_lps == pytest.approx([0, 0, 3])


@pytest.mark.parametrize(("rounding", "evenness"), [(0.0, Evenness.IRREGULAR), (0.05, Evenness.EVEN)])
def test_rounding_in_the_header_excuses_what_it_explains(rounding: float, evenness: Evenness) -> None:
    heights = [round(2.57 * n, 1) for n in range(12)]  # one decimal: off by up to 0.05 mm
    line = judge(at(*heights, rounding=rounding))
    assert line.evenness is evenness
    assert line.is_rounded


def test_rounding_never_excuses_more_than_a_twentieth_of_the_step() -> None:
    assert judge(at(0, 1, 2, 3.4, 4, rounding=0.5)).evenness is not Evenness.EVEN


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_missing_slice_is_found_in_a_long_stack(count: int) -> None:
    heights = [0.5 * n for n in range(count) if n != count // 2]
    line = judge(at(*heights))
    assert line.evenness is Evenness.MISSING
    assert line.gaps == ((count // 2 - 1, pytest.approx(2)),)


def test_slow_drift_of_the_distance_is_irregular() -> None:
    heights = np.cumsum([1 + 0.001 * n for n in range(200)])
    assert judge(at(*heights)).evenness is Evenness.IRREGULAR


def test_shift_within_the_plane_is_not_collinear() -> None:
    frames = [*at(0, 3, 6, 9)]
    frames[2] = frame(3, 6, x=0.5)
    line = judge(frames)
    assert line.evenness is Evenness.NOT_COLLINEAR
    assert line.deviation_mm == pytest.approx(0.5)


def test_even_shift_is_a_shear_not_a_fault() -> None:
    line = judge([frame(n, 3 * n, y=0.9 * n) for n in range(5)])
    assert (line.evenness, line.is_sheared) == (Evenness.EVEN, True)
    assert line.step_lps == pytest.approx([0, 0.9, 3])


def test_rounding_of_cosines_is_no_shear() -> None:
    assert not judge([frame(n, 3 * n, y=1e-4 * n) for n in range(40)]).is_sheared


@pytest.mark.parametrize("tilt", [0.1, 0.5, 3.0])
def test_shear_with_a_gap_is_missing(tilt: float) -> None:
    line = judge([frame(n, 3 * n, y=tilt * n) for n in (0, 1, 3, 4)])
    assert (line.evenness, line.is_sheared) == (Evenness.MISSING, True)


def test_gap_is_described_with_place_numbers_and_distance() -> None:
    frames = at(0, 3, 9, 12)
    text = describe_gaps(frames, judge(frames))
    assert text == "between 3.00 mm (instance 2) and 9.00 mm (instance 3) the distance is 6.000 mm"


def test_many_gaps_are_counted() -> None:
    heights = np.cumsum([3, 3, 3, 3, 3, 3, 3, 3] + [6, 3] * 7)
    frames = at(*heights)
    assert describe_gaps(frames, judge(frames)).endswith("and 2 more places")


def test_unknown_instance_number_is_said() -> None:
    frames = [f._replace(instance_number=None) for f in at(0, 3, 9, 12)]
    assert "instance unknown" in describe_gaps(frames, judge(frames))


@pytest.mark.parametrize(
    ("heights", "sizes"),
    [
        ((0, 3, 9, 12), [2, 2]),
        ((0, 3, 6, 9, 15, 18, 21), [4, 3]),
        ((0, 3, 6, 12, 18, 24), [3, 3]),
        ((0, 10, 13, 16), [1, 3]),
        ((0, 3, 6, 20), [3, 1]),
        ((0, 3, 6), [3]),
        ((0, 1, 3, 7, 15), None),
    ],
)
def test_runs(heights: tuple[float, ...], sizes: list[int] | None) -> None:
    runs = even_runs(at(*heights))
    if sizes is not None:
        assert [len(r) for r in runs] == sizes
    assert [f.instance for r in runs for f in r] == list(range(1, len(heights) + 1))


@given(st.lists(st.sampled_from([1.0, 2.0, 2.5, 3.0, 7.0]), min_size=1, max_size=20))
def test_runs_hold_every_slice_once_and_are_even(steps: list[float]) -> None:
    frames = at(*np.cumsum([0.0, *steps]))
    runs = even_runs(frames)
    assert [f for r in runs for f in r] == frames
    for run in runs:
        assert len(run) < 2 or judge(run).evenness is Evenness.EVEN


@given(
    st.integers(2, 60),
    st.floats(0.1, 20),
    st.floats(-500, 500),
    st.floats(-0.5, 0.5),
)
def test_even_stack_is_even_wherever_it_lies(count: int, step: float, start: float, tilt: float) -> None:
    frames = [frame(n, start + step * n, y=tilt * step * n) for n in range(count)]
    assert judge(frames).evenness is Evenness.EVEN


@given(st.integers(4, 40), st.floats(0.5, 10), st.data())
def test_slice_taken_out_is_always_found(count: int, step: float, data: st.DataObject) -> None:
    gone = data.draw(st.integers(1, count - 2))
    frames = [frame(n, step * n) for n in range(count) if n != gone]
    if count > 4:
        assert judge(frames).evenness is Evenness.MISSING
    else:
        assert judge(frames).evenness is not Evenness.EVEN


@pytest.mark.parametrize(
    "recipe", [{"plane": "oblique"}, {"plane": "oblique", "descending": True}, {"plane": "sagittal"}]
)
def test_frames_from_files_are_even(recipe: dict[str, Any], tmp_path: Path) -> None:
    frames = sorted(frames_from(series(**recipe), tmp_path), key=lambda f: f.instance)
    if recipe.get("descending"):
        frames = frames[::-1]
    assert judge(frames).evenness is Evenness.EVEN


def test_oblique_positions_on_a_coarse_grid_are_even_within_it() -> None:
    """Rounded to 0.1 mm by the scanner, written with four decimals (an offset of 0.0123 on every axis)."""
    steps = [(round(0.93 * n, 1) + 0.0123, round(6.93 * n, 1) + 0.0123) for n in range(20)]
    frames = [frame(n, z, y=y, rounding=5e-5) for n, (y, z) in enumerate(steps, 1)]
    line = judge(frames)
    assert line.evenness is Evenness.EVEN
    assert line.is_rounded


@pytest.mark.parametrize(("shift", "evenness"), [(0.1, Evenness.EVEN), (0.3, Evenness.NOT_COLLINEAR)])
def test_slice_shifted_by_a_small_part_of_a_pixel_is_said_and_kept(shift: float, evenness: Evenness) -> None:
    frames = [frame(n, 3.0 * n, x=shift if n == 3 else 0.0) for n in range(1, 7)]
    line = judge(frames)
    assert line.evenness is evenness
    assert line.is_rounded
