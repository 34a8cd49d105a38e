"""save_index: a table of all instances below some sources, made in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from glob import escape
from pathlib import Path

from convkit.dicom.columns import shown
from convkit.engine.locked import locked
from convkit.engine.run import runner_of
from convkit.errors import UsageError
from convkit.jobs._index.build import Job, build
from convkit.jobs._index.paths import absolute
from convkit.jobs._index.rows import Wanted
from convkit.jobs._index.source import files_of
from convkit.jobs._index.tally import Index
from convkit.jobs._schema import Level, schema
from convkit.jobs._sources import Progress, Source, check_table, checked_path, flat
from convkit.jobs._where import COUNTED
from convkit.jobs._where import where as checked_where
from convkit.model.notes import note
from convkit.storage import files
from convkit.tables.pieces import pieces_for
from convkit.tables.stored import StoredTable
from convkit.tables.unfinished import unfinished_path


def save_index(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    output: Source,
    where: str | None = None,
    columns: Sequence[str] = (),
    all_tags: bool = False,
    update: bool = False,
    jobs: int | None = None,
    cluster: Source | None = None,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Index:
    """Read the headers of all files below the sources into a table with a row a file.

    Memory is bounded, whatever the number of files. A run that is killed goes on where it was when it is called again.
    A table in Parquet holds the headers themselves, so that it can stand for its files as a source of every verb.

    Parameters
    ----------
    *sources : path or several
        As in `convkit.scan`; an index is one, too.
    output : path
        The table: ``.parquet`` (extra ``tables``), ``.csv`` or ``.jsonl``.
    where : str or None
        Expression that an instance must satisfy; not of names that count the files of a series.
    columns : DICOM keywords, private elements, paths into sequences
        As in `convkit.scan`.
    all_tags : bool
        A column for every element that a table can hold and any file has.
    update : bool
        Start from the table that is there: only files that are new, or have another size or time of change, are read,
        and those that are gone go. What the table holds stays as it was asked for.
    jobs, cluster, typed_in, progress
        As in `convkit.scan`.

    Returns
    -------
    index : Index
        Counts.

    Raises
    ------
    UsageError
        A wrong option; the table to bring up to date is none.
    InputError
        A source does not exist.
    OutputError
        The table cannot be written.
    MissingExtraError
        Parquet without pyarrow.
    """
    url = checked_path(output, "--output")
    if files.is_url(url):
        what = "An index is made beside what was there before, which storage has no room for."
        raise UsageError(what, "--output", "Name a local file, and copy it when it is done.")
    target = Path(absolute(url))
    pieces = pieces_for(target)
    wanted = _wanted(target, where, tuple(dict.fromkeys(columns)), all_tags=all_tags)
    older = None
    if update:
        older, wanted = _older(target, wanted)
    given = [_fixed(os.fspath(source)) for source in flat(sources)]
    if not given:
        raise UsageError("No source was given.", "", "Name a file or a folder.")
    check_table(given, target)
    unfinished = unfinished_path(target)
    with runner_of(jobs, cluster) as runner:
        found, shelf = files_of(given, typed_in)
        paths = _others(found.paths, target)
        with locked(target):
            _tidy(target)
            notes = (*found.notes, *([note("table.holds-identifiers")] if wanted.has_headers else []))
            try:
                return build(Job(target, paths, wanted, pieces, shelf, older, notes), unfinished, runner, progress)
            except ValueError as err:
                raise _damaged(target) from err


def _others(paths: Iterable[str], target: Path) -> tuple[str, ...]:
    """The files, absolute, without the table itself and what lies beside it until it is finished."""
    own, beside = str(target), str(target.with_name(f".{target.name}."))
    found = {absolute(path) for path in paths}
    return tuple(sorted(path for path in found if path != own and not path.startswith(beside)))


def _tidy(target: Path) -> None:
    """Remove what a run left that was killed while it put the table together."""
    for path in target.parent.glob(f".{escape(target.name)}.????????.part"):
        path.unlink(missing_ok=True)


def _wanted(target: Path, where: str | None, columns: tuple[str, ...], *, all_tags: bool) -> Wanted:
    for column in columns:
        shown(column)
    schema(Level.INSTANCE, columns)
    counted = COUNTED.intersection(checked_where(where).names) if where else ()
    if counted:
        what = f"{min(counted)} counts the files of a series, which are known when all have been read."
        raise UsageError(what, "--where", "Save the whole index, and select when it is used.")
    return Wanted(columns, all_tags, where or "", has_headers=target.suffix.lower() == ".parquet")


def _older(target: Path, asked: Wanted) -> tuple[StoredTable | None, Wanted]:
    """The table to start from, None where there is none or it is of another version; and what it holds."""
    if target.suffix.lower() != ".parquet":
        raise UsageError("Only a table in Parquet is brought up to date.", "--update", "Name a .parquet file.")
    if not target.exists():
        return None, asked
    try:
        stored = StoredTable(target)
    except ValueError as err:
        raise _damaged(target) from err
    if stored.metadata.get("level") != Level.INSTANCE or stored.metadata.get("profiled"):
        hint = "Make one with: convkit scan SOURCE --level instance -o FILE.parquet"
        raise UsageError("The table to bring up to date is no index.", str(target), hint)
    held = Wanted.of(stored.metadata)
    if held is None:
        return None, _same_questions(stored, asked)
    if _has_questions(asked) and asked != held:
        what = "The index was made with other --columns, --all-tags or --where."
        raise UsageError(what, str(target), "Leave these options out, or leave --update out to make it anew.")
    return stored, held


def _damaged(target: Path) -> UsageError:
    what, hint = "The table to bring up to date is no Parquet, or is damaged.", "Leave --update out to make it anew."
    return UsageError(what, str(target), hint)


def _has_questions(asked: Wanted) -> bool:
    return bool(asked.columns or asked.all_tags or asked.where)


def _same_questions(stored: StoredTable, asked: Wanted) -> Wanted:
    """What an index of another version was asked to hold: it is made anew."""
    if _has_questions(asked):
        return asked
    told = stored.metadata
    where = str(told.get("where", ""))
    return Wanted(tuple(told.get("columns", ())), bool(told.get("all_tags")), where, asked.has_headers)


def _fixed(source: str) -> str:
    return source if source == "-" or source.startswith("@") else absolute(source)
