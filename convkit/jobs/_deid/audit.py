"""The audit: a line for each element that was changed. Never a value: neither the old nor the new one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from convkit.deid.walk import Change
from convkit.errors import OutputError
from convkit.writers import written_aside


class Audit:
    """Lines of JSON, of files in the order of their names."""

    def __init__(self, file: BinaryIO | None) -> None:
        self._file = file

    @classmethod
    @contextmanager
    def open(cls, path: str | None) -> Iterator[Audit]:
        """The audit in a file, to which a run adds its lines when it has ended; without a path nothing is kept.

        A run again with the same command writes what is new, so earlier lines still tell of the other outputs.

        Raises
        ------
        OutputError
            The file cannot be written.
        """
        if path is None:
            yield cls(None)
            return
        earlier = earlier_lines(path)
        with written_aside(Path(path)) as file:
            file.write(earlier)
            yield cls(file)

    def add(self, name: str, changes: Iterable[Change]) -> None:
        """What became of the elements of one output."""
        if self._file is None:
            return
        for each in changes:
            line = {"file": name, "element": each.place, "action": str(each.action), "rule": each.rule}
            self._file.write(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")


_START = b'{"file":'


def earlier_lines(path: str) -> bytes:
    """What earlier runs wrote.

    Raises
    ------
    OutputError
        The file is there, and is no audit.
    """
    try:
        earlier = Path(path).read_bytes() if Path(path).exists() else b""
    except OSError as err:
        raise OutputError("The audit cannot be read.", path, "", "output.error") from err
    if earlier and not earlier.startswith(_START):
        raise OutputError("The file is there already, and is no audit.", path, "Name another.", "output.exists-refused")
    return earlier
