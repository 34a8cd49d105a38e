"""What became of each item, the report over all of them, and the one table of exit codes.

An exception becomes a coded note here as well. Nothing here prints or decides what is worth doing.
"""

from __future__ import annotations

import errno
from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from traceback import walk_tb
from typing import TYPE_CHECKING, TypeAlias

from convkit.errors import ConvkitError, InputError
from convkit.model.notes import CODES, Note, Severity, note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


class Status(StrEnum):
    """What became of an item."""

    DONE = "done"  # finished in this run
    PLANNED = "planned"  # a dry run: nothing was done
    RESUMED = "resumed"  # finished in an earlier run
    KEPT = "kept"  # the output exists and was left alone
    SKIPPED = "skipped"  # nothing to do: the item is not of the kind that the job is about
    REFUSED = "refused"  # left undone for a coded reason that lies in the input
    FAILED = "failed"  # an error


GOOD = frozenset({Status.DONE, Status.PLANNED, Status.RESUMED, Status.KEPT})
BAD = frozenset({Status.REFUSED, Status.FAILED})


class ExitCode(IntEnum):
    """The exit codes of every command."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    NOTHING_TO_DO = 3
    SOME_FAILED = 4
    ALL_FAILED = 5
    CHECK_FAILED = 6
    INTERRUPTED = 130  # 128 + SIGINT, as shells count
    TERMINATED = 143  # 128 + SIGTERM; of the command alone


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item.

    Attributes
    ----------
    item : str
        Label of the item, such as ``series 003 T1 (1.2.840...)``.
    status : Status
    outputs : tuple of str
        Paths of the files that belong to the item.
    notes : tuple of Note
    facts : mapping of str to JSON value
        A few more things for the report.
    """

    item: str
    status: Status
    outputs: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict, hash=False)

    def to_json(self) -> dict[str, Json]:
        """The outcome as a JSON object; every key is always there."""
        return {
            "item": self.item,
            "status": str(self.status),
            "outputs": list(self.outputs),
            "notes": [each.to_json() for each in self.notes],
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All outcomes of a run.

    Attributes
    ----------
    outcomes : tuple of Outcome
    notes : tuple of Note
        About the run as a whole.
    strict : bool
        True where a warning spoils the exit code.
    interrupted : bool
        True where the run was cut short.
    """

    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[Note, ...] = field(default=(), kw_only=True)
    strict: bool = field(default=False, kw_only=True)
    interrupted: bool = field(default=False, kw_only=True)

    @property
    def counts(self) -> dict[Status, int]:
        """Number of outcomes of each status; every status is there."""
        found = Counter(outcome.status for outcome in self.outcomes)
        return {status: found[status] for status in Status}

    @property
    def ok(self) -> bool:
        """True where nothing was refused, failed or cut short."""
        return not self.interrupted and not any(each.status in BAD for each in self.outcomes)

    @property
    def has_warnings(self) -> bool:
        """True where any note is a warning or worse."""
        of_items = (each for outcome in self.outcomes for each in outcome.notes)
        return any(each.severity is not Severity.INFO for each in (*self.notes, *of_items))

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the run; the gravest that applies, in the order of the lines below."""
        good = any(each.status in GOOD for each in self.outcomes)
        bad = any(each.status in BAD for each in self.outcomes)
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if bad:
            return ExitCode.SOME_FAILED if good else ExitCode.ALL_FAILED
        if not good:
            return ExitCode.NOTHING_TO_DO
        return ExitCode.CHECK_FAILED if self.strict and self.has_warnings else ExitCode.OK

    def to_json(self) -> dict[str, Json]:
        """The report as a JSON object."""
        return {
            "exit_code": int(self.exit_code),
            "ok": self.ok,
            "interrupted": self.interrupted,
            "counts": {str(status): number for status, number in self.counts.items()},
            "notes": [each.to_json() for each in self.notes],
            "outcomes": [each.to_json() for each in self.outcomes],
        }


def failure(item: str, error: Exception) -> Outcome:
    """The outcome of an item that ended in an error.

    An `InputError` is REFUSED, because its reason lies in the input; everything else is FAILED.
    """
    status = Status.REFUSED if isinstance(error, InputError) else Status.FAILED
    return Outcome(item, status, notes=(note_of(error),))


def note_of(error: Exception) -> Note:
    """The error as a note.

    A `ConvkitError` keeps its code and its words. Of anything else only the type and the line of code are
    told: its words may hold the value of an attribute.
    """
    if not isinstance(error, ConvkitError):
        return note("engine.unexpected", f"An unexpected {kind_of(error)}; please report it.")
    severity = CODES[error.code].severity if error.code in CODES else Severity.ERROR
    return Note(error.code, severity, error.what, error.hint, error.where)


def kind_of(error: BaseException) -> str:
    """Type and place of an error without its words, such as ``KeyError at convkit.series.sort:88``.

    The place is the innermost line of convkit, or the innermost line where convkit is not on the way.
    """
    name = type(error).__name__
    if isinstance(error, OSError) and (symbol := errno.errorcode.get(error.errno or 0)):
        name += f" ({symbol})"
    frames = walk_tb(error.__traceback__)
    places = [(str(frame.f_globals.get("__name__", "?")), line) for frame, line in frames]
    if not places:
        return name
    ours = [place for place in places if place[0].partition(".")[0] == "convkit"]
    module, line = (ours or places)[-1]
    return f"{name} at {module}:{line}"
