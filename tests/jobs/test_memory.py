"""Volumes that are larger than the memory that was allowed: the same bytes, by way of a file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import convkit
from convkit import UsageError
from convkit.series import room
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
    write(series(series=4, modality="MR", MRAcquisitionType="3D"), folder / "4")  # turned to RAS in NIfTI
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


def test_what_is_turned_has_its_room_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices of a sagittal 3-D acquisition, turned to RAS, are no planes of the file: all of them are needed."""
    in_files: list[int] = []
    made = room._in_a_file
    monkeypatch.setattr(room, "_in_a_file", lambda size: in_files.append(size) or made(size))
    monkeypatch.setattr("convkit.engine.limits.LEAST_MEMORY", 1)
    datasets = series(modality="MR", MRAcquisitionType="3D", plane="sagittal")
    write(datasets, tmp_path / "in")
    for memory in (None, 1):
        convkit.convert(tmp_path / "in", output=tmp_path / str(memory), to="nii", memory=memory, jobs=1)
    assert in_files == [sum(len(one.PixelData) for one in datasets)]
    assert contents(tmp_path / "None") == contents(tmp_path / "1")


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


def _quarter_gigabyte(folder: Path) -> None:
    pixels = np.random.default_rng(1).integers(0, 2000, (1024, 1024), np.int16)
    for z in range(128):
        place = {"InstanceNumber": z + 1, "ImagePositionPatient": [0, 0, z], "SOPInstanceUID": f"2.25.{z}"}
        write([instance(pixels=np.roll(pixels, z), **place)], folder / str(z))


def _peak(source: Path, target: Path, memory: str, to: str) -> int:
    command = [sys.executable, "-c", MEASURED, str(source), str(target), memory, to]
    code, peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert code == "0"
    return int(peak)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are measured as Linux tells them")
def test_a_volume_of_a_quarter_gigabyte_passes_through_less(tmp_path: Path) -> None:
    _quarter_gigabyte(tmp_path / "in")
    held, mapped = (_peak(tmp_path / "in", tmp_path / memory, memory, "nrrd") for memory in ("8G", "64M"))
    assert contents(tmp_path / "8G") == contents(tmp_path / "64M")
    assert held > 256 << 20
    assert mapped < 128 << 20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are measured as Linux tells them")
@pytest.mark.parametrize("to", ["nii", "nii.gz"])
def test_plain_samples_are_not_held_at_all(to: str, tmp_path: Path) -> None:
    _quarter_gigabyte(tmp_path / "in")
    assert _peak(tmp_path / "in", tmp_path / "out", "8G", to) < 128 << 20
