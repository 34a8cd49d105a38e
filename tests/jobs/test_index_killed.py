"""kill -9 while an index is made: nothing stands under its name, and the same command goes on to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import convkit
from convkit.tables.unfinished import unfinished_path
from tests.builders import instance, write
from tests.jobs.killing import wait_for_workers

pytest.importorskip("pyarrow.parquet", reason="the extra tables is not installed")
if os.name != "posix":
    pytest.skip("SIGKILL is POSIX", allow_module_level=True)

FILES = 6000
LONGEST_S = 30


@pytest.fixture(name="source", scope="module")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many names of few files: a scan of them takes a while, to make them does not."""
    folder = tmp_path_factory.mktemp("killed") / "in"
    paths = write((instance(series=n, number=n) for n in range(1, 21)), folder)
    for number in range(FILES - len(paths)):
        os.link(paths[number % len(paths)], folder / f"more{number:05d}.dcm")
    return folder


def start(source: Path, target: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "convkit",
        "scan",
        str(source),
        "--level",
        "instance",
        "-o",
        str(target),
        "-j",
        "2",
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def wait_for(process: subprocess.Popen[bytes], part: Path, size: int) -> bool:
    """True where the unfinished table has so many bytes before the run is over."""
    last = time.monotonic() + LONGEST_S
    while process.poll() is None and time.monotonic() < last:
        if part.exists() and part.stat().st_size >= size:
            return True
        time.sleep(0.002)
    return False


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_a_killed_run_goes_on_to_the_same_bytes(suffix: str, source: Path, tmp_path: Path) -> None:
    convkit.save_index(source, output=tmp_path / f"whole{suffix}", jobs=2)
    caught = 0
    for moment, size in enumerate((1, 60_000, 250_000)):
        target = tmp_path / f"x{moment}{suffix}"
        process = start(source, target)
        was_caught = wait_for(process, unfinished_path(target), size)
        if was_caught:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        wait_for_workers(process)
        caught += was_caught and not target.exists()
        index = convkit.save_index(source, output=target, jobs=2)
        if was_caught and moment:
            assert index.read < FILES
        assert target.read_bytes() == (tmp_path / f"whole{suffix}").read_bytes()
        assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert caught


def test_what_another_run_has_left_is_used_only_where_it_is_the_same(source: Path, tmp_path: Path) -> None:
    """Files that changed meanwhile are read again, and pieces of other options are dropped."""
    folder = tmp_path / "in"
    paths = write((instance(number=n) for n in range(1, 5)), folder)
    target = tmp_path / "x.jsonl"
    convkit.save_index(folder, output=target, jobs=1)
    expected = target.read_bytes()
    left = leftover(folder, target)
    assert convkit.save_index(folder, output=target, jobs=1).read == 0
    assert target.read_bytes() == expected
    unfinished_path(target).write_bytes(left)
    os.utime(paths[1], ns=(1, 2))
    assert convkit.save_index(folder, output=target, jobs=1).read == 1
    unfinished_path(target).write_bytes(left)
    assert convkit.save_index(folder, output=target, columns=("KVP",), jobs=1).read == 4
    unfinished_path(target).write_bytes(left[:-5])
    assert convkit.save_index(folder, output=target, jobs=1).read == 4


def leftover(folder: Path, target: Path) -> bytes:
    """What a run leaves that is killed right before it puts the table together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convkit.jobs._index.build._put_together", killed)
        with pytest.raises(KeyboardInterrupt):
            convkit.save_index(folder, output=target, jobs=1)
    return unfinished_path(target).read_bytes()


def killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_files(source: Path, tmp_path: Path) -> None:
    """Peak of the parent over 6,000 and over 24,000 names: paths alone are held."""
    for number in range(3 * FILES):
        os.link(source / f"more{number % 1000:05d}.dcm", tmp_path / f"{number:06d}.dcm")
    code = (
        "import resource, sys, convkit; "
        "convkit.save_index(*sys.argv[2:], output=sys.argv[1], jobs=1); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = []
    for sources in ([source], [source, tmp_path]):
        given = [sys.executable, "-c", code, str(tmp_path / "x.parquet"), *map(str, sources)]
        peaks.append(int(subprocess.run(given, capture_output=True, text=True, check=True).stdout))
    assert peaks[1] - peaks[0] < 60_000  # kB; the rows themselves, with their headers, would take many times that


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))  # as a disk that is full, whoever runs it
from convkit.cli.main import run
sys.argv = ["convkit", "scan", sys.argv[1], "--level", "instance", "-q", "-j", "1", "-o", sys.argv[2]]
run()
"""


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_a_disk_that_is_full_is_said_with_its_place(suffix: str, source: Path, tmp_path: Path) -> None:
    target = tmp_path / f"index.{suffix}"
    command = [sys.executable, "-c", FULL, str(source), str(target)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 5
    assert f"{target}: The table cannot be written" in done.stderr
    assert "Check space" in done.stderr
    assert not target.exists()
    convkit.save_index(source, output=target, jobs=1)
    convkit.save_index(source, output=tmp_path / f"other.{suffix}", jobs=1)
    assert target.read_bytes() == (tmp_path / f"other.{suffix}").read_bytes()
