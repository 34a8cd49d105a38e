"""Sources that are no plain files: members of archives, and objects in storage."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from convkit.dicom._own import is_own
from convkit.errors import ConvkitError, InputError, UsageError
from convkit.model.notes import Note, note
from convkit.storage import archives
from convkit.storage.files import INSIDE, is_url

_OWN_FOLDER = ".convkit"


def found(source: str, notes: list[Note]) -> Iterator[tuple[str, str]]:
    """(path, real path) of what a source stands for that is no local file: a URL, or what is named in an archive.

    Raises
    ------
    InputError
        It is not there, or cannot be listed.
    UsageError, MissingExtraError
        It is a URL of a kind that cannot be read.
    """
    if is_url(source):
        yield from _objects(source, notes)
    else:
        yield from _members(source, notes)


def unpacked(path: str, real: str, notes: list[Note], *, is_named: bool = False) -> Iterator[tuple[str, str]]:
    """(path, real path) of a file, or of the members of an archive; where named, one is known by its content, too."""
    try:
        if not archives.is_archive(path) and not (is_named and archives.begins_as_archive(path)):
            yield path, real
            return
        members, told = archives.paths_in(path)
    except (InputError, OSError) as err:
        notes.append(_unreadable_archive(path, err))
        return
    notes.extend(told)
    for member in members:
        yield member, f"{real}{member.removeprefix(path)}"


def _unreadable_archive(path: str, err: ConvkitError | OSError) -> Note:
    if isinstance(err, ConvkitError):
        return note(err.code, err.what, where=path, hint=err.hint)
    what = f"The archive cannot be read ({err.strerror or type(err).__name__})."
    return note("input.archive-damaged", what, where=path)


def _members(source: str, notes: list[Note]) -> Iterator[tuple[str, str]]:
    """A member of an archive that is named by itself, or those of a folder in one."""
    try:
        paths, told = archives.paths_at(source)
    except OSError as err:
        what = f"The member of the archive cannot be read ({err.strerror or type(err).__name__})."
        raise InputError(what, source, "Check the spelling.", "input.unreadable") from err
    notes.extend(told)
    yield from ((path, path) for path in paths)


def _objects(url: str, notes: list[Note]) -> Iterator[tuple[str, str]]:
    """(path, real path) of the objects below a URL; archives among them are opened."""
    if url.startswith(_OF_THE_NETWORK):
        hint = "Fetch the files into a folder first."
        raise UsageError("Sources of the network are not read yet.", f"{url.partition('://')[0]}://", hint)
    remote = import_module("convkit.storage.remote")  # fsspec, only for URLs
    base, _, inner = url.partition(INSIDE)
    remote.checked_url(base)
    if inner:
        yield from _members(url, notes)
        return
    try:
        found = remote.listed(url)
    except OSError as err:
        what = f"The source cannot be listed: {err.strerror or type(err).__name__}."
        raise InputError(what, url, "Check the spelling and the credentials.", "input.unreadable") from err
    for entry in found:
        is_ours = f"/{_OWN_FOLDER}/" in entry.url.removeprefix(url.rstrip("/")) or (
            entry.url != url and is_own(entry.url)
        )
        if not is_ours:
            yield from unpacked(entry.url, entry.url, notes)


_OF_THE_NETWORK = ("http://", "https://", "dicomweb", "dimse")
"""They cannot be listed, or not as storage is."""
