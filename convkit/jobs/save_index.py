"""save_index: a table of all instances below some sources, made in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from glob import escape
from pathlib import Path

from convkit.dicom.columns import shown
from convkit.engine.locked import locked
from convkit.engine.run import runner_of
from convkit.errors import UsageError
from convkit.jobs._index.build import Job, build
from convkit.jobs._index.emptied import check_not_emptied
from convkit.jobs._index.paths import absolute
from convkit.jobs._index.placed import placed
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
        The table: ``.parquet`` (extra ``tables``), ``.csv`` or ``.jsonl``; a URL of object storage, too, to which it is
        sent when it is complete.
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
        A source does not exist, or an update would empty the table, because there is no file in a source any more.
    OutputError
        The table cannot be written.
    MissingExtraError
        Parquet without pyarrow.
    """
    url = table_path(output)
    given = [_fixed(os.fspath(source)) for source in flat(sources)]
    if not given:
        raise UsageError("No source was given.", "", "Name a file or a folder.")
    check_table(given, url)
    pieces_for(Path(url))  # a wrong ending shows before anything is done
    asked = _wanted(url, where, tuple(dict.fromkeys(columns)), all_tags=all_tags)
    if update and not _is_parquet(url):
        raise UsageError("Only a table in Parquet is brought up to date.", "--update", "Name a .parquet file.")
    with placed(url, is_older_needed=update) as target, runner_of(jobs, cluster) as runner:
        older, wanted = _older(target, url, asked) if update else (None, asked)
        found, shelf = files_of(given, typed_in)
        paths = _others(found.paths, url)
        if older is not None:
            check_not_emptied(older, (each for each in given if not _is_list(each)), paths, target.parent)
        notes = (*found.notes, *([note("table.holds-identifiers")] if wanted.has_headers else []))
        job = Job(target, paths, wanted, pieces_for(target), shelf, older, notes)
        with locked(target):
            _tidy(target)
            try:
                index = build(job, unfinished_path(target), runner, progress)
            except ValueError as err:
                raise _damaged(url) from err
    return replace(index, path=url) if files.is_url(url) else index


def table_path(output: Source) -> str:
    """Where a table is to be, as a text that means the same wherever it is read.

    Raises
    ------
    UsageError
        It is no path.
    """
    text = os.fspath(output) if isinstance(output, (str, os.PathLike)) else ""
    return text if text and files.is_url(text) else absolute(checked_path(output, "--output"))


def _others(paths: Iterable[str], own: str) -> tuple[str, ...]:
    """The files, absolute, without the table itself and what lies beside it until it is finished."""
    folder, slash, name = own.rpartition("/" if files.is_url(own) else os.sep)
    beside = f"{folder}{slash}.{name}."
    found = {absolute(path) for path in paths}
    return tuple(sorted(path for path in found if path != own and not path.startswith(beside)))


def _tidy(target: Path) -> None:
    """Remove what a run left that was killed while it put the table together."""
    for path in target.parent.glob(f".{escape(target.name)}.????????.part"):
        path.unlink(missing_ok=True)


def _wanted(target: str, where: str | None, columns: tuple[str, ...], *, all_tags: bool) -> Wanted:
    for column in columns:
        shown(column)
    schema(Level.INSTANCE, columns)
    counted = COUNTED.intersection(checked_where(where).names) if where else ()
    if counted:
        what = f"{min(counted)} counts the files of a series, which are known when all have been read."
        raise UsageError(what, "--where", "Save the whole index, and select when it is used.")
    return Wanted(columns, all_tags, where or "", has_headers=_is_parquet(target))


def _is_parquet(target: str) -> bool:
    return target.lower().endswith(".parquet")


def _older(target: Path, name: str, asked: Wanted) -> tuple[StoredTable | None, Wanted]:
    """The table to start from, None where there is none or it is of another version; and what it holds."""
    if not target.exists():
        return None, asked
    try:
        stored = StoredTable(target)
    except ValueError as err:
        raise _damaged(name) from err
    if stored.metadata.get("level") != Level.INSTANCE or stored.metadata.get("profiled"):
        hint = "Make one with: convkit scan SOURCE --level instance -o FILE.parquet"
        raise UsageError("The table to bring up to date is no index.", name, hint)
    held = Wanted.of(stored.metadata)
    if held is None:
        return None, _same_questions(stored, asked)
    if _has_questions(asked) and asked != held:
        what = "The index was made with other --columns, --all-tags or --where."
        raise UsageError(what, name, "Leave these options out, or leave --update out to make it anew.")
    return stored, held


def _damaged(name: str) -> UsageError:
    what, hint = "The table to bring up to date is no Parquet, or is damaged.", "Leave --update out to make it anew."
    return UsageError(what, name, hint)


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
    return source if _is_list(source) else absolute(source)


def _is_list(source: str) -> bool:
    """True for what lists sources, and is none."""
    return source == "-" or source.startswith("@")
