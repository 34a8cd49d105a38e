"""GE arterial spin labeling: kind and times, and delays that belong to one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks import corrected_traits
from convkit.quirks._quirk import Extent
from convkit.quirks.ge_labeling import DELAYS, QUIRK
from tests.builders import series
from tests.jobs.work import assert_right, convert
from tests.quirks.ge import PARAMETERS, Private, facts, ge, header_of, look_alike, with_private

LABELED: Private = {
    (PARAMETERS, 0xA3): ("CS", "PSEUDOCONTINUOUS"),
    (PARAMETERS, 0xA4): ("LO", "3D pulsed continuous ASL technique"),
    (PARAMETERS, 0xA5): ("IS", "1450"),
}


def test_kind_and_times_are_told(tmp_path: Path) -> None:
    assert facts(QUIRK, ge(LABELED, InversionTime=2025), tmp_path) == {
        "ArterialSpinLabelingType": "PCASL",
        "LabelingDuration": 1.45,
        "PostLabelingDelay": 2.025,
    }


@pytest.mark.parametrize(
    ("technique", "kind"), [("3D continuous ASL technique", "CASL"), ("3D pulsed continuous ASL technique", "PCASL")]
)
def test_technique_tells_the_kind_too(technique: str, kind: str, tmp_path: Path) -> None:
    found = facts(QUIRK, ge({(PARAMETERS, 0xA4): ("LO", technique)}), tmp_path)
    assert found is not None
    assert found["ArterialSpinLabelingType"] == kind


def test_one_delay_does_not_stand_for_several_volumes(tmp_path: Path) -> None:
    found = facts(QUIRK, ge(LABELED, InversionTime=2025), tmp_path, Extent(7, 30))
    assert found is not None
    assert "PostLabelingDelay" not in found


def test_volumes_of_several_delays_stay_together(tmp_path: Path) -> None:
    datasets = series(
        modality="MR",
        volumes=3,
        Manufacturer="GE MEDICAL SYSTEMS",
        InversionTime=lambda place: 1000 + 500 * place.volume,
    )
    run = convert([with_private(d, LABELED) for d in datasets], tmp_path)
    assert_right(datasets, run)
    assert len(run.images) == 1


def test_inversion_times_of_others_tell_volumes_apart(tmp_path: Path) -> None:
    header = header_of(look_alike(LABELED, InversionTime=500), tmp_path)
    assert not DELAYS.applies(header)
    assert not QUIRK.applies(header)
    assert corrected_traits(header, {"inversion_time": 500.0}) == {"inversion_time": 500.0}
