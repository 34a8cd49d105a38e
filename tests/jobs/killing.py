"""Runs that are killed at certain moments, each in a folder of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest

Process = subprocess.Popen[bytes]


class Killed(NamedTuple):
    """A run that was killed, unless it was over before.

    Attributes
    ----------
    process : Popen
    target : Path
        Its destination.
    was_caught : bool
    """

    process: Process
    target: Path
    was_caught: bool


def killed_runs(
    start: Callable[[Path], Process],
    wait_for: Callable[[Process, Path, int], bool],
    folder: Path,
    moments: Iterable[int],
    *,
    is_alone: bool,
) -> Iterator[Killed]:
    """Yield runs that were killed when so much was finished: the parent alone, or all of its group."""
    for finished in moments:
        target = folder / f"out{finished}"
        process = start(target)
        was_caught = wait_for(process, target, finished)
        if was_caught:
            process.kill() if is_alone else os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        yield Killed(process, target, was_caught)


def wait_for_workers(process: Process, longest_s: float = 10) -> None:
    """Workers that outlive their parent end the file at hand first; until then names change while they are read."""
    last = time.monotonic() + longest_s
    with suppress(ProcessLookupError):
        while time.monotonic() < last:
            os.killpg(process.pid, 0)
            time.sleep(0.01)
        pytest.fail("workers live on without their parent")
