"""Tables as sources: what `scan` saved stands for its files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convkit.dicom.sources import Found, find_files
from convkit.storage import files
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
    tables = {each: path for each in given if (path := _table_at(each))}
    if not tables:
        return Sources(find_files(given, typed_in=typed_in), None)
    from convkit.jobs._index.listed import listed as listed_in  # noqa: PLC0415 (few sources are tables)
    from convkit.jobs._index.shelf import Shelf  # noqa: PLC0415

    others = [each for each in given if each not in tables]
    rest = find_files(others, typed_in=typed_in) if others else Found((), ())
    of_tables = (listed_in(path, each if files.is_url(each) else "") for each, path in tables.items())
    listed = dict.fromkeys(chain.from_iterable(of_tables))
    if rest.paths or len(tables) > 1:
        real: dict[str, str] = {}
        for path in chain(rest.paths, listed):
            real.setdefault(path if "://" in path else os.path.realpath(path), path)
        listed = dict.fromkeys(real.values())
    indexes = tuple((path, *file_stamp(path)) for path in tables.values() if path.lower().endswith(SUFFIXES[0]))
    return Sources(Found(tuple(sorted(listed)), rest.notes), Shelf(indexes) if indexes else None)


def _table_at(source: str) -> str:
    """The path of a table that is given as a source, or of a copy of one in object storage; empty for all else.

    Raises
    ------
    InputError
        The storage refuses.
    """
    if not source.lower().endswith(SUFFIXES) or source.startswith("@"):
        return ""
    if not files.is_url(source) or os.path.lexists(source):
        return source if Path(source).is_file() else ""
    import_module("convkit.storage.remote").checked_url(source)  # fsspec, only for URLs
    try:
        path: str = import_module("convkit.storage.fetched").fetched(source)
    except (FileNotFoundError, IsADirectoryError):
        return ""  # a folder may have any name
    except OSError as err:
        raise files.unreadable(source, err) from err
    return path
