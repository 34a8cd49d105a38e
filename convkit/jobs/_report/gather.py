"""All series of some sources as facts: from a saved index piece by piece, from anything else by reading headers."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from convkit.dicom.objects import is_directory
from convkit.engine.run import Runner
from convkit.jobs._report.asked import Wanted
from convkit.jobs._report.compact import compact
from convkit.jobs._report.facts import SeriesFacts, facts_of
from convkit.jobs._report.strays import Strays, strays_of
from convkit.jobs._report.texts import without_names
from convkit.jobs._sources import Progress, Source
from convkit.jobs._where import Where
from convkit.jobs.collection import Collection, collect
from convkit.model.notes import CODES, Note, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convkit.jobs._deid.redactor import Redactor
    from convkit.jobs._index.source import Sources


class Gathered(NamedTuple):
    """What some sources hold.

    Attributes
    ----------
    series : tuple of SeriesFacts
        In the order of a `Collection`.
    files : int
    strays : mapping of code to Strays
        Files that are no usable DICOM, by what is wrong.
    lacking : tuple of str
        Columns that were to be read and that the index does not hold.
    notes : tuple of Note
        Of the run.
    """

    series: tuple[SeriesFacts, ...]
    files: int
    strays: dict[str, Strays]
    lacking: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def has_errors(self) -> bool:
        """True where a file could not be read."""
        return any(CODES[code].severity is Severity.ERROR for code in self.strays)


class Ask(NamedTuple):
    """Where to look, and for what.

    Attributes
    ----------
    sources : tuple of path
    selection : Where or None
    wanted : Wanted
    typed_in : lines
    progress : Progress or None
    redactor : Redactor or None
    listed : Sources or None
        Their files, where these are known already.
    """

    sources: Sequence[Source]
    selection: Where | None
    wanted: Wanted
    typed_in: Iterable[str] = ()
    progress: Progress | None = None
    redactor: Redactor | None = None
    listed: Sources | None = None


def gather(ask: Ask, runner: Runner) -> Gathered:
    """The series of all headers below the sources; files are opened."""
    found = collect(
        list(ask.sources),
        runner,
        ask.selection,
        ask.wanted.read,
        ask.typed_in,
        ask.progress,
        redactor=ask.redactor,
        listed=ask.listed,
    )
    return gathered(found, ask.wanted)


def gathered(found: Collection, wanted: Wanted) -> Gathered:
    """The series of a collection."""
    strays = strays_of((problem.code, problem.where) for problem in found.problems)
    facts = (facts_of(one, found.planned(one), wanted) for one in found if not is_directory(one.first))
    return Gathered(told(facts, wanted), found.files, strays, notes=found.notes)


def told(facts: Iterable[SeriesFacts], wanted: Wanted) -> tuple[SeriesFacts, ...]:
    """Facts as they leave who has read them: without names where no profile decides, and in little memory."""
    return compact(map(without_names, facts) if wanted.is_private else facts)


def in_rank(facts: Iterable[SeriesFacts]) -> tuple[SeriesFacts, ...]:
    """Series in the order of a collection."""
    return tuple(sorted(facts, key=attrgetter("rank")))
