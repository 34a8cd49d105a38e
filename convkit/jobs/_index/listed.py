"""The files that a table lists: one that `scan` saved, or one of somebody else with a column of paths."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from convkit.errors import UsageError
from convkit.jobs._index.paths import path_of
from convkit.jobs._schema import MODIFIED, PATH
from convkit.tables.stored import StoredTable

_HINT = "Give one that convkit scan --level instance -o has saved, or a table with a column named path."


def listed(table: str, at: str = "") -> Iterator[str]:
    """The paths that a table lists.

    Parameters
    ----------
    table : str
        Its path.
    at : str
        Where it comes from, if that is another place: relative paths begin there.

    Raises
    ------
    UsageError
        It lists no files, or only copies that `deid` would make.
    """
    path = Path(table)
    folder = at.rpartition("/")[0] or path.absolute().parent
    texts = _READERS[path.suffix.lower()](path)
    return (path_of(text, folder) for text in texts if text)


def _of_parquet(path: Path) -> Iterator[str]:
    try:
        stored = StoredTable(path)
    except ValueError as err:
        raise UsageError("The table is no Parquet, or is damaged.", str(path), _HINT) from err
    _check({c.name for c in stored.columns}, str(path), is_redacted=bool(stored.metadata.get("profiled")))
    try:
        for number in range(stored.groups):
            yield from stored.cells(number, (PATH,))[0]
    except ValueError as err:
        raise UsageError("The table is damaged.", str(path), _HINT) from err
    finally:
        stored.close()


def _of_csv(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check(set(reader.fieldnames or ()), str(path))
            yield from (row[PATH] or "" for row in reader)
    except (UnicodeDecodeError, csv.Error, OSError) as err:
        raise UsageError("The table cannot be read.", str(path), _HINT) from err


def _of_json(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file):
                row = json.loads(line)
                if number == 0 or PATH not in row:
                    _check(set(row), str(path))
                yield str(row[PATH] or "")
    except (UnicodeDecodeError, ValueError, TypeError, OSError) as err:
        raise UsageError("The table cannot be read.", str(path), _HINT) from err


_READERS: dict[str, Callable[[Path], Iterator[str]]] = {".parquet": _of_parquet, ".csv": _of_csv, ".jsonl": _of_json}


def _check(names: set[str], where: str, *, is_redacted: bool = False) -> None:
    """Refuse a table that lists no files that are there."""
    if is_redacted or ("sop_class" in names and PATH in names and MODIFIED not in names):
        what = "The table was made under a profile: it names copies that deid makes, and no file of which it was made."
        raise UsageError(what, where, "Give the folder of the copies, or an index without --profile.")
    if PATH not in names:
        raise UsageError("The table has no column named path, so it lists no files.", where, _HINT)
