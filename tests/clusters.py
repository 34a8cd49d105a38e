"""Real Dask clusters on this computer, and tasks for them: workers import them from here by name."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convkit.storage import loss

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 60.0
"""Most that anything may take on a busy computer."""


class Cluster:
    """A scheduler process and worker processes of one thread each.

    Attributes
    ----------
    address : str
        Path of the scheduler file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = str(folder / "scheduler.json")
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        wait_until(Path(self.address).exists)

    def start(self, what: str, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a process of the cluster."""
        command = [sys.executable, "-m", "dask", what, "--no-dashboard", "--scheduler-file", self.address, *options]
        known = {"PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
        with (self._folder / "said").open("ab") as said:
            process = subprocess.Popen(
                command, cwd=self._folder, stdout=said, stderr=said, env={**os.environ, **known, **environment}
            )
        self._processes.append(process)
        return process

    def start_workers(self, number: int, *options: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start some worker processes and what looks after them, in a folder that nobody else works in."""
        place = ["--local-directory", str(self._folder / "scratch")]
        threads = [] if "--nthreads" in options else ["--nthreads", "1"]
        return self.start("worker", "--nworkers", str(number), *threads, *place, *options, **environment)

    def stop(self) -> None:
        """End everything; what was killed before stays dead."""
        for process in reversed(self._processes):  # workers first, which say goodbye to their scheduler
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def cluster(folder: Path, workers: int = 2, *options: str, **environment: str) -> Iterator[Cluster]:
    """A cluster that ends with the block."""
    made = Cluster(folder)
    try:
        if workers:
            made.start_workers(workers, *options, **environment)
            wait_until(lambda: (folder / "said").read_text().count("Registered to") >= workers)
        yield made
    finally:
        made.stop()


@contextmanager
def silent_peer() -> Iterator[str]:
    """Address of what takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def convkit(*arguments: str, cwd: Path | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start the command."""
    environment: Mapping[str, str] = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "convkit", *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


# --- tasks -----------------------------------------------------------------------------------------------


def square(number: int) -> int:
    return number * number


def worker_id(_number: int) -> int:
    time.sleep(0.05)
    return os.getpid()


def doze(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def working_folder(_number: int) -> str:
    return str(Path.cwd())


def die(number: int) -> int:
    """Item 3 kills whoever works on it."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return number


def die_once(item: tuple[int, Path]) -> int:
    number, mark = item
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def leave(number: int) -> int:
    """Item 3 tries to end the process."""
    if number == 3:
        sys.exit(5)
    return number


def square_or_raise(number: int) -> int:
    if number == 3:
        raise ValueError("DOE^JANE")
    return number * number


def square_or_lose(number: int) -> int:
    if number == 3:
        loss.report("s3://bucket/key", "the storage cannot be reached")
    return number * number


def length(_number: int, *, of: bytes) -> int:
    return len(of)


def overlap(folder: Path) -> bool:
    """True where another call of this process is under way at the same time."""
    mark = folder / str(os.getpid())
    found = mark.exists()
    mark.touch()
    time.sleep(0.02)
    mark.unlink(missing_ok=True)
    return found


def slow(mark: Path) -> str:
    mark.touch()
    time.sleep(0.2)
    return mark.name


def kept(_item: object, error: Exception) -> Exception:
    """The error itself, for tests to look at."""
    return error
