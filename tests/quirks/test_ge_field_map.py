"""GE field maps: the field in Hz and the magnitude, in one series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks import corrected_traits
from convkit.quirks.ge_field_map import FACTS, QUIRK
from tests.jobs.work import assert_right, convert
from tests.quirks.ge import (
    FLAG,
    RELATION,
    SPACING,
    facts,
    ge,
    header_of,
    look_alike,
    names,
    two_volumes_at_one_place,
    with_private,
)

LOCATIONS = (RELATION, 0x4F)
PLAIN = {"component": "mag", "variant": 2}


def traits(dataset: Any, folder: Path) -> dict[str, Any]:
    return dict(corrected_traits(header_of(dataset, folder), PLAIN))


@pytest.mark.parametrize("name", [("B0map", "B0map"), ("3db0map", "EFGRE3D"), ("B0rf", "B0map")])
@pytest.mark.parametrize(("flag", "component"), [(0, "fieldmaphz"), (2, "mag")])
def test_flag_tells_field_and_magnitude(name: tuple[str, str], flag: int, component: str, tmp_path: Path) -> None:
    found = traits(ge({**names(*name), FLAG: ("SS", flag)}), tmp_path)
    assert found == {"component": component, "variant": None}


@pytest.mark.parametrize(("number", "component"), [(1, "fieldmaphz"), (16, "fieldmaphz"), (17, "mag")])
def test_without_flag_the_first_half_is_the_field(number: int, component: str, tmp_path: Path) -> None:
    dataset = ge({**names("B0map", "B0map"), LOCATIONS: ("SS", 16)}, InstanceNumber=number, ImagesInAcquisition=32)
    assert traits(dataset, tmp_path)["component"] == component


def test_field_has_hertz_and_two_echoes(tmp_path: Path) -> None:
    dataset = ge({**names("B0map", "B0map"), FLAG: ("SS", 0), SPACING: ("SS", 988)}, EchoTime=4.94)
    assert facts(FACTS, dataset, tmp_path) == {
        "Units": "Hz",
        "EchoTime": None,
        "EchoTime1": 0.00494,
        "EchoTime2": 0.005928,
    }


def test_magnitude_keeps_its_echo(tmp_path: Path) -> None:
    assert facts(FACTS, ge({**names("B0map", "B0map"), FLAG: ("SS", 2)}), tmp_path) is None


def test_series_becomes_a_field_map_and_a_magnitude(tmp_path: Path) -> None:
    datasets = two_volumes_at_one_place()
    for place, dataset in enumerate(datasets):
        with_private(dataset, {**names("B0map", "B0map"), FLAG: ("SS", 0 if place < 5 else 2)})
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert sorted(i.name.partition("_part-")[2].removesuffix(".nii") for i in run.images) == ["fieldmaphz", "mag"]


@pytest.mark.parametrize(
    "dataset",
    [ge({**names("fgre", "FGRE"), FLAG: ("SS", 0)}), look_alike({**names("B0map", "B0map"), FLAG: ("SS", 0)})],
    ids=["another sequence", "another maker"],
)
def test_others_are_left_alone(dataset: Any, tmp_path: Path) -> None:
    assert not QUIRK.applies(header_of(dataset, tmp_path))
    assert facts(FACTS, dataset, tmp_path) is None
