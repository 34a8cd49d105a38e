"""SIGTERM to the command: a word, exit code 143, nothing half-written, and the same command goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.builders import instance, write
from tests.clusters import Cluster, cluster, wait_until
from tests.clusters import convkit as command
from tests.jobs.work import contents

if os.name != "posix":
    pytest.skip("SIGTERM is POSIX", allow_module_level=True)

SERIES, SLICES, SIZE = 16, 60, 128
SAID = "ended by SIGTERM; the same command goes on"
ENDED = 128 + signal.SIGTERM
LONGEST_S = 10.0

Send = Callable[["subprocess.Popen[str]"], object]


def to_the_command(process: subprocess.Popen[str]) -> None:
    """As `kill` does."""
    process.terminate()


def to_all_of_it(process: subprocess.Popen[str]) -> None:
    """As `timeout` and batch systems do: to the process, then to its group, it among them."""
    process.terminate()
    os.killpg(process.pid, signal.SIGTERM)


@pytest.fixture(name="source", scope="module")
def _source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough small series to be ended amid them."""
    folder = tmp_path_factory.mktemp("terminated") / "in"
    noise = np.random.default_rng(1)
    for series in range(1, SERIES + 1):
        write(
            (
                instance(series=series, number=place, pixels=noise.integers(-1000, 1000, (SIZE, SIZE), np.int16))
                for place in range(1, SLICES + 1)
            ),
            folder / f"s{series}",
        )
    return folder


def options(verb: str, source: Path) -> list[str]:
    """What a verb needs besides source and destination."""
    return {
        "convert": ["--to", "nii.gz"],
        "deid": ["--pixels", "allow", "--key", str(source.parent / "key")],
        "preview": ["--to", "png"],
        "sort": [],
    }[verb]


def outputs(target: Path) -> Iterator[Path]:
    """Files under a final name, or under one that they have meanwhile."""
    return (path for path in target.rglob("*") if path.is_file() and ".convkit" not in path.parts)


def unfinished(target: Path) -> list[Path]:
    return list(target.rglob("*.part"))


def finished(process: subprocess.Popen[str]) -> int:
    """The exit code of a command that is left alone."""
    process.communicate(timeout=60)
    return process.returncode


def ended(start: Callable[[], subprocess.Popen[str]], target: Path, moment: int, send: Send) -> str:
    """What a command says that is ended when it has so many outputs; it is tried again where it was faster."""
    for _ in range(10):
        shutil.rmtree(target, ignore_errors=True)
        process = start()
        last = time.monotonic() + LONGEST_S
        while process.poll() is None and time.monotonic() < last:
            if sum(1 for _ in outputs(target)) >= moment:
                break
            time.sleep(0.001)
        if process.poll() is None:
            send(process)
        _, err = process.communicate(timeout=30)
        if process.returncode:
            assert process.returncode == ENDED, err
            return err
    pytest.fail("it was always faster")


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["convert", "deid", "preview", "sort"])
@pytest.mark.parametrize(("jobs", "send"), [("1", to_the_command), ("2", to_the_command), ("2", to_all_of_it)])
def test_ended_command_leaves_nothing_half_and_goes_on(
    jobs: str, send: Send, verb: str, source: Path, tmp_path: Path
) -> None:
    def start(target: Path = tmp_path / "out") -> subprocess.Popen[str]:
        given = [verb, str(source), "-o", str(target), *options(verb, source), "-j", jobs]
        return command(*given, start_new_session=True)

    whole, target = tmp_path / "whole", tmp_path / "out"
    assert finished(start(whole)) == 0
    expected = contents(whole)
    for moment in (1, 5):
        err = ended(start, target, moment, send)
        assert SAID in err
        assert "Traceback" not in err
        assert unfinished(target) == []
        assert contents(target).items() <= expected.items()
        assert finished(start()) == 0
        assert contents(target) == expected


@pytest.mark.slow
def test_ended_index_goes_on(source: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet", reason="the extra tables is not installed")
    names = tmp_path / "in"
    names.mkdir()
    files = [path for path in source.rglob("*") if path.is_file()]
    for number in range(8000):
        os.link(files[number % len(files)], names / f"{number:05d}.dcm")

    def start(target: Path) -> subprocess.Popen[str]:
        return command("scan", str(names), "--level", "instance", "-o", str(target), "-j", "2", start_new_session=True)

    whole, target = tmp_path / "whole.parquet", tmp_path / "x.parquet"
    assert finished(start(whole)) == 0
    for _ in range(10):
        process = start(target)
        wait_until(lambda: process.poll() is not None or any(tmp_path.glob(".x.*")))  # noqa: B023 (called at once)
        to_all_of_it(process)
        _, err = process.communicate(timeout=30)
        if process.returncode:
            break
    assert process.returncode == ENDED, err
    assert SAID in err
    assert not target.exists()
    assert finished(start(target)) == 0
    assert target.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("given", [("scan", "-"), ("convert", "-", "-o", "out")], ids=["scan", "convert"])
def test_command_that_has_written_nothing_says_that_it_was_ended(given: tuple[str, ...], tmp_path: Path) -> None:
    process = command(*given, stdin=subprocess.PIPE, cwd=tmp_path)  # waits for a path that never comes
    time.sleep(1.0)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err.count("ended by SIGTERM")) == (ENDED, 1)
    assert "Traceback" not in err
    assert not any(tmp_path.iterdir())


# --- on a cluster ----------------------------------------------------------------------------------------


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    pytest.importorskip("distributed", reason="the extra cluster is not installed")
    with cluster(tmp_path_factory.mktemp("cluster")) as made:
        yield made


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0, 1, 5])
@pytest.mark.parametrize("verb", ["convert", "deid", "preview", "sort"])
def test_command_on_a_cluster_that_is_ended_goes_on(
    verb: str, moment: int, source: Path, shared: Cluster, tmp_path: Path
) -> None:
    def start(target: Path = tmp_path / "out") -> subprocess.Popen[str]:
        given = [verb, str(source), "-o", str(target), *options(verb, source), "--cluster", shared.address]
        return command(*given, start_new_session=True)

    whole, target = tmp_path / "whole", tmp_path / "out"
    assert finished(start(whole)) == 0
    expected = contents(whole)
    err = ended(start, target, moment, to_all_of_it) if moment else ended_at_the_witness(start, target)
    assert SAID in err
    assert "Traceback" not in err
    wait_until(lambda: not unfinished(target))  # workers finish what they have begun
    assert contents(target).items() <= expected.items()
    assert finished(start()) == 0
    assert contents(target) == expected


def ended_at_the_witness(start: Callable[[], subprocess.Popen[str]], target: Path) -> str:
    """What a command says that is ended as soon as it has shown its workers the destination."""
    for _ in range(10):
        shutil.rmtree(target, ignore_errors=True)
        process = start()
        while process.poll() is None and not unfinished(target):
            time.sleep(0.0005)
        to_all_of_it(process)
        _, err = process.communicate(timeout=30)
        if process.returncode == ENDED:
            return err
    pytest.fail("it was always faster")


# --- signals of other kinds ------------------------------------------------------------------------------

SCRIPT = """
import os, signal, sys, time
from convkit.cli import ending
{before}
ending.unwind_when_terminated()
try:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.2)
except KeyboardInterrupt:
    print("unwound")
{after}
print(int(ending.code()))
"""


def said(before: str = "", after: str = "") -> tuple[int, str]:
    script = SCRIPT.format(before=before, after=after)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert not done.stderr
    return done.returncode, done.stdout


def test_sigterm_unwinds_once() -> None:
    again = "os.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(0.2)"
    assert said(after=again) == (0, "unwound\n143\n")


def test_sigterm_that_comes_again_later_ends_what_is_held_up() -> None:
    again = "ending.REPEATED_S = 0.1\ntime.sleep(0.2)\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(5)"
    assert said(after=again)[0] == ENDED


@pytest.mark.slow
def test_command_whose_messages_nobody_reads_can_be_ended(tmp_path: Path) -> None:
    for number in range(1, 400):
        write([instance(series=number, Rows=2, BitsAllocated=13)], tmp_path / "in" / str(number))
    process = command("convert", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "-v", "-j", "2")
    time.sleep(4.0)
    assert process.poll() is None  # the pipe is full
    process.terminate()
    time.sleep(2.5)
    if process.poll() is None:
        process.terminate()
    assert process.wait(5) == ENDED
    process.communicate()


@pytest.mark.slow
def test_ended_command_whose_results_nobody_reads_has_its_exit_code(source: Path, tmp_path: Path) -> None:
    def start() -> subprocess.Popen[str]:
        process = command("convert", str(source), "-o", str(tmp_path / "out"), "--to", "nii.gz", start_new_session=True)
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        return process

    ended(start, tmp_path / "out", 1, to_the_command)


def test_sigterm_that_is_ignored_stays_so() -> None:
    assert said(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)") == (0, "130\n")


def test_sigterm_that_a_program_handles_stays_its_own() -> None:
    assert said(before="signal.signal(signal.SIGTERM, lambda *_: print('mine'))") == (0, "mine\n130\n")


def test_sigterm_is_left_to_the_system_in_the_end() -> None:
    after = "ending.unwind_no_more()\nprint(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
    assert said(after=after) == (0, "unwound\nTrue\n143\n")
    before = "signal.signal(signal.SIGTERM, lambda *_: print('mine'))"
    after = "ending.unwind_no_more()\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(0.2)"
    assert said(before, after) == (0, "mine\nmine\n130\n")


def test_forked_child_that_has_no_handler_yet_ends_quietly() -> None:
    child = """
here, there = os.pipe()
child = os.fork()
if not child:
    os.write(there, b"!")  # a signal before this one would be lost: Python forgets those of its parent
    time.sleep(10)
    os._exit(1)
os.read(here, 1)
os.kill(child, signal.SIGTERM)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert said(after=child) == (0, "unwound\n143\n143\n")
