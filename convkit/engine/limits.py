"""What a run may use of the machine: processors and memory."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from convkit.errors import UsageError

_CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")  # Linux, cgroup v2: "quota period" in µs, or "max period"
_MEMORY_LIMIT = Path("/sys/fs/cgroup/memory.max")  # the same: bytes, or "max"

_SHARE = 0.8
"""Part of the memory that a run takes unless it was told: the rest is for the system and its file cache."""

LEAST_MEMORY = 16 << 20
"""Bytes of a budget: less is a unit that was forgotten."""

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)


def default_jobs() -> int:
    """Number of CPUs that this process may use, by its affinity and, in a container, by its quota.

    One where it may have no workers of its own.
    """
    if is_daemonic():
        return 1
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cpus, _quota_cpus(_CPU_QUOTA) or cpus))


def is_daemonic() -> bool:
    """True in a worker of `multiprocessing`, which lets it have no processes."""
    processes = sys.modules.get("multiprocessing.process")  # loaded in every process that it has started
    return processes is not None and bool(processes.current_process().daemon)


def default_memory() -> int | None:
    """Bytes that a run may use: most of the machine's, or of its container's; None where that is not known."""
    known = [size for size in (_physical(), _limit(_MEMORY_LIMIT)) if size]
    return int(min(known) * _SHARE) if known else None


def memory_of(text: str | int) -> int:
    """Bytes that a text such as ``8G`` or ``512 MB`` means; units are powers of 1024.

    Raises
    ------
    UsageError
        It means none, or less than anything can be done with.
    """
    found = _SIZE.fullmatch(str(text).strip())
    size = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if not found or size < 1:
        raise UsageError(f"{text!r} is no size.", "--memory", "Write 8G or 512M.")
    if size < LEAST_MEMORY:
        what = f"The size {text} is {size} bytes, and less than {LEAST_MEMORY >> 20}M is of no use."
        raise UsageError(what, "--memory", "Write 8G or 512M." if found[2] else f"Did you mean {found[1]}M?")
    return size


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None  # a system without


def _limit(path: Path) -> int | None:
    """Memory that the control group of a container allows; None where there is no limit."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _quota_cpus(path: Path) -> int | None:
    """CPUs that the control group of a container allows, rounded up; None where there is no limit."""
    try:
        quota, period = path.read_text().split()
        return -(-int(quota) // int(period))
    except (OSError, ValueError, ZeroDivisionError):
        return None
