"""From what the user names to files: folders walked without loops, lists, single files, DICOMDIR."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from convkit.errors import InputError, UsageError
from convkit.model.notes import Note, note

OWN_FOLDER = ".convkit"
"""Where a destination keeps its journal; never an input."""


@dataclass(frozen=True, slots=True)
class Found:
    """The files of some sources.

    Attributes
    ----------
    paths : tuple of str
        Files, sorted, each real file once.
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
        A file, a folder (searched to any depth), a DICOMDIR (the files that it lists), ``@list.txt`` with one path a
        line, or ``-`` for the paths in
        `typed_in`.
    typed_in : lines
        What came on standard input.

    Raises
    ------
    InputError
        A source does not exist.
    """
    notes: list[Note] = []
    paths: set[str] = set()
    for source in _expanded(sources, typed_in):
        if Path(source).is_dir():
            paths.update(_walk(source, notes))
        elif Path(source).name.upper() == "DICOMDIR" and Path(source).is_file():
            directory = import_module("convkit.dicom._directory")  # pydicom, only for a DICOMDIR that is named
            paths.update(directory.referenced_files(source))
        elif os.path.lexists(source):
            paths.add(source)
        else:
            raise InputError("The source does not exist.", source, "Check the spelling.", "input.unreadable")
    return Found(tuple(_once(sorted(paths))), tuple(notes))


def _expanded(sources: Iterable[str | os.PathLike[str]], typed_in: Iterable[str]) -> Iterator[str]:
    for given in sources:
        source = os.fspath(given)
        if source == "-":
            yield from (line.rstrip("\r\n") for line in typed_in if line.strip())
        elif source.startswith("@"):
            yield from _listed(source[1:])
        elif "://" in source:
            raise UsageError("Network and cloud sources are not read yet.", source, "Copy the files to a folder first.")
        else:
            yield source


def _listed(path: str) -> list[str]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as err:
        raise InputError(f"The list cannot be read ({err.strerror}).", path, "", "input.unreadable") from err
    return [line.strip() for line in text.splitlines() if line.strip()]


def _walk(root: str, notes: list[Note]) -> Iterator[str]:
    """Files below a folder, links followed; a folder that was seen on the way down is not entered again."""
    stack = [(root, frozenset[tuple[int, int]]())]
    while stack:
        folder, above = stack.pop()
        try:
            status = Path(folder).stat()
            identity = (status.st_dev, status.st_ino)
            if identity in above:
                notes.append(note("input.link-loop", where=folder))
                continue
            entries = list(os.scandir(folder))
        except OSError as err:
            notes.append(note("input.unreadable", f"The folder cannot be listed ({err.strerror}).", where=folder))
            continue
        for entry in entries:
            if not _is_folder(entry):
                yield entry.path
            elif entry.name != OWN_FOLDER:
                stack.append((entry.path, above | {identity}))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _once(paths: Iterable[str]) -> Iterator[str]:
    """Each real file once, under its first name; links and hard links to it are the same file."""
    seen: set[str] = set()
    for path in paths:
        real = os.path.realpath(path) if Path(path).is_symlink() else path
        if real not in seen:
            seen.add(real)
            yield path
