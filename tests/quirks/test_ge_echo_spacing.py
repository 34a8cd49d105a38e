"""GE echo spacing: of the train that parallel imaging leaves, told for the image as it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from convkit.quirks.ge_echo_spacing import QUIRK
from tests.quirks.ge import SHARES, SPACING, facts, ge, look_alike


@pytest.mark.parametrize(
    ("lines", "share", "options", "train"),
    [
        (64, 1, ["EPI_GEMS"], 64),
        (64, 0.5, ["EPI_GEMS"], 32),
        (50, 0.666667, ["EPI_GEMS"], 34),  # 33.3 lines, rounded up to a multiple of 2
        (50, 0.666667, ["EPI_GEMS", "PFF"], 36),  # and of 4 with partial Fourier sampling
        (90, 0.333333, ["EPI_GEMS", "PFF"], 32),
    ],
)
def test_spacing_is_spread_over_the_whole_matrix(
    lines: int, share: float, options: list[str], train: int, tmp_path: Path
) -> None:
    dataset = ge(
        {SPACING: ("SS", 388), SHARES: ("DS", [share, 1])},
        pixels=np.zeros((64, 64), np.int16),
        AcquisitionMatrix=[64, 0, 0, lines],
        ScanOptions=options,
    )
    effective = 388e-6 * (train - 1) / (lines - 1)
    assert facts(QUIRK, dataset, tmp_path) == {
        "EffectiveEchoSpacing": pytest.approx(effective),
        "TotalReadoutTime": pytest.approx(effective * 63),
    }


def test_readout_counts_the_lines_of_the_image_along_the_phase(tmp_path: Path) -> None:
    dataset = ge(
        {SPACING: ("SS", 500), SHARES: ("DS", [1, 1])},
        pixels=np.zeros((6, 8), np.int16),
        InPlanePhaseEncodingDirection="ROW",
        AcquisitionMatrix=[0, 6, 8, 0],
    )
    found = facts(QUIRK, dataset, tmp_path)
    assert found is not None
    assert found["TotalReadoutTime"] == pytest.approx(500e-6 * 7)


def test_unknown_acceleration_leaves_the_spacing_unknown(tmp_path: Path) -> None:
    assert facts(QUIRK, ge({SPACING: ("SS", 388)}, pixels=np.zeros((8, 8), np.int16)), tmp_path) == {}


@pytest.mark.parametrize("spacing", [0, -1])
def test_image_without_an_echo_train_has_no_spacing(spacing: int, tmp_path: Path) -> None:
    assert facts(QUIRK, ge({SPACING: ("SS", spacing), SHARES: ("DS", [1, 1])}), tmp_path) is None


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike({SPACING: ("SS", 388), SHARES: ("DS", [1, 1])}), tmp_path) is None
