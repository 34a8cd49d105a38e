"""Segmentations: which segment lies where, told by the header alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from convkit.dicom.segmentation import Reference, Segmentation, SegmentationType, referenced_series, segmentation_of
from convkit.errors import InputError, UnsupportedError
from convkit.model.labels import PALETTE
from tests.builders.files import write_as
from tests.builders.instances import instance
from tests.builders.segmentations import binary, disc, fractional, label_map
from tests.builders.syntaxes import set_syntax
from tests.builders.uids import frame_of_reference_uid, instance_uid, series_uid

ROWS, COLUMNS = 11, 13


def images(count: int = 4) -> list[Dataset]:
    pixels = np.zeros((ROWS, COLUMNS), np.int16)
    return [instance(number=n + 1, pixels=pixels) for n in range(count)]


def masks(count: int = 4) -> dict[int, Any]:
    found = disc(count, ROWS, COLUMNS, (5, 6), 3)
    found[-1] = False
    return {1: found, 3: disc(count, ROWS, COLUMNS, (2, 3), 1.5)}


def read(dataset: Dataset, folder: Path) -> Segmentation:
    return segmentation_of(str(write_as(dataset, folder / "seg.dcm")))


def code_of(dataset: Dataset, folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(dataset, folder)
    assert caught.value.where == str(folder / "seg.dcm")
    return caught.value.code


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated", "big"])
def test_frames_are_told_by_segment_place_and_image(syntax: str, tmp_path: Path) -> None:
    dataset = binary(images(), masks())
    set_syntax(dataset, syntax)
    found = read(dataset, tmp_path)
    (stack,) = found.stacks
    assert found.kind is SegmentationType.BINARY
    assert stack.normal_lps == pytest.approx((0, 0, 1))
    assert stack.positions_mm == pytest.approx([-40, -37, -34, -31])
    assert [[f.segment for f in frames] for frames in stack.frames] == [[1, 3], [1, 3], [1, 3], [3]]
    named = found.references[Reference(instance_uid(number=2), None)]
    assert [(f.place, f.segment) for f in named] == [(1, 1), (4, 3)]
    assert found.frame_of_reference_uid == frame_of_reference_uid()
    assert found.notes == ()


def test_series_that_it_was_made_from_is_told(tmp_path: Path) -> None:
    path = str(write_as(binary(images(), masks()), tmp_path / "seg.dcm"))
    assert referenced_series(path) == segmentation_of(path).series_instance_uids == (series_uid(),)


def test_reach_is_half_of_the_stated_thickness_where_slices_are_left_out(tmp_path: Path) -> None:
    mask = disc(5, ROWS, COLUMNS, (5, 6), 3)
    mask[[1, 3]] = False
    found = read(binary(images(5), {1: mask}), tmp_path)
    assert found.stacks[0].positions_mm == pytest.approx([-40, -34, -28])
    assert found.stacks[0].reach_mm == pytest.approx(1.5, abs=0.02)


def test_reach_is_half_of_the_distance_where_slices_overlap(tmp_path: Path) -> None:
    found = read(binary(images(), masks(), thickness=5), tmp_path)
    assert found.stacks[0].reach_mm == pytest.approx(1.5, abs=0.02)


def test_slice_half_way_is_out_of_reach_where_no_thickness_is_stated(tmp_path: Path) -> None:
    found = read(binary(images(), masks(), thickness=None), tmp_path)
    assert 1.4 < found.stacks[0].reach_mm < 1.5


def test_recommended_colours_are_taken_and_others_come_from_the_palette(tmp_path: Path) -> None:
    found = read(binary(images(), masks(), cielab={1: (0xFFFF, 0x8080, 0x8080)}), tmp_path)
    assert found.colour(1) == (255, 255, 255)
    assert found.colour(3) == PALETTE[2]
    assert found.colour(99) == PALETTE[98 % len(PALETTE)]


def test_colours_of_a_label_map_in_colour_are_those_of_its_palette(tmp_path: Path) -> None:
    entries = np.arange(4, dtype=np.uint8)
    tables = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour, factor in (("Red", 10), ("Green", 20), ("Blue", 30))
        for part, value in (("Descriptor", [4, 0, 8]), ("Data", (entries * factor).tobytes()))
    }
    labels = np.zeros((4, ROWS, COLUMNS), np.uint8)
    labels[:, 2:4, 2:4] = 3
    found = read(label_map(images(), labels, PhotometricInterpretation="PALETTE COLOR", **tables), tmp_path)
    assert found.colour(3) == (30, 60, 90)


def test_label_map_has_a_background(tmp_path: Path) -> None:
    labels = np.full((4, ROWS, COLUMNS), 200, np.uint8)
    assert read(label_map(images(), labels, PixelPaddingValue=200), tmp_path).background == 200


def test_background_that_no_pixel_can_have_is_zero(tmp_path: Path) -> None:
    labels = np.zeros((4, ROWS, COLUMNS), np.uint8)
    assert read(label_map(images(), labels, PixelPaddingValue=300), tmp_path).background == 0


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        segmentation_of(str(tmp_path / "gone.dcm"))
    assert caught.value.code == "input.unreadable"


@pytest.mark.parametrize(("most", "threshold"), [(255, 128), (100, 50), (1, 1)])
def test_half_of_the_maximum_is_in_the_segment(most: int, threshold: int, tmp_path: Path) -> None:
    assert read(fractional(images(), masks(), most=most), tmp_path).threshold == threshold


def test_fraction_of_nothing_is_refused(tmp_path: Path) -> None:
    assert code_of(fractional(images(), masks(), most=0), tmp_path) == "header.missing-attribute"


def test_images_that_did_not_keep_their_pixels_in_place_are_no_reference(tmp_path: Path) -> None:
    dataset = binary(images(), masks())
    for item, kept in zip(dataset.PerFrameFunctionalGroupsSequence, ["NO", "REORIENTED_ONLY", "YES"], strict=False):
        item.DerivationImageSequence[0].SourceImageSequence[0].SpatialLocationsPreserved = kept
    found = read(dataset, tmp_path)
    assert Reference(instance_uid(number=3), None) in found.references
    assert [f.place for f in found.references[Reference(instance_uid(number=1), None)]] == [3]


def test_frame_numbers_of_references_count_from_zero_here(tmp_path: Path) -> None:
    dataset = binary(images(), masks())
    source = dataset.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0].SourceImageSequence[0]
    source.ReferencedFrameNumber = [2, 5]
    keys = [key.frame for key, frames in read(dataset, tmp_path).references.items() if frames[0].place == 0]
    assert keys == [1, 4]


def test_references_that_all_frames_share_count_for_each(tmp_path: Path) -> None:
    dataset = binary(images(1), {n: mask[:1] for n, mask in masks().items()})
    shared = dataset.SharedFunctionalGroupsSequence[0]
    shared.DerivationImageSequence = dataset.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence
    for item in dataset.PerFrameFunctionalGroupsSequence:
        del item.DerivationImageSequence
    found = read(dataset, tmp_path)
    assert [f.segment for f in found.references[Reference(instance_uid(), None)]] == [1, 3]


def test_frames_without_image_and_place_leave_a_note(tmp_path: Path) -> None:
    found = read(binary(images(), masks(), names=False, places=False), tmp_path)
    assert [n.code for n in found.notes] == ["segmentation.unplaced"]
    assert found.stacks == ()


def test_frames_of_two_directions_are_two_stacks(tmp_path: Path) -> None:
    dataset = binary(images(), masks())
    turned = Dataset()
    turned.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    for item in dataset.PerFrameFunctionalGroupsSequence[:2]:
        item.PlaneOrientationSequence = [turned]
    assert sorted(len(s.positions_mm) for s in read(dataset, tmp_path).stacks) == [1, 4]


def test_more_groups_than_frames_are_refused(tmp_path: Path) -> None:
    assert code_of(binary(images(), masks(), NumberOfFrames=3), tmp_path) == "header.inconsistent"


def test_frame_without_a_segment_is_refused(tmp_path: Path) -> None:
    dataset = binary(images(), masks())
    del dataset.PerFrameFunctionalGroupsSequence[1].SegmentIdentificationSequence
    assert code_of(dataset, tmp_path) == "header.missing-attribute"


def test_other_type_is_refused(tmp_path: Path) -> None:
    assert code_of(binary(images(), masks(), SegmentationType="Doe^Jane"), tmp_path) == "header.missing-attribute"


def test_full_grid_of_tiles_is_refused(tmp_path: Path) -> None:
    dataset = binary(images(), masks(), DimensionOrganizationType="TILED_FULL")
    with pytest.raises(UnsupportedError):
        read(dataset, tmp_path)


def test_missing_pixels_are_refused(tmp_path: Path) -> None:
    dataset = binary(images(), masks())
    del dataset.PixelData
    assert code_of(dataset, tmp_path) == "pixels.missing"


REAL = [
    "highdicom/seg_image_cr_binary.dcm",
    "highdicom/seg_image_ct_binary.dcm",
    "highdicom/seg_image_ct_binary_fractional.dcm",
    "highdicom/seg_image_ct_binary_overlap.dcm",
    "highdicom/seg_image_ct_binary_single_frame.dcm",
    "highdicom/seg_image_ct_true_fractional.dcm",
    "highdicom/seg_image_sm_control_labelmap_palette_color.dcm",
    "highdicom/seg_image_sm_dots.dcm",
    "pydicom-data/data/liver_nonbyte_aligned.dcm",
    "pydicom-data/data/liver_nonbyte_aligned_j2k.dcm",
    "pydicom-data/data/liver_rle.dcm",
    "pydicom-data/data/liver_deflate.dcm",
]


@pytest.mark.parametrize("name", REAL)
def test_real_frames_are_where_pydicom_reads_that_they_are(name: str, data_folder: Path) -> None:
    path = data_folder / "decoding" / name
    if not path.is_file():
        pytest.skip(f"{name} is not there")
    dataset = dcmread(path)
    found = segmentation_of(str(path))
    groups = dataset.PerFrameFunctionalGroupsSequence
    placed = {f.place: f for stack in found.stacks for frames in stack.frames for f in frames}
    for index, group in enumerate(groups):
        position = group.get("PlanePositionSequence")
        if position:
            plane = placed[index].plane
            assert plane is not None
            assert plane.origin_lps == pytest.approx(tuple(map(float, position[0].ImagePositionPatient)))
        for derivation in group.get("DerivationImageSequence") or []:
            for source in derivation.SourceImageSequence:
                frame = source.get("ReferencedFrameNumber")
                key = Reference(source.ReferencedSOPInstanceUID, None if frame is None else int(frame) - 1)
                assert index in [f.place for f in found.references[key]]
    segments = {f.segment for f in placed.values()} - {None}
    assert segments <= set(found.colours)


@pytest.mark.parametrize("name", ["pydicom/liver_1frame.dcm", "highdicom/seg_image_sm_dots_tiled_full.dcm"])
def test_real_object_that_contradicts_itself_or_is_not_handled_is_refused(name: str, data_folder: Path) -> None:
    path = data_folder / "decoding" / name
    if not path.is_file():
        pytest.skip(f"{name} is not there")
    with pytest.raises(InputError):
        segmentation_of(str(path))
