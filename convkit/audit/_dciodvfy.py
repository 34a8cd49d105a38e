"""The validator of dicom3tools, where it is installed: its errors join those of our own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

from convkit.audit.instance import Instance

_SLOWEST = 60
"""Seconds; it takes hundredths."""

_DEFLATED = "1.2.840.10008.1.2.1.99"
"""It cannot inflate, and takes what is deflated for damage."""

_VALUES = re.compile(r"\b[0-2](?:\.\d+){2,}|<[^<>]*[\d.]{4,}[^<>]*>|\[[^\]]*\]|= <[^>]*>|is <[^>]*>|\bvalue .*$")
"""What may be a value in a message: it must not reach a report, and it would tell equal errors apart."""


@cache
def _program() -> str | None:
    return shutil.which("dciodvfy")


def with_dciodvfy(instance: Instance, path: Path) -> Instance:
    """The instance with the errors that dciodvfy finds; as it is where there is no dciodvfy."""
    program = _program()
    if program is None or instance.is_directory or instance.get("syntax") == _DEFLATED:
        return instance
    try:
        done = subprocess.run([program, str(path)], capture_output=True, timeout=_SLOWEST, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return instance
    lines = (done.stderr + done.stdout).decode("latin-1").splitlines()
    errors = Counter("dciodvfy: " + _VALUES.sub("", line).strip() for line in lines if line.startswith("Error"))
    return replace(instance, faults=Counter(instance.faults) + errors)
