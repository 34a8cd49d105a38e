"""Order in space and time, and the plan of a series: a function of its set of files alone."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.series.choices import Irregular, Tilt
from convkit.series.group import group
from convkit.series.moments import MOMENTS, MomentReader
from convkit.series.options import StackOptions
from convkit.series.plan import plan_series
from convkit.series.positions import by_position, projections
from convkit.series.stack import Refusal, Stack
from tests.builders import cr, instance, series
from tests.series.frames import frames_from, headers_of, planned, stacks, uids

_NO_TIME: dict[str, Any] = {
    "TemporalPositionIdentifier": None,
    "NumberOfTemporalPositions": None,
    "AcquisitionTime": "101300",
    "ContentTime": "101300",
}

# --- space -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal", "oblique"])
@pytest.mark.parametrize("negated", ["", "row", "column", "both"])
@pytest.mark.parametrize("descending", [False, True])
def test_slices_run_along_row_times_column(plane: str, negated: str, descending: bool, tmp_path: Path) -> None:
    datasets = series(plane=plane, negated=negated, descending=descending)
    (stack,) = stacks(datasets, tmp_path)
    along = [d.SOPInstanceUID for d in (datasets[::-1] if descending else datasets)]
    assert uids(stack) == [along]
    row, column = np.array(stack.grid.row_direction_lps), np.array(stack.grid.column_direction_lps)
    assert np.cross(row, column) @ np.array(stack.grid.step_lps) == pytest.approx(3)


def test_instance_number_does_not_order_slices(tmp_path: Path) -> None:
    datasets = series(InstanceNumber=lambda p: (p.slice * 3) % 5)
    (stack,) = stacks(datasets, tmp_path)
    assert uids(stack) == [[d.SOPInstanceUID for d in datasets]]


def test_spacing_comes_from_positions_not_from_the_header(tmp_path: Path) -> None:
    (stack,) = stacks(series(SliceThickness=7, SpacingBetweenSlices=9), tmp_path)
    assert np.linalg.norm(stack.grid.step_lps) == pytest.approx(3)


def test_grid_starts_at_the_first_slice(tmp_path: Path) -> None:
    (stack,) = stacks(series(descending=True), tmp_path)
    assert stack.grid.origin_lps == (-20, -30, -52)


# --- positions -------------------------------------------------------------------------------------------


def test_projections_are_distances_along_the_normal(tmp_path: Path) -> None:
    frames = frames_from(series(plane="oblique"), tmp_path)
    assert np.diff(projections(frames)) == pytest.approx([3] * 4)


def test_levels_gather_images_of_one_place(tmp_path: Path) -> None:
    levels = by_position(frames_from(series(modality="MR", volumes=3), tmp_path))
    assert (len(levels.levels), levels.multiplicity, levels.most) == (5, 3, 3)


def test_unequal_counts_have_no_multiplicity(tmp_path: Path) -> None:
    levels = by_position(frames_from(series(duplicated=(1,)), tmp_path))
    assert (levels.multiplicity, levels.most) == (None, 2)


def test_rounding_of_a_position_is_one_place(tmp_path: Path) -> None:
    datasets = series(
        modality="MR", volumes=2, ImagePositionPatient=lambda p: [-20, -30, -40 + 3 * p.slice + 0.001 * p.volume]
    )
    assert by_position(frames_from(datasets, tmp_path)).multiplicity == 2


def test_very_thin_slices_are_places_of_their_own(tmp_path: Path) -> None:
    levels = by_position(frames_from(series(spacing=(0.005, 0.002, 0.002)), tmp_path))
    assert len(levels.levels) == 5


# --- time ------------------------------------------------------------------------------------------------

ORDERED: dict[str, dict[str, Any]] = {
    "TemporalPositionIdentifier": {"TemporalPositionIdentifier": lambda p: 3 - p.volume},
    "TriggerTime": {"TriggerTime": lambda p: 30 - 10 * p.volume},
    "AcquisitionNumber": {"AcquisitionNumber": lambda p: 3 - p.volume},
    "AcquisitionTime": {"AcquisitionTime": lambda p: f"10130{3 - p.volume}.5"},
    "ContentTime": {"ContentTime": lambda p: f"10130{3 - p.volume}"},
    "FrameReferenceTime": {"FrameReferenceTime": lambda p: 3000 - p.volume},
    "InstanceNumber": {"InstanceNumber": lambda p: 100 - 10 * p.volume + p.slice},
}


@pytest.mark.parametrize("keyword", ORDERED)
def test_volumes_are_ordered_by(keyword: str, tmp_path: Path) -> None:
    datasets = series(modality="MR", volumes=3, **_NO_TIME | ORDERED[keyword])
    (stack,) = stacks(datasets, tmp_path)
    names = [d.SOPInstanceUID for d in datasets]
    assert uids(stack) == [names[10:], names[5:10], names[:5]]
    assert "series.ambiguous-order" not in {n.code for n in stack.notes}


def test_explicit_moment_goes_before_the_clock(tmp_path: Path) -> None:
    datasets = series(modality="MR", volumes=2, TemporalPositionIdentifier=lambda p: 2 - p.volume)
    (stack,) = stacks(datasets, tmp_path)
    assert uids(stack)[0] == [d.SOPInstanceUID for d in datasets[5:]]


def test_midnight_does_not_turn_the_order(tmp_path: Path) -> None:
    datasets = series(
        modality="MR",
        volumes=2,
        **_NO_TIME
        | {
            "AcquisitionDate": lambda p: ("20200131", "20200201")[p.volume],
            "AcquisitionTime": lambda p: ("235959", "000001")[p.volume],
        },
    )
    (stack,) = stacks(datasets, tmp_path)
    assert uids(stack)[0] == [d.SOPInstanceUID for d in datasets[:5]]


def test_clock_that_runs_on_from_slice_to_slice_orders_image_by_image(tmp_path: Path) -> None:
    datasets = series(
        modality="MR", volumes=3, **_NO_TIME | {"AcquisitionTime": lambda p: f"1013{10 * p.volume + p.slice:02d}"}
    )
    (stack,) = stacks(datasets, tmp_path)
    names = [d.SOPInstanceUID for d in datasets]
    assert uids(stack) == [names[:5], names[5:10], names[10:]]


def test_order_that_nothing_tells_is_refused_unless_it_was_asked_for(tmp_path: Path) -> None:
    datasets = series(modality="MR", volumes=2, InstanceNumber=lambda p: p.slice, **_NO_TIME)
    (one,) = planned(datasets, tmp_path / "a")
    assert isinstance(one, Refusal)
    assert one.reason.code == "series.unordered-volumes"
    (stack,) = stacks(datasets, tmp_path / "b", irregular="keep")
    assert "series.ambiguous-order" in {n.code for n in stack.notes}


def test_numbers_in_no_order_tell_no_volumes(tmp_path: Path) -> None:
    numbers = (3, 9, 1, 12, 5, 7, 2, 11, 4, 10, 8, 6, 15, 13, 14)
    datasets = series(modality="MR", volumes=3, InstanceNumber=lambda p: numbers[5 * p.volume + p.slice], **_NO_TIME)
    (one,) = planned(datasets, tmp_path)
    assert isinstance(one, Refusal)


@pytest.mark.parametrize("lost", [(0,), (8,), (0, 17, 18, 19)])
def test_volumes_that_lost_slices_are_not_filled_from_their_neighbours(lost: tuple[int, ...], tmp_path: Path) -> None:
    """One slice lost in the first volume, in a middle one, or in a run that also lost its end."""
    datasets = series(
        modality="MR",
        slices=4,
        volumes=5,
        AcquisitionTime=lambda p: f"1013{2 * p.volume:02d}.{20 * p.slice:02d}0000",
        TemporalPositionIdentifier=lambda p: p.volume + 1,
    )
    volume_of = {d.SOPInstanceUID: place // 4 for place, d in enumerate(datasets)}
    made = planned([d for place, d in enumerate(datasets) if place not in lost], tmp_path)
    for one in made:
        if isinstance(one, Stack):
            assert all(len({volume_of[f.sop_instance_uid] for f in volume}) == 1 for volume in one.frames)


def test_moments_are_read_in_the_order_of_the_table(tmp_path: Path) -> None:
    (header,) = headers_of([instance(TemporalPositionIdentifier=2, TriggerTime=30.5, AcquisitionNumber=7)], tmp_path)
    found = dict(zip((m.keyword for m in MOMENTS), MomentReader(header.table).of_frames(header)[0], strict=True))
    assert found["TemporalPositionIdentifier"] == 2
    assert found["TriggerTime"] == 30.5
    assert found["AcquisitionNumber"] == 7
    assert found["FrameReferenceTime"] is None


def test_volume_that_lies_elsewhere_within_the_plane_is_a_volume_of_its_own(tmp_path: Path) -> None:
    datasets = series(modality="MR", volumes=2, ImagePositionPatient=lambda p: [-20 + p.volume, -30, 3 * p.slice])
    one, two = stacks(datasets, tmp_path)
    assert [one.split.label, two.split.label] == ["_fov-1", "_fov-2"]
    assert one.grid.origin_lps[0] + 1 == two.grid.origin_lps[0]


def test_images_of_a_time_series_that_wander_within_the_plane_are_refused(tmp_path: Path) -> None:
    datasets = series(
        modality="MR", volumes=3, ImagePositionPatient=lambda p: [-20 + p.volume * p.slice, -30, 3 * p.slice]
    )
    (one,) = planned(datasets, tmp_path)
    assert isinstance(one, Refusal)
    assert one.reason.code == "geometry.not-collinear"


# --- plan ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cosines", [[1, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 0], [2, 0, 0, 0, 1, 0], [1, 0, 0, 0.5, 1, 0]], ids=str
)
def test_orientation_that_is_none_is_refused(cosines: list[float], tmp_path: Path) -> None:
    (one,) = planned(series(ImageOrientationPatient=cosines), tmp_path)
    assert isinstance(one, Refusal)
    assert one.reason.code == "geometry.bad-orientation"


@pytest.mark.parametrize("spacing", [[0, 0.7], [-1, 1], [0.7], ["nan", 1]], ids=str)
def test_pixel_spacing_that_is_none_is_refused(spacing: list[Any], tmp_path: Path) -> None:
    datasets = series()
    for dataset in datasets:
        dataset.PixelSpacing = spacing
    made = planned(datasets, tmp_path)
    assert all(isinstance(one, Refusal) for one in made)
    assert {one.reason.code for one in made if isinstance(one, Refusal)} <= {
        "header.missing-attribute",
        "geometry.missing-spacing",
    }


@pytest.mark.parametrize("position", [["nan", 0, 0], ["inf", 0, 0], [0, 0, -1.7e308], [0, 1.1e6, 0]], ids=str)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_position_that_is_no_number_is_never_a_volume(position: list[Any], tmp_path: Path) -> None:
    datasets = series()
    datasets[2].ImagePositionPatient = position
    made = planned(datasets, tmp_path)
    assert not any(isinstance(one, Stack) for one in made)


def test_bad_rescale_refuses_the_series(tmp_path: Path) -> None:
    datasets = series()
    datasets[2].RescaleSlope = 0
    (one,) = planned(datasets, tmp_path)
    assert isinstance(one, Refusal)
    assert one.reason.code == "values.bad-rescale"
    assert "1 of 5" in one.reason.text


def test_bad_picture_costs_only_itself(tmp_path: Path) -> None:
    pictures = [cr(number=1), cr(number=2, RescaleSlope=0), cr(number=3)]
    made = planned(pictures, tmp_path)
    assert [isinstance(one, Stack) for one in made].count(True) == 2


def test_pictures_are_numbered_by_instance_number(tmp_path: Path) -> None:
    made = stacks([cr(number=n, InstanceNumber=20 - n) for n in range(1, 4)], tmp_path)
    assert [s.split.label for s in made] == ["_img-01", "_img-02", "_img-03"]
    assert [s.first.instance_number for s in made] == [17, 18, 19]


MIXES: dict[str, list[dict[str, Any]]] = {
    "plain": [{}],
    "4-D": [{"modality": "MR", "volumes": 2, "slices": 3}],
    "4-D without time": [{"modality": "MR", "volumes": 2, "slices": 3, **_NO_TIME, "InstanceNumber": None}],
    "echoes and parts": [{"modality": "MR", "echoes": (2.5, 5.0), "parts": ("M", "P"), "slices": 2}],
    "missing": [{"missing": (2,)}],
    "doubled": [{"duplicated": (2,)}],
    "no position": [{"position": False}],
    "gated": [{"modality": "MR", "RepetitionTime": lambda p: 900 + 13 * (p.slice * 3 % 5)}],
    "two orientations": [{"slices": 3}, {"slices": 3, "plane": "coronal", "study": 1, "series": 2}],
    "rounded cosines": [
        {"slices": 6, "ImageOrientationPatient": lambda p: [1, 4e-4 * (p.slice % 3), 0, 0, 1, 0]},
    ],
}


@pytest.mark.parametrize("mix", MIXES)
@settings(max_examples=20)
@given(data=st.data())
def test_permuted_files_give_the_same_plan(mix: str, data: st.DataObject) -> None:
    datasets = [d for recipe in MIXES[mix] for d in series(**recipe)]
    for number, dataset in enumerate(datasets):
        dataset.SeriesInstanceUID = "2.25.1"
        dataset.SeriesNumber = 1
        dataset.SOPInstanceUID = f"2.25.8{number:03d}"
    irregular = data.draw(st.sampled_from(list(Irregular)))
    options = StackOptions(irregular, Tilt.KEEP)
    order = data.draw(st.permutations(range(len(datasets))))
    folder = Path(tempfile.mkdtemp())
    try:
        plans = [
            _told(group(headers_of(arranged, folder / name)), options)
            for name, arranged in (("a", datasets), ("b", [datasets[i] for i in order]))
        ]
    finally:
        shutil.rmtree(folder)
    assert plans[0] == plans[1]


def _told(found: list[Any], options: StackOptions) -> list[Any]:
    """A plan without paths."""
    told: list[Any] = []
    for one in found:
        for made in plan_series(one, options):
            codes = tuple(n.code for n in made.notes)
            if isinstance(made, Stack):
                told.append((made.split, uids(made), made.grid, made.coordinates, codes))
            else:
                told.append((made.split, sorted(f.sop_instance_uid for f in made.frames), made.reason.text, codes))
    return told
