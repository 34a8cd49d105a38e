"""Philips: facts in private elements and in the private group of a classic image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from convkit.quirks._quirk import Extent
from convkit.quirks.philips_protocol import QUIRK
from tests.quirks.private import IMAGING, MR_1, MR_5, header_of, mr


def epi(creator: str = "", *, group: dict[str, Any] | None = None, **overrides: Any) -> Dataset:
    """A classic EPI image: 31 echoes, water-fat shift of 8 pixels, SENSE 2.5 in its private group."""
    item = Dataset()
    said = {
        "PulseSequenceName": "DwiSE",
        "ParallelReductionFactorInPlane": 2.5,
        "ParallelAcquisitionTechnique": "SENSE",
        "GradientEchoTrainLength": 31,
    }
    for keyword, value in (said | (group or {})).items():
        setattr(item, keyword, value)
    elements: dict[tuple[str, int], tuple[str, Any]] = {
        (IMAGING, 0x13): ("SL", 31),
        (IMAGING, 0x19): ("CS", "Y"),
        (IMAGING, 0x1B): ("FL", 1650.0),
        (IMAGING, 0x22): ("FL", 8.0),
        (MR_1, 0x0E): ("FL", 0.5),
        (MR_5, 0x0F): ("SQ", Sequence([item])),
    }
    given = {"ImagingFrequency": 128, "InPlanePhaseEncodingDirection": "COL", "EchoTrainLength": 1, "RescaleSlope": 2}
    return mr(elements, creator=creator, **given | overrides)


def facts(dataset: Dataset, tmp_path: Path) -> dict[str, Any]:
    header = header_of(dataset, tmp_path)
    assert QUIRK.applies(header)
    return dict(QUIRK.facts(header, Extent(1, 1)))


def test_facts_of_the_private_group_and_elements(tmp_path: Path) -> None:
    found = facts(epi(), tmp_path)
    assert found["SequenceName"] == "DwiSE"
    assert found["ParallelReductionFactorInPlane"] == 2.5
    assert found["ParallelAcquisitionTechnique"] == "SENSE"
    assert found["EchoTrainLength"] == 31
    assert found["InversionTime"] == 1.65
    assert found["PartialFourierEnabled"] == "YES"
    assert found["PhilipsScaleSlope"] == 0.5


def test_readout_is_estimated_from_the_water_fat_shift(tmp_path: Path) -> None:
    found = facts(epi(), tmp_path)
    readout = 8 / (128 * 3.4 * 32) * 31
    assert found["EstimatedTotalReadoutTime"] == pytest.approx(readout)
    assert found["EstimatedEffectiveEchoSpacing"] == pytest.approx(readout / (6 - 1))


def test_factor_of_compressed_sensing_is_none_of_parallel_imaging(tmp_path: Path) -> None:
    group = {"ParallelReductionFactorInPlane": 4.0, "ParallelAcquisitionTechnique": "CSENSE"}
    found = facts(epi(group=group), tmp_path)
    assert found["ParallelReductionFactorInPlane"] == 1.0
    assert found["CompressedSensingFactor"] == 4.0
    assert found["ParallelAcquisitionTechnique"] is None


def test_elements_of_the_image_win_over_its_group(tmp_path: Path) -> None:
    found = facts(epi(ParallelReductionFactorInPlane=3.0, PulseSequenceName="FEEPI"), tmp_path)
    assert (found["ParallelReductionFactorInPlane"], found["SequenceName"]) == (3.0, "FEEPI")


def test_elements_of_another_creator_tell_nothing(tmp_path: Path) -> None:
    assert not QUIRK.applies(header_of(epi("SOMEBODY ELSE"), tmp_path))
