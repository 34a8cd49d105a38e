"""One run of a job in a test: data sets to files, files to outputs, and what the run said of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

import convkit
from convkit import Report, Severity, Status
from tests.builders import write
from tests.builders.instances import set_pixels
from tests.builders.oracle import Output, check_world
from tests.builders.outputs import read_all

MASK = "_invented"

RAMP = 10
"""Value of a ramp per mm along each axis."""


class Run(NamedTuple):
    """A finished conversion."""

    report: Report
    folder: Path

    @property
    def images(self) -> list[Output]:
        """Every volume that was written, masks apart."""
        return [o for o in self._all() if MASK not in o.name]

    @property
    def masks(self) -> list[Output]:
        return [o for o in self._all() if MASK in o.name]

    @property
    def codes(self) -> set[str]:
        return codes(self.report)

    @property
    def texts(self) -> str:
        """Every sentence of the report."""
        return "\n".join(n.text for o in self.report.outcomes for n in o.notes)

    @property
    def sidecars(self) -> list[dict[str, Any]]:
        return [json.loads(p.read_text()) for p in sorted(self.folder.rglob("*.json")) if ".convkit" not in p.parts]

    @property
    def sidecar(self) -> dict[str, Any]:
        """The only sidecar."""
        (one,) = self.sidecars
        return one

    @property
    def image(self) -> Output:
        """The only volume."""
        (one,) = self.images
        return one

    def _all(self) -> list[Output]:
        return read_all(self.folder) if self.folder.exists() else []


def convert(datasets: Iterable[Dataset], tmp_path: Path, *, shuffle: bool = True, **options: Any) -> Run:
    """Write data sets to files in shuffled order and convert them in this process."""
    write(datasets, tmp_path / "in", shuffle=shuffle)
    return convert_folder(tmp_path / "in", tmp_path / "out", **options)


def convert_folder(source: Path, target: Path, **options: Any) -> Run:
    report = convkit.convert(source, target, **({"to": "nii", "jobs": 1} | options))
    refused = [outcome.notes[0] for outcome in report.outcomes if outcome.status is Status.REFUSED]
    assert all(first.severity is Severity.ERROR for first in refused), refused
    return Run(report, target)


def assert_right(datasets: list[Dataset], run: Run) -> None:
    """The run is clean, and the oracle finds every source pixel in the outputs, in its place."""
    assert run.report.exit_code == 0, run.texts
    assert check_world(datasets, run.images) == []


def codes(report: Report, severity: Severity | None = None) -> set[str]:
    """Codes of all notes of a report, or of those of one severity."""
    notes = [*report.notes, *(n for o in report.outcomes for n in o.notes)]
    return {n.code for n in notes if severity is None or n.severity is severity}


def contents(folder: Path) -> dict[str, bytes]:
    """Relative path to bytes of every file below a folder, the journal apart."""
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and ".convkit" not in p.parts
    }


def digests(folder: Path) -> dict[str, tuple[str, int]]:
    """Relative path to hash and time of change of every file below a folder."""
    return {
        p.relative_to(folder).as_posix(): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime_ns)
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def again(dataset: Dataset, **changes: Any) -> Dataset:
    """A copy of a data set, changed by keyword."""
    copy = deepcopy(dataset)
    for keyword, value in changes.items():
        setattr(copy, keyword, value)
    return copy


def renumbered(datasets: Iterable[Dataset], first: int = 101, **changes: Any) -> list[Dataset]:
    """The data sets under other SOP Instance UIDs and Instance Numbers, changed by keyword."""
    return [
        again(d, SOPInstanceUID=f"2.25.9{number:06d}", InstanceNumber=number, **changes)
        for number, d in enumerate(datasets, first)
    ]


def with_ramp(datasets: list[Dataset], origin: tuple[float, float, float] = (-20.0, -30.0, -40.0)) -> list[Dataset]:
    """Axial slices whose real value is `ramp` of the place of each voxel: whole numbers for the builder's sizes."""
    for dataset in datasets:
        row_spacing, column_spacing = (float(v) for v in dataset.PixelSpacing)
        away = [float(p) - o for p, o in zip(dataset.ImagePositionPatient, origin, strict=True)]
        values = np.fromfunction(
            lambda r, c, a=away, s=(row_spacing, column_spacing): RAMP * (sum(a) + r * s[0] + c * s[1]),
            (dataset.Rows, dataset.Columns),
        )
        set_pixels(dataset, np.round(values).astype(np.int16))
        dataset.RescaleIntercept = 0
    return datasets


def ramp_at(output: Output, origin: tuple[float, float, float] = (-20.0, -30.0, -40.0)) -> NDArray[np.float64]:
    """The ramp at every voxel of an output, through the output's own affine."""
    index = np.indices(output.values.shape[:3]).reshape(3, -1)
    lps = np.diag([-1.0, -1.0, 1.0]) @ (output.affine_ras[:3, :3] @ index + output.affine_ras[:3, 3:])
    return RAMP * (lps - np.array(origin)[:, None]).sum(axis=0).reshape(output.values.shape[:3])
