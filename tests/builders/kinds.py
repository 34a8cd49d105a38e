"""Objects of other kinds: small ones of many frames, what is no image, and images that are no slice of a stack."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.sequence import Sequence

from tests.builders.instances import file_meta, instance, set_pixels
from tests.builders.stacks import decimal

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_NO_IMAGE = dict.fromkeys(
    (
        "ImageType",
        "KVP",
        "ConvolutionKernel",
        "RescaleSlope",
        "RescaleIntercept",
        "RescaleType",
        "SliceThickness",
        "PixelSpacing",
        "ImageOrientationPatient",
        "ImagePositionPatient",
        "FrameOfReferenceUID",
        "PatientPosition",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "PixelData",
    )
)
_NO_PLACE = dict.fromkeys(("ImageOrientationPatient", "ImagePositionPatient", "FrameOfReferenceUID", "SliceThickness"))


# --- many slices in one object; `tests.builders.packed` makes them of given slices ----------------------


def mosaic(tiles: int = 4, size: int = 8, *, count: bool = True, **overrides: Any) -> Dataset:
    """A Siemens mosaic: `tiles` slices of size x size in one square image; without `count` it does not say how many."""
    across = int(np.ceil(np.sqrt(tiles)))
    pixels = np.arange((across * size) ** 2, dtype=np.uint16).reshape(across * size, across * size)
    given: dict[str, Any] = {
        "Modality": "MR",
        "Manufacturer": "SIEMENS",
        "pixels": pixels,
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND", "NORM", "MOSAIC"],
    }
    dataset = instance(**(given | overrides))
    if count:
        dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0A, "US", tiles)
    return dataset


def countless_mosaic(**overrides: Any) -> Dataset:
    """A mosaic that cannot be taken apart: refused."""
    return mosaic(count=False, **overrides)


def enhanced_mr(frames: int = 3, rows: int = 6, columns: int = 7, **overrides: Any) -> Dataset:
    """An Enhanced MR image: one file, `frames` frames, geometry in functional groups (PS3.3 C.7.6.16)."""
    pixels = np.arange(frames * rows * columns, dtype=np.uint16)
    dropped = dict.fromkeys(("PixelSpacing", "ImageOrientationPatient", "ImagePositionPatient", "SliceThickness"))
    given: dict[str, Any] = {
        **dropped,
        "Modality": "MR",
        "SOPClassUID": _STORAGE + "4.1",
        "pixels": pixels.reshape(frames * rows, columns),
        "Rows": rows,
        "NumberOfFrames": frames,
        "SharedFunctionalGroupsSequence": [_shared_groups()],
        "PerFrameFunctionalGroupsSequence": [_frame_groups(index) for index in range(frames)],
    }
    return instance(**(given | overrides))


def _shared_groups() -> Dataset:
    measures, orientation, group = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.8, 0.7], 3
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    group.PixelMeasuresSequence, group.PlaneOrientationSequence = [measures], [orientation]
    return group


def _frame_groups(index: int) -> Dataset:
    position, content, group = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [-20, -30, decimal(-40 + 3 * index)]
    content.StackID, content.InStackPositionNumber = "1", index + 1
    group.PlanePositionSequence, group.FrameContentSequence = [position], [content]
    return group


# --- set aside: no image -------------------------------------------------------------------------------


def _document(modality: str, sop_class: str, **attributes: Any) -> Dataset:
    return instance(**(_NO_IMAGE | {"Modality": modality, "SOPClassUID": _STORAGE + sop_class} | attributes))


def structured_report(**overrides: Any) -> Dataset:
    """A Basic Text SR with one text item."""
    item = Dataset()
    item.RelationshipType, item.ValueType, item.TextValue = "CONTAINS", "TEXT", "nothing of note"
    content = {"ValueType": "CONTAINER", "ContinuityOfContent": "SEPARATE", "ContentSequence": [item]}
    return _document("SR", "88.11", **(content | overrides))


def presentation_state(**overrides: Any) -> Dataset:
    """A Grayscale Softcopy Presentation State."""
    return _document("PR", "11.1", **({"ContentLabel": "STATE", "PresentationLUTShape": "IDENTITY"} | overrides))


def key_object(**overrides: Any) -> Dataset:
    """A Key Object Selection document."""
    return _document("KO", "88.59", **({"ValueType": "CONTAINER", "ContinuityOfContent": "SEPARATE"} | overrides))


def encapsulated_pdf(**overrides: Any) -> Dataset:
    """An encapsulated PDF of a few bytes."""
    content = {
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocument": b"%PDF-1.4 %%EOF\x00"[:14],
    }
    return _document("DOC", "104.1", **(content | overrides))


def rt_structure_set(**overrides: Any) -> Dataset:
    """An RT Structure Set with one region."""
    region = Dataset()
    region.ROINumber, region.ROIName, region.ROIGenerationAlgorithm = 1, "ROI", "MANUAL"
    content = {"StructureSetLabel": "SET", "StructureSetROISequence": [region]}
    return _document("RTSTRUCT", "481.3", **(content | overrides))


def dicomdir() -> Dataset:
    """A DICOMDIR with one patient record; write it as ``DICOMDIR``."""
    record, dataset = Dataset(), Dataset()
    record.OffsetOfTheNextDirectoryRecord = record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.RecordInUseFlag, record.DirectoryRecordType = 0xFFFF, "PATIENT"
    record.PatientID, record.PatientName = "P001", "Test^Patient1"
    dataset.FileSetID = "BUILDER"
    dataset.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity = 0
    dataset.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity = 0
    dataset.FileSetConsistencyFlag = 0
    dataset.DirectoryRecordSequence = Sequence([record])
    dataset.file_meta = file_meta(dataset)
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    dataset.preamble = bytes(128)
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    return dataset


# --- pictures ------------------------------------------------------------------------------------------


def colours(rows: int = 6, columns: int = 7) -> NDArray[np.uint8]:
    """(rows, columns, 3) uint8, every pixel and sample with a value of its own."""
    return np.arange(rows * columns * 3, dtype=np.uint8).reshape(rows, columns, 3)


def _picture(**attributes: Any) -> Dataset:
    base: dict[str, Any] = {**_NO_PLACE, "Modality": "OT", "ConversionType": "WSD", "PixelSpacing": None}
    return instance(**(base | attributes))


def rgb(planar: int = 0, **overrides: Any) -> Dataset:
    """A colour secondary capture; `planar` is Planar Configuration. Stored values decode to `colours()`."""
    pixels = colours()
    dataset = _picture(pixels=pixels, **overrides)
    if planar:
        dataset.PlanarConfiguration = 1
        dataset.PixelData = pixels.transpose(2, 0, 1).tobytes()
    return dataset


def ybr_full(**overrides: Any) -> Dataset:
    """A secondary capture in YBR_FULL."""
    return _picture(pixels=colours(), **({"PhotometricInterpretation": "YBR_FULL"} | overrides))


def palette(**overrides: Any) -> Dataset:
    """A PALETTE COLOR image of 8 bits: entry n is red n, green 255 - n, blue 128, in 16-bit tables."""
    entries = np.arange(256, dtype=np.uint16)
    tables = {
        "Red": entries * 257,
        "Green": (255 - entries) * 257,
        "Blue": np.full(256, 128 * 257, np.uint16),
    }
    attributes: dict[str, Any] = {"PhotometricInterpretation": "PALETTE COLOR"}
    for name, table in tables.items():
        attributes[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        attributes[f"{name}PaletteColorLookupTableData"] = table.astype("<u2").tobytes()
    pixels = np.arange(42, dtype=np.uint8).reshape(6, 7)
    return _picture(pixels=pixels, **(attributes | overrides))


def cr(**overrides: Any) -> Dataset:
    """A computed radiograph: no position, Imager Pixel Spacing, 12 bits stored."""
    pixels = np.arange(42, dtype=np.uint16).reshape(6, 7)
    given: dict[str, Any] = {
        "Modality": "CR",
        "pixels": pixels,
        "BitsStored": 12,
        "HighBit": 11,
        "ImagerPixelSpacing": [0.2, 0.1],
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "PhotometricInterpretation": "MONOCHROME1",
    }
    return _picture(**(given | overrides))


def ultrasound(**overrides: Any) -> Dataset:
    """A single ultrasound frame: 8 bits, no position, no pixel spacing."""
    pixels = np.arange(42, dtype=np.uint8).reshape(6, 7)
    return _picture(**({"Modality": "US", "pixels": pixels, "ImageType": ["ORIGINAL", "PRIMARY"]} | overrides))


def segmentation(**overrides: Any) -> Dataset:
    """A segmentation: its pixels are labels of another series."""
    return instance(**({"Modality": "SEG", "SOPClassUID": _STORAGE + "66.4"} | overrides))


def without_image(dataset: Dataset) -> Dataset:
    """The same instance without its pixel data."""
    del dataset.PixelData
    return dataset


def multi_frame_us(frames: int = 3, **overrides: Any) -> Dataset:
    """An ultrasound cine loop of `frames` frames."""
    dataset = ultrasound(**({"SOPClassUID": _STORAGE + "3.1", "NumberOfFrames": frames} | overrides))
    pixels = np.arange(frames * 42, dtype=np.uint8)
    set_pixels(dataset, pixels.reshape(frames * 6, 7))
    dataset.Rows, dataset.NumberOfFrames = 6, frames
    return dataset
