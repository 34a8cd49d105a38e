"""GE pulse sequences: named by private elements of GE alone."""

from __future__ import annotations

from pathlib import Path

from convkit.quirks.ge_sequence import QUIRK
from tests.quirks.ge import ACQUISITION, PARAMETERS, REAL_TIME, Private, facts, ge, look_alike

SHIMS: Private = {(PARAMETERS, 2 + place): ("SS", value) for place, value in enumerate((3, 4, -12))}


def test_names_duration_and_shims_are_told(tmp_path: Path) -> None:
    dataset = ge({**REAL_TIME, **SHIMS, (ACQUISITION, 0x5A): ("FL", 50000008.0)})
    assert facts(QUIRK, dataset, tmp_path) == {
        "SequenceName": "epiRT",
        "InternalPulseSequenceName": "EPI",
        "AcquisitionDuration": 50.0,
        "ShimSetting": [3, 4, -12],
    }


def test_name_of_the_standard_is_kept_beside_the_private_one(tmp_path: Path) -> None:
    found = facts(QUIRK, ge(REAL_TIME, SequenceName="public"), tmp_path)
    assert found is not None
    assert (found.get("SequenceName"), found["PulseSequenceName"]) == (None, "epiRT")


def test_image_without_private_elements_gets_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, ge(), tmp_path) == {}


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike({**REAL_TIME, **SHIMS}), tmp_path) is None
