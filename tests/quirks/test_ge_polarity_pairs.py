"""GE epi_pepolar: reversed volumes are stored upside down, and lie where the others do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from convkit.quirks.ge_phase_encoding import QUIRK as PHASE_ENCODING
from convkit.quirks.ge_polarity_pairs import FACTS, is_reversed
from tests.builders import series
from tests.builders.oracle import check_world
from tests.jobs.work import convert
from tests.quirks.ge import ACQUISITION, Private, facts, ge, header_of, look_alike, names, with_private


def pair(scheme: int) -> Private:
    return {**names("epi_pepolar"), (ACQUISITION, 0xB3): ("DS", f"{scheme}.000000")}


@pytest.mark.parametrize(
    ("scheme", "reversed_volumes"), [(0, []), (1, [1, 2, 3, 4]), (2, [1, 3]), (3, [2, 4])], ids=["f", "r", "rf", "fr"]
)
def test_scheme_tells_which_volumes_are_reversed(scheme: int, reversed_volumes: list[int], tmp_path: Path) -> None:
    found = [
        volume
        for volume in range(1, 5)
        if is_reversed(header_of(ge(pair(scheme), TemporalPositionIdentifier=volume), tmp_path / str(volume)))
    ]
    assert found == reversed_volumes


def test_reversed_image_lies_from_its_last_row_upwards(tmp_path: Path) -> None:
    dataset = ge(pair(1), ImagePositionPatient=[1, 2, 3], PixelSpacing=[2, 3])
    header = header_of(dataset, tmp_path)
    assert header.numbers("ImageOrientationPatient") == (1, 0, 0, 0, -1, 0)
    assert header.numbers("ImagePositionPatient") == (1, 2 + 5 * 2, 3)  # six rows
    assert facts(FACTS, dataset, tmp_path / "facts") == {"ImageOrientationPatientDICOM": [1, 0, 0, 0, 1, 0]}


@pytest.mark.parametrize(("scheme", "polarity"), [(0, "Unflipped"), (1, "Flipped")])
def test_polarity_is_turned_and_the_stored_rows_run_on(scheme: int, polarity: str, tmp_path: Path) -> None:
    found = facts(PHASE_ENCODING, ge(pair(scheme), RectilinearPhaseEncodeReordering="REVERSE_LINEAR"), tmp_path)
    assert found is not None
    assert (found["PhaseEncodingPolarityGE"], found["PhaseEncodingDirection"]) == (polarity, "j")


def test_run_becomes_two_volumes_that_lie_alike(tmp_path: Path) -> None:
    datasets = series(modality="MR", volumes=4, Manufacturer="GE MEDICAL SYSTEMS")
    right = [with_private(d, pair(3)) for d in datasets]
    stored = [_upside_down(d) if d.TemporalPositionIdentifier % 2 == 0 else d for d in right]
    run = convert(stored, tmp_path)
    assert len(run.images) == 2
    assert any("_part-reversed" in i.name for i in run.images)
    for place, dataset in enumerate(datasets):
        if dataset.TemporalPositionIdentifier % 2 == 0:
            stored[place] = _upside_down(dataset, is_undone=True)
    assert check_world(stored, run.images) == []


def _upside_down(dataset: Any, *, is_undone: bool = False) -> Any:
    if not is_undone:
        rows = np.frombuffer(dataset.PixelData, np.int16).reshape(dataset.Rows, dataset.Columns)
        dataset.PixelData = rows[::-1].tobytes()
        return dataset
    return _upside_down(dataset)


@pytest.mark.parametrize(
    "dataset",
    [ge({**pair(1), **names("epi")}), look_alike(pair(1))],
    ids=["another sequence", "another maker"],
)
def test_others_are_left_alone(dataset: Any, tmp_path: Path) -> None:
    assert not is_reversed(header_of(dataset, tmp_path))
