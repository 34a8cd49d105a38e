"""Phantoms to DICOM files, the way a scanner's export leaves them: numbered names in no order, no extension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

if TYPE_CHECKING:
    from pathlib import Path

    from convkit.demo.phantoms import Phantom

_SOP_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}


@dataclass(frozen=True, slots=True)
class _Slot:
    """One image of a series."""

    volume: int
    slice: int
    number: int


def write_series(phantom: Phantom, folder: Path) -> int:
    """Write all images of a phantom, and return how many there are; file names do not follow the slices."""
    folder.mkdir(parents=True)
    volumes, slices = phantom.values.shape[:2]
    slots = [_Slot(v, s, 1 + s * volumes + v) for s in range(slices) for v in range(volumes)]
    names = np.random.default_rng(phantom.number).permutation(len(slots))
    for slot, name in zip(slots, names, strict=True):
        _image(phantom, slot).save_as(folder / f"IM{name:04d}", enforce_file_format=True)
    return len(slots)


def _image(phantom: Phantom, slot: _Slot) -> Dataset:
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _identify(image, phantom, slot)
    _place(image, phantom, slot)
    for keyword, value in {**phantom.attributes, **phantom.per_volume[slot.volume]}.items():
        setattr(image, keyword, value)
    _fill(image, phantom, slot)
    return image


def _identify(image: Dataset, phantom: Phantom, slot: _Slot) -> None:
    image.SOPClassUID = _SOP_CLASSES[phantom.modality]
    image.SOPInstanceUID = _uid(phantom, str(slot.number))
    image.StudyInstanceUID = _uid(phantom, "study")
    image.SeriesInstanceUID = series_uid(phantom)
    image.FrameOfReferenceUID = _uid(phantom, "frame of reference")
    image.PatientName = f"Phantom^{phantom.name.title()}"
    image.PatientID = f"PHANTOM-{phantom.name.upper()}"
    image.StudyDate, image.StudyTime = "20200102", "101500"
    image.Modality = phantom.modality
    image.Manufacturer = "convkit demo"
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL" if phantom.modality == "CT" else "M"]
    image.SeriesDescription = phantom.description
    image.SeriesNumber, image.InstanceNumber = phantom.number, slot.number


def series_uid(phantom: Phantom) -> str:
    """Series Instance UID of a phantom; every run gives the same."""
    return _uid(phantom, "series")


def _uid(phantom: Phantom, what: str) -> str:
    return str(generate_uid(entropy_srcs=["convkit demo", phantom.name, what]))


def _place(image: Dataset, phantom: Phantom, slot: _Slot) -> None:
    affine = phantom.affine_lps
    row_spacing, column_spacing = (float(np.linalg.norm(affine[:3, axis])) for axis in (1, 2))
    position = affine[:3, 3] + slot.slice * affine[:3, 0]
    # Image Orientation: direction of a row (column index grows), then of a column (PS3.3 C.7.6.2.1.1).
    cosines = [*(affine[:3, 2] / column_spacing), *(affine[:3, 1] / row_spacing)]
    image.PixelSpacing = [round(row_spacing, 6), round(column_spacing, 6)]
    image.ImagePositionPatient = [round(float(v), 6) for v in position]
    image.ImageOrientationPatient = [round(float(v), 9) for v in cosines]


def _fill(image: Dataset, phantom: Phantom, slot: _Slot) -> None:
    stored = (phantom.values[slot.volume, slot.slice].astype(np.int32) - phantom.intercept).astype("<u2")
    image.Rows, image.Columns = stored.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
    if phantom.intercept:
        image.RescaleSlope, image.RescaleIntercept, image.RescaleType = 1, phantom.intercept, "HU"
    image.PixelData = stored.tobytes()
