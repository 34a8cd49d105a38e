"""An update that would empty an index: a disk that is not mounted looks like a folder from which all files are gone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from convkit.dicom.sources import find_files
from convkit.errors import InputError
from convkit.jobs._index.paths import absolute, path_of
from convkit.jobs._schema import PATH
from convkit.model.notes import CODES
from convkit.storage.files import INSIDE
from convkit.tables.stored import StoredTable

CODE = "table.source-empty"


def check_not_emptied(older: StoredTable, sources: Iterable[str], paths: Sequence[str], folder: Path) -> None:
    """Refuse a source without any file where the index has files of it, and sources without any at all.

    Parameters
    ----------
    older : StoredTable
        The index as it is.
    sources : iterable of str
        As given, absolute.
    paths : sequence of str
        What is there of all of them, sorted.
    folder : Path
        Of the index.

    Raises
    ------
    InputError
    """
    if not len(older):
        return
    if not paths:
        raise _refusal(next(iter(sources), ""))
    for source in sources:
        if not _has_any(paths, source) and _is_in(older, source, folder) and not find_files([source]).paths:
            raise _refusal(source)


def _refusal(source: str) -> InputError:
    what = "There is no file in the source, and the index has files: they would all go."
    return InputError(what, source, CODES[CODE].hint, CODE)


def _has_any(paths: Sequence[str], source: str) -> bool:
    """True where any of the sorted paths is the source, or lies in it."""
    for least in (source, *_inside(source)):
        place = bisect_left(paths, least)
        if place < len(paths) and (paths[place] == source or paths[place].startswith(tuple(_inside(source)))):
            return True
    return False


def _inside(source: str) -> Iterator[str]:
    """What paths begin with that lie in a folder, or in an archive."""
    yield f"{source.rstrip('/')}/"
    yield f"{source}{INSIDE}"


def _is_in(older: StoredTable, source: str, folder: Path) -> bool:
    """True where the index has a file of a source."""
    inside = tuple(_inside(source))
    for number in range(older.groups):
        for text in older.cells(number, (PATH,))[0]:
            path = absolute(path_of(text, folder))
            if path == source or path.startswith(inside):
                return True
    return False
