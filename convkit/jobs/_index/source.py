"""Tables as sources: what `scan` saved stands for its files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convkit.dicom.sources import Found, find_files
from convkit.storage.files import file_stamp

if TYPE_CHECKING:
    from convkit.jobs._index.shelf import Shelf

Source = str | os.PathLike[str]

SUFFIXES = (".parquet", ".csv", ".jsonl")
"""Of tables; a file of such a name that is given as a source stands for the files that it lists."""


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
    from convkit.jobs._index.listed import listed as listed_in  # noqa: PLC0415 (few sources are tables)
    from convkit.jobs._index.shelf import Shelf  # noqa: PLC0415

    others = [each for each in given if each not in tables]
    rest = find_files(others, typed_in=typed_in) if others else Found((), ())
    listed = dict.fromkeys(chain.from_iterable(map(listed_in, tables)))
    if rest.paths or len(tables) > 1:
        real: dict[str, str] = {}
        for path in chain(rest.paths, listed):
            real.setdefault(os.path.realpath(path), path)
        listed = dict.fromkeys(real.values())
    indexes = tuple((table, *file_stamp(table)) for table in tables if table.lower().endswith(".parquet"))
    return Sources(Found(tuple(sorted(listed)), rest.notes), Shelf(indexes) if indexes else None)


def _is_table(source: str) -> bool:
    return source.lower().endswith(SUFFIXES) and not source.startswith("@") and Path(source).is_file()
