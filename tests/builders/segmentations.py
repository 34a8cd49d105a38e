"""Segmentations of stacks of images, and overlay planes of an image (PS3.3 A.51, C.9.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from tests.builders.instances import file_meta, instance
from tests.builders.kinds import segmentation
from tests.builders.uids import frame_of_reference_uid

LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"

Masks = Mapping[int, NDArray[Any]]
"""Segment number to (slices, rows, columns)."""


def disc(slices: int, rows: int, columns: int, centre: tuple[float, float], radius: float) -> NDArray[np.bool_]:
    """(slices, rows, columns) bool: the same disc in each slice."""
    row, column = np.ogrid[:rows, :columns]
    one = (row - centre[0]) ** 2 + (column - centre[1]) ** 2 <= radius**2
    return np.broadcast_to(one, (slices, rows, columns)).copy()


def binary(images: Sequence[Dataset], masks: Masks, *, keep_empty: bool = False, **options: Any) -> Dataset:
    """A BINARY segmentation with a frame for each segment and image on which it is; bits packed without gaps."""
    frames = [
        (number, place)
        for number, mask in masks.items()
        for place in range(len(images))
        if keep_empty or mask[place].any()
    ]
    stack = np.stack([masks[number][place] for number, place in frames]).astype(bool)
    packed = np.packbits(stack.ravel(), bitorder="little").tobytes()
    layout = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "SegmentationType": "BINARY"}
    return _segmentation(images, frames, stack.shape[1:], packed, list(masks), layout, **options)


def fractional(images: Sequence[Dataset], masks: Masks, most: int = 255, **options: Any) -> Dataset:
    """A FRACTIONAL segmentation with a frame for each segment and image."""
    frames = [(number, place) for number in masks for place in range(len(images))]
    stack = np.stack([masks[number][place] for number, place in frames]).astype(np.uint8)
    layout = {
        "SegmentationType": "FRACTIONAL",
        "SegmentationFractionalType": "PROBABILITY",
        "MaximumFractionalValue": most,
    }
    return _segmentation(images, frames, stack.shape[1:], stack.tobytes(), list(masks), layout, **options)


def label_map(images: Sequence[Dataset], labels: NDArray[Any], **options: Any) -> Dataset:
    """A label map: a frame for each image, whose values are segment numbers."""
    frames = [(None, place) for place in range(len(images))]
    stack = labels.astype(np.uint8)
    layout = {"SegmentationType": "LABELMAP", "SOPClassUID": LABEL_MAP, "PixelPaddingValue": 0}
    numbers = [int(n) for n in np.unique(stack)]
    return _segmentation(images, frames, stack.shape[1:], stack.tobytes(), numbers, layout, **options)


def _segmentation(  # noqa: PLR0917 (inside of the three above)
    images: Sequence[Dataset],
    frames: Sequence[tuple[int | None, int]],
    shape: tuple[int, ...],
    data: bytes,
    numbers: Sequence[int],
    layout: dict[str, Any],
    *,
    names: bool = True,
    places: bool = True,
    thickness: float | None = 3,
    cielab: Mapping[int, Sequence[int]] | None = None,
    **overrides: Any,
) -> Dataset:
    """The object around the frames: `names` of images in each, `places` in the patient."""
    base: dict[str, Any] = dict.fromkeys(("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient"))
    base |= {
        "Rows": shape[0],
        "Columns": shape[1],
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": data + bytes(len(data) % 2),
        "NumberOfFrames": len(frames),
        "SliceThickness": None,
        "FrameOfReferenceUID": frame_of_reference_uid() if places else None,
        "ReferencedSeriesSequence": [_item(SeriesInstanceUID=images[0].SeriesInstanceUID)],
        "SegmentSequence": [_segment(n, (cielab or {}).get(n)) for n in numbers],
        "SharedFunctionalGroupsSequence": [_shared(images[0], thickness) if places else Dataset()],
        "PerFrameFunctionalGroupsSequence": [
            _frame(images[place], segment, names=names, places=places) for segment, place in frames
        ],
    }
    dataset = segmentation(series=9, number=1, **(base | layout | overrides))
    dataset["PixelData"].VR = "OB"
    dataset.file_meta = file_meta(dataset)
    return dataset


def _segment(number: int, cielab: Sequence[int] | None) -> Dataset:
    item = _item(SegmentNumber=number, SegmentLabel=f"segment {number}", SegmentAlgorithmType="MANUAL")
    if cielab is not None:
        item.RecommendedDisplayCIELabValue = list(cielab)
    return item


def _shared(image: Dataset, thickness: float | None) -> Dataset:
    measures = _item(PixelSpacing=image.PixelSpacing)
    if thickness is not None:
        measures.SliceThickness = thickness
    return _item(
        PixelMeasuresSequence=[measures],
        PlaneOrientationSequence=[_item(ImageOrientationPatient=image.ImageOrientationPatient)],
    )


def _frame(image: Dataset, segment: int | None, *, names: bool, places: bool) -> Dataset:
    group = Dataset()
    if names:
        source = _item(
            ReferencedSOPClassUID=image.SOPClassUID,
            ReferencedSOPInstanceUID=image.SOPInstanceUID,
            SpatialLocationsPreserved="YES",
        )
        group.DerivationImageSequence = [_item(SourceImageSequence=[source])]
    if places:
        group.PlanePositionSequence = [_item(ImagePositionPatient=image.ImagePositionPatient)]
    if segment is not None:
        group.SegmentIdentificationSequence = [_item(ReferencedSegmentNumber=segment)]
    return group


def _item(**attributes: Any) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


# --- overlays --------------------------------------------------------------------------------------------


def with_overlay(
    dataset: Dataset,
    bitmaps: NDArray[Any],
    *,
    group: int = 0x6000,
    origin: tuple[int, int] | None = (1, 1),
    kind: str = "G",
    frames: int | None = None,
    first: int | None = None,
) -> Dataset:
    """The data set with an overlay plane, ([frames,] rows, columns), in Overlay Data."""
    dataset.add_new((group, 0x0010), "US", bitmaps.shape[-2])
    dataset.add_new((group, 0x0011), "US", bitmaps.shape[-1])
    dataset.add_new((group, 0x0040), "CS", kind)
    dataset.add_new((group, 0x0022), "LO", "Doe^Jane")  # what nobody may see
    if origin is not None:
        dataset.add_new((group, 0x0050), "SS", list(origin))
    if frames is not None:
        dataset.add_new((group, 0x0015), "IS", frames)
    if first is not None:
        dataset.add_new((group, 0x0051), "US", first)
    dataset.add_new((group, 0x0100), "US", 1)
    dataset.add_new((group, 0x0102), "US", 0)
    data = np.packbits(bitmaps.astype(bool).ravel(), bitorder="little").tobytes()
    dataset.add_new((group, 0x3000), "OW", data + bytes(len(data) % 2))
    return dataset


def embedded_overlay(bit: int = 12, group: int = 0x6000, **overrides: Any) -> tuple[Dataset, NDArray[np.bool_]]:
    """An image of 12 bits with an overlay in an unused bit of its samples, as it was done until 2004."""
    bitmap = np.zeros((6, 7), bool)
    bitmap[1:4, 2:6] = True
    values = np.arange(42, dtype=np.uint16).reshape(6, 7) + 4000
    stored = values | (bitmap.astype(np.uint16) << bit)
    dataset = instance(**({"pixels": stored, "BitsStored": 12, "HighBit": 11} | overrides))
    dataset.add_new((group, 0x0010), "US", 6)
    dataset.add_new((group, 0x0011), "US", 7)
    dataset.add_new((group, 0x0040), "CS", "G")
    dataset.add_new((group, 0x0050), "SS", [1, 1])
    dataset.add_new((group, 0x0100), "US", 16)
    dataset.add_new((group, 0x0102), "US", bit)
    return dataset, bitmap
