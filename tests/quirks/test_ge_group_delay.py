"""GE group delay: the repetition time of the sidecar holds the pause after each volume."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks._quirk import Extent
from convkit.quirks.ge_group_delay import QUIRK
from tests.quirks.ge import BLOCK, DELAY, MULTI_PHASE, REAL_TIME, block, facts, ge, look_alike, names

RUN = Extent(volumes=10, slices=30)


def test_delay_of_a_real_time_run_is_added(tmp_path: Path) -> None:
    dataset = ge({**REAL_TIME, DELAY: ("FL", 0.055)}, RepetitionTime=2000)
    assert facts(QUIRK, dataset, tmp_path, RUN) == {
        "RepetitionTime": pytest.approx(2.055),
        "DelayTime": pytest.approx(0.055),
    }


def test_delay_of_a_multi_phase_run_is_in_the_protocol(tmp_path: Path) -> None:
    dataset = ge({**MULTI_PHASE, BLOCK: block(IOPT="MPh, EPI", DELACQ="1.0", DELACQNOAV="1.0")}, RepetitionTime=2000)
    assert facts(QUIRK, dataset, tmp_path, RUN) == {"RepetitionTime": 3.0, "DelayTime": 1.0}


def test_a_single_volume_has_no_pause_after_it(tmp_path: Path) -> None:
    dataset = ge({**REAL_TIME, DELAY: ("FL", 0.055)}, RepetitionTime=2000)
    assert facts(QUIRK, dataset, tmp_path, Extent(1, 30)) == {}


@pytest.mark.parametrize(
    "lines",
    [
        {"IOPT": "MPh, EPI", "DELACQ": "Minimum", "DELACQNOAV": "1.0"},
        {"IOPT": "MPhVar, EPI", "DELACQNOAV": "1.0"},
        {"IOPT": "EPI", "DELACQNOAV": "1.0"},
        {"IOPT": "MPh, EPI", "DELACQNOAV": "long"},
    ],
)
def test_no_fixed_delay_leaves_the_repetition_time(lines: dict[str, str], tmp_path: Path) -> None:
    assert facts(QUIRK, ge({**MULTI_PHASE, BLOCK: block(**lines)}), tmp_path, RUN) == {}


@pytest.mark.parametrize(
    "dataset",
    [ge({**names("fgre", "FGRE"), DELAY: ("FL", 1.0)}), look_alike({**REAL_TIME, DELAY: ("FL", 1.0)})],
    ids=["another sequence", "another maker"],
)
def test_others_are_left_alone(dataset: object, tmp_path: Path) -> None:
    assert facts(QUIRK, dataset, tmp_path) is None  # type: ignore[arg-type]
