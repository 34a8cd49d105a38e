"""Real DICOM files that come with the installed pydicom and nibabel, and what must become of them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

_PYDICOM = "data/test_files"
_NIBABEL = "nicom/tests/data"

TREE = "dicomdirtests"
"""Folder of pydicom: an export of three patients with a DICOMDIR; real CT, CR and MR series as thumbnails."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One real file.

    Attributes
    ----------
    package, folder, name : str
        Where it lies in an installed package.
    says : str
        What is in it.
    code : str
        Problem code that must be reported; empty where a volume must come out.
    """

    package: str
    folder: str
    name: str
    says: str
    code: str = ""


SAMPLES = (
    Sample("pydicom", _PYDICOM, "CT_small.dcm", "CT, one slice"),
    Sample("pydicom", _PYDICOM, "693_J2KI.dcm", "head CT, JPEG 2000"),
    Sample("pydicom", _PYDICOM, "JPEG2000.dcm", "nuclear medicine, JPEG 2000"),
    Sample("pydicom", _PYDICOM, "examples_overlay.dcm", "MR reformat"),
    Sample("pydicom", _PYDICOM, "examples_rgb_color.dcm", "ultrasound in colour"),
    Sample("pydicom", _PYDICOM, "examples_palette.dcm", "ultrasound with a palette"),
    Sample("pydicom", _PYDICOM, "examples_ybr_color.dcm", "ultrasound loop of 30 frames"),
    Sample("pydicom", _PYDICOM, "rtdose.dcm", "dose grid of 15 planes"),
    Sample("nibabel", _NIBABEL, "slicethickness_empty_string.dcm", "MR projection, thickness left empty"),
    Sample("pydicom", _PYDICOM, "MR_truncated.dcm", "MR, cut off", "pixels.truncated"),
    Sample("pydicom", _PYDICOM, "rtplan_truncated.dcm", "plan, cut off in the header", "input.cut-header"),
    Sample("nibabel", _NIBABEL, "0.dcm", "MR mosaic, its picture made smaller than its tiles", "header.inconsistent"),
    Sample("pydicom", _PYDICOM, "liver_1frame.dcm", "segmentation", "object.multi-frame"),
    Sample("nibabel", _NIBABEL, "decimal_rescale.dcm", "MR without a series UID", "header.no-series-uid"),
    Sample("pydicom", _PYDICOM, "reportsi.dcm", "structured report", "object.not-image"),
    Sample("pydicom", _PYDICOM, "waveform_ecg.dcm", "ECG", "object.not-image"),
    Sample("pydicom", _PYDICOM, "README.txt", "no DICOM at all", "input.not-dicom"),
)


def copy_tree(target: Path) -> bool:
    """Copy pydicom's DICOMDIR tree; False where this pydicom has none."""
    source = _root("pydicom") / _PYDICOM / TREE
    if not source.is_dir():
        return False
    shutil.copytree(source, target / TREE, ignore=shutil.ignore_patterns("__pycache__"))
    return True


def copy_samples(target: Path) -> tuple[list[tuple[Path, Sample]], list[Sample]]:
    """Copy the single files: those that were found, with their new paths, and those that were not."""
    found: list[tuple[Path, Sample]] = []
    absent: list[Sample] = []
    target.mkdir(parents=True)
    for sample in SAMPLES:
        source = _root(sample.package) / sample.folder / sample.name
        if source.is_file():
            found.append((Path(shutil.copyfile(source, target / sample.name)), sample))
        else:
            absent.append(sample)
    return found, absent


def _root(package: str) -> Path:
    spec = find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else Path(package)
