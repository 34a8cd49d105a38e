"""Headers that once gave a volume that was wrong without a word: each ends right, with a note, or refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames

from convkit import Status
from tests.builders import instance, series, write
from tests.builders.encoding import element, even
from tests.builders.oracle import Output, check_world, stored_values
from tests.builders.outputs import read_output
from tests.jobs.work import Run, again, assert_right, codes, contents, convert, convert_folder, renumbered

MR: dict[str, Any] = {"modality": "MR", "slices": 5, "volumes": 2}

NO_MOMENT: dict[str, Any] = {
    "AcquisitionNumber": 1,
    "AcquisitionTime": None,
    "ContentTime": None,
    "TemporalPositionIdentifier": None,
}
"""Overrides that leave nothing but the Instance Number to order the volumes of a series."""

DOSE = "1.2.840.10008.5.1.4.1.1.481.2"


def nothing_written(run: Run) -> bool:
    return not run.folder.exists() or contents(run.folder) == {}


# --- order in time ---------------------------------------------------------------------------------------

JITTER = ((1000, 1010, 1000, 1010, 1000), (1010, 1000, 1010, 1000, 1010))
TRIGGERS = ((12, 7, 30, 4, 5), (8, 9, 10, 22, 6))

TIME_SERIES: dict[str, dict[str, Any]] = {
    "repetition time jitters beside temporal positions": {"RepetitionTime": lambda p: JITTER[p.volume][p.slice]},
    "repetition time jitters beside acquisition numbers": {
        **NO_MOMENT,
        "AcquisitionNumber": lambda p: p.volume + 1,
        "RepetitionTime": lambda p: JITTER[p.volume][p.slice],
    },
    "flip angle jitters": {"FlipAngle": lambda p: 70 + (p.slice + p.volume) % 2},
    "thickness jitters": {"SliceThickness": lambda p: 3 + (p.slice + p.volume) % 2},
    "one temporal position is missing, the clock is clean": {
        "TemporalPositionIdentifier": lambda p: None if (p.volume, p.slice) == (1, 2) else p.volume + 1
    },
    "one temporal position is missing, instances are numbered": {
        **NO_MOMENT,
        "TemporalPositionIdentifier": lambda p: None if (p.volume, p.slice) == (1, 2) else p.volume + 1,
    },
    "trigger time jitters, acquisition time is clean": {
        **NO_MOMENT,
        "AcquisitionTime": lambda p: f"1013{p.volume * 10 + p.slice:02d}.0",
        "TriggerTime": lambda p: TRIGGERS[p.volume][p.slice],
    },
    "frame reference time jitters, content time is clean": {
        **NO_MOMENT,
        "ContentTime": lambda p: f"1013{p.volume * 10 + p.slice:02d}.0",
        "FrameReferenceTime": lambda p: TRIGGERS[p.volume][p.slice],
    },
    "numbers of instances run against the clock": {"InstanceNumber": lambda p: 100 - p.number},
}
"""Each is one 4-D volume whose order some attribute still tells."""


@pytest.mark.parametrize("case", TIME_SERIES)
def test_time_points_are_one_volume_in_their_order(case: str, tmp_path: Path) -> None:
    datasets = series(**(MR | TIME_SERIES[case]))
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert run.image.values.shape == (7, 6, 5, 2)


def test_order_that_no_time_tells_is_said(tmp_path: Path) -> None:
    times = {**NO_MOMENT, "TriggerTime": lambda p: TRIGGERS[p.volume][p.slice]}
    datasets = series(**(MR | times | {"InstanceNumber": lambda p: 2 * p.slice + p.volume}))
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert "series.ambiguous-order" in run.codes


# --- volumes that must stay apart ------------------------------------------------------------------------


def in_plane() -> list[Dataset]:
    return [*series(slices=1), *renumbered(series(slices=1, origin=(50, 60, -40)))]


def shifted_by_a_part_of_a_pixel() -> list[Dataset]:
    return [*series(slices=3), *renumbered(series(slices=3, origin=(-20 + 0.03, -30, -40)))]


def two_patients() -> list[Dataset]:
    other = series(slices=4, origin=(-20, -30, -28))
    return [*series(slices=4), *renumbered(other, PatientID="P002", PatientName="Other^Person")]


def two_patients_at_one_place() -> list[Dataset]:
    return [*series(slices=4), *renumbered(series(slices=4, dtype="uint16"), PatientID="P002")]


APART: dict[str, tuple[Callable[[], list[Dataset]], tuple[str, str]]] = {
    "two fields of view at one height": (in_plane, ("_fov-1", "_fov-2")),
    "one volume shifted by 4 % of a pixel": (shifted_by_a_part_of_a_pixel, ("_fov-1", "_fov-2")),
    "two patients in one series": (two_patients, ("_pat-1", "_pat-2")),
    "two patients at one place": (two_patients_at_one_place, ("_pat-1", "_pat-2")),
}


@pytest.mark.parametrize("case", APART)
def test_what_does_not_belong_together_is_two_volumes(case: str, tmp_path: Path) -> None:
    build, labels = APART[case]
    datasets = build()
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert [image.name for image in run.images] == [f"001_Series_1{label}.nii" for label in labels]


def test_slices_without_study_uid_belong_to_the_study_of_their_series(tmp_path: Path) -> None:
    datasets = series(slices=6, StudyInstanceUID=lambda p: None if p.slice > 3 else "2.25.17")
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert run.image.values.shape == (7, 6, 6)


def times_in(output: Output, datasets: Sequence[Dataset]) -> set[int]:
    """The time points whose values an output holds; every value of a built series is there once."""
    return {
        int(d.TemporalPositionIdentifier) for d in datasets if np.isin(stored_values(d), output.values.ravel()).any()
    }


GAPS: dict[str, tuple[int, ...]] = {
    "middle slice of the first": (3,),
    "last slice of the second": (10,),
    "slices of both": (2, 9),
}
"""Instance Numbers that are missing from two time points of five slices."""

ENDS: dict[str, tuple[int, ...]] = {"first slice of the first": (1,), "first and others of the first": (1, 2, 4)}
"""The same, where the next time point begins below the last slice that is there."""


@pytest.mark.parametrize("numbered_by", ["TemporalPositionIdentifier", "InstanceNumber"])
@pytest.mark.parametrize("gap", GAPS)
def test_split_never_mixes_volumes(gap: str, numbered_by: str, tmp_path: Path) -> None:
    datasets = [d for d in series(**MR) if d.InstanceNumber not in GAPS[gap]]
    assert_split_apart(datasets, tmp_path, is_timed=numbered_by == "TemporalPositionIdentifier")


@pytest.mark.parametrize("gap", ENDS)
def test_split_by_time_never_mixes_volumes_that_begin_apart(gap: str, tmp_path: Path) -> None:
    assert_split_apart([d for d in series(**MR) if d.InstanceNumber not in ENDS[gap]], tmp_path, is_timed=True)


@pytest.mark.parametrize("gap", ENDS)
def test_split_by_number_never_mixes_volumes_that_begin_apart(gap: str, tmp_path: Path) -> None:
    assert_split_apart([d for d in series(**MR) if d.InstanceNumber not in ENDS[gap]], tmp_path, is_timed=False)


@pytest.mark.parametrize("missing", [4, 9])
def test_split_never_mixes_volumes_that_are_numbered_slice_by_slice(missing: int, tmp_path: Path) -> None:
    whole = series(**MR, InstanceNumber=lambda p: 2 * p.slice + p.volume)
    assert_split_apart([d for d in whole if d.InstanceNumber != missing], tmp_path, is_timed=False)


def assert_split_apart(datasets: list[Dataset], tmp_path: Path, *, is_timed: bool) -> None:
    """Every output of the split holds one time point; refusing them would do as well."""
    run = convert([_without(d, {} if is_timed else NO_MOMENT) for d in datasets], tmp_path, irregular="split")
    assert run.images == [] or check_world(datasets, run.images) == []
    assert [len(times_in(image, datasets)) for image in run.images] == [1] * len(run.images)
    assert run.images or run.report.exit_code == 5


def _without(dataset: Dataset, changes: dict[str, Any]) -> Dataset:
    """A copy of a data set, changed by keyword; None deletes."""
    copy = again(dataset, **{k: v for k, v in changes.items() if v is not None})
    for keyword in (k for k, v in changes.items() if v is None):
        delattr(copy, keyword)
    return copy


def test_time_point_without_its_last_slice_is_said_and_mixes_with_none(tmp_path: Path) -> None:
    whole = series(modality="MR", slices=5, volumes=3)
    datasets = [d for d in whole if d.InstanceNumber != 10]
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert "geometry.unequal-extent" in run.codes
    assert sorted(image.values.shape for image in run.images) == [(7, 6, 4), (7, 6, 5), (7, 6, 5)]
    assert [times_in(image, datasets) for image in run.images] == [{1}, {2}, {3}]


# --- doubts that are said --------------------------------------------------------------------------------


def interleaved(keyword: str, values: Sequence[Any]) -> list[Dataset]:
    return series(slices=6, **{keyword: lambda p: values[p.slice % 2]})


def with_lut(dataset: Dataset) -> Dataset:
    table = Dataset()
    table.LUTDescriptor, table.ModalityLUTType, table.LUTData = [2, 0, 16], "US", pack("<HH", 0, 1)
    return again(dataset, ModalityLUTSequence=[table])


def last_with_lut() -> list[Dataset]:
    *before, last = series()
    return [*before, with_lut(last)]


def last_with_padding_value() -> list[Dataset]:
    return series(PixelPaddingValue=lambda p: -99 if p.slice == 4 else None)


def with_surplus() -> list[Dataset]:
    return [again(d, PixelData=d.PixelData + bytes(64)) for d in series()]


def last_with_surplus() -> list[Dataset]:
    *before, last = series()
    return [*before, again(last, PixelData=last.PixelData + bytes(64))]


SAID: dict[str, tuple[Callable[[], list[Dataset]], str]] = {
    "interleaved KVP": (lambda: interleaved("KVP", (80, 140)), "series.mixed-values"),
    "interleaved thickness": (lambda: interleaved("SliceThickness", (3, 5)), "series.mixed-values"),
    "interleaved image type": (
        lambda: interleaved("ImageType", (["ORIGINAL", "PRIMARY", "AXIAL"], ["DERIVED", "SECONDARY", "MPR"])),
        "series.mixed-values",
    ),
    "padding value of the last slice alone": (last_with_padding_value, "values.padding"),
    "surplus bytes behind the pixels": (with_surplus, "pixels.surplus"),
    "surplus bytes behind the pixels of the last slice": (last_with_surplus, "pixels.surplus"),
}


@pytest.mark.parametrize("case", SAID)
def test_doubt_is_said_beside_the_right_volume(case: str, tmp_path: Path) -> None:
    build, code = SAID[case]
    datasets = build()
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert run.image.values.shape[2] == len(datasets)
    assert code in run.codes
    assert code in {n["code"] for n in run.sidecar["Convkit"]["Notes"]}


@pytest.mark.parametrize("spoilt", [range(5), [4]], ids=["every slice", "the last slice"])
def test_frames_that_the_header_does_not_promise_are_said(spoilt: Sequence[int], tmp_path: Path) -> None:
    datasets, sound = series(syntax="jpegls"), series(syntax="jpegls")
    for place in spoilt:
        (frame,) = generate_frames(datasets[place].PixelData, number_of_frames=1)
        datasets[place].PixelData = encapsulate([frame, frame])
    run = convert(datasets, tmp_path)
    assert_right(sound, run)
    assert "pixels.surplus" in run.codes
    assert "pixels.surplus" not in convert(sound, tmp_path / "sound").codes


@pytest.mark.parametrize("case", [{}, {"KVP": 80, "SliceThickness": 5, "PixelPaddingValue": None}], ids=str)
def test_clean_series_is_not_doubted(case: dict[str, Any], tmp_path: Path) -> None:
    assert codes(convert(series(**case), tmp_path).report) == set()


# --- contradictions that are refused ---------------------------------------------------------------------


def one_without_rescale() -> list[Dataset]:
    return series(
        RescaleSlope=lambda p: None if p.slice == 2 else 1, RescaleIntercept=lambda p: None if p.slice == 2 else -1024
    )


def pixels_three_times() -> list[Dataset]:
    return [again(d, PixelData=d.PixelData * 3) for d in series(slices=4)]


def eight_bits_said() -> list[Dataset]:
    return series(slices=4, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)


def conflicting_copy() -> list[Dataset]:
    return [*series(slices=4), *series(slices=4, PatientName="Anon")]


def oblique_angle() -> list[Dataset]:
    return series(slices=4, ImageOrientationPatient=[1, 0, 0, 0.009, 1, 0])


def unequal_volumes() -> list[Dataset]:
    whole = series(**(MR | NO_MOMENT))
    return [d for d in whole if d.InstanceNumber != 3]


REFUSED: dict[str, tuple[Callable[[], list[Dataset]], dict[str, Any], str]] = {
    "one slice without rescale": (one_without_rescale, {}, "header.inconsistent"),
    "pixel data three times too long": (pixels_three_times, {}, "header.inconsistent"),
    "8 bits said of 16-bit pixels": (eight_bits_said, {}, "header.inconsistent"),
    "modality table of the last slice alone": (last_with_lut, {}, "header.inconsistent"),
    "whole copy in conflict": (conflicting_copy, {}, "series.conflicting-images"),
    "whole copy in conflict, split": (conflicting_copy, {"irregular": "split"}, "series.conflicting-images"),
    "whole copy in conflict, keep": (conflicting_copy, {"irregular": "keep"}, "series.conflicting-images"),
    "cosines that are not perpendicular": (oblique_angle, {}, "geometry.bad-orientation"),
    "cosines that are not perpendicular, keep": (oblique_angle, {"irregular": "keep"}, "geometry.bad-orientation"),
    "unequal 4-D": (unequal_volumes, {}, "geometry.duplicate-slice"),
    "unequal 4-D, keep": (unequal_volumes, {"irregular": "keep"}, "geometry.duplicate-slice"),
    "unequal 4-D, resample": (unequal_volumes, {"irregular": "resample"}, "geometry.duplicate-slice"),
    "dose grid without scaling": (
        lambda: [instance(SOPClassUID=DOSE, Modality="RTDOSE")],
        {},
        "header.missing-attribute",
    ),
    "dose grid whose planes have no offsets": (
        lambda: [instance(SOPClassUID=DOSE, Modality="RTDOSE", DoseGridScaling=0.001, NumberOfFrames=2)],
        {},
        "header.inconsistent",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_contradiction_is_refused_with_a_code_and_nothing_is_written(case: str, tmp_path: Path) -> None:
    build, options, code = REFUSED[case]
    run = convert(build(), tmp_path, **options)
    assert run.report.exit_code == 5, run.texts
    assert {o.status for o in run.report.outcomes} == {Status.REFUSED}
    assert code in {o.notes[0].code for o in run.report.outcomes}
    assert nothing_written(run)


def test_contradiction_costs_the_series_alone(tmp_path: Path) -> None:
    good = series(series=2)
    run = convert([*one_without_rescale(), *good], tmp_path)
    assert run.report.exit_code == 4
    assert check_world(good, run.images) == []


# --- values ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["nii", "nii.gz", "nrrd", "mha", "npz"])
@pytest.mark.parametrize(("slope", "intercept"), [(1e-46, 0), (1e39, 0), (1, 16777217), (-1e39, 0), (1e-5, 1e9)])
def test_rescale_that_float32_cannot_carry_gives_right_values(
    slope: float, intercept: float, to: str, tmp_path: Path
) -> None:
    datasets = series(slices=3, slope=slope, intercept=intercept)
    assert_right(datasets, convert(datasets, tmp_path, to=to))


@pytest.mark.parametrize("keywords", [("RescaleIntercept", "RescaleSlope"), ("RescaleSlope",)], ids=str)
def test_attributes_behind_pixel_data_are_honoured(keywords: Sequence[str], tmp_path: Path) -> None:
    behind = {"RescaleIntercept": (0x00281052, "-1024"), "RescaleSlope": (0x00281053, "2")}
    before = {k: None if k in keywords else v for k, (_, v) in behind.items()}
    for path in write(series(**before), tmp_path / "in", shuffle=True):
        tail = [element(behind[k][0], "DS", even(behind[k][1].encode())) for k in keywords]
        path.write_bytes(path.read_bytes() + b"".join(tail))
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert_right(series(RescaleSlope=2, RescaleIntercept=-1024), run)


def test_padding_behind_pixel_data_changes_nothing(tmp_path: Path) -> None:
    datasets = series()
    for path in write(datasets, tmp_path / "in", shuffle=True):
        path.write_bytes(path.read_bytes() + element(0xFFFCFFFC, "OB", bytes(512)))
    assert_right(datasets, convert_folder(tmp_path / "in", tmp_path / "out"))


# --- private elements ------------------------------------------------------------------------------------


def with_component(dataset: Dataset, before: Sequence[str], creator: str, component: int) -> Dataset:
    """Element 2F of group 0043 in the block of a creator, behind the blocks of others that have it, too."""
    copy = again(dataset)
    for other in before:
        copy.private_block(0x0043, other, create=True).add_new(0x2F, "SS", 0)
    copy.private_block(0x0043, creator, create=True).add_new(0x2F, "SS", component)
    return copy


def ge_series(before: Sequence[str], creator: str) -> list[Dataset]:
    """Two images at each position, the second of them phase if the creator says so."""
    plain = series(**MR, Manufacturer="GE MEDICAL SYSTEMS")
    return [with_component(d, before, creator, 0 if d.InstanceNumber <= 5 else 1) for d in plain]


@pytest.mark.parametrize("before", [(), ("OTHER 1",), ("OTHER 1", "OTHER 2", "OTHER 3")], ids=len)
def test_private_element_is_found_in_whatever_block_its_creator_has(before: Sequence[str], tmp_path: Path) -> None:
    datasets = ge_series(before, "GEMS_PARM_01")
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert [image.name for image in run.images] == ["001_Series_1_part-mag.nii", "001_Series_1_part-phase.nii"]


def test_element_of_that_number_of_another_creator_is_passed_over(tmp_path: Path) -> None:
    datasets = ge_series((), "OTHER 1")
    run = convert(datasets, tmp_path)
    assert_right(datasets, run)
    assert run.image.values.shape == (7, 6, 5, 2)


def test_private_element_without_a_creator_says_nothing(tmp_path: Path) -> None:
    datasets = series(**MR)
    for path, dataset in zip(write(datasets, tmp_path / "in", shuffle=True), datasets, strict=True):
        orphan = element(0x0043102F, "SS", pack("<h", 0 if dataset.InstanceNumber <= 5 else 1))
        content = path.read_bytes()
        at = content.index(pack("<HH2sH", 0x7FE0, 0x0010, b"OW", 0))
        path.write_bytes(content[:at] + orphan + content[at:])
    run = convert_folder(tmp_path / "in", tmp_path / "out")
    assert_right(datasets, run)
    assert run.image.values.shape == (7, 6, 5, 2)


# --- masks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ct_invented", "CT_Invented"])
def test_mask_and_volume_of_its_name_do_not_meet(name: str, tmp_path: Path) -> None:
    uneven = series(slices=8, missing=(3,), SeriesDescription="ct", SeriesNumber=1)
    even_one = series(series=2, slices=4, SeriesDescription=name, SeriesNumber=1, origin=(200, 0, 0))
    run = convert([*uneven, *even_one], tmp_path, irregular="resample")
    assert run.report.exit_code == 0
    paths = {p.stem: p for p in run.folder.rglob("*.nii")}
    assert len({stem.casefold() for stem in paths}) == 3
    mask = read_output(paths.pop("001_ct_invented"))
    image = read_output(paths.pop("001_ct"))
    assert mask.values.shape == image.values.shape
    assert set(np.unique(mask.values)) == {0, 1}
    assert check_world(even_one, [read_output(paths.popitem()[1])]) == []
    assert len(run.sidecars) == 2
