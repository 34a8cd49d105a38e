"""Segments laid over images: by name, and by where they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.pixels.utils import pixel_array

from convkit.dicom.segment_masks import ImageFrame, masks_for, masks_on
from convkit.dicom.segmentation import segmentation_of
from convkit.errors import PixelError
from convkit.model.labels import LabelMask, Plane
from tests.builders.files import truncate, write_as
from tests.builders.instances import instance
from tests.builders.segmentations import binary, disc, fractional, label_map
from tests.builders.syntaxes import SYNTAXES, set_syntax
from tests.builders.uids import frame_of_reference_uid, instance_uid

ROWS, COLUMNS, SLICES = 11, 13, 4
SHAPE = (ROWS, COLUMNS)


def images(**overrides: Any) -> list[Dataset]:
    pixels = np.zeros(SHAPE, np.int16)
    return [instance(number=n + 1, pixels=pixels, **overrides) for n in range(SLICES)]


def masks() -> dict[int, NDArray[np.bool_]]:
    """Two segments that overlap; the first is absent from the last slice."""
    first = disc(SLICES, ROWS, COLUMNS, (5, 6), 3)
    first[-1] = False
    second = disc(SLICES, ROWS, COLUMNS, (4, 3), 2.5)
    second[1, :3] = False
    return {1: first, 2: second}


def plane_of(image: Dataset) -> Plane:
    plane = Plane.of_image(image.ImagePositionPatient, image.ImageOrientationPatient, image.PixelSpacing, SHAPE)
    assert plane is not None
    return plane


def shown(image: Dataset, *, is_placed: bool = True, frame: int = 0, **overrides: Any) -> ImageFrame:
    plane = plane_of(image) if is_placed else None
    given: dict[str, Any] = {
        "shape": SHAPE,
        "plane": plane,
        "frame_of_reference_uid": frame_of_reference_uid() if plane else "",
    }
    return ImageFrame(image.SOPInstanceUID, frame, **(given | overrides))


def laid(dataset: Dataset, folder: Path, image: ImageFrame) -> dict[int, NDArray[np.bool_]]:
    return by_number(masks_for(segmentation_of(str(write_as(dataset, folder / "seg.dcm"))), image))


def by_number(found: tuple[LabelMask, ...]) -> dict[int, NDArray[np.bool_]]:
    return {one.number: one.mask for one in found}


def same(found: dict[int, Any], expected: dict[int, Any]) -> bool:
    return found.keys() == expected.keys() and all(np.array_equal(found[n], expected[n]) for n in expected)


def expected_on(place: int) -> dict[int, NDArray[np.bool_]]:
    return {n: mask[place] for n, mask in masks().items() if mask[place].any()}


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "deflated", "big"])
@pytest.mark.parametrize(("names", "places"), [(True, True), (True, False), (False, True)])
def test_each_image_gets_its_masks(syntax: str, names: bool, places: bool, tmp_path: Path) -> None:
    stack = images()
    dataset = binary(stack, masks(), names=names, places=places)
    set_syntax(dataset, syntax)
    for place, image in enumerate(stack):
        assert same(laid(dataset, tmp_path, shown(image)), expected_on(place))


def test_image_without_a_place_gets_the_masks_that_name_it(tmp_path: Path) -> None:
    stack = images()
    for place, image in enumerate(stack):
        assert same(laid(binary(stack, masks()), tmp_path, shown(image, is_placed=False)), expected_on(place))


def test_image_that_nothing_names_gets_nothing_without_a_place(tmp_path: Path) -> None:
    stack = images()
    dataset = binary(stack, masks(), names=False)
    assert laid(dataset, tmp_path, shown(stack[0], is_placed=False)) == {}


def test_image_of_another_matrix_gets_nothing_by_name(tmp_path: Path) -> None:
    stack = images()
    image = shown(stack[0], is_placed=False, shape=(COLUMNS, ROWS))
    assert laid(binary(stack, masks()), tmp_path, image) == {}


def test_other_frame_of_reference_counts_by_name_only(tmp_path: Path) -> None:
    stack = images()
    other = {"frame_of_reference_uid": "2.25.77"}
    assert same(laid(binary(stack, masks()), tmp_path, shown(stack[1], **other)), expected_on(1))
    assert laid(binary(stack, masks(), names=False), tmp_path, shown(stack[1], **other)) == {}


def test_name_that_contradicts_the_place_does_not_count(tmp_path: Path) -> None:
    """A segmentation of one series that names images of another place: where it lies decides."""
    stack = images()
    dataset = binary(stack, masks())
    image = shown(stack[0], plane=plane_of(stack[2]))
    assert same(laid(dataset, tmp_path, image), expected_on(2))


def test_rounded_spacing_does_not_move_the_masks_of_named_images(tmp_path: Path) -> None:
    stack = images()
    dataset = binary(stack, masks())
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    measures.PixelSpacing = [0.77, 0.73]
    assert same(laid(dataset, tmp_path, shown(stack[1])), expected_on(1))


def test_several_frames_that_nothing_tells_apart_are_not_drawn(tmp_path: Path) -> None:
    """Frames of one segment that name a whole object of many frames: which belongs to which, nothing says."""
    stack = images()
    dataset = binary(stack, masks(), places=False)
    for item in dataset.PerFrameFunctionalGroupsSequence:
        item.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID = instance_uid(number=1)
    assert laid(dataset, tmp_path, shown(stack[0])) == {}


def test_frame_numbers_tell_frames_of_one_object_apart(tmp_path: Path) -> None:
    stack = images()
    dataset = binary(stack, masks(), places=False, keep_empty=True)
    for index, item in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        source = item.DerivationImageSequence[0].SourceImageSequence[0]
        source.ReferencedSOPInstanceUID = instance_uid(number=1)
        source.ReferencedFrameNumber = index % SLICES + 1
    for place in range(SLICES):
        image = shown(stack[0], is_placed=False, frame=place)
        assert same(laid(dataset, tmp_path, image), expected_on(place))


@pytest.mark.parametrize("most", [255, 100])
def test_fractions_from_half_on_are_in_the_segment(most: int, tmp_path: Path) -> None:
    stack = images()
    values = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    values[0, 0, :3] = (most // 2 - 1, (most + 1) // 2, most)
    found = laid(fractional(stack, {1: values}, most=most), tmp_path, shown(stack[0]))
    assert np.argwhere(found[1]).tolist() == [[0, 1], [0, 2]]


def test_label_map_gives_a_mask_for_each_number_but_the_background(tmp_path: Path) -> None:
    stack = images()
    labels = np.full((SLICES, ROWS, COLUMNS), 9, np.uint8)
    labels[1, 2:5, 2:5] = 4
    labels[1, 6:8, 2:5] = 0
    found = laid(label_map(stack, labels, PixelPaddingValue=9), tmp_path, shown(stack[1]))
    assert same(found, {0: labels[1] == 0, 4: labels[1] == 4})


@pytest.mark.parametrize(("shift", "is_drawn"), [(1.4, True), (-1.4, True), (1.6, False), (-1.6, False)])
def test_frame_holds_for_half_a_slice(shift: float, is_drawn: bool, tmp_path: Path) -> None:
    stack = images()
    one = {1: masks()[1][:1]}
    plane = plane_of(stack[0])
    moved = plane._replace(origin_lps=(plane.origin_lps[0], plane.origin_lps[1], plane.origin_lps[2] + shift))
    found = laid(binary(stack[:1], one, names=False), tmp_path, shown(stack[0], plane=moved))
    assert same(found, {1: one[1][0]} if is_drawn else {})


def test_finer_image_gets_each_sample_repeated(tmp_path: Path) -> None:
    stack = images()
    plane = plane_of(stack[0])
    fine = Plane(
        tuple(o - (d + r) / 4 for o, d, r in zip(*plane[:3], strict=True)),  # type: ignore[arg-type]
        tuple(d / 2 for d in plane.row_step_lps),  # type: ignore[arg-type]
        tuple(r / 2 for r in plane.column_step_lps),  # type: ignore[arg-type]
        2 * ROWS,
        2 * COLUMNS,
    )
    found = laid(binary(stack, masks()), tmp_path, shown(stack[0], plane=fine, shape=(2 * ROWS, 2 * COLUMNS)))
    assert same(found, {n: np.repeat(np.repeat(m, 2, 0), 2, 1) for n, m in expected_on(0).items()})


def test_smaller_image_gets_the_part_that_lies_on_it(tmp_path: Path) -> None:
    stack = images()
    plane = plane_of(stack[0])
    step = np.asarray(plane.row_step_lps) * 3 + np.asarray(plane.column_step_lps) * 2
    part = Plane(tuple(np.asarray(plane.origin_lps) + step), plane.row_step_lps, plane.column_step_lps, 5, 6)
    found = laid(binary(stack, masks()), tmp_path, shown(stack[0], plane=part, shape=(5, 6)))
    assert same(found, {n: m[3:8, 2:8] for n, m in expected_on(0).items()})


def test_turned_image_gets_turned_masks(tmp_path: Path) -> None:
    stack = images()
    plane = plane_of(stack[0])
    corner = plane.corners_lps()[1]  # last column of the first row
    turned = Plane(tuple(corner), tuple(-np.asarray(plane.column_step_lps)), plane.row_step_lps, COLUMNS, ROWS)
    found = laid(binary(stack, masks()), tmp_path, shown(stack[0], plane=turned, shape=(COLUMNS, ROWS)))
    assert same(found, {n: np.rot90(m) for n, m in expected_on(0).items()})


@pytest.mark.parametrize("axis", [1, 2])
def test_plane_across_the_slices_cuts_the_segments(axis: int, tmp_path: Path) -> None:
    stack = images()
    affine = np.eye(4)
    affine[:3, 0] = (0, 0, 3)
    affine[:3, 1], affine[:3, 2] = plane_of(stack[0]).row_step_lps, plane_of(stack[0]).column_step_lps
    affine[:3, 3] = stack[0].ImagePositionPatient
    across = Plane.of_slice(affine[:, [axis, 0, 3 - axis, 3]], 5, SLICES, SHAPE[2 - axis])
    segmentation = segmentation_of(str(write_as(binary(stack, masks()), tmp_path / "seg.dcm")))
    cut = {n: mask.take(5, axis) for n, mask in masks().items()}
    assert same(by_number(masks_on(segmentation, across)), {n: m for n, m in cut.items() if m.any()})


def test_tilted_slices_get_their_masks_by_place(tmp_path: Path) -> None:
    """Gantry tilt: each slice is shifted against the last, within its plane."""
    stack = images()
    for place, image in enumerate(stack):
        image.ImagePositionPatient = [-20, -30 + 1.3 * place, -40 + 3 * place]
    dataset = binary(stack, masks(), names=False)
    for place, image in enumerate(stack):
        assert same(laid(dataset, tmp_path, shown(image)), expected_on(place))


def test_frame_that_cannot_be_decoded_is_an_error_of_the_pixels(tmp_path: Path) -> None:
    stack = images()
    path = truncate(write_as(binary(stack, masks()), tmp_path / "seg.dcm"), -60)
    segmentation = segmentation_of(str(path))
    with pytest.raises(PixelError):
        masks_for(segmentation, shown(stack[3]))


def test_oblique_plane_takes_the_nearest_sample_of_the_nearest_frame(tmp_path: Path) -> None:
    stack = images()
    segmentation = segmentation_of(str(write_as(binary(stack, masks(), names=False), tmp_path / "seg.dcm")))
    oblique = Plane((-20, -30, -40), (0.1, 0.6, 0.7), (0.6, 0.1, -0.1), 9, 10)
    expected = {n: np.zeros((9, 10), bool) for n in masks()}
    for row, column in np.ndindex(9, 10):
        origin, down, right = (np.array(v) for v in oblique[:3])
        at = origin + row * down + column * right
        x, y, z = np.floor((at - (-20, -30, -40)) / (0.7, 0.8, 3) + 0.5 + 1e-6).astype(int)
        if 0 <= x < COLUMNS and 0 <= y < ROWS and 0 <= z < SLICES:
            for n, mask in masks().items():
                expected[n][row, column] = mask[z, y, x]
    assert any(mask.any() for mask in expected.values())
    assert same(by_number(masks_on(segmentation, oblique)), {n: m for n, m in expected.items() if m.any()})


def test_plane_far_away_has_no_segment(tmp_path: Path) -> None:
    segmentation = segmentation_of(str(write_as(binary(images(), masks()), tmp_path / "seg.dcm")))
    assert masks_on(segmentation, plane_of(images()[0])._replace(origin_lps=(0, 0, 500))) == ()
    assert masks_on(segmentation, plane_of(images()[0])._replace(origin_lps=(500, 0, -40))) == ()


@pytest.mark.parametrize(("syntax", "plugin"), [("rle", "pydicom"), ("jpegls", "pyjpegls")])
def test_compressed_label_maps_are_decoded(syntax: str, plugin: str, tmp_path: Path) -> None:
    stack = images()
    labels = (masks()[1] * 1 + masks()[2] * 2).astype(np.uint8)
    dataset = label_map(stack, labels)
    dataset.compress(SYNTAXES[syntax], encoding_plugin=plugin, generate_instance_uid=False)
    found = laid(dataset, tmp_path, shown(stack[1]))
    assert same(found, {n: labels[1] == n for n in (1, 2, 3) if (labels[1] == n).any()})


# --- real ------------------------------------------------------------------------------------------------


def stored(path: Path) -> NDArray[Any]:
    array = pixel_array(path, raw=True)
    return array[None] if array.ndim == 2 else array


REAL = [
    "highdicom/seg_image_cr_binary.dcm",
    "highdicom/seg_image_ct_binary.dcm",
    "highdicom/seg_image_ct_binary_fractional.dcm",
    "highdicom/seg_image_ct_binary_overlap.dcm",
    "highdicom/seg_image_ct_binary_single_frame.dcm",
    "highdicom/seg_image_ct_true_fractional.dcm",
    "highdicom/seg_image_sm_dots.dcm",
    "highdicom/seg_image_sm_control.dcm",
    "highdicom/seg_image_sm_control_labelmap.dcm",
    "highdicom/seg_image_sm_control_labelmap_palette_color.dcm",
    "pydicom-data/data/liver_nonbyte_aligned.dcm",
    "pydicom-data/data/liver_nonbyte_aligned_j2k.dcm",
]


def expected_by_image(dataset: Dataset, array: NDArray[Any]) -> dict[tuple[str, int], dict[int, NDArray[np.bool_]]]:
    """What pydicom reads for each image frame that is named."""
    found: dict[tuple[str, int], dict[int, NDArray[np.bool_]]] = {}
    half = dataset.get("MaximumFractionalValue", 1) / 2
    for values, group in zip(array, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        key = source.ReferencedSOPInstanceUID, int(source.get("ReferencedFrameNumber", 1)) - 1
        if dataset.SegmentationType == "LABELMAP":
            own = {int(n): values == n for n in np.unique(values) if n}
        else:
            number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
            own = {number: values >= half} if (values >= half).any() else {}
        found.setdefault(key, {}).update(own)
    return found


@pytest.mark.parametrize("name", REAL)
def test_real_masks_are_those_that_pydicom_reads(name: str, data_folder: Path) -> None:
    path = data_folder / "decoding" / name
    if not path.is_file():
        pytest.skip(f"{name} is not there")
    array = stored(path)
    segmentation = segmentation_of(str(path))
    for (uid, frame), expected in expected_by_image(dcmread(path), array).items():
        image = ImageFrame(uid, frame, (array.shape[1], array.shape[2]))
        assert same(by_number(masks_for(segmentation, image)), expected)


@pytest.mark.parametrize("name", ["liver_rle.dcm", "liver_deflate.dcm"])
def test_real_masks_are_the_same_in_every_transfer_syntax(name: str, data_folder: Path) -> None:
    folder = data_folder / "decoding" / "pydicom-data" / "data"
    other = folder / "liver_nonbyte_aligned.dcm"
    if not (folder / name).is_file() or not other.is_file():
        pytest.skip(f"{name} is not there")
    segmentation, reference = segmentation_of(str(folder / name)), segmentation_of(str(other))
    for key in segmentation.references:
        (found,) = masks_for(segmentation, ImageFrame(key.sop_instance_uid, 0, (512, 512)))
        (expected,) = masks_for(reference, ImageFrame(key.sop_instance_uid, 0, (510, 510)))
        assert np.array_equal(found.mask[:510, :510], expected.mask)


@pytest.mark.parametrize("name", ["seg_image_ct_binary.dcm", "seg_image_ct_binary_overlap.dcm"])
def test_real_masks_by_place_are_those_by_name(name: str, data_folder: Path) -> None:
    path = data_folder / "decoding" / "highdicom" / name
    if not path.is_file():
        pytest.skip(f"{name} is not there")
    segmentation = segmentation_of(str(path))
    for key, frames in segmentation.references.items():
        plane = frames[0].plane
        assert plane is not None
        named = by_number(masks_for(segmentation, ImageFrame(key.sop_instance_uid, 0, (plane.rows, plane.columns))))
        assert same(by_number(masks_on(segmentation, plane)), named)
        unnamed = ImageFrame("1.2.3", 0, (plane.rows, plane.columns), plane, segmentation.frame_of_reference_uid)
        assert same(by_number(masks_for(segmentation, unnamed)), named)
