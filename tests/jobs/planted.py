"""An invented person, planted all over some made files, and the look for what is left of the person in outputs."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from pydicom import Dataset

from tests.builders import cr, enhanced_mr, mosaic, rgb, series, write
from tests.quirks.ge import ACQUISITION, PARAMETERS, with_private
from tests.quirks.siemens import with_csa

VALUES: dict[str, Any] = {
    "PatientName": "Zqxgeheim^Zqxamber",
    "PatientID": "ZQXID4711",
    "PatientBirthDate": "19370904",
    "AccessionNumber": "ZQXACC0815",
    "StudyID": "ZQXSTUDY",
    "StudyDate": "19580712",
    "SeriesDate": "19580712",
    "AcquisitionDate": "19580713",
    "ContentDate": "19580713",
    "InstitutionName": "Zqxklinik Nord",
    "InstitutionAddress": "Zqxstreet 4, Zqxtown",
    "ReferringPhysicianName": "Zqxdoktor^Dr",
    "OperatorsName": "Zqxtech",
    "StationName": "DEVICE77ST",
    "DeviceSerialNumber": "DEVICE77SN",
    "StudyDescription": "T1 of Zqxgeheim",
    "SeriesDescription": "T1 AX Zqxgeheim",
    "ProtocolName": "T1 AX Zqxamber ZQXID4711",
    "ImageComments": "Zqxamber Zqxgeheim moved",
    "PatientComments": "Zqxgeheim",
    "ContrastBolusAgent": "Zqxgeheim agent",
    "SequenceName": "zqxgeheim2d",
    "SoftwareVersions": "VB17 Zqxgeheim",
    "ReceiveCoilName": "Head Zqxgeheim",
}
ROOT = "1.2.826.0.1.7777777."
"""Root of the UIDs of the originals."""

TOLD = ("zqx", "19370904", "19580712", "19580713", "1.2.826.0.1.7777777")
"""Nothing of it may be left, in any spelling of capitals."""

DEVICE = "device77"
"""The same, unless a profile keeps what describes the device."""

FOLDER = "Zqxgeheim_Zqxamber"

KEYWORDS = (*VALUES, "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "ConvolutionKernel", "PatientAge")


def planted(dataset: Dataset, **more: Any) -> Dataset:
    """The data set with the person in it, in place."""
    for keyword, value in (VALUES | more).items():
        setattr(dataset, keyword, value)
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        if keyword in dataset:
            setattr(dataset, keyword, ROOT + str(dataset[keyword].value).rpartition("2.25.")[2])
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def kernels() -> list[Dataset]:
    """A series of two volumes, told apart by a text in which the person is."""
    first = series(series=1, slices=3, ConvolutionKernel="B30f")
    second = series(series=1, slices=3, ConvolutionKernel="B70f Zqxgeheim")
    for number, dataset in enumerate(second, 101):
        dataset.SOPInstanceUID, dataset.InstanceNumber = f"2.25.9{number}", number
    return [*first, *second]


def ge() -> list[Dataset]:
    """A series with numbers and texts in elements of its maker."""
    elements = {
        (ACQUISITION, 0x9C): ("LO", "zqxgeheim_seq"),
        (ACQUISITION, 0x5A): ("FL", 50000008.0),
        (PARAMETERS, 2): ("SS", 3),
        (PARAMETERS, 3): ("SS", 4),
        (PARAMETERS, 4): ("SS", -12),
    }
    sets = series(series=2, slices=3, Modality="MR", Manufacturer="GE MEDICAL SYSTEMS", RescaleType="Zqxgeheim")
    return [with_private(dataset, elements) for dataset in sets]


def siemens() -> list[Dataset]:
    """A mosaic whose protocol holds the person's name."""
    lines = {
        "tSequenceFileName": '""%CustomerSeq%\\zqxgeheim\\zqxgeheim_ep2d""',
        "sCoilElementID.tCoilID": '""Zqxgeheim_32""',
        "sKSpace.lBaseResolution": 64,
    }
    image = {"NumberOfImagesInMosaic": "4", "SliceNormalVector": ["0", "0", "1"], "PhaseEncodingDirectionPositive": "1"}
    return [with_csa(mosaic(4, series=3, InPlanePhaseEncodingDirection="COL"), lines, image)]


def write_all(folder: Path) -> Path:
    """Files of several kinds of the one person, in a folder that is called after the person."""
    kinds = [*kernels(), *ge(), *siemens(), enhanced_mr(series=4), cr(series=5), rgb(series=6)]
    write(map(planted, kinds), folder / FOLDER, shuffle=True)
    return folder / FOLDER


def left_of_person(folder: Path, *more: str) -> set[str]:
    """What of the person is left in any byte below a folder, in names too; compressed images are opened."""
    found: set[str] = set()
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix().encode()
        content = path.read_bytes() if path.is_file() else b""
        if path.name.endswith(".gz"):
            content = gzip.decompress(content)
        told = (name + b"\n" + content).lower()
        for encoding in ("utf-8", "utf-32-le"):  # the second is that of NumPy's texts
            found |= {f"{value} in {path.name}" for value in (*TOLD, *more) if value.encode(encoding) in told}
    return found
