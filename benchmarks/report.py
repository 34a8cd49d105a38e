"""Measures `convkit report` from a saved index: time and peak memory, all processes together, over many headers.

    python benchmarks/report.py [--files 100000] [--series-files 100 1] [--cache DIR] [--jobs 2] [--keep] [--json FILE]

The headers have some 50 elements and 8 x 8 pixels, and differ in patient, study, series, scanner, spacing, age and
kernel; a series has as many files as is said: 1 is the hardest case, because each file is a series of its own. Memory
is the sum over parent and workers, in which shared pages count once (PSS, Linux).
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from index import Measure, measured
from make_data import _ROOT, Template, _base, encoded

_PATIENT, _AGE, _KERNEL, _SPACING = "P8888888", "088Y", "KERNEL8", "8.8888"
_UID = _ROOT + "{:d}.1{:08d}"
_MARK = 88_888_888
"""No nines: those are the marks of `Template.filled`."""


def headers() -> Template:
    """A CT image whose values are of fixed width, so that files are copies with other values."""
    dataset = _base("CT", "1.2.840.10008.5.1.4.1.1.2", 8)
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = _UID.format(1, _MARK)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _UID.format(2, _MARK), _UID.format(3, _MARK)
    dataset.PatientID, dataset.PatientAge, dataset.PatientSex = _PATIENT, _AGE, "F"
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ManufacturerModelName, dataset.BodyPartExamined = "MODEL8", "CHEST"
    dataset.KVP, dataset.SliceThickness, dataset.ConvolutionKernel = 120, "1.25", _KERNEL
    dataset.add_new(0x00280030, "DS", f"{_SPACING}\\{_SPACING}")
    dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 15, 1
    dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = "1", "-1024", "HU"
    return Template(encoded(dataset), len(dataset.PixelData))


def make_files(folder: Path, files: int, series_files: int) -> None:
    """Files of series of so many; a patient has two studies of two series."""
    fill = headers()
    for number in range(files):
        series, place = divmod(number, series_files)
        path = folder / f"{number // 1000:04d}" / f"IM{number:07d}"
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        study, patient = series // 2, series // 4
        content = fill.filled(1, place + 1, 1.25 * place, bytes(fill.pixel_bytes))
        for mark, text in (
            (_UID.format(1, _MARK), _UID.format(1, number)),
            (_UID.format(2, _MARK), _UID.format(2, study)),
            (_UID.format(3, _MARK), _UID.format(3, series)),
            (_PATIENT, f"P{patient:07d}"),
            (_AGE, f"{20 + patient * 7 % 70:03d}Y"),
            (_KERNEL, f"KERNEL{series % 5}"),
            ("MODEL8", f"MODEL{patient % 7}"),
            (_SPACING, f"{0.5 + patient * 13 % 50 / 100:.4f}"),
        ):
            content = content.replace(mark.encode(), text.encode())
        path.write_bytes(content)


def run(folder: Path, files: int, series_files: int, jobs: int) -> list[Measure]:
    source, table = folder / "dicom", folder / "index.parquet"
    make_files(source, files, series_files)
    convkit = [sys.executable, "-m", "convkit"]
    if not table.exists():
        measured("index", [*convkit, "scan", str(source), "--level", "instance", "-o", str(table), "-qq"])
    made = [*convkit, "report", str(table), "-o", str(folder / "report.html"), "--exists", "overwrite", "-qq"]
    workers = ["-j", str(jobs)]
    found = [
        measured(f"series of {series_files}", [*made, *workers]),
        measured(f"series of {series_files}, no pixels", [*made, *workers, "--no-pixels"]),
        measured(f"series of {series_files}, --by", [*made, *workers, "--by", "ManufacturerModelName"]),
    ]
    print(f"the index: {table.stat().st_size / 1e6:.1f} MB; the page: {_size_mb(folder / 'report.html'):.1f} MB")
    return found


def _size_mb(path: Path) -> float:
    return path.stat().st_size / 1e6 if path.exists() else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--series-files", type=int, nargs="+", default=[100, 1])
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "convkit-benchmarks")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", action="store_true", help="keep the files for the next time")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    given = parser.parse_args()
    found: list[Measure] = []
    for series_files in given.series_files:
        folder = given.cache / f"report-{given.files}-{series_files}"
        found += run(folder, given.files, series_files, given.jobs)
        if not given.keep:
            shutil.rmtree(folder)
    for each in found:
        print(f"{each.what}: {each.wall_s:.1f} s, peak {each.peak_mb:.0f} MB, exit code {each.code}")
    if given.json:
        given.json.write_text(json.dumps([asdict(each) for each in found], indent=1))


if __name__ == "__main__":
    main()
