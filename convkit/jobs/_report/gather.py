"""All series of some sources as facts: from a saved index piece by piece, from anything else by reading headers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from convkit.dicom.objects import is_directory
from convkit.engine.run import Runner, attempt
from convkit.jobs._report.asked import Wanted
from convkit.jobs._report.compact import compact
from convkit.jobs._report.facts import SeriesFacts, facts_of
from convkit.jobs._report.texts import without_names
from convkit.jobs._sources import Progress, Source
from convkit.jobs._where import Where
from convkit.jobs.collection import Collection, collect, no_plan
from convkit.model.notes import CODES, Note, Severity
from convkit.series.group import Series
from convkit.series.options import StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Planned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convkit.jobs._deid.redactor import Redactor


class Gathered(NamedTuple):
    """What some sources hold.

    Attributes
    ----------
    series : tuple of SeriesFacts
        In the order of a `Collection`.
    files : int
    problems : mapping of code to int
        Files that are no usable DICOM, by what is wrong.
    lacking : tuple of str
        Columns that were to be read and that the index does not hold.
    notes : tuple of Note
        Of the run.
    """

    series: tuple[SeriesFacts, ...]
    files: int
    problems: dict[str, int]
    lacking: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def has_errors(self) -> bool:
        """True where a file could not be read."""
        return any(CODES[code].severity is Severity.ERROR for code in self.problems)


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
    """

    sources: Sequence[Source]
    selection: Where | None
    wanted: Wanted
    typed_in: Iterable[str] = ()
    progress: Progress | None = None
    redactor: Redactor | None = None


def gather(ask: Ask, runner: Runner) -> Gathered:
    """The series of all headers below the sources; files are opened."""
    found = collect(
        list(ask.sources), runner, ask.selection, ask.wanted.read, ask.typed_in, ask.progress, redactor=ask.redactor
    )
    return gathered(found, ask.wanted)


def gathered(found: Collection, wanted: Wanted) -> Gathered:
    """The series of a collection."""
    problems = Counter(problem.code for problem in found.problems)
    facts = compact(_told(one, found.planned(one), wanted) for one in found if not is_directory(one.first))
    return Gathered(facts, found.files, dict(sorted(problems.items())), notes=found.notes)


def facts_of_all(series: Sequence[Series], wanted: Wanted) -> tuple[SeriesFacts, ...]:
    """The facts of some series, which are planned one after another."""
    return tuple(_told(one, planned(one), wanted) for one in series)


def _told(series: Series, volumes: Sequence[Planned], wanted: Wanted) -> SeriesFacts:
    found = facts_of(series, volumes, wanted)
    return without_names(found) if wanted.is_private else found


def planned(series: Series) -> list[Planned]:
    """The volumes of a series under default options; see `Collection.planned`."""
    return attempt(partial(plan_series, options=StackOptions()), series, no_plan)


def in_rank(facts: Iterable[SeriesFacts]) -> tuple[SeriesFacts, ...]:
    """Series in the order of a collection."""
    return tuple(sorted(facts, key=attrgetter("rank")))
