"""Makes the benchmark data: a CT study of 4 x 300 slices, and 7,000 small MR files with Siemens-like headers.

    python benchmarks/make_data.py CACHE [--scale 0.1]

One template file a set is written by pydicom; the files are copies of it with fields of fixed width replaced
and new pixels. The data are a pure function of the scale, and are made only once.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measure import find_command
from pydicom import Dataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT_SERIES, CT_SLICES, CT_SIZE = 4, 300, 512
MR_SERIES, MR_SLICES, MR_SIZE = 20, 350, 64
MR_ELEMENTS = 330
MR_CSA_BYTES = 60_000
NOISE_HU = 12
"""Standard deviation of the noise of an ordinary abdominal CT with a soft kernel."""

_ROOT = "1.2.826.0.1.3680043.8.498."
_DONE = "complete.txt"

UID = _ROOT + "777{:09d}"
SERIES_UID = _ROOT + "555{:04d}"
Z = "{:10.3f}"
NUMBER = "{:06d}"
SERIES_NUMBER = "{:04d}"
_MARK = 999999999


@dataclass(frozen=True)
class Template:
    """A file as bytes, with the places of what differs between files."""

    content: bytes
    pixel_bytes: int

    def filled(self, series: int, number: int, z: float, pixels: bytes) -> bytes:
        """The file of one slice."""
        head = self.content[: -self.pixel_bytes]
        for mark, text in (
            (UID.format(_MARK), UID.format(100_000_000 + series * 100_000 + number)),
            (SERIES_UID.format(9999), SERIES_UID.format(1000 + series)),
            (Z.format(-12345.678), Z.format(z)),
            (NUMBER.format(999_999), NUMBER.format(number)),
            (SERIES_NUMBER.format(9999), SERIES_NUMBER.format(series)),
        ):
            head = head.replace(mark.encode(), text.encode())
        return head + pixels


def template(dataset: Dataset) -> Template:
    """Write a data set once; its values hold the marks."""
    return Template(encoded(dataset), len(dataset.PixelData))


def encoded(dataset: Dataset) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def make(cache: Path, scale: float = 1.0, only: Sequence[str] = ()) -> dict[str, Path]:
    """Make what is not there yet; returns the folders ``ct`` and ``mr``."""
    makers = {"ct": make_ct, "mr": make_mr}
    return {name: cached(cache, name, scale, maker) for name, maker in makers.items() if not only or name in only}


def cached(cache: Path, name: str, scale: float, maker: Callable[[Path, float], None]) -> Path:
    """The folder of a data set, made if it is not there yet."""
    folder = cache / f"{name}-{scale:g}"
    if not (folder / _DONE).exists():
        print(f"making {folder}", file=sys.stderr)
        (folder / "dicom").mkdir(parents=True, exist_ok=True)
        maker(folder / "dicom", scale)
        (folder / _DONE).write_text("")
    return folder / "dicom"


# --- CT --------------------------------------------------------------------------------------------------


def make_ct(folder: Path, scale: float) -> None:
    """4 series of 300 slices of 512 x 512: a smooth body with noise, 12-bit range."""
    slices = max(3, round(CT_SLICES * scale))
    fill = template(_ct_dataset())
    random = np.random.default_rng(1)
    smooth = body(CT_SIZE)
    for series in range(1, CT_SERIES + 1):
        target = folder / f"series{series}"
        target.mkdir(parents=True, exist_ok=True)
        for number in range(1, slices + 1):
            noise = random.standard_normal((CT_SIZE, CT_SIZE), np.float32) * NOISE_HU
            level = 40 * np.sin(number / 25 + series)
            pixels = np.clip(smooth * (1000 + level) + noise + 24, 0, 4095).astype("<i2")
            path = target / f"IM{number:05d}.dcm"
            path.write_bytes(fill.filled(series, number, 1.25 * number, pixels.tobytes()))


def body(size: int) -> np.ndarray[Any, Any]:
    """A smooth ellipse with softer and harder places; 0 outside, about 1 inside."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j].astype(np.float32)
    inside = 1 / (1 + np.exp(60 * (np.hypot(x / 0.8, y / 0.6) - 1)))
    texture = 1 + 0.05 * np.sin(9 * x) * np.cos(7 * y) + 0.6 * np.exp(-((x - 0.1) ** 2 + (y - 0.3) ** 2) / 0.01)
    return (inside * texture).astype(np.float32)


def _ct_dataset() -> Dataset:
    dataset = _base("CT", "1.2.840.10008.5.1.4.1.1.2", CT_SIZE)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.KVP, dataset.SliceThickness, dataset.ConvolutionKernel = 120, "1.25", "STANDARD"
    dataset.PixelSpacing = ["0.703125", "0.703125"]
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 15, 1
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", "-1024", "HU"
    return dataset


# --- MR --------------------------------------------------------------------------------------------------


def make_mr(folder: Path, scale: float) -> None:
    """20 series of 350 slices of 64 x 64: 330 elements and a private element of 60 kB before the pixels."""
    slices = max(3, round(MR_SLICES * scale))
    fill = template(_mr_dataset())
    random = np.random.default_rng(2)
    smooth = body(MR_SIZE)
    folder.mkdir(parents=True, exist_ok=True)
    for series in range(1, MR_SERIES + 1):
        for number in range(1, slices + 1):
            noise = random.standard_normal((MR_SIZE, MR_SIZE), np.float32) * 20
            pixels = np.clip(smooth * 1200 + noise + 60, 0, 4095).astype("<u2")
            path = folder / f"MR.{series:03d}.{number:05d}"
            path.write_bytes(fill.filled(series, number, 2.0 * number, pixels.tobytes()))


def _mr_dataset() -> Dataset:
    """A header like that of a Siemens scanner before XA; the content of the CSA elements is not real."""
    dataset = _base("MR", "1.2.840.10008.5.1.4.1.1.4", MR_SIZE)
    dataset.Manufacturer, dataset.ManufacturerModelName = "BENCHMARK", "MR"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND"]
    dataset.ScanningSequence, dataset.SequenceVariant, dataset.MRAcquisitionType = "GR", "SP", "3D"
    dataset.RepetitionTime, dataset.EchoTime, dataset.FlipAngle = "2300", "2.98", "9"
    dataset.MagneticFieldStrength, dataset.SliceThickness = "3", "2"
    dataset.PixelSpacing = ["3", "3"]
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    _add_private(dataset)
    return dataset


def _add_private(dataset: Dataset) -> None:
    """Private elements up to `MR_ELEMENTS`, the long one in group 0029 as the vendor has it."""
    csa = dataset.private_block(0x0029, "BENCHMARK CSA HEADER", create=True)
    csa.add_new(0x10, "OB", np.random.default_rng(3).integers(0, 256, MR_CSA_BYTES, np.uint8).tobytes())
    groups = (0x0019, 0x0021, 0x0051)
    rest = MR_ELEMENTS - len(dataset) - len(groups)
    for index in range(rest):
        block = dataset.private_block(groups[index % 3], f"BENCHMARK {index % 3}", create=True)
        block.add_new(index // 3 + 1, ("LO", "DS", "IS")[index % 3], ("PRIVATE VALUE", "1.25", "12")[index % 3])


# --- many ------------------------------------------------------------------------------------------------


def make_many(folder: Path, _scale: float, *, files: int) -> None:
    """Series of 500 slices of 32 x 32 with plain headers: many files in little space."""
    dataset = _base("MR", "1.2.840.10008.5.1.4.1.1.4", 32)
    dataset.PixelSpacing, dataset.SliceThickness = ["3", "3"], "2"
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 12, 11, 0
    dataset.WindowCenter, dataset.WindowWidth = "600", "1200"
    fill = template(dataset)
    pixels = (body(32) * 1200).astype("<u2").tobytes()
    for number in range(files):
        series, place = divmod(number, 500)
        target = folder / f"{series:03d}"
        target.mkdir(exist_ok=True)
        (target / f"{place:03d}").write_bytes(fill.filled(series + 1, place + 1, 2.0 * place, pixels))


# --- compressed ------------------------------------------------------------------------------------------

JPEG_SLICES = 150


def make_jpeg(folder: Path, scale: float, *, syntax: str) -> None:
    """One series of the CT, compressed without loss by gdcmconv, which comes with python-gdcm."""
    plain = folder.parent / "plain"
    make_ct(plain, scale * JPEG_SLICES / CT_SLICES)
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((plain / "series1").iterdir()):
        how = {"jpeg2000": "--j2k", "jpeg-lossless": "--jpeg"}[syntax]
        subprocess.run([find_command("gdcmconv") or "gdcmconv", how, str(path), str(folder / path.name)], check=True)
    shutil.rmtree(plain)


# --- both ------------------------------------------------------------------------------------------------


def _base(modality: str, sop_class: str, size: int) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = sop_class, UID.format(_MARK)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _ROOT + "1", SERIES_UID.format(9999)
    dataset.FrameOfReferenceUID = _ROOT + "2"
    dataset.StudyDate = dataset.SeriesDate = dataset.AcquisitionDate = dataset.ContentDate = "20200102"
    dataset.StudyTime = dataset.SeriesTime = dataset.AcquisitionTime = dataset.ContentTime = "101112"
    dataset.Modality, dataset.Manufacturer = modality, "BENCHMARK"
    dataset.PatientID, dataset.PatientName, dataset.PatientPosition = "BENCH", "BENCH", "HFS"
    dataset.SeriesDescription = dataset.ProtocolName = f"bench {modality}"
    dataset.add_new(0x00200011, "IS", SERIES_NUMBER.format(9999))
    dataset.add_new(0x00200012, "IS", "1")
    dataset.add_new(0x00200013, "IS", NUMBER.format(999_999))
    dataset.add_new(0x00200032, "DS", f"-180\\-180\\{Z.format(-12345.678)}")
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = size
    dataset.BitsAllocated = 16
    dataset.add_new(0x7FE00010, "OW", bytes(2 * size * size))
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.file_meta.MediaStorageSOPInstanceUID = UID.format(_MARK)
    dataset.file_meta.ImplementationClassUID = _ROOT + "9"
    return dataset


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="slices a series, as a part of the full number")
    given = parser.parse_args()
    for name, folder in make(given.cache, given.scale).items():
        files = [p for p in folder.rglob("*") if p.is_file()]
        print(f"{name}: {len(files)} files, {sum(p.stat().st_size for p in files) / 1e6:.0f} MB in {folder}")


if __name__ == "__main__":
    main()
