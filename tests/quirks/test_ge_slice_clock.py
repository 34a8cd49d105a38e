"""GE slice clocks: trigger time, and a timer whose unit depends on the release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks.ge_slice_clock import QUIRK
from tests.quirks.ge import MULTI_PHASE, MULTIBAND, REAL_TIME, RELATION, ge, header_of, look_alike, names

TIMER = (RELATION, 0x5E)
OLD = ["14", "LX", "MR Software release:14.0_M4_0629.a"]


def seconds(dataset: Any, folder: Path) -> float | None:
    header = header_of(dataset, folder)
    return QUIRK.seconds(header) if QUIRK.applies(header) else None


def test_trigger_time_of_a_multi_phase_run_is_in_milliseconds(tmp_path: Path) -> None:
    dataset = ge({**MULTI_PHASE, TIMER: ("DS", "0.000000")}, TriggerTime="187")
    assert seconds(dataset, tmp_path) == pytest.approx(0.187)


def test_trigger_time_of_a_multiband_run_is_not_trusted(tmp_path: Path) -> None:
    dataset = ge({**MULTI_PHASE, MULTIBAND: ("LO", ["2", "4", "19"])}, TriggerTime="187")
    assert seconds(dataset, tmp_path) is None


def test_timer_of_a_real_time_run_is_in_seconds(tmp_path: Path) -> None:
    assert seconds(ge({**REAL_TIME, TIMER: ("DS", "0.752300")}), tmp_path) == pytest.approx(0.7523)


def test_timer_of_an_early_release_is_in_tenths_of_milliseconds(tmp_path: Path) -> None:
    dataset = ge({**REAL_TIME, TIMER: ("DS", "729.000000")}, SoftwareVersions=OLD)
    assert seconds(dataset, tmp_path) == pytest.approx(0.0729)


@pytest.mark.parametrize(
    "dataset",
    [
        ge(names("fgre", "FGRE"), TriggerTime="187"),
        ge(MULTI_PHASE, TriggerTime="187", MRAcquisitionType="3D"),
        look_alike({**REAL_TIME, TIMER: ("DS", "0.7")}, TriggerTime="187"),
    ],
    ids=["another sequence", "3D", "another maker"],
)
def test_others_are_left_alone(dataset: Any, tmp_path: Path) -> None:
    assert seconds(dataset, tmp_path) is None
