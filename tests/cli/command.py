"""`python -m convkit` as a real process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]


def convkit(*arguments: Any, cwd: Path | None = None, typed_in: str = "", **environment: str) -> Done:
    """Run the command to its end; nothing is a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "convkit", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        input=typed_in,
        cwd=cwd,
        timeout=120,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "", **environment},
    )


def lines(text: str) -> list[str]:
    return text.splitlines()


Command = Callable[..., Done]
