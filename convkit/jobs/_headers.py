"""Files to headers: where every job starts that looks at series. Imported without what makes volumes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from convkit import quirks
from convkit.dicom.attributes import table_of
from convkit.dicom.header import Header, read_header
from convkit.dicom.sources import Found
from convkit.dicom.unfold import unfold
from convkit.engine.outcome import note_of
from convkit.engine.run import Runner
from convkit.errors import ConvkitError, InputError
from convkit.jobs._index.source import Sources, files_of
from convkit.jobs._sources import Progress, Source, checked_sources, failed_files, read_in_order
from convkit.model.notes import Note
from convkit.storage import files

if TYPE_CHECKING:
    from convkit.jobs._index.shelf import Shelf


class Headers(NamedTuple):
    """What was read of some sources.

    Attributes
    ----------
    headers : list of Header
        In the order of the files.
    problems : list of Note
        A note for each file that is no usable DICOM.
    found : Found
        All files, and what there is to say of folders.
    """

    headers: list[Header]
    problems: list[Note]
    found: Found


class Batch(NamedTuple):
    """What became of a batch of files."""

    headers: tuple[Header, ...] = ()
    problems: tuple[Note, ...] = ()


def read_headers(  # noqa: PLR0913 (what all jobs are asked of their sources)
    sources: Sequence[Source],
    runner: Runner,
    columns: tuple[str, ...] = (),
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
    *,
    listed: Sources | None = None,
) -> Headers:
    """The headers of all files below some sources, with further columns where asked.

    With `listed`, the files of the sources are known already.
    """
    checked_sources(sources, columns)
    found, shelf = listed or files_of(sources, typed_in)
    task = partial(read_batch, extra=tuple(dict.fromkeys(columns)), shelf=shelf)
    headers: list[Header] = []
    problems: list[Note] = []
    for batch in read_in_order(task, found.paths, runner, failed_batch, progress):
        headers += batch.headers
        problems += batch.problems
    return Headers(headers, problems, found)


def read_batch(paths: Sequence[str], *, extra: tuple[str, ...] = (), shelf: Shelf | None = None) -> Batch:
    """Task: the headers of some files, and a note for each that has none."""
    read = read_header if shelf is None else shelf.read_header
    headers: list[Header] = []
    problems: list[Note] = []
    table = table_of(extra)
    files.prefetch(paths)
    for path in paths:
        try:
            headers.append(unfolded(read(path, table)))
        except ConvkitError as err:
            problems.append(note_of(err))
    return Batch(tuple(headers), tuple(problems))


def unfolded(header: Header) -> Header:
    """The header with a row for each of its frames; where they cannot be told, it says why."""
    try:
        return quirks.unfold(unfold(header))
    except InputError as err:
        reason = note_of(err)
        return header._replace(fault=reason if reason.where else reason.at(header.path))


def failed_batch(paths: Sequence[str], error: Exception) -> Batch:
    """What a batch becomes whose task failed as a whole: every file of it is a problem."""
    return Batch((), failed_files(paths, error))
