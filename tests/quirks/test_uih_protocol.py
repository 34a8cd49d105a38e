"""United Imaging: facts and slice times in private elements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from convkit.quirks import slice_time
from convkit.quirks._quirk import Extent
from convkit.quirks.uih_protocol import QUIRK
from tests.quirks.private import UIH, Private, header_of, mr

TIMES = ("095959.750000", "095958.250000", "100000.000000", "095959.000000")


def grid(creator: str = "", **overrides: Any) -> Dataset:
    """A grid of four slices with a readout of 21 ms each."""
    tiles = []
    for place, time in enumerate(TIMES):
        tile = Dataset()
        tile.AcquisitionTime, tile.AcquisitionDuration = time, 21.0
        tile.ImagePositionPatient = [0, 0, 3 * place]
        tiles.append(tile)
    elements: Private = {
        (UIH, 0x0D): ("SH", "F:2S"),
        (UIH, 0x50): ("DS", "4"),
        (UIH, 0x51): ("SQ", Sequence(tiles)),
    }
    given: dict[str, Any] = {
        "Manufacturer": "UIH",
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "VFRAME"],
        "MRAcquisitionType": "2D",
        "InPlanePhaseEncodingDirection": "COL",
        "pixels": np.zeros((8, 8), np.int16),
    }
    return mr(elements, creator=creator, **given | overrides)


def slice_of(elements: Private, creator: str = "", **overrides: Any) -> Dataset:
    return mr(elements, creator=creator, **{"Manufacturer": "UIH", "MRAcquisitionType": "2D"} | overrides)


def facts(dataset: Dataset, tmp_path: Path) -> dict[str, Any]:
    header = header_of(dataset, tmp_path)
    assert QUIRK.applies(header)
    return dict(QUIRK.facts(header, Extent(1, 4)))


def test_facts_of_a_grid(tmp_path: Path) -> None:
    found = facts(grid(), tmp_path)
    assert found == {
        "AcquisitionTime": "09:59:58.250000",
        "ParallelReductionFactorInPlane": 2.0,
        "TotalReadoutTime": 0.021,
        "AcquisitionDuration": None,
    }


@pytest.mark.parametrize(
    ("positive", "along", "direction"), [(0, "COL", "j"), (1, "COL", "j-"), (0, "ROW", "i"), (1, "ROW", "i-")]
)
def test_polarity_of_phase_encoding(positive: int, along: str, direction: str, tmp_path: Path) -> None:
    elements: Private = {(UIH, 0x0D): ("SH", "F:1.5"), (UIH, 0x58): ("IS", positive)}
    found = facts(slice_of(elements, InPlanePhaseEncodingDirection=along), tmp_path)
    assert found["PhaseEncodingDirection"] == direction
    assert found["ParallelReductionFactorInPlane"] == 1.5


def test_echo_train_of_a_spoiled_gradient_echo_is_none(tmp_path: Path) -> None:
    found = facts(slice_of({(UIH, 0x0D): ("SH", "")}, SequenceName="gre_fsp", EchoTrainLength=200), tmp_path)
    assert found["EchoTrainLength"] is None


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    header = header_of(slice_of({(UIH, 0x0D): ("SH", "F:2S")}, "SOMEBODY ELSE"), tmp_path)
    assert not QUIRK.applies(header)
    assert slice_time(header) is None


# --- slice times -----------------------------------------------------------------------------------------


def test_slices_were_acquired_at_their_own_times(tmp_path: Path) -> None:
    assert slice_time(header_of(grid(), tmp_path / "tile")) == pytest.approx(9 * 3600 + 59 * 60 + 59.75)
    single = slice_of({(UIH, 0x0D): ("SH", "F:2S")}, AcquisitionTime="000001.5")
    assert slice_time(header_of(single, tmp_path / "single")) == 1.5


def test_slices_of_a_3d_acquisition_have_no_times(tmp_path: Path) -> None:
    dataset = slice_of({(UIH, 0x0D): ("SH", "F:2S")}, MRAcquisitionType="3D")
    assert slice_time(header_of(dataset, tmp_path)) is None
