"""Siemens matrix: what only the protocol tells of k-space."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.siemens_matrix import QUIRK
from tests.quirks.siemens import SDI, facts, look_alike, v_line, xa_classic, xa_enhanced


@pytest.mark.parametrize(
    ("code", "part"), [("0x1", 0.5), ("0x2", 0.625), (4, 0.75), (8, 0.875), ("0x10", None), (16, None)]
)
def test_partial_fourier(code: object, part: float | None, tmp_path: Path) -> None:
    found = facts(QUIRK, v_line({"sKSpace.ucPhasePartialFourier": code}), tmp_path)
    assert found is not None
    assert found.get("PartialFourier") == part


@pytest.mark.parametrize(("train", "factor", "part"), [(54, 1, 0.75), (27, 2, 0.75), (36, 2, None), (72, 1, None)])
def test_partial_fourier_of_an_epi_without_protocol(
    train: int, factor: float, part: float | None, tmp_path: Path
) -> None:
    dataset = xa_classic(
        {(SDI, 0x53): ("FD", 20.0)},
        EchoTrainLength=train,
        AcquisitionMatrix=[72, 0, 0, 72],
        ParallelReductionFactorInPlane=factor,
    )
    found = facts(QUIRK, dataset, tmp_path)
    assert found is not None
    assert found.get("PartialFourier") == part


def test_turbo_spin_echo_without_protocol_has_no_partial_fourier(tmp_path: Path) -> None:
    found = facts(QUIRK, xa_classic({}, EchoTrainLength=15, AcquisitionMatrix=[256, 0, 0, 256]), tmp_path)
    assert found is not None
    assert "PartialFourier" not in found


def test_lines_of_an_enhanced_object_are_in_the_protocol(tmp_path: Path) -> None:
    lines = {"sKSpace.lPhaseEncodingLines": 72, "sKSpace.lBaseResolution": 80, "sKSpace.dPhaseResolution": 0.9}
    found = facts(QUIRK, xa_enhanced({}, {}, lines), tmp_path)
    assert found == {"AcquisitionMatrixPE": 72, "BaseResolution": 80, "PhaseResolution": 0.9}


def test_protocol_of_another_creator_tells_nothing(tmp_path: Path) -> None:
    assert facts(QUIRK, look_alike(), tmp_path) is None
