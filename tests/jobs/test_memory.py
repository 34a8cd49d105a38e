"""Volumes that are larger than the memory that was allowed: the same bytes, by way of a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import convkit
from convkit import UsageError
from tests.builders import instance, series, write
from tests.jobs.work import contents

CHOICES = [
    ("nii", {}),
    ("nii.gz", {}),
    ("npy", {"values": "rescaled", "dtype": "float64"}),
    ("nrrd", {"orient": "RAS"}),
    ("mha", {"dtype": "int32"}),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("in")
    write(series(series=1, slope=2.5, intercept=-3.25), folder / "1")
    write(series(series=2, slope=(1, 2, 3, 4, 5)), folder / "2")
    write(series(series=3, missing=(2,)), folder / "3")
    return folder


@pytest.mark.parametrize(("to", "options"), CHOICES)
def test_what_lies_in_a_file_comes_out_the_same(
    to: str, options: dict[str, str], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("convkit.engine.limits.LEAST_MEMORY", 1)
    common = {"to": to, "irregular": "resample", "jobs": 1, **options}
    convkit.convert(source, output=tmp_path / "held", **common)  # type: ignore[arg-type]
    convkit.convert(source, output=tmp_path / "mapped", memory=1, **common)  # type: ignore[arg-type]
    assert contents(tmp_path / "held") == contents(tmp_path / "mapped")
    assert len(contents(tmp_path / "held")) >= 6


def test_another_memory_is_no_other_work(source: Path, tmp_path: Path) -> None:
    convkit.convert(source / "1", output=tmp_path, jobs=1)
    assert [o.status for o in convkit.convert(source / "1", output=tmp_path, memory="16M", jobs=1).outcomes] == [
        "resumed"
    ]


def test_a_size_that_is_none_is_a_mistake(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="size"):
        convkit.convert(source, output=tmp_path / "out", memory="much")
    assert not (tmp_path / "out").exists()


MEASURED = """
import sys, convkit
report = convkit.convert(sys.argv[1], output=sys.argv[2], memory=sys.argv[3], to=sys.argv[4], jobs=1)
status = dict(line.split(":") for line in open("/proc/self/status"))  # ru_maxrss would count who started it
print(report.exit_code + 0, int(status["VmHWM"].split()[0]) * 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are measured as Linux tells them")
def test_a_volume_of_a_quarter_gigabyte_passes_through_less(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 2000, (1024, 1024), np.int16)
    for z in range(128):
        position = [0, 0, z]
        one = instance(
            pixels=np.roll(pixels, z), InstanceNumber=z + 1, ImagePositionPatient=position, SOPInstanceUID=f"2.25.{z}"
        )
        write([one], tmp_path / "in" / str(z))
    peaks = {}
    for memory, to in (("8G", "nrrd"), ("64M", "nrrd"), ("8G", "nii"), ("8G", "nii.gz")):
        target = tmp_path / f"{memory}-{to}"
        command = [sys.executable, "-c", MEASURED, str(tmp_path / "in"), str(target), memory, to]
        code, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        assert code == "0"
        peaks[target.name] = int(peak)
    assert contents(tmp_path / "8G-nrrd") == contents(tmp_path / "64M-nrrd")
    assert peaks["8G-nrrd"] > 256 << 20
    assert peaks["64M-nrrd"] < 128 << 20, peaks
    assert max(peaks["8G-nii"], peaks["8G-nii.gz"]) < 128 << 20, peaks  # plain samples are written as they are read
