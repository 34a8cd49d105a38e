"""Runs commands and functions in turn (A B A B ...), so that what else the machine does hits both alike."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class Cost:
    """What one run took; `peak_mb` is that of the largest single process."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def find_command(name: str) -> str | None:
    """Path of a command, next to this Python or on the path; None where it is absent."""
    return shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)


_LAUNCHER = """
import os, sys, time
said = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
actions = [(os.POSIX_SPAWN_DUP2, said, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ, file_actions=actions)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - start
print(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
"""A process starts with the peak memory of the one that starts it, so a small one does: its 10 MB are the
least that is ever shown."""


def _environment() -> dict[str, str]:
    """Of a command: an installed program has its bytecode, so one that runs from its source may keep some, too."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "convkit-benchmarks" / "bytecode")}


_PEAK_UNIT = 1e6 if sys.platform == "darwin" else 1e3  # ru_maxrss: bytes there, KiB on Linux


def run_command(command: Sequence[str]) -> Cost:
    """Run a command to its end; its children count where it waits for them.

    Raises
    ------
    RuntimeError
        It fails; the message holds what it wrote.
    """
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(said), *command]
        answer = subprocess.run(launch, check=True, capture_output=True, text=True, env=_environment()).stdout.split()
        if answer[3] != "0":
            raise RuntimeError(f"{' '.join(command)} ended with {answer[3]}:\n{said.read_text()[-2000:]}")
    return Cost(float(answer[0]), float(answer[1]), float(answer[2]) / _PEAK_UNIT)


def in_turn(runs: int, sides: dict[str, Callable[[], Cost]]) -> dict[str, list[Cost]]:
    """Costs of `runs` runs of each side, one after the other, every second round the other way round."""
    found: dict[str, list[Cost]] = {name: [] for name in sides}
    for number in range(runs):
        for name in list(sides) if number % 2 == 0 else list(sides)[::-1]:
            found[name].append(sides[name]())
    return found


def medians(costs: Sequence[Cost]) -> Cost:
    """Median of each number."""
    return Cost(*(median(values) for values in zip(*(asdict(c).values() for c in costs), strict=True)))


def ratio(costs: Sequence[Cost], peers: Sequence[Cost]) -> float:
    """Median over the rounds of peer's wall time / ours: above 1 means that we are faster."""
    return median(peer.wall_s / ours.wall_s for ours, peer in zip(costs, peers, strict=True))


def warm(folder: Path) -> int:
    """Read every file once, so that no run pays for the disk; returns the bytes."""
    return sum(len(path.read_bytes()) for path in folder.rglob("*") if path.is_file())
