"""From what the user names to files: folders walked without loops, lists, single files, DICOMDIR."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from convkit.dicom._own import is_own
from convkit.errors import InputError
from convkit.model.notes import Note, note
from convkit.storage.files import looks_packed, may_be_elsewhere

OWN_FOLDER = ".convkit"
"""Where a destination keeps its journal; never an input."""


class Found(NamedTuple):
    """The files of some sources.

    Attributes
    ----------
    paths : tuple of str
        Files, sorted, each real file once, whatever links lead to it.
    notes : tuple of Note
        What was not followed or could not be listed.
    """

    paths: tuple[str, ...]
    notes: tuple[Note, ...]


def find_files(sources: Iterable[str | os.PathLike[str]], *, typed_in: Iterable[str] = ()) -> Found:
    """All files below the sources.

    Parameters
    ----------
    sources : paths
        A file, a folder (searched to any depth), an archive, a DICOMDIR (the files that it lists), ``@list.txt`` with
        one path a line, ``-`` for the paths in `typed_in`, or a URL of object storage: of an object, or of what lies
        below. Archives that are met in folders are opened, too; archives within archives are not. An index that convkit
        has saved in a folder is no file of it.
    typed_in : lines
        What came on standard input.

    Raises
    ------
    InputError
        A source does not exist, or storage cannot be listed.
    UsageError
        A URL is of a kind that cannot be read, or holds a password.
    MissingExtraError
        A library for the storage is not installed.
    """
    notes: list[Note] = []
    found: dict[str, str] = {}
    for source in _expanded(sources, typed_in, notes):
        for path, real in _files(source, notes):
            if real not in found or path < found[real]:
                found[real] = path
    return Found(tuple(sorted(found.values())), tuple(notes))


def _files(source: str, notes: list[Note]) -> Iterator[tuple[str, str]]:
    """(path, real path) of the files that a source stands for."""
    if Path(source).is_dir():
        for path, real in _walk(source, notes):
            if path.endswith(_ENDINGS_OF_ARCHIVES):  # of every file: archives are few
                yield from _elsewhere().unpacked(path, real, notes)
            elif not (path.endswith(_ENDINGS_OF_OURS) and is_own(path)):
                yield path, real
    elif Path(source).name.upper() == "DICOMDIR" and Path(source).is_file():
        yield from _referenced(source, notes)
    elif Path(source).is_file():
        if source.endswith(_ENDINGS_OF_ARCHIVES) or looks_packed(source):
            yield from _elsewhere().unpacked(source, os.path.realpath(source), notes, is_named=True)
        else:
            yield source, os.path.realpath(source)
    elif os.path.lexists(source):
        notes.append(_not_a_file(source))
    elif may_be_elsewhere(source):
        yield from _elsewhere().found(source, notes)
    else:
        raise InputError("The source does not exist.", source, "Check the spelling.", "input.unreadable")


def _elsewhere() -> Any:
    """What finds members of archives, and objects in storage: loaded only where there may be some."""
    return import_module("convkit.dicom._elsewhere")


_ENDINGS_OF_OURS = (".parquet", ".unfinished", ".lock", ".part")
"""Of files that may be convkit's own."""

_ENDINGS_OF_ARCHIVES = tuple(
    spelling
    for ending in (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".tbz", ".xz", ".txz")
    for spelling in (ending, ending.upper(), ending.title())
)
"""Of files that may be archives; `convkit.storage.archives` knows them."""


def _referenced(source: str, notes: list[Note]) -> Iterator[tuple[str, str]]:
    """(path, real path) of the files that a DICOMDIR lists."""
    directory = import_module("convkit.dicom._directory")  # pydicom, only for a DICOMDIR that is named
    for path in _there(directory.referenced_files(source), notes):
        if Path(path).is_file():
            yield path, os.path.realpath(path)
        else:
            notes.append(_not_a_file(path))


def _expanded(sources: Iterable[str | os.PathLike[str]], typed_in: Iterable[str], notes: list[Note]) -> Iterator[str]:
    for given in sources:
        source = os.fspath(given)
        if source == "-":
            yield from _there((line.rstrip("\r\n") for line in typed_in), notes)
        elif source.startswith("@"):
            yield from _there(_listed(source[1:]), notes)
        else:
            yield source


def _listed(path: str) -> list[str]:
    try:
        text = Path(path).read_text(encoding="utf-8", errors="surrogateescape")  # names in any encoding
    except OSError as err:
        raise InputError(f"The list cannot be read ({err.strerror}).", path, "", "input.unreadable") from err
    return text.splitlines()


def _there(lines: Iterable[str], notes: list[Note]) -> Iterator[str]:
    """The paths of a list that exist; one that does not costs only itself."""
    for path in (line.strip() for line in lines):
        if os.path.lexists(path) or (path and may_be_elsewhere(path)):
            yield path
        elif path:
            notes.append(note("input.unreadable", "The listed path does not exist.", where=path))


def _walk(root: str, notes: list[Note]) -> Iterator[tuple[str, str]]:
    """Files below a folder, links followed; no folder is entered twice, whatever links lead to it."""
    stack = [(root, frozenset[str]())]
    seen: set[str] = set()
    while stack:
        folder, above = stack.pop()
        real = os.path.realpath(folder)
        if real in above:
            notes.append(note("input.link-loop", where=folder))
        if real in seen:
            continue
        seen.add(real)
        try:
            entries = list(os.scandir(folder))
        except OSError as err:
            notes.append(note("input.unreadable", f"The folder cannot be listed ({err.strerror}).", where=folder))
            continue
        for entry in entries:
            if _is(entry.is_dir):
                if entry.name != OWN_FOLDER:
                    stack.append((entry.path, above | {real}))
            elif _is(entry.is_file):
                yield entry.path, _real_path(entry, folder, real)
            else:
                notes.append(_not_a_file(entry.path))


def _real_path(entry: os.DirEntry[str], folder: str, real: str) -> str:
    """The real path of a file in a folder; the same text where it is the same path, for there may be a million."""
    if entry.is_symlink():
        return os.path.realpath(entry.path)
    return entry.path if folder == real else f"{real}/{entry.name}"


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:
        return False


def _not_a_file(path: str) -> Note:
    """A pipe, socket or device, which may never end, or a link that leads nowhere."""
    return note("input.unreadable", "The entry is no regular file.", where=path)
