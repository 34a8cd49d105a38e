"""kill -9 at any moment: no file under a final name is incomplete, and the same command goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.builders import instance, write
from tests.jobs.killing import killed_runs
from tests.jobs.work import contents, digests

if os.name != "posix":
    pytest.skip("SIGKILL is POSIX", allow_module_level=True)

SERIES, SLICES, SIZE = 6, 32, 256
MOMENTS = (0, 1, 2, 3, 4, 5)
"""When to kill: as many volumes are finished, and another one is half-way in its temporary file."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five noisy series: long enough to be interrupted in the midst of a file."""
    folder = tmp_path_factory.mktemp("killed") / "in"
    noise = np.random.default_rng(1)
    for number in range(1, SERIES + 1):
        write(
            (
                instance(
                    series=number, number=place, pixels=noise.integers(-1000, 1000, (SIZE, SIZE), np.int16), KVP=80
                )
                for place in range(1, SLICES + 1)
            ),
            folder / f"s{number}",
        )
    return folder


@pytest.fixture(scope="module")
def undisturbed(source: Path) -> dict[str, bytes]:
    """What one run without a kill writes."""
    target = source.parent / "whole"
    assert _start(source, target).wait(60) == 0
    return contents(target)


def _start(source: Path, target: Path, to: str = "nii.gz") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "convkit", "convert", str(source), "-o", str(target), "--to", to, "-j", "2", "-qq"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _final(folder: Path) -> dict[str, bytes]:
    return {name: content for name, content in contents(folder).items() if not name.endswith(".part")}


def _wait_for(process: subprocess.Popen[bytes], target: Path, finished: int) -> bool:
    """Wait until so many volumes are there and a further one is being written; False where the run is over."""
    while process.poll() is None:
        names = [p.name for p in target.rglob("*")] if target.exists() else []
        if sum(n.endswith(".nii.gz") for n in names) >= finished and any(n.endswith(".part") for n in names):
            return True
        time.sleep(0.001)
    return False


def _is_sound(target: Path, expected: dict[str, bytes]) -> bool:
    """True where every file under a final name is complete."""
    found = _final(target) if target.exists() else {}
    return all(content == expected.get(name) for name, content in found.items())


@pytest.mark.slow
@pytest.mark.parametrize("is_alone", [True, False], ids=["parent alone", "with its workers"])
def test_kill_leaves_no_incomplete_file_and_the_rerun_completes(
    is_alone: bool, source: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    before = digests(source)
    caught = 0
    start = partial(_start, source)
    for _, target, was_caught in killed_runs(start, _wait_for, tmp_path, MOMENTS, is_alone=is_alone):
        caught += was_caught
        assert _is_sound(target, undisturbed)
        assert _start(source, target).wait(60) == 0
        assert contents(target) == undisturbed
    assert caught >= 3
    assert digests(source) == before


@pytest.mark.slow
def test_run_that_is_killed_again_and_again_still_ends_right(
    source: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    for finished in (1, 2, 4):
        process = _start(source, tmp_path / "out")
        if _wait_for(process, tmp_path / "out", finished):
            process.kill()
        process.wait(10)
        assert _is_sound(tmp_path / "out", undisturbed)
    assert _start(source, tmp_path / "out").wait(60) == 0
    assert contents(tmp_path / "out") == undisturbed


@pytest.mark.slow
def test_interrupt_ends_with_130_and_the_rerun_completes(
    source: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    process = _start(source, tmp_path / "out")
    assert _wait_for(process, tmp_path / "out", 1)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert _is_sound(tmp_path / "out", undisturbed)
    assert _start(source, tmp_path / "out").wait(60) == 0
    assert contents(tmp_path / "out") == undisturbed
