"""Functional groups to headers of frames: the keywords of the classic object, whatever the encoding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset

from convkit.dicom.header import Header
from tests.builders import series
from tests.builders.packed import enhanced_of, legacy_of, made, with_group, with_undefined_lengths
from tests.series.frames import headers_of

MR: dict[str, Any] = {"modality": "MR", "dtype": "uint16"}


def header_of(dataset: Dataset, folder: Path) -> Header:
    (header,) = headers_of([dataset], folder)
    assert header.fault is None, header.fault
    return header


def diffusion(dataset: Dataset) -> Dataset:
    direction = made(DiffusionGradientOrientation=[0.6, 0.0, 0.8])
    return with_group(
        dataset, 2, "MRDiffusionSequence", DiffusionBValue=1000.0, DiffusionGradientDirectionSequence=[direction]
    )


GROUPS: dict[str, tuple[Callable[[Dataset], Dataset], str, tuple[float, ...]]] = {
    "echo": (lambda d: with_group(d, 2, "MREchoSequence", EffectiveEchoTime=30.5), "EchoTime", (30.5,)),
    "inversion": (lambda d: with_group(d, 2, "MRModifierSequence", InversionTimes=[900.0]), "InversionTime", (900.0,)),
    "trigger": (
        lambda d: with_group(d, 2, "CardiacSynchronizationSequence", NominalCardiacTriggerDelayTime=12.25),
        "TriggerTime",
        (12.25,),
    ),
    "position in time": (
        lambda d: with_group(d, 2, "FrameContentSequence", TemporalPositionIndex=4),
        "TemporalPositionIdentifier",
        (4.0,),
    ),
    "acquisition": (
        lambda d: with_group(d, 2, "FrameContentSequence", FrameAcquisitionNumber=3),
        "AcquisitionNumber",
        (3.0,),
    ),
    "b-value": (diffusion, "DiffusionBValue", (1000.0,)),
    "direction": (diffusion, "DiffusionGradientOrientation", (0.6, 0.0, 0.8)),
}


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
@pytest.mark.parametrize("group", GROUPS)
def test_value_of_a_group_stands_under_the_classic_keyword(group: str, syntax: str, tmp_path: Path) -> None:
    change, keyword, expected = GROUPS[group]
    dataset = change(enhanced_of(series(EchoTime=None, **MR), syntax=syntax))
    header = header_of(dataset, tmp_path)
    assert header.of_frame(2).numbers(keyword) == expected
    assert header.of_frame(1).numbers(keyword) != expected


def test_value_of_a_frame_goes_before_the_shared_one(tmp_path: Path) -> None:
    dataset = enhanced_of(series(EchoTime=5, **MR))
    with_group(dataset, 2, "MREchoSequence", EffectiveEchoTime=9.0)
    header = header_of(dataset, tmp_path)
    assert [header.of_frame(i).number("EchoTime") for i in range(5)] == [5, 5, 9, 5, 5]


def test_type_of_a_frame_leaves_that_of_the_object(tmp_path: Path) -> None:
    dataset = enhanced_of(series(**MR), ImageType=["ORIGINAL", "PRIMARY", "VOLUME", "MIXED"])
    frame = header_of(dataset, tmp_path).of_frame(1)
    assert frame.texts("ImageType")[3] == "MIXED"
    assert frame.texts("FrameType") == ("ORIGINAL", "PRIMARY", "M", "ND")


def test_what_is_unassigned_stands_under_its_own_keyword(tmp_path: Path) -> None:
    header = header_of(legacy_of(series(EchoTime=lambda place: 2.5 + place.slice, **MR)), tmp_path)
    assert [header.of_frame(i).number("EchoTime") for i in range(5)] == [2.5, 3.5, 4.5, 5.5, 6.5]
    assert header.of_frame(0).number("RepetitionTime") == 2000


def test_dimensions_of_space_do_not_number_time(tmp_path: Path) -> None:
    """In-stack position varies within a volume; only what is left of the index orders volumes."""
    index = [(1, k + 1, v + 1) for v in range(2) for k in range(5)]
    header = header_of(enhanced_of(series(volumes=2, **MR), index=index), tmp_path)
    assert [header.of_frame(i).number("DimensionRank") for i in range(10)] == [0] * 5 + [1] * 5


def test_index_values_that_do_not_fit_the_pointers_are_a_fault(tmp_path: Path) -> None:
    (header,) = headers_of([enhanced_of(series(**MR), index=[(1, k + 1) for k in range(5)])], tmp_path)
    assert header.fault is not None
    assert header.fault.code == "header.inconsistent"


def test_one_frame_is_a_frame(tmp_path: Path) -> None:
    header = header_of(enhanced_of(series(slices=1, **MR)), tmp_path)
    assert header.frames == 1
    assert header.of_frame(0).numbers("ImagePositionPatient") == (-20, -30, -40)


def test_what_frames_share_is_held_once(tmp_path: Path) -> None:
    header = header_of(enhanced_of(series(EchoTime=5, **MR)), tmp_path)
    assert header.unfolded is not None
    varying = {header.table.attributes[place].keyword for place in header.unfolded.places}
    assert varying == {"ImagePositionPatient"}
    assert header.number("EchoTime") == 5


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_undefined_lengths_give_the_same_frames(syntax: str, tmp_path: Path) -> None:
    plain = header_of(enhanced_of(series(**MR)), tmp_path / "a")
    other = header_of(with_undefined_lengths(enhanced_of(series(**MR), syntax=syntax)), tmp_path / "b")
    frames = [
        [h.of_frame(i).plain(k) for k in ("ImagePositionPatient", "EchoTime", "FrameType")]
        for h in (plain, other)
        for i in range(5)
    ]
    assert frames[:5] == frames[5:]
