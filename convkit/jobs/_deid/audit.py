"""The audit: a line for each element that was changed. Never a value: neither the old nor the new one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from convkit.deid.walk import Change
from convkit.writers import written_aside


class Audit:
    """Lines of JSON, of files in the order of their names."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file

    @classmethod
    @contextmanager
    def open(cls, path: str | None) -> Iterator[Audit]:
        """The audit in a file, which appears when the run has ended; without a path nothing is kept.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        if path is None:
            yield cls(None)
            return
        with written_aside(Path(path)) as file:
            yield cls(file)

    def add(self, name: str, changes: Iterable[Change]) -> None:
        """What became of the elements of one output."""
        if self._file is None:
            return
        for each in changes:
            line = {"file": name, "element": each.place, "action": str(each.action), "rule": each.rule}
            self._file.write(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")
