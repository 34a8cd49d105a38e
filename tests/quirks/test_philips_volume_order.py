"""Philips: the order of volumes by private numbers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from convkit.quirks import volume_number
from tests.builders import series
from tests.quirks.private import IMAGING, MR_5, MR_6, Private, header_of, mr, with_private
from tests.series.frames import stacks, uids


def told(
    *, phase: int = 1, b_value: int = 1, direction: int = 1, label: str = "", volume: int = 0, releases: str = ""
) -> tuple[Private, dict[str, Any]]:
    elements: dict[tuple[str, int], tuple[str, Any]] = {
        (IMAGING, 0x08): ("IS", phase),
        (MR_5, 0x12): ("IS", b_value),
        (MR_5, 0x13): ("IS", direction),
    }
    if label:
        elements[MR_5, 0x29] = "CS", label
    if volume:
        elements[MR_6, 0x96] = "IS", volume
    return elements, {"SoftwareVersions": releases or "5.3.0"}


def number(tmp_path: Path, dynamic: int = 1, **said: Any) -> float:
    elements, attributes = told(**said)
    found = volume_number(header_of(mr(elements, TemporalPositionIdentifier=dynamic, **attributes), tmp_path))
    assert found is not None
    return found


ORDERS: dict[str, list[dict[str, Any]]] = {
    "b-values before directions": [{"direction": 16}, {"b_value": 2}, {"b_value": 2, "direction": 2}, {"b_value": 3}],
    "volume number": [{"b_value": 2, "volume": 1}, {"volume": 2}, {"b_value": 2, "direction": 9, "volume": 3}],
    "dynamics": [{"dynamic": 1}, {"dynamic": 2}, {"dynamic": 10}],
    "phases": [{"phase": 1}, {"phase": 2}, {"phase": 10}],
    "phases within control and label within dynamics": [
        {"label": "CONTROL", "phase": 1},
        {"label": "CONTROL", "phase": 2},
        {"label": "LABEL", "phase": 1},
        {"label": "LABEL", "phase": 2},
        {"dynamic": 2, "label": "CONTROL", "phase": 1},
    ],
    "no volume number from release 11": [
        {"b_value": 1, "volume": 9, "releases": "11.1"},
        {"b_value": 2, "volume": 8, "releases": "11.1"},
    ],
}


@pytest.mark.parametrize("volumes", ORDERS.values(), ids=ORDERS)
def test_numbers_grow_from_volume_to_volume(volumes: list[dict[str, Any]], tmp_path: Path) -> None:
    numbers = [number(tmp_path / str(place), **said) for place, said in enumerate(volumes)]
    assert all(one < next_one for one, next_one in pairwise(numbers))


def test_private_numbers_order_volumes_where_instance_numbers_are_jumbled(tmp_path: Path) -> None:
    datasets = series(
        modality="MR",
        volumes=3,
        slices=3,
        TemporalPositionIdentifier=1,
        AcquisitionTime="101300",
        ContentTime="101300",
        InstanceNumber=lambda place: 100 - place.number if place.slice else place.number,
    )
    order = (3, 1, 2)
    for place, dataset in enumerate(datasets):
        with_private(dataset, told(b_value=2, direction=order[place // 3])[0])
    (stack,) = stacks(datasets, tmp_path)
    want = [[d.SOPInstanceUID for d in datasets[start : start + 3]] for start in (3, 6, 0)]
    assert uids(stack) == want


def test_numbers_of_another_creator_tell_no_order(tmp_path: Path) -> None:
    elements, attributes = told(phase=2)
    assert volume_number(header_of(mr(elements, creator="SOMEBODY ELSE", **attributes), tmp_path)) is None
