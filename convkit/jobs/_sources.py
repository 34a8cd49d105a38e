"""What every job is told to read and write: sources, destination, progress; and what becomes of other files.

Light to import: a job that needs no volumes does not pay for what makes them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, TypeVar

from convkit.dicom.attributes import is_keyword, is_private, nearest_hint
from convkit.engine.outcome import Outcome, Status, note_of
from convkit.engine.run import Runner, batched
from convkit.errors import OutputError, UsageError
from convkit.model.notes import Note, Severity, note
from convkit.storage import files

T = TypeVar("T")
R = TypeVar("R")

Source = str | os.PathLike[str]


class Step(NamedTuple):
    """How far the work is.

    Attributes
    ----------
    what : str
        What is counted: ``headers``, ``volumes``, ``files``, ``pictures``.
    done, total : int
        Of these.
    done_bytes, total_bytes : int
        The same by size, which tells better how much time is left; 0 where it is not known.
    """

    what: str
    done: int
    total: int
    done_bytes: int = 0
    total_bytes: int = 0


Progress = Callable[[Step], None]
"""Called as work goes on."""

BATCH = 128
"""Files a task: one task a file would pay more for the trip between processes than for the reading."""


def flat(sources: Iterable[Source | Iterable[Source]]) -> list[Source]:
    """Sources given one by one or as lists, as one list."""
    found: list[Source] = []
    for source in sources:
        given = [source] if isinstance(source, (str, os.PathLike)) else source
        if not isinstance(given, Iterable) or isinstance(given, (bytes, bytearray)):
            raise UsageError(f"A source is a path, not a {type(source).__name__}.")
        found.extend(given)
    for each in found:
        if not isinstance(each, (str, os.PathLike)) or not os.fspath(each):
            raise UsageError(f"A source is a path, not {'an empty text' if each == '' else type(each).__name__}.")
    return found


def destination(output: Source | None, given: list[Source], suffixes: Iterable[str] = ()) -> Source:
    """The destination: what was named, else the last of the sources, which is taken from them.

    A name that ends like a result, with one of `suffixes`, is taken for a mistake unless it is a folder.

    Raises
    ------
    UsageError
        There is none, it is no path, or a URL of no kind that can be written.
    """
    if output is None:
        if len(given) < 2:
            raise UsageError("No destination was given.", "--output", "Name a folder for the results.")
        output = given.pop()
    if not _is_path(output):
        raise UsageError("The destination is no path.", "--output", "Name a folder for the results.")
    if files.is_url(os.fspath(output)):
        import_module("convkit.storage.mirror").root_of(os.fspath(output))  # a mistake shows before anything is read
    suffix = next((one for one in suffixes if os.fspath(output).lower().endswith(one)), "")
    if suffix and not Path(output).is_dir():
        what = f"The destination is a folder, but its name ends with {suffix}."
        raise UsageError(what, "--output", "Name a folder; --filename is for the names of files.")
    return output


def _is_path(given: object) -> bool:
    return isinstance(given, (str, os.PathLike)) and bool(os.fspath(given)) and "\0" not in str(given)


def checked_path(path: Source, option: str) -> str:
    """A path that was given for an option.

    Raises
    ------
    UsageError
        It is none.
    """
    if not _is_path(path):
        raise UsageError("It is no path.", option, "Name a file.")
    if files.is_url(os.fspath(path)):
        raise UsageError("It is no local file.", option, "Name a file on this machine.")
    return os.fspath(path)


def check_apart(sources: Sequence[Source], root: Source) -> None:
    """Refuse a destination that would be read as a source in the next run.

    Raises
    ------
    OutputError
        It lies inside a source.
    """
    if files.is_url(str(root)):
        target_url = f"{str(root).rstrip('/')}/"
        if any(files.is_url(str(one)) and target_url.startswith(f"{str(one).rstrip('/')}/") for one in sources):
            raise _inside_source(root)
        return
    target = Path(root).resolve()
    for source in sources:
        if str(source) == "-" or str(source).startswith("@"):
            continue
        origin = Path(source).resolve()
        if origin.is_dir() and (target == origin or origin in target.parents):
            raise _inside_source(root)


def _inside_source(root: Source) -> OutputError:
    what = "The destination lies inside a source."
    return OutputError(what, str(root), "Choose a folder beside it.", "output.inside-source")


def check_table(sources: Sequence[Source], target: Source) -> None:
    """Refuse to write a table where a source lies, or a folder.

    Raises
    ------
    OutputError
    """
    real = _real(os.fspath(target))
    if Path(target).is_dir():
        raise OutputError("The table is a folder.", os.fspath(target), "Name a file.")
    named = (os.fspath(source).removeprefix("@") for source in sources)
    if any(name != "-" and _real(name) == real for name in named):
        hint = "Name another file with --output."
        raise OutputError("The table is one of the sources.", os.fspath(target), hint, "output.inside-source")


def _real(name: str) -> str:
    return name.rstrip("/") if files.is_url(name) else os.path.realpath(name)


def check_no_source_below(paths: Iterable[str], root: Source) -> None:
    """Refuse a destination that holds a source: an output could replace one, or it would be taken for an output.

    Raises
    ------
    OutputError
        A source lies inside.
    """
    is_in_storage = files.is_url(str(root))
    below = f"{str(root).rstrip('/')}/" if is_in_storage else f"{os.path.realpath(root)}{os.sep}"
    real = cache(os.path.realpath)  # many files lie in few folders
    for path in paths:
        if is_in_storage or "://" in path:
            place = path if is_in_storage == files.is_url(path) else ""
        elif os.path.islink(path):  # noqa: PTH114 (of every file, here and below)
            place = real(path)
        else:
            place = f"{real(os.path.dirname(path))}{os.sep}"  # noqa: PTH120
        if not place.startswith(below):
            continue
        what = "A source lies inside the destination."
        raise OutputError(what, str(root), "Choose an empty folder.", "output.inside-source")


def checked_sources(sources: Sequence[Source], columns: Iterable[str]) -> None:
    """Refuse what cannot be read: no source, or a column that is no keyword.

    Raises
    ------
    UsageError
    """
    if not sources:
        raise UsageError("No source was given.", "", "Name a file or a folder.")
    for column in columns:
        if not is_keyword(column) and not is_private(column):
            raise UsageError(f"{column!r} is not a DICOM keyword.", "", nearest_hint(column))


def read_in_order(
    task: Callable[[tuple[str, ...]], R],
    paths: Sequence[str],
    runner: Runner,
    on_error: Callable[[tuple[str, ...], Exception], R],
    progress: Progress | None,
) -> Iterator[R]:
    """Yield what a task makes of files, a batch at a time, in the order of the files whoever was first."""
    yield from in_order(task, paths, runner, on_error, Steps("headers", BATCH, progress, is_quick=True))


class Steps(NamedTuple):
    """How work on many items is cut and told.

    Attributes
    ----------
    what : str
        For the progress.
    size : int
        Items a task.
    progress : Progress or None
    is_quick : bool
        See `Runner.map`.
    """

    what: str
    size: int
    progress: Progress | None
    is_quick: bool = False


def in_order(
    task: Callable[[tuple[T, ...]], R],
    items: Sequence[T],
    runner: Runner,
    on_error: Callable[[tuple[T, ...], Exception], R],
    steps: Steps,
) -> Iterator[R]:
    """Yield what a task makes of items, a batch at a time, in their order whoever was first."""
    done = 0
    results: dict[int, R] = {}
    for index, result in runner.map(task, batched(items, steps.size), on_error=on_error, is_quick=steps.is_quick):
        results[index] = result
        done += min(steps.size, len(items) - index * steps.size)
        if steps.progress:
            steps.progress(Step(steps.what, done, len(items)))
    for index in sorted(results):
        yield results.pop(index)


def is_same_file(first: str, other: str) -> bool:
    """True where two files hold the same bytes."""
    try:
        return files.is_same(first, other)
    except OSError:
        return False


def failed_files(paths: Iterable[str], error: Exception) -> tuple[Note, ...]:
    """A note for each file of a batch whose task failed as a whole."""
    reason = note_of(error)
    return tuple(note(reason.code, reason.text, where=path, hint=reason.hint) for path in paths)


def for_all(one: Note, count: int) -> Note:
    """A note that stands for as many files as there are."""
    if count == 1:
        return one
    return one.at(f"{one.where} and {count - 1} more") if one.where else replace(one, where=f"{count} files")


def problem_outcome(problem: Note) -> Outcome:
    """What becomes of a file that is no usable DICOM: a failure, or skipped where it is of another kind."""
    status = Status.FAILED if problem.severity is Severity.ERROR else Status.SKIPPED
    return Outcome(problem.where, status, notes=(problem,))


def problem_outcomes(problems: Iterable[Note]) -> list[Outcome]:
    """What becomes of files that are no usable DICOM: one outcome each, but one for all errors that read the same."""
    alike: dict[tuple[str, str], list[Note]] = {}
    for problem in problems:
        kind = (problem.code, problem.text) if problem.severity is Severity.ERROR else (problem.where, "")
        alike.setdefault(kind, []).append(problem)
    return [_problem_of_all(group) for group in alike.values()]


def _problem_of_all(problems: Sequence[Note]) -> Outcome:
    first = problem_outcome(problems[0])
    if len(problems) == 1:
        return first
    told, count = for_all(problems[0], len(problems)), len(problems)
    return replace(first, item=f"{count} files", notes=(told,), facts={"instances": count})
