"""The series of a saved index, without a look at the files: lots of whole studies, each read and forgotten by a worker.

An index says what the files were when it was made; whether they have changed since is not asked, because a report of
100,000 files would spend its time on that. `convkit scan --update` brings an index up to date.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.dicom.attributes import TagTable, display_table
from convkit.dicom.columns import shown
from convkit.dicom.header import Header, read_header
from convkit.dicom.objects import is_directory
from convkit.dicom.packing import LAYOUT, Unpacking, reads
from convkit.engine.outcome import note_of
from convkit.engine.run import Runner
from convkit.errors import ConvkitError, UsageError
from convkit.jobs._headers import unfolded
from convkit.jobs._index.paths import absolute, path_of
from convkit.jobs._report.asked import JOINED_BY_HASH, Wanted
from convkit.jobs._report.facts import SeriesFacts, facts_of
from convkit.jobs._report.gather import Ask, Gathered, in_rank, told
from convkit.jobs._report.strays import strays_of
from convkit.jobs._schema import HEADER, MODIFIED, PATH, Level
from convkit.jobs._sources import Step
from convkit.jobs._where import Where
from convkit.jobs.collection import plan_of, selected
from convkit.series.group import group
from convkit.storage import files
from convkit.tables.stored import StoredTable

LOT = 8192
"""Files whose headers are held at once: some 40 MB. A study with more is taken apart by series."""

_UNKNOWN = "unknown"
"""Short hash where there is no UID."""

Rows = NDArray[np.int64]


class Lot(NamedTuple):
    """Files that are grouped together.

    Attributes
    ----------
    rows : tuple of (row group, places in it)
    size : int
    """

    rows: tuple[tuple[int, Rows], ...]
    size: int


class Made(NamedTuple):
    """What became of a lot: series, and code and path of each file that is in none."""

    series: tuple[SeriesFacts, ...]
    problems: tuple[tuple[str, str], ...]


class Reading(NamedTuple):
    """How the headers of an index are read. Sent to the workers.

    Attributes
    ----------
    path, stamp : str, (int, int)
        The index, and what tells it from another one of that name.
    wanted : Wanted
    selection : Where or None
    of_table : tuple of str
        Columns whose cells stand in the table itself (``--all-tags``), not in the headers.
    """

    path: str
    stamp: tuple[int, int]
    wanted: Wanted
    selection: Where | None
    of_table: tuple[str, ...]

    @property
    def table(self) -> TagTable:
        """What is read of the headers."""
        more = self.selection.keywords if self.selection else ()
        return display_table(tuple(k for k in dict.fromkeys((*self.wanted.read, *more)) if k not in self.of_table))


def index_at(source: str) -> StoredTable | None:
    """The index in a file; None for any other source, and for an index of another version, whose files are read."""
    if not source.lower().endswith(".parquet") or not Path(source).is_file():
        return None
    try:
        stored = StoredTable(Path(source))
    except ValueError:
        return None
    told = stored.metadata
    is_ours = told.get("level") == Level.INSTANCE and told.get("layout") == LAYOUT and not told.get("profiled")
    if is_ours and HEADER in {column.name for column in stored.columns} and reads(told["attributes"], display_table()):
        return stored
    stored.close()
    return None


def gather_index(stored: StoredTable, source: str, ask: Ask, runner: Runner) -> Gathered:
    """The series of an index.

    Raises
    ------
    UsageError
        The index does not hold a column that was asked for, or is damaged.
    """
    reading, lacking = _reading(stored, source, ask)
    try:
        lots, problems = _lots(stored, Path(absolute(source)).parent)
    except ValueError as err:
        raise _damaged(source) from err
    size = len(stored)
    stored.close()
    found: dict[int, Made] = {}
    done = 0
    for number, made in runner.map(partial(series_of_lot, reading=reading), lots, on_error=failed_lot):
        found[number] = made
        done += lots[number].size
        if ask.progress:
            ask.progress(Step("headers", done, size))
    for made in found.values():
        problems += made.problems
    series = in_rank(facts for made in found.values() for facts in made.series)
    return Gathered(series, size, strays_of(problems), lacking)


def _damaged(source: str) -> UsageError:
    hint = "Make it anew with: convkit scan SOURCE --level instance -o FILE.parquet"
    return UsageError("The index is damaged.", source, hint)


def _reading(stored: StoredTable, source: str, ask: Ask) -> tuple[Reading, tuple[str, ...]]:
    """How to read, and which of the default columns are not there."""
    kept = {row[0] for row in stored.metadata["attributes"]}
    in_table = {column.name for column in stored.columns}
    wanted = ask.wanted
    of_table = tuple(name for name in wanted.keywords if shown(name).keyword not in kept and name in in_table)
    lost = tuple(name for name in wanted.keywords if shown(name).keyword not in kept and name not in in_table)
    on = () if wanted.on in {"", *JOINED_BY_HASH} else (wanted.on,)
    needed = (*on, *(ask.selection.keywords if ask.selection else ()))
    missing = [name for name in needed if shown(name).keyword not in kept]
    if missing or (lost and not wanted.is_default):
        names = ",".join((*missing, *(() if wanted.is_default else lost)))
        hint = f"Make it with: convkit scan SOURCE --level instance --columns {names} -o FILE.parquet"
        raise UsageError(f"The index does not hold {names}.", source, hint)
    columns = tuple(name for name in wanted.columns if name not in lost)
    fitting = replace(wanted, columns=columns)
    path = absolute(source)
    return Reading(path, files.file_stamp(path), fitting, ask.selection, of_table), lost


# --- lots --------------------------------------------------------------------------------------------------


def _lots(stored: StoredTable, folder: Path) -> tuple[list[Lot], list[tuple[str, str]]]:
    """Which rows are read together, and code and path of files that are in no series."""
    studies: dict[str, int] = {}
    series: dict[str, int] = {}
    problems: list[tuple[str, str]] = []
    pairs: list[Rows] = []
    for number in range(stored.groups):
        names = stored.cells(number, ("study", "series", "problems"))
        pairs.append(_coded(names, studies, series))
        strays = [row for row, one in enumerate(names[1]) if one is None]
        paths = stored.chosen(number, (PATH,), strays)[0] if strays else ()
        for row, path in zip(strays, paths, strict=True):
            problems += [(code, path_of(path or "", folder)) for code in names[2][row] or ()]
    whole = np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
    owners = _owners(whole, studies)
    starts = np.cumsum([0, *(len(one) for one in pairs)])
    return list(_filled(owners, starts)), problems


def _coded(names: Sequence[Sequence[Any]], studies: dict[str, int], series: dict[str, int]) -> Rows:
    """(rows, 2) int64: study and series of each row, -1 for a file without."""
    found = np.full((len(names[0]), 2), -1, np.int64)
    for row, (study, one) in enumerate(zip(*names[:2], strict=True)):
        if one is not None:
            found[row] = studies.setdefault(study or _UNKNOWN, len(studies)), series.setdefault(one, len(series))
    return found


def _owners(pairs: Rows, studies: dict[str, int]) -> Rows:
    """(rows,) int64: a number for the study of each row, or for its series where the study is large; -1 for none."""
    study, series = pairs[:, 0].copy(), pairs[:, 1]
    unknown = studies.get(_UNKNOWN)
    if unknown is not None:  # files without Study Instance UID belong to the study of their series
        known = {int(s): int(t) for t, s in np.unique(pairs[study != unknown], axis=0) if s >= 0}
        for row in np.flatnonzero(study == unknown):
            study[row] = known.get(int(series[row]), unknown)
    sizes = np.bincount(study[study >= 0], minlength=len(studies))
    is_large = np.zeros(study.size, np.bool_)
    is_large[study >= 0] = sizes[study[study >= 0]] > LOT
    return np.where(study < 0, -1, np.where(is_large, len(studies) + series, study))


def _filled(owners: Rows, starts: NDArray[Any]) -> Iterator[Lot]:
    """Yield lots of about `LOT` files; owners that begin near each other are read together."""
    order = np.argsort(owners, kind="stable")
    order = order[owners[order] >= 0]
    bounds = np.flatnonzero(np.diff(owners[order])) + 1
    members = sorted(np.split(order, bounds), key=lambda rows: int(rows[0]) if rows.size else 0)
    current: list[Rows] = []
    size = 0
    for rows in members:
        if size and size + rows.size > LOT:
            yield _lot(np.sort(np.concatenate(current)), starts)
            current, size = [], 0
        current.append(rows)
        size += rows.size
    if size:
        yield _lot(np.sort(np.concatenate(current)), starts)


def _lot(rows: Rows, starts: NDArray[Any]) -> Lot:
    groups = np.searchsorted(starts, rows, side="right") - 1
    return Lot(tuple((int(g), rows[groups == g] - starts[g]) for g in np.unique(groups)), int(rows.size))


# --- tasks -------------------------------------------------------------------------------------------------


def series_of_lot(lot: Lot, *, reading: Reading) -> Made:
    """Task: the series of a lot."""
    cells: dict[str, dict[str, Any]] = {}
    problems: list[tuple[str, str]] = []
    headers = list(_headers(lot, reading, cells, problems))
    found = [one for one in group(headers) if not is_directory(one.first)]
    if reading.selection:
        found = [one for one in (selected(each, reading.selection) for each in found) if one is not None]
    facts = [facts_of(each, plan_of(each), reading.wanted) for each in found]
    if cells:
        facts = [
            each._replace(cells={**each.cells, **cells[series.first.path]})
            for each, series in zip(facts, found, strict=True)
        ]
    return Made(told(facts, reading.wanted), tuple(problems))


def failed_lot(lot: Lot, error: Exception) -> Made:
    """What a lot becomes whose task failed as a whole: every file of it is a problem."""
    return Made((), ((note_of(error).code, ""),) * lot.size)


def _headers(
    lot: Lot, reading: Reading, cells: dict[str, dict[str, Any]], problems: list[tuple[str, str]]
) -> Iterator[Header]:
    stored, unpacking = _opened(reading.path, *reading.stamp, reading.table)
    folder, table = Path(reading.path).parent, reading.table
    for number, places in lot.rows:
        names = (PATH, "bytes", MODIFIED, HEADER, *reading.of_table)
        columns = stored.chosen(number, names, places.tolist())
        for text, size, modified, packed, *others in zip(*columns, strict=True):
            path = path_of(text or "", folder)
            try:
                header = (
                    read_header(path, table)
                    if packed is None
                    else Header(path, size or 0, modified or 0, unpacking.parsed(packed), table)
                )
                header = unfolded(header)
            except (ConvkitError, ValueError) as err:
                code = note_of(err).code if isinstance(err, ConvkitError) else "input.broken-header"
                problems.append((code, path))
                continue
            if others:
                cells[path] = dict(zip(reading.of_table, others, strict=True))
            yield header


@lru_cache(maxsize=2)
def _opened(path: str, _size: int, _modified: int, table: TagTable) -> tuple[StoredTable, Unpacking]:
    stored = StoredTable(Path(path))
    return stored, Unpacking(stored.metadata["attributes"], table)
