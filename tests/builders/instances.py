"""One instance: a small image of any modality, whose attributes can all be overridden."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.builders.syntaxes import drop_start, set_syntax
from tests.builders.uids import frame_of_reference_uid, instance_uid, series_uid, study_uid

_STORAGE = "1.2.840.10008.5.1.4.1.1."
SOP_CLASSES = {
    "CT": _STORAGE + "2",
    "MR": _STORAGE + "4",
    "PT": _STORAGE + "128",
    "CR": _STORAGE + "1",
    "DX": _STORAGE + "1.1",
    "MG": _STORAGE + "1.2",
    "US": _STORAGE + "6.1",
    "OT": _STORAGE + "7",
    "NM": _STORAGE + "20",
}

_BY_MODALITY: dict[str, dict[str, Any]] = {
    "CT": {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "KVP": 120,
        "ConvolutionKernel": "B30f",
        "RescaleSlope": 1,
        "RescaleIntercept": -1024,
        "RescaleType": "HU",
    },
    "MR": {
        "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
        "ScanningSequence": "GR",
        "SequenceVariant": "SP",
        "MRAcquisitionType": "2D",
        "EchoTime": 5,
        "EchoNumbers": 1,
        "RepetitionTime": 2000,
        "FlipAngle": 70,
        "MagneticFieldStrength": 3,
    },
    "PT": {
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "Units": "BQML",
        "CorrectedImage": ["DECY", "ATTN"],
        "RescaleSlope": 1,
        "RescaleIntercept": 0,
    },
}


def instance(
    patient: int = 1,
    study: int = 1,
    series: int = 1,
    number: int = 1,
    *,
    pixels: NDArray[Any] | None = None,
    syntax: str = "explicit",
    preamble: bool = True,
    meta: bool = True,
    **overrides: Any,
) -> Dataset:
    """One single-frame image; `Modality="MR"` and others bring their own attributes, None deletes one.

    Parameters
    ----------
    pixels : (rows, columns) or (rows, columns, 3) array
        Stored values. Its type sets Bits Allocated, Bits Stored, High Bit and Pixel Representation.
    syntax : str
        A key of `tests.builders.syntaxes.SYNTAXES`.
    preamble, meta : bool
        False writes the file without its 128 bytes and ``DICM``, or without group 0002.
    overrides
        Attributes by keyword.
    """
    modality = overrides.get("Modality", "CT")
    dataset = Dataset()
    _set(dataset, _identity(patient, study, series, number, modality))
    _set(dataset, _plane(patient, study, number) | _BY_MODALITY.get(modality, {}))
    set_pixels(dataset, default_pixels() if pixels is None else pixels)
    _set(dataset, overrides)
    dataset.file_meta = file_meta(dataset)
    dataset.preamble = bytes(128)
    dataset.set_original_encoding(is_implicit_vr=False, is_little_endian=True)
    if syntax != "explicit":
        set_syntax(dataset, syntax)
    if not (preamble and meta):
        drop_start(dataset, preamble=preamble, meta=meta)
    return dataset


def default_pixels() -> NDArray[np.int16]:
    """(6, 7) int16 that counts from -21 to 20."""
    return np.arange(-21, 21, dtype=np.int16).reshape(6, 7)


def set_pixels(dataset: Dataset, pixels: NDArray[Any]) -> None:
    """Put an array into a data set with the attributes that describe it, in place."""
    bits = pixels.dtype.itemsize * 8
    samples = pixels.shape[2] if pixels.ndim == 3 else 1
    data = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.add_new(0x7FE00010, "OW" if bits > 8 else "OB", data + bytes(len(data) % 2))


def file_meta(dataset: Dataset) -> FileMetaDataset:
    """File meta information of a data set (PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", SOP_CLASSES["OT"])
    meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "2.25.9")
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = "2.25.5"
    return meta


def _identity(patient: int, study: int, series: int, number: int, modality: str) -> dict[str, Any]:
    return {
        "SOPClassUID": SOP_CLASSES.get(modality, SOP_CLASSES["OT"]),
        "SOPInstanceUID": instance_uid(patient, study, series, number),
        "StudyInstanceUID": study_uid(patient, study),
        "SeriesInstanceUID": series_uid(patient, study, series),
        "PatientID": f"P{patient:03d}",
        "PatientName": f"Test^Patient{patient}",
        "StudyDate": "20200102",
        "StudyTime": "101112",
        "SeriesDate": "20200102",
        "SeriesTime": "101213",
        "AcquisitionDate": "20200102",
        "AcquisitionTime": "101300.000000",
        "ContentDate": "20200102",
        "ContentTime": "101300.000000",
        "Modality": modality,
        "Manufacturer": "Builder",
        "ManufacturerModelName": "One",
        "StudyDescription": f"Study {study}",
        "SeriesDescription": f"Series {series}",
        "ProtocolName": f"Protocol {series}",
        "SeriesNumber": series,
        "AcquisitionNumber": 1,
        "InstanceNumber": number,
    }


def _plane(patient: int, study: int, number: int) -> dict[str, Any]:
    return {
        "FrameOfReferenceUID": frame_of_reference_uid(patient, study),
        "PatientPosition": "HFS",
        "SliceThickness": 3,
        "PixelSpacing": [0.8, 0.7],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [-20, -30, -40 + 3 * (number - 1)],
    }


def _set(dataset: Dataset, attributes: dict[str, Any]) -> None:
    for keyword, value in attributes.items():
        if value is not None:
            setattr(dataset, keyword, value)
        elif keyword in dataset:
            delattr(dataset, keyword)
