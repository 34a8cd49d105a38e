"""GE slice order: times from the protocol, the number of slices and the software."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks._quirk import Extent
from convkit.quirks.ge_slice_order import QUIRK
from tests.quirks.ge import (
    ACQUISITION,
    BLOCK,
    DIFFUSION,
    IMAGE,
    MULTI_PHASE,
    MULTIBAND,
    REAL_TIME,
    Private,
    block,
    facts,
    ge,
    look_alike,
    names,
)

RX27, RX27_R3, MR30 = (
    ["27", "LX", "MR Software release:RX27.0_R02_1831.a"],
    ["28", "LX", "MR Software release:RX27.0_R03_1831.a"],
    ["30", "LX", "SIGNA_LX1.MR30.0_R01_2242.a"],
)
UPWARD: Private = {
    (ACQUISITION, 0x19): ("DS", "-17.5"),
    (ACQUISITION, 0x1B): ("DS", "52.5"),
    (IMAGE, 0x41): ("FL", -17.5),
}


def ranks(elements: Private, folder: Path, slices: int = 6, **overrides: Any) -> list[float] | None:
    """Slice times in units of the time of one excitation, 1.2 s for all."""
    found = facts(QUIRK, ge({**UPWARD, **elements}, **overrides), folder, Extent(2, slices))
    times = (found or {}).get("SliceTiming")
    if times is None:
        return None
    return [round(t * len(set(times)) / 1.2, 3) for t in times]


@pytest.mark.parametrize(("order", "expected"), [("0", [0, 1, 2, 3, 4, 5]), ("1", [0, 3, 1, 4, 2, 5])])
def test_protocol_tells_whether_slices_are_interleaved(order: str, expected: list[float], tmp_path: Path) -> None:
    assert ranks({**REAL_TIME, BLOCK: block(SLICEORDER=order)}, tmp_path) == expected


def test_odd_number_of_slices_is_interleaved(tmp_path: Path) -> None:
    assert ranks({**REAL_TIME, BLOCK: block(SLICEORDER="1")}, tmp_path, slices=5) == [0, 3, 1, 4, 2]


def test_slices_that_are_scanned_downwards_have_their_times_reversed(tmp_path: Path) -> None:
    downward = {(ACQUISITION, 0x19): ("DS", "52.5"), (ACQUISITION, 0x1B): ("DS", "-17.5")}
    assert ranks({**REAL_TIME, BLOCK: block(SLICEORDER="0"), **downward}, tmp_path) == [5, 4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, [0, 1, 2]), (3, [2, 1, 0]), (4, [0, 1, 2]), (2, None)],
    ids=["first", "last", "next", "?"],
)
def test_without_locations_the_instance_number_tells_the_direction(
    number: int, expected: list[float] | None, tmp_path: Path
) -> None:
    dataset = ge({**REAL_TIME, BLOCK: block(SLICEORDER="0")}, InstanceNumber=number)
    found = facts(QUIRK, dataset, tmp_path, Extent(2, 3))
    assert (found or {}).get("SliceTiming") == (
        None if expected is None else [pytest.approx(t * 0.4) for t in expected]
    )


def test_real_time_run_without_an_order_has_no_times(tmp_path: Path) -> None:
    assert ranks({**REAL_TIME, BLOCK: block(NOSLC="6")}, tmp_path) is None


def test_multi_phase_runs_are_interleaved_whatever_the_protocol_says(tmp_path: Path) -> None:
    elements = {**MULTI_PHASE, BLOCK: block(SLICEORDER="0", IOPT="MPh, EPI")}
    assert ranks(elements, tmp_path) == [0, 3, 1, 4, 2, 5]


def test_multi_phase_run_with_a_clock_leaves_the_times_to_it(tmp_path: Path) -> None:
    elements = {**MULTI_PHASE, BLOCK: block(SLICEORDER="0", IOPT="MPh, EPI")}
    assert ranks(elements, tmp_path, TriggerTime="187") is None


def test_variable_delays_have_no_times(tmp_path: Path) -> None:
    assert ranks({**MULTI_PHASE, BLOCK: block(IOPT="MPhVar, EPI")}, tmp_path) is None


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (RX27, [0, 3, 1, 4, 2, 0, 3, 1]),  # four excitations are made five
        (RX27_R3, [0, 3, 1, 2, 0, 3, 1, 2]),
        (MR30, [0, 3, 1, 2, 0, 3, 1, 2]),
    ],
)
def test_multiband_order_depends_on_the_release(release: list[str], expected: list[float], tmp_path: Path) -> None:
    elements = {**REAL_TIME, MULTIBAND: ("LO", ["2", "4", "19"]), BLOCK: block(SLICEORDER="1")}
    assert ranks(elements, tmp_path, slices=8, SoftwareVersions=release) == expected


@pytest.mark.parametrize("release", ["MR Software release:DV25.0_R01_1451.a", "unknown"])
def test_early_multiband_has_no_times(release: str, tmp_path: Path) -> None:
    elements = {**REAL_TIME, MULTIBAND: ("LO", ["2", "4", "19"]), BLOCK: block(SLICEORDER="1")}
    assert ranks(elements, tmp_path, slices=8, SoftwareVersions=["27", "LX", release]) is None


def test_diffusion_is_interleaved_and_keeps_the_early_multiband_order(tmp_path: Path) -> None:
    elements = {**DIFFUSION, MULTIBAND: ("LO", ["2", "4", "19"]), BLOCK: block(SLICEORDER="0")}
    assert ranks(elements, tmp_path, slices=8, SoftwareVersions=MR30) == [0, 3, 1, 4, 2, 0, 3, 1]


@pytest.mark.parametrize(
    ("model", "variable", "has_times"),
    [
        ("DISCOVERY MR750", "0", True),
        ("SIGNA Premier", "0", False),
        ("SIGNA Premier", "0.72", True),
        ("SIGNA UHP", "0.6", True),
        ("SIGNA 7.0T", "0", False),
    ],
)
def test_diffusion_that_cycles_over_repetitions_has_no_times(
    model: str, variable: str, has_times: bool, tmp_path: Path
) -> None:
    elements = {**DIFFUSION, (ACQUISITION, 0xB6): ("DS", variable), BLOCK: block(SLICEORDER="1")}
    assert (ranks(elements, tmp_path, ManufacturerModelName=model) is not None) == has_times


@pytest.mark.parametrize(
    "damaged", [b"", b"\0\0\0\0<?xml", b"\0\0\0\0\x1f\x8b\x08" + bytes(30)], ids=["empty", "xml", "broken"]
)
def test_unreadable_protocol_gives_no_times(damaged: bytes, tmp_path: Path) -> None:
    assert ranks({**REAL_TIME, BLOCK: ("OB", damaged + bytes(len(damaged) % 2))}, tmp_path) is None


@pytest.mark.parametrize(
    "dataset",
    [
        ge({**names("fgre", "FGRE"), BLOCK: block(SLICEORDER="1")}),
        ge({**REAL_TIME, BLOCK: block(SLICEORDER="1")}, MRAcquisitionType="3D"),
        look_alike({**REAL_TIME, BLOCK: block(SLICEORDER="1")}),
    ],
    ids=["another sequence", "3D", "another maker"],
)
def test_others_are_left_alone(dataset: Any, tmp_path: Path) -> None:
    assert facts(QUIRK, dataset, tmp_path, Extent(2, 6)) is None
