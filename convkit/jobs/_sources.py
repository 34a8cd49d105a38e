"""What every job is told to read and write: sources, destination, progress; and what becomes of other files.

Light to import: a job that needs no volumes does not pay for what makes them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from convkit.dicom.attributes import is_keyword, nearest_hint
from convkit.engine.outcome import Outcome, Status
from convkit.errors import UsageError
from convkit.model.notes import Note, Severity

Source = str | os.PathLike[str]
Progress = Callable[[str, int, int], None]
"""Called with (what, done, total) as work goes on."""

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


def destination(output: Source | None, given: list[Source]) -> Source:
    """The destination: what was named, else the last of the sources, which is taken from them.

    Raises
    ------
    UsageError
        There is none, or it is no path.
    """
    if output is None:
        if len(given) < 2:
            raise UsageError("No destination was given.", "--output", "Name a folder for the results.")
        return given.pop()
    if not isinstance(output, (str, os.PathLike)) or not os.fspath(output):
        raise UsageError("The destination is no path.", "--output", "Name a folder for the results.")
    return output


def checked_sources(sources: Sequence[Source], columns: Iterable[str]) -> None:
    """Refuse what cannot be read: no source, or a column that is no keyword.

    Raises
    ------
    UsageError
    """
    if not sources:
        raise UsageError("No source was given.", "", "Name a file or a folder.")
    for column in columns:
        if not is_keyword(column):
            raise UsageError(f"{column!r} is not a DICOM keyword.", "", nearest_hint(column))


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
    return [_for_all(group) for group in alike.values()]


def _for_all(problems: Sequence[Note]) -> Outcome:
    first = problem_outcome(problems[0])
    if len(problems) == 1:
        return first
    told = problems[0].at(f"{problems[0].where} and {len(problems) - 1} more")
    return replace(first, item=f"{len(problems)} files", notes=(told,), facts={"instances": len(problems)})
