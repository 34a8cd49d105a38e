"""From files to a saved index: what is known stays, the rest is read in batches, and all is put together in order.

At no time is more held than the paths, one batch and one row group. Pieces that are finished lie beside the table until
it is; a run that was killed goes on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from convkit.dicom.attributes import tag_of
from convkit.engine.digest import fingerprint
from convkit.engine.run import Runner, batched
from convkit.jobs._index.places import AtHand, OfStored, OfUnfinished, Places
from convkit.jobs._index.rows import Rows, Wanted, failed_batch, found_columns, rows_of_batch
from convkit.jobs._index.shelf import Shelf
from convkit.jobs._index.tally import Index, Tally
from convkit.jobs._sources import Progress, Step
from convkit.model.notes import Note, note
from convkit.model.table import Column, named
from convkit.tables.pieces import Pieces
from convkit.tables.save import table_aside, writing
from convkit.tables.stored import StoredTable
from convkit.tables.unfinished import Unfinished

BATCH = 256
"""Files a task: enough for the way between processes to cost nothing, few enough to lose little to a kill."""

MOST_FOUND = 5000
"""Columns that files may add to a table by what they hold; of more, the ones that fewest files have are left out."""


class Job(NamedTuple):
    """What is to be done.

    Attributes
    ----------
    target : Path
    paths : sequence of str
        In the order of the table.
    wanted : Wanted
    pieces : Pieces
    shelf : Shelf or None
    older : StoredTable or None
        What is there of an earlier run, to be brought up to date.
    notes : tuple of Note
    """

    target: Path
    paths: Sequence[str]
    wanted: Wanted
    pieces: Pieces
    shelf: Shelf | None
    older: StoredTable | None
    notes: tuple[Note, ...]


def build(job: Job, unfinished: Path, runner: Runner, progress: Progress | None) -> Index:
    """Make the table; returns what there is to tell."""
    made_of = fingerprint(job.wanted.columns, job.wanted.all_tags, job.wanted.where, job.target.suffix)
    with writing(job.target), Unfinished(unfinished, made_of) as parts:
        places = Places(job.paths, job.target.parent)
        kept = _know(job, places, parts)
        unknown = places.unknown()
        _read(job, places, parts, unknown, runner, progress)
        index = _put_together(job, places, progress)
        parts.remove()
    rows = 0 if job.older is None else len(job.older)
    return index(len(unknown), rows - kept)


def _know(job: Job, places: Places, parts: Unfinished) -> int:
    """Take over what earlier runs have left; returns how many rows an older table gives."""
    kept = 0
    if job.older is not None:
        for number in range(job.older.groups):
            store = OfStored(job.older, number)
            places.know(store, _Few(job.older, number), lambda piece, name: piece.cells(name))
        kept = len(job.paths) - len(places.unknown())
    for span, data in parts.pieces():
        places.know(OfUnfinished(parts, span, job.pieces), job.pieces.decode(data), job.pieces.cells)
    places.forget_names()
    return kept


class _Few:
    """A row group of which a few columns are read."""

    def __init__(self, stored: StoredTable, number: int) -> None:
        self._stored = stored
        self._number = number
        self.columns = stored.columns

    def cells(self, name: str) -> Sequence[Any]:
        return self._stored.cells(self._number, (name,))[0]


def _read(  # noqa: PLR0913, PLR0917 (the one place where files are read)
    job: Job,
    places: Places,
    parts: Unfinished,
    unknown: Sequence[int],
    runner: Runner,
    progress: Progress | None,
) -> None:
    task = partial(rows_of_batch, wanted=job.wanted, pieces=job.pieces, shelf=job.shelf)
    failed = partial(failed_batch, wanted=job.wanted, pieces=job.pieces)
    paths = (tuple(job.paths[position] for position in batch) for batch in batched(unknown, BATCH))
    done = 0
    for number, rows in runner.map(task, paths, on_error=failed):
        assert isinstance(rows, Rows)  # noqa: S101 (what both functions make)
        positions = unknown[number * BATCH : (number + 1) * BATCH]
        places.add(OfUnfinished(parts, parts.append(rows.data), job.pieces), positions, rows.left_out)
        done += len(positions)
        if progress:
            progress(Step("headers", done, len(unknown)))


def _put_together(job: Job, places: Places, progress: Progress | None) -> Callable[[int, int], Index]:
    """Write the table; returns what makes an `Index` of (files read, rows that are gone)."""
    tally = Tally()
    columns, notes = _columns(job, places)
    pieces = _Reading(job.pieces)
    at_hand = AtHand(places.stores)
    done = 0
    with table_aside(job.target) as aside:
        with job.pieces.sink(aside, columns, job.wanted.told()) as sink:
            for run in places.runs():
                piece = at_hand.piece(run.store)
                sink.write(piece, run.start, run.stop)
                tally.add(pieces.counted(run.store, piece), run.start, run.stop)
                done += run.stop - run.start
                if progress:
                    progress(Step("table", done, len(job.paths)))
        if job.older is not None:
            job.older.close()  # Windows replaces no file that is open

    def told(read: int, gone: int) -> Index:
        return tally.index(job.target, files=len(job.paths), read=read, gone=gone, notes=(*job.notes, *notes))

    return told


class _Reading:
    """The columns that are counted, of the piece that was asked for last."""

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._store = -1
        self._columns: list[Sequence[Any]] = []

    def counted(self, store: int, piece: Any) -> list[Sequence[Any]]:
        if store != self._store:
            self._store = store
            self._columns = [self._pieces.cells(piece, name) for name in Tally.COLUMNS]
        return self._columns


def _columns(job: Job, places: Places) -> tuple[tuple[Column, ...], tuple[Note, ...]]:
    """The columns of the finished table."""
    wanted = job.wanted
    if not wanted.all_tags:
        return (*wanted.asked, *wanted.ending), ()
    count: Counter[str] = Counter()
    found: dict[str, Column] = {}
    for columns in _columns_of_pieces(job, places):
        own = found_columns(wanted, columns)
        count.update(column.name for column in own)
        found = named([*found.values(), *own])
    most = {name for name, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))[:MOST_FOUND]}
    kept = sorted((column for name, column in found.items() if name in most), key=lambda column: _rank(column.name))
    lost = len(found) - len(kept)
    text = f"The files have {lost} more elements than a table takes; those that fewest files have were left out."
    notes = (note("table.too-wide", text),) if lost else ()
    return (*wanted.asked, *kept, *wanted.ending), notes


def _columns_of_pieces(job: Job, places: Places) -> Iterator[tuple[Column, ...]]:
    for number in sorted(places.used):
        store = places.stores[number]
        if isinstance(store, OfStored):
            yield store.stored.columns
        else:
            yield job.pieces.columns(store.piece())


def _rank(name: str) -> tuple[int, int, str]:
    """Elements of the standard by tag, then those of makers by group and creator."""
    if '"' in name:
        return 1, int(name[1:5], 16), name
    if name.startswith("("):
        return 0, int(name[1:5] + name[6:10], 16), name
    return 0, tag_of(name) or 0, name
