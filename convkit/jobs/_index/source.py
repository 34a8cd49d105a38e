"""Tables as sources: what `scan` saved stands for its files."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from convkit.dicom.header import file_stamp
from convkit.dicom.sources import Found, find_files
from convkit.errors import UsageError
from convkit.jobs._index.paths import path_of
from convkit.jobs._index.shelf import Shelf
from convkit.jobs._schema import MODIFIED, PATH

Source = str | os.PathLike[str]

SUFFIXES = (".parquet", ".csv", ".jsonl")
"""Of tables; a file of such a name that is given as a source stands for the files that it lists."""

_HINT = "Give one that convkit scan --level instance -o has saved, or a table with a column named path."


class Sources(NamedTuple):
    """The files of some sources.

    Attributes
    ----------
    found : Found
    shelf : Shelf or None
        Where headers can be had without the files.
    """

    found: Found
    shelf: Shelf | None


def files_of(sources: Iterable[Source], typed_in: Iterable[str] = ()) -> Sources:
    """All files below the sources, of which some may be tables.

    Raises
    ------
    InputError
        A source does not exist.
    UsageError
        A table lists no files, or only copies that `deid` would make.
    """
    given = [os.fspath(source) for source in sources]
    tables = [each for each in given if _is_table(each)]
    if not tables:
        return Sources(find_files(given, typed_in=typed_in), None)
    others = [each for each in given if each not in tables]
    rest = find_files(others, typed_in=typed_in) if others else Found((), ())
    listed = dict.fromkeys(chain.from_iterable(map(_listed, tables)))
    if rest.paths or len(tables) > 1:
        real: dict[str, str] = {}
        for path in chain(rest.paths, listed):
            real.setdefault(os.path.realpath(path), path)
        listed = dict.fromkeys(real.values())
    indexes = tuple((table, *file_stamp(table)) for table in tables if table.lower().endswith(".parquet"))
    return Sources(Found(tuple(sorted(listed)), rest.notes), Shelf(indexes) if indexes else None)


def _is_table(source: str) -> bool:
    return source.lower().endswith(SUFFIXES) and not source.startswith("@") and Path(source).is_file()


def _listed(table: str) -> Iterator[str]:
    """The paths that a table lists."""
    path = Path(table)
    folder = path.absolute().parent
    texts = _READERS[path.suffix.lower()](path)
    return (path_of(text, folder) for text in texts if text)


def _of_parquet(path: Path) -> Iterator[str]:
    from convkit.tables.stored import StoredTable  # noqa: PLC0415 (an extra)

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
