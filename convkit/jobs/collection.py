"""Headers to a collection of series, and tables of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from convkit.dicom.header import Header
from convkit.engine.outcome import ExitCode, note_of
from convkit.engine.run import Runner, attempt
from convkit.jobs._headers import Headers, read_headers
from convkit.jobs._index.source import Sources
from convkit.jobs._names import short_hash
from convkit.jobs._sources import Progress, Source
from convkit.jobs._where import Where
from convkit.model.notes import Note, Severity, note
from convkit.series.group import Series, group
from convkit.series.options import StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Planned, Refusal

if TYPE_CHECKING:
    from convkit.jobs._deid.redactor import Redactor


@dataclass(frozen=True, slots=True)
class Collection:
    """Series found in some sources.

    Attributes
    ----------
    series : tuple of Series
        Sorted by study, series number and UID.
    problems : tuple of Note
        A note for each file that is no usable DICOM, and for each folder that could not be listed.
    files : int
        Number of files looked at.
    notes : tuple of Note
        What there is to know of the run.
    """

    series: tuple[Series, ...] = ()
    problems: tuple[Note, ...] = ()
    files: int = 0
    notes: tuple[Note, ...] = ()
    _planned: dict[int, list[Planned]] = field(default_factory=dict, repr=False, compare=False)

    def __iter__(self) -> Iterator[Series]:
        return iter(self.series)

    def __len__(self) -> int:
        return len(self.series)

    def __getitem__(self, place: int) -> Series:
        return self.series[place]

    @property
    def unreadable(self) -> tuple[Note, ...]:
        """Problems that are more than a file of another kind."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    @property
    def exit_code(self) -> ExitCode:
        """3 where there is no DICOM, 4 where some of it is unreadable, 5 where all of it is."""
        if not self.series:
            return ExitCode.ALL_FAILED if self.unreadable else ExitCode.NOTHING_TO_DO
        return ExitCode.SOME_FAILED if self.unreadable else ExitCode.OK

    def planned(self, series: Series) -> list[Planned]:
        """The volumes that a series makes under default options."""
        if id(series) not in self._planned:
            self._planned[id(series)] = plan_of(series)
        return self._planned[id(series)]

    def to_rows(self, level: str = "volume", columns: Sequence[str] = ()) -> list[dict[str, Any]]:
        """A table of the collection.

        Parameters
        ----------
        level : {"volume", "series", "study", "instance"}
            What a row stands for.
        columns : DICOM keywords, private elements, paths into sequences
            Further columns, from the first header of each row; see `convkit.dicom.columns`. Only those that the scan
            was asked to read, and the core ones, have values.

        Raises
        ------
        UsageError
            The level or a column is not known.
        """
        rows: list[dict[str, Any]] = _tabulated().rows(self, level, columns)
        return rows

    def to_arrow(self, level: str = "volume", columns: Sequence[str] = ()) -> Any:
        """The table as a pyarrow.Table, with a column's type by the standard; needs the extra ``tables``."""
        return _tabulated().arrow(self, level, columns)

    def to_pandas(self, level: str = "volume", columns: Sequence[str] = ()) -> Any:
        """The table as a pandas.DataFrame; needs the extra ``tables`` and pandas. Integers stay integers."""
        return import_module("convkit.tables").to_pandas(self.to_arrow(level, columns))

    def save(self, path: Source, *, level: str = "volume", columns: Sequence[str] = ()) -> Source:
        """Write the table; the suffix decides: ``.csv``, ``.jsonl`` or ``.parquet`` (extra ``tables``).

        Raises
        ------
        OutputError
            It cannot be written, or would replace an index by a table of another level.
        """
        saved: Source = _tabulated().save(self, path, level, columns)
        return saved


def _tabulated() -> ModuleType:
    """What makes tables, imported by those who want one."""
    return import_module("convkit.jobs._tabulated")


def plan_of(series: Series) -> list[Planned]:
    """The volumes that a series makes under default options."""
    return attempt(partial(plan_series, options=StackOptions()), series, no_plan)


def no_plan(_series: Series, error: Exception) -> list[Planned]:
    """What the plan of a series becomes that fails: one refusal; the other series go on."""
    return [Refusal((), note_of(error))]


def collect(  # noqa: PLR0913, PLR0917 (the one place where a job's sources come together)
    sources: Sequence[Source],
    runner: Runner,
    selection: Where | None = None,
    columns: tuple[str, ...] = (),
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
    *,
    redactor: Redactor | None = None,
    listed: Sources | None = None,
) -> Collection:
    """The collection of some sources, read by a runner that the job goes on using.

    See `read_headers` and `collection_of`.
    """
    asked = (*columns, *(selection.keywords if selection else ()))
    read = read_headers(sources, runner, asked, typed_in, progress, listed=listed)
    return collection_of(read, runner, selection, progress, redactor)


def collection_of(
    read: Headers,
    runner: Runner,
    selection: Where | None = None,
    progress: Progress | None = None,
    redactor: Redactor | None = None,
) -> Collection:
    """The series of some headers.

    With a `redactor`, its headers know what may leave of them; files of which nothing may are problems.
    """
    headers, problems = read.headers, read.problems
    if redactor is not None:
        headers, refused = redactor.headers(headers, read.found.paths, runner, progress)
        problems += refused
    series = group(headers)
    if selection:
        series = [s for s in (selected(one, selection) for one in series) if s is not None]
    notes = () if redactor is None else redactor.notes
    return Collection(tuple(series), (*read.found.notes, *problems), len(read.found.paths), notes)


def selected(series: Series, selection: Where) -> Series | None:
    """The instances of a series that satisfy the expression, or None where none does."""
    images = tuple(h for h in series.images if selection(facts_for(series, h, selection.names)))
    others = tuple((h, n) for h, n in series.others if selection(facts_for(series, h, selection.names)))
    if not images and not others:
        return None
    notes = series.notes
    if images and len(images) < len(series.images):
        text = f"{len(images)} of {len(series.images)} images of the series were selected."
        notes = (*notes, note("series.selected-part", text))
    return Series(series.study_instance_uid, series.series_instance_uid, images, others, notes)


def facts_for(series: Series, header: Header, names: Iterable[str]) -> dict[str, Any]:
    """What an expression can ask of an instance."""
    own = {
        "instances": series.instances,
        "images": len(series.images),
        "bytes": series.size,
        "path": header.path,
        "series": short_hash(series.series_instance_uid),
        "study": short_hash(series.study_instance_uid),
    }
    return {name: own[name] if name in own else header.plain(name) for name in names}
