"""Objects of many frames, end to end: every voxel in its place, volumes in time, nothing wrong where they are bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

import convkit
from tests.builders import PLANES, multi_frame_us, series, truncate, write
from tests.builders.oracle import check_world
from tests.builders.packed import (
    dose_of,
    enhanced_of,
    grid_of,
    legacy_of,
    made,
    mosaic_of,
    recon_tomo_of,
    with_undefined_lengths,
)
from tests.jobs.work import Run, assert_right, contents, convert, convert_folder
from tests.series.frames import headers_of

MR: dict[str, Any] = {"modality": "MR", "dtype": "uint16"}
SLICES = 5


def by_volume(datasets: Sequence[Dataset]) -> list[list[Dataset]]:
    return [list(datasets[i : i + SLICES]) for i in range(0, len(datasets), SLICES)]


def one_each(pack: Callable[..., Dataset], datasets: Sequence[Dataset], **options: Any) -> list[Dataset]:
    """An object for each volume."""
    return [pack(slices, number, **options) for number, slices in enumerate(by_volume(datasets), 1)]


def numbered(volumes: int) -> list[tuple[int, int, int]]:
    """Dimension Index Values: stack, slice, time."""
    return [(1, k + 1, v + 1) for v in range(volumes) for k in range(SLICES)]


# --- every voxel in its place ----------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [mosaic_of, grid_of, enhanced_of, legacy_of])
@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("descending", [False, True])
def test_every_voxel_is_where_its_slice_says(
    pack: Callable[..., Dataset], plane: str, descending: bool, tmp_path: Path
) -> None:
    datasets = series(plane=plane, descending=descending, **MR)
    assert_right(datasets, convert([pack(datasets)], tmp_path))


@pytest.mark.parametrize("tiles", [1, 2, 4, 5, 9, 10])
@pytest.mark.parametrize("pack", [mosaic_of, grid_of])
def test_tiles_that_hold_no_slice_are_left_out(pack: Callable[..., Dataset], tiles: int, tmp_path: Path) -> None:
    datasets = series(slices=tiles, **MR)
    assert_right(datasets, convert([pack(datasets)], tmp_path))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("descending", [False, True])
def test_both_versions_of_the_csa_header_tell_where_slices_run(version: int, descending: bool, tmp_path: Path) -> None:
    datasets = series(plane="sagittal", descending=descending, **MR)
    assert_right(datasets, convert([mosaic_of(datasets, version=version)], tmp_path))


@pytest.mark.parametrize("modality", ["CT", "PT"])
@pytest.mark.parametrize("pack", [enhanced_of, legacy_of])
def test_enhanced_ct_and_pet(pack: Callable[..., Dataset], modality: str, tmp_path: Path) -> None:
    datasets = series(modality=modality, plane="coronal")
    assert_right(datasets, convert([pack(datasets, modality=modality)], tmp_path))


@pytest.mark.parametrize("frames", ["forward", "backward", "shuffled"])
def test_order_of_frames_does_not_matter(frames: str, tmp_path: Path) -> None:
    datasets = series(**MR)
    order = {"forward": range(5), "backward": range(4, -1, -1), "shuffled": (3, 0, 4, 1, 2)}[frames]
    assert_right(datasets, convert([enhanced_of([datasets[i] for i in order])], tmp_path))


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle", "jpegls", "jpeg2000"])
@pytest.mark.parametrize("pack", [mosaic_of, grid_of, enhanced_of])
def test_transfer_syntax_does_not_matter(pack: Callable[..., Dataset], syntax: str, tmp_path: Path) -> None:
    datasets = series(rows=32, columns=33, **MR)
    assert_right(datasets, convert([pack(datasets, syntax=syntax)], tmp_path))


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_sequences_of_undefined_length_are_read(syntax: str, tmp_path: Path) -> None:
    datasets = series(echoes=(2.5, 5.0), **MR)
    run = convert([with_undefined_lengths(enhanced_of(datasets, syntax=syntax))], tmp_path)
    assert_right(datasets, run)
    assert sorted(s["EchoTime"] for s in run.sidecars) == [0.0025, 0.005]


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_functional_groups_longer_than_the_window_are_read(syntax: str, tmp_path: Path) -> None:
    datasets = series(slices=250, rows=2, columns=2, **MR)
    assert_right(datasets, convert([enhanced_of(datasets, syntax=syntax)], tmp_path))


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_long_private_value_is_read(syntax: str, tmp_path: Path) -> None:
    """Longer than pydicom keeps of a file that the lean reader declines."""
    datasets = series(plane="sagittal", descending=True, **MR)
    packed = mosaic_of(datasets, syntax=syntax)
    packed[0x00291010].value += bytes(80_000)
    assert_right(datasets, convert([packed], tmp_path))


@pytest.mark.parametrize("is_relative", [False, True])
@pytest.mark.parametrize("negated", ["", "column", "both"])
@pytest.mark.parametrize("descending", [False, True])
def test_dose_grid_is_in_place_and_in_gray(is_relative: bool, negated: str, descending: bool, tmp_path: Path) -> None:
    datasets = series(
        modality="RTDOSE", dtype="uint16", slope=0.25, intercept=0, negated=negated, descending=descending
    )
    grid = dose_of(datasets)
    if not is_relative:  # PS3.3 C.8.8.3.2: z positions of the planes
        grid.GridFrameOffsetVector = [d.ImagePositionPatient[2] for d in datasets]
    run = convert([grid], tmp_path)
    assert_right(datasets, run)
    assert run.sidecar["Convkit"]["Units"] == "Gy"


def test_dose_grid_across_the_body_is_relative(tmp_path: Path) -> None:
    datasets = series(modality="RTDOSE", dtype="uint16", slope=0.25, intercept=0, plane="coronal")
    assert_right(datasets, convert([dose_of(datasets)], tmp_path))


@pytest.mark.parametrize("plane", ["axial", "oblique"])
def test_reconstructed_tomograms_lie_where_the_detector_says(plane: str, tmp_path: Path) -> None:
    datasets = series(modality="NM", dtype="uint16", plane=plane)
    assert_right(datasets, convert([recon_tomo_of(datasets)], tmp_path))


def test_slice_vector_tells_the_slice_of_a_frame(tmp_path: Path) -> None:
    datasets = series(modality="NM", dtype="uint16", volumes=2)
    frames = [datasets[i] for k in range(SLICES) for i in (k, k + SLICES)]
    tomo = recon_tomo_of(frames, SliceVector=[1, 1, 2, 2, 3, 3, 4, 4, 5, 5], SpacingBetweenSlices=3)
    assert_right(datasets, convert([tomo], tmp_path))


def test_ultrasound_loop_is_a_picture_over_time(tmp_path: Path) -> None:
    loop = multi_frame_us(4)
    write([loop], tmp_path)
    volume = convkit.read(tmp_path)
    assert volume.shape == (4, 1, 6, 7)
    assert not volume.is_placed
    assert np.array_equal(np.asarray(volume)[:, 0], loop.pixel_array)


# --- time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [mosaic_of, grid_of, enhanced_of])
def test_object_a_volume_is_a_run_in_its_order(pack: Callable[..., Dataset], tmp_path: Path) -> None:
    datasets = series(volumes=4, **MR)
    assert_right(datasets, convert(one_each(pack, datasets), tmp_path))


def test_temporal_positions_of_one_object_are_volumes(tmp_path: Path) -> None:
    datasets = series(volumes=4, AcquisitionTime="101300", **MR)
    assert_right(datasets, convert([enhanced_of(datasets, index=numbered(4))], tmp_path))


def test_frames_slice_by_slice_are_put_in_time(tmp_path: Path) -> None:
    datasets = series(volumes=3, AcquisitionTime="101300", **MR)
    places = [v * SLICES + k for k in range(SLICES) for v in range(3)]
    index = numbered(3)
    packed = enhanced_of([datasets[p] for p in places], index=[index[p] for p in places])
    assert_right(datasets, convert([packed], tmp_path))


def test_dimension_index_orders_what_frames_and_clocks_do_not(tmp_path: Path) -> None:
    """Stored last to first, all at one time: the index alone tells the order."""
    datasets = series(volumes=3, AcquisitionTime="101300", **MR)
    packed = enhanced_of(datasets[::-1], index=numbered(3)[::-1])
    assert_right(datasets, convert([packed], tmp_path))


# --- several volumes -------------------------------------------------------------------------------------


def test_echoes_and_parts_of_one_object_are_outputs_of_their_own(tmp_path: Path) -> None:
    datasets = series(echoes=(2.5, 5.0), parts=("M", "P"), **MR)
    run = convert([enhanced_of(datasets)], tmp_path)
    assert_right(datasets, run)
    labels = {i.name.partition("Series_1")[2].removesuffix(".nii") for i in run.images}
    assert labels == {"_part-mag_echo-1", "_part-mag_echo-2", "_part-phase_echo-1", "_part-phase_echo-2"}


def test_rescale_that_differs_from_frame_to_frame_is_applied(tmp_path: Path) -> None:
    datasets = series(slope=(0.5, 1, 1.5, 2, 2.5), intercept=3, **MR)
    run = convert([enhanced_of(datasets)], tmp_path)
    assert_right(datasets, run)
    assert "values.per-slice-rescale" in run.codes


def test_legacy_converted_echoes_are_told_by_what_is_unassigned(tmp_path: Path) -> None:
    datasets = series(echoes=(2.5, 5.0), **MR)
    run = convert([legacy_of(datasets)], tmp_path)
    assert_right(datasets, run)
    assert len(run.images) == 2


# --- values ----------------------------------------------------------------------------------------------


def test_several_real_world_mappings_are_not_guessed_at(tmp_path: Path) -> None:
    datasets = series(slope=2, intercept=1, **MR)
    packed = enhanced_of(datasets)
    units = made(CodeValue="ms", CodingSchemeDesignator="UCUM", CodeMeaning="ms")
    none = made(CodeValue="1", CodingSchemeDesignator="UCUM", CodeMeaning="no units")
    packed.SharedFunctionalGroupsSequence[0].RealWorldValueMappingSequence = [
        made(RealWorldValueSlope=0.5, RealWorldValueIntercept=7.0, MeasurementUnitsCodeSequence=[units]),
        made(RealWorldValueSlope=100.0, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=[none]),
    ]
    run = convert([packed], tmp_path)
    assert_right(series(slope=2, intercept=1, **MR), run)


def mapped(slopes: Sequence[float | None]) -> Dataset:
    """An enhanced object with a real world mapping to ms in some frames."""
    packed = enhanced_of(series(slope=2, intercept=1, slices=len(slopes), **MR))
    units = made(CodeValue="ms", CodingSchemeDesignator="UCUM", CodeMeaning="ms")
    for frame, slope in zip(packed.PerFrameFunctionalGroupsSequence, slopes, strict=True):
        if slope is not None:
            frame.RealWorldValueMappingSequence = [
                made(RealWorldValueSlope=slope, RealWorldValueIntercept=0.0, MeasurementUnitsCodeSequence=[units])
            ]
    return packed


def test_frames_with_and_without_a_unit_are_volumes_apart(tmp_path: Path) -> None:
    run = convert([mapped([0.5, 0.5, None, None])], tmp_path)
    assert sorted(s["Convkit"]["Units"] for s in run.sidecars) == ["", "ms"]


@pytest.mark.parametrize("slope", [float("nan"), float("inf"), 0.0])
def test_real_world_slope_that_is_no_number_is_refused(slope: float, tmp_path: Path) -> None:
    run = convert([mapped([slope] * 4)], tmp_path)
    assert run.images == []
    assert "values.bad-rescale" in run.codes


def test_functional_group_of_two_items_is_refused(tmp_path: Path) -> None:
    packed = enhanced_of(series(**MR))
    for place, frame in enumerate(packed.PerFrameFunctionalGroupsSequence):
        frame.PlanePositionSequence.append(made(ImagePositionPatient=[-20, -30, 100 - 3 * place]))
    run = convert([packed], tmp_path)
    assert run.images == []
    assert "header.inconsistent" in run.codes


@pytest.mark.parametrize("missing", ["PlaneOrientationSequence", "PlanePositionSequence"])
def test_enhanced_object_without_a_place_is_refused_as_a_classic_image_is(missing: str, tmp_path: Path) -> None:
    packed = enhanced_of(series(**MR))
    for groups in (*packed.SharedFunctionalGroupsSequence, *packed.PerFrameFunctionalGroupsSequence):
        if missing in groups:
            delattr(groups, missing)
    run = convert([packed], tmp_path)
    assert run.images == []
    assert "geometry.missing-position" in run.codes


def test_two_dose_grids_are_two_volumes(tmp_path: Path) -> None:
    grids = [dose_of(series(**MR), SOPInstanceUID=f"1.2.3.{k}") for k in (1, 2)]
    assert len(convert(grids, tmp_path).images) == 2


def philips(datasets: Sequence[Dataset]) -> Dataset:
    """An enhanced object with Philips groups that repeat the image, half a pixel off and with a foreign echo time."""
    packed = enhanced_of(datasets, Manufacturer="Philips Medical Systems")
    for frame, dataset in zip(packed.PerFrameFunctionalGroupsSequence, datasets, strict=True):
        decoy = made(
            ImagePositionPatient=[float(v) + 0.35 for v in dataset.ImagePositionPatient],
            PixelSpacing=[5, 5],
            ImageOrientationPatient=[0, 1, 0, 0, 0, 1],
            EchoTime=99,
            InstanceNumber=7,
            TriggerTime=12.5,
        )
        decoy.private_block(0x2005, "Philips MR Imaging DD 001", create=True).add_new(0x0E, "FL", 0.25)
        block = frame.private_block(0x2005, "Philips MR Imaging DD 005", create=True)
        block.add_new(0x0F, "SQ", [decoy])
    return packed


def test_what_a_private_group_repeats_does_not_displace_the_image(tmp_path: Path) -> None:
    run = convert([philips(series(slope=2, intercept=-100, **MR))], tmp_path)
    # (stored x RS + RI) / (RS x SS): the scale slope lies in the private group alone
    assert_right(series(slope=1 / 0.25, intercept=-100 / (2 * 0.25), **MR), run)
    assert "quirk.applied" in run.codes


def test_standard_group_that_frames_share_goes_before_a_private_one(tmp_path: Path) -> None:
    run = convert([philips(series(EchoTime=7.5, **MR))], tmp_path)
    assert run.sidecar["EchoTime"] == 0.0075


def test_private_group_of_another_creator_says_nothing(tmp_path: Path) -> None:
    datasets = series(slope=2, intercept=-100, **MR)
    packed = philips(datasets)
    for frame in packed.PerFrameFunctionalGroupsSequence:
        frame[0x20050010].value = "SOMEBODY ELSE"
    assert_right(datasets, convert([packed], tmp_path))


# --- bad objects -----------------------------------------------------------------------------------------


def mosaic_without_count(datasets: list[Dataset]) -> Dataset:
    return mosaic_of(datasets, tags={"NumberOfImagesInMosaic": None})


def mosaic_cut_short(datasets: list[Dataset]) -> Dataset:
    return mosaic_of(datasets, Rows=17)


def mosaic_of_too_many(datasets: list[Dataset]) -> Dataset:
    return mosaic_of(datasets, tags={"NumberOfImagesInMosaic": "26"})


def mosaic_without_distance(datasets: list[Dataset]) -> Dataset:
    return mosaic_of(datasets, SpacingBetweenSlices=None, SliceThickness=None)


def mosaic_whose_count_is_no_number(datasets: list[Dataset]) -> Dataset:
    return mosaic_of(datasets, tags={"NumberOfImagesInMosaic": "nan"})


def grid_without_positions(datasets: list[Dataset]) -> Dataset:
    packed = grid_of(datasets)
    for item in packed[0x00651051].value:
        del item.ImagePositionPatient
    return packed


def grid_of_fewer_places(datasets: list[Dataset]) -> Dataset:
    packed = grid_of(datasets)
    del packed[0x00651051].value[-1]
    return packed


def grid_of_uneven_tiles(datasets: list[Dataset]) -> Dataset:
    return grid_of(datasets, Columns=20)


def fewer_groups_than_frames(datasets: list[Dataset]) -> Dataset:
    packed = enhanced_of(datasets)
    del packed.PerFrameFunctionalGroupsSequence[-1]
    return packed


def frame_without_position(datasets: list[Dataset]) -> Dataset:
    packed = enhanced_of(datasets)
    del packed.PerFrameFunctionalGroupsSequence[2].PlanePositionSequence
    return packed


def two_frames_at_one_place(datasets: list[Dataset]) -> Dataset:
    return enhanced_of([*datasets, datasets[2]])


def frame_that_is_missing(datasets: list[Dataset]) -> Dataset:
    return enhanced_of([d for d in datasets if d.InstanceNumber != 3])


def dose_without_scaling(datasets: list[Dataset]) -> Dataset:
    return dose_of(datasets, DoseGridScaling=None)


def dose_of_fewer_offsets(datasets: list[Dataset]) -> Dataset:
    return dose_of(datasets, GridFrameOffsetVector=[0, 3, 6])


def dose_whose_offsets_start_elsewhere(datasets: list[Dataset]) -> Dataset:
    return dose_of(datasets, GridFrameOffsetVector=[20, 23, 26, 29, 32])


def dose_of_uneven_offsets(datasets: list[Dataset]) -> Dataset:
    return dose_of(datasets, GridFrameOffsetVector=[0, 3, 6, 10.2, 13.2])


def dose_across_the_body_in_positions(datasets: list[Dataset]) -> Dataset:
    return dose_of(series(plane="coronal", modality="RTDOSE", dtype="uint16"), is_relative=False)


BAD: dict[str, tuple[Callable[[list[Dataset]], Dataset], str]] = {
    "mosaic without its count": (mosaic_without_count, "object.mosaic-count"),
    "mosaic whose count is no number": (mosaic_whose_count_is_no_number, "object.mosaic-count"),
    "mosaic whose rows are not divisible": (mosaic_cut_short, "header.inconsistent"),
    "mosaic of more tiles than fit": (mosaic_of_too_many, "header.inconsistent"),
    "mosaic without a slice distance": (mosaic_without_distance, "geometry.missing-position"),
    "grid without positions": (grid_without_positions, "geometry.missing-position"),
    "grid that places fewer slices": (grid_of_fewer_places, "header.inconsistent"),
    "grid whose columns are not divisible": (grid_of_uneven_tiles, "header.inconsistent"),
    "fewer groups than frames": (fewer_groups_than_frames, "header.inconsistent"),
    "frame without position": (frame_without_position, "geometry.missing-position"),
    "two frames at one place": (two_frames_at_one_place, "geometry.duplicate-slice"),
    "missing frame": (frame_that_is_missing, "geometry.missing-slice"),
    "dose without scaling": (dose_without_scaling, "header.missing-attribute"),
    "dose with fewer offsets than planes": (dose_of_fewer_offsets, "header.inconsistent"),
    "dose whose offsets start elsewhere": (dose_whose_offsets_start_elsewhere, "header.inconsistent"),
    "dose whose offsets are uneven": (dose_of_uneven_offsets, "geometry.irregular-spacing"),
    "dose across the body in positions": (dose_across_the_body_in_positions, "header.inconsistent"),
}


def assert_refused_alone(run: Run, good: list[Dataset], code: str) -> None:
    """The bad object is refused with its code, the good series beside it is there, and nothing else."""
    assert run.report.exit_code == 4, run.texts
    assert code in run.codes, run.codes
    assert check_world(good, run.images) == []


@pytest.mark.parametrize("case", BAD)
def test_bad_object_is_refused_with_a_code_and_costs_itself_alone(case: str, tmp_path: Path) -> None:
    build, code = BAD[case]
    good = series(series=2)
    assert_refused_alone(convert([build(series(**MR)), *good], tmp_path), good, code)


@pytest.mark.parametrize("pack", [mosaic_of, grid_of, enhanced_of, legacy_of])
@pytest.mark.parametrize("syntax", ["explicit", "rle"])
def test_cut_pixels_cost_the_object_alone(pack: Callable[..., Dataset], syntax: str, tmp_path: Path) -> None:
    good = series(series=2)
    (path,) = write([pack(series(**MR), syntax=syntax)], tmp_path / "in")
    truncate(path, -60)
    write(good, tmp_path / "in")
    code = "pixels.truncated"
    assert_refused_alone(convert_folder(tmp_path / "in", tmp_path / "out"), good, code)


@pytest.mark.parametrize("length", [0x7FFFFFFE, 0xFFFFFFFF, 3])
def test_sequence_whose_lengths_lead_nowhere_costs_the_object_alone(length: int, tmp_path: Path) -> None:
    good = series(series=2)
    (path,) = write([enhanced_of(series(**MR))], tmp_path / "in")
    content = path.read_bytes()
    start = content.index(b"\x00\x52\x30\x92SQ\0\0") + 12  # the first item of the per-frame groups
    assert content[start : start + 4] == b"\xfe\xff\x00\xe0"
    path.write_bytes(content[: start + 4] + length.to_bytes(4, "little") + content[start + 8 :])
    write(good, tmp_path / "in")
    assert_refused_alone(convert_folder(tmp_path / "in", tmp_path / "out"), good, "input.broken-header")


def test_header_that_promises_more_frames_than_the_file_has_bytes_is_refused_at_once(tmp_path: Path) -> None:
    """Not after a million frames were made of it."""
    loop = multi_frame_us()
    loop.NumberOfFrames = 900_000
    (header,) = headers_of([loop], tmp_path)
    assert header.frames == 1
    assert header.fault is not None
    assert header.fault.code == "pixels.too-large"


def test_two_files_of_one_object_that_differ_are_refused(tmp_path: Path) -> None:
    good = series(series=2)
    packed = [enhanced_of(series(**MR)), enhanced_of(series(**MR), WindowCenter=5)]
    assert_refused_alone(convert([*packed, *good], tmp_path), good, "series.conflicting-images")


def test_workers_change_no_byte(tmp_path: Path) -> None:
    datasets = series(volumes=3, **MR)
    packed = [*one_each(mosaic_of, datasets), enhanced_of(series(series=2, **MR))]
    one = convert(packed, tmp_path / "a", jobs=1)
    two = convert(packed, tmp_path / "b", jobs=2)
    assert contents(one.folder) == contents(two.folder)
