"""A destination without space or without permission: said once, nothing half-written, inputs untouched."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from tests.builders import instance, series, write
from tests.builders.outputs import read_output
from tests.cli.command import convkit
from tests.jobs.work import contents, digests


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, check=False, text=True
    )
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=False)


def big(folder: Path) -> None:
    """Three series: two of some kilobytes, one that needs two megabytes."""
    noise = np.random.default_rng(1)
    write(series(series=1), folder)
    write(
        [instance(series=2, number=n, pixels=noise.integers(-999, 999, (256, 256), np.int16)) for n in range(1, 17)],
        folder,
    )
    write(series(series=3), folder)


@pytest.mark.parametrize("to", ["nii", "nii.gz", "nrrd", "npz"])
def test_full_disk_costs_the_volume_that_does_not_fit(to: str, small: Path, tmp_path: Path) -> None:
    big(tmp_path / "in")
    before = digests(tmp_path / "in")
    done = convkit("convert", tmp_path / "in", "-o", small / "out", "--to", to, "-j1")
    assert done.returncode == 4, done.stderr
    assert "[output.error]" in done.stderr
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    found = contents(small / "out")
    assert not [name for name in found if name.endswith(".part")]
    images = [name for name in found if name.endswith(f".{to}")]
    assert len(images) == 2
    for name in images:
        assert read_output(small / "out" / name).values.size == 7 * 6 * 5
    assert digests(tmp_path / "in") == before


def test_same_command_goes_on_when_there_is_space(small: Path, tmp_path: Path) -> None:
    big(tmp_path / "in")
    (small / "filler").write_bytes(bytes(200_000))
    convkit("convert", tmp_path / "in", "-o", small / "out", "--to", "nii", "-j1")
    (small / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=8m", small], check=True)
    done = convkit("convert", tmp_path / "in", "-o", small / "out", "--to", "nii", "-j1")
    assert done.returncode == 0, done.stderr
    convkit("convert", tmp_path / "in", "-o", tmp_path / "whole", "--to", "nii", "-j1")
    assert contents(small / "out") == contents(tmp_path / "whole")


def test_full_disk_in_sort_is_said_and_nothing_is_half_copied(small: Path, tmp_path: Path) -> None:
    big(tmp_path / "in")
    done = convkit("sort", tmp_path / "in", "-o", small / "out", "-j1")
    assert done.returncode == 4, done.stderr
    assert "[output.error]" in done.stderr
    sources = set(contents(tmp_path / "in").values())
    for name, content in contents(small / "out").items():
        assert not name.endswith(".part")
        assert content in sources


@pytest.mark.parametrize("verb", ["convert", "sort"])
def test_destination_below_a_file_is_said_in_one_line(verb: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    (tmp_path / "file").write_text("in the way")
    done = convkit(verb, tmp_path / "in", "-o", tmp_path / "file" / "out", "-j1")
    assert done.returncode not in {0, 3}
    assert "Traceback" not in done.stderr
    assert "output.error" in done.stderr
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize("verb", ["convert", "sort"])
def test_destination_without_permission_is_said(verb: str, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    target = "/proc/convkit" if hasattr(os, "geteuid") and os.geteuid() == 0 else tmp_path / "locked" / "out"
    if not str(target).startswith("/proc"):
        (tmp_path / "locked").mkdir(mode=0o500)
    done = convkit(verb, tmp_path / "in", "-o", target, "-j1")
    assert done.returncode not in {0, 3}
    assert "Traceback" not in done.stderr
    assert "output.error" in done.stderr


def test_read_only_destination_is_said(small: Path, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    done = convkit("convert", tmp_path / "in", "-o", small / "out", "-j1")
    assert done.returncode not in {0, 3}
    assert "Read-only" in done.stderr
    assert "Traceback" not in done.stderr


def test_table_that_does_not_fit_is_said(small: Path, tmp_path: Path) -> None:
    write(series(), tmp_path / "in")
    (small / "filler").write_bytes(bytes(1_048_576 - 4096))
    with suppress(OSError):
        (small / "filler2").write_bytes(bytes(4096))
    done = convkit("scan", tmp_path / "in", "-o", small / "x.csv", "-j1")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert not (small / "x.csv").exists()
