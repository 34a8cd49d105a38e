"""scan: files to a collection of series, headers only."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from convkit.dicom.attributes import is_keyword, nearest_hint, table_of
from convkit.dicom.header import Header, read_header
from convkit.dicom.sources import find_files
from convkit.engine.outcome import ExitCode, note_of
from convkit.engine.run import Runner, batched, default_jobs
from convkit.errors import ConvkitError, UsageError
from convkit.jobs._names import short_hash
from convkit.jobs._where import Where
from convkit.jobs._where import where as checked_where
from convkit.model.notes import Note, Severity, note
from convkit.series.group import Series, group
from convkit.series.options import StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Planned, Refusal, Stack
from convkit.tables import save_rows, to_arrow

Source = str | os.PathLike[str]
Progress = Callable[[str, int, int], None]
"""Called with (what, done, total) as work goes on."""

BATCH = 128
"""Files a task: one task a file would pay more for the trip between processes than for the reading."""


class Level(StrEnum):
    """What a row of a table stands for."""

    VOLUME = "volume"
    SERIES = "series"
    STUDY = "study"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of a batch of files."""

    headers: tuple[Header, ...] = ()
    problems: tuple[Note, ...] = ()


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
    """

    series: tuple[Series, ...] = ()
    problems: tuple[Note, ...] = ()
    files: int = 0
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
            self._planned[id(series)] = plan_series(series, StackOptions())
        return self._planned[id(series)]

    def to_rows(self, level: str = "volume", columns: Sequence[str] = ()) -> list[dict[str, Any]]:
        """A table of the collection.

        Parameters
        ----------
        level : {"volume", "series", "study", "instance"}
            What a row stands for.
        columns : DICOM keywords
            Further columns, from the first header of each row. Only those that the scan was asked to read, and the core
            ones, have values.

        Raises
        ------
        UsageError
            The level or a column is not known.
        """
        if level not in tuple(Level):
            raise UsageError(f"{level!r} is not a level.", "--level", f"Choose one of {', '.join(Level)}.")
        for column in columns:
            if not is_keyword(column):
                raise UsageError(f"{column!r} is not a DICOM keyword.", "--columns", nearest_hint(column))
        return list(_ROWS[Level(level)](self, tuple(columns)))

    def to_arrow(self, level: str = "volume", columns: Sequence[str] = ()) -> Any:
        """The table as a pyarrow.Table; needs the extra ``tables``."""
        return to_arrow(self.to_rows(level, columns))

    def save(self, path: Source, *, level: str = "volume", columns: Sequence[str] = ()) -> Path:
        """Write the table; the suffix decides: ``.csv``, ``.jsonl`` or ``.parquet`` (extra ``tables``)."""
        return save_rows(self.to_rows(level, columns), Path(path))


def scan(
    *sources: Source | Iterable[Source],
    where: str | None = None,
    columns: Sequence[str] = (),
    jobs: int | None = None,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Collection:
    """Read the headers of all DICOM files below the sources.

    Parameters
    ----------
    *sources : path or several
        Files, folders (to any depth), ``@list.txt``, or ``-`` with the paths in `typed_in`.
    where : str or None
        Expression that an instance must satisfy, for example ``Modality == "CT" and instances > 20``.
    columns : DICOM keywords
        Attributes to read beside the core ones.
    jobs : int or None
        Worker processes; None takes one a CPU.
    typed_in : lines
        Paths that came on standard input.
    progress : callable or None

    Raises
    ------
    InputError
        A source does not exist.
    UsageError
        The expression or a column is not understood.
    """
    selection = checked_where(where) if where else None
    with Runner(jobs or default_jobs()) as runner:
        return collect(flat(sources), runner, selection, tuple(columns), typed_in, progress)


def flat(sources: Iterable[Source | Iterable[Source]]) -> list[Source]:
    """Sources given one by one or as lists, as one list."""
    found: list[Source] = []
    for source in sources:
        found.extend([source] if isinstance(source, (str, os.PathLike)) else source)
    return found


def collect(  # noqa: PLR0913, PLR0917 (the one place where a job's sources come together)
    sources: Sequence[Source],
    runner: Runner,
    selection: Where | None = None,
    columns: tuple[str, ...] = (),
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Collection:
    """The collection of some sources, read by a runner that the job goes on using."""
    if not sources:
        raise UsageError("No source was given.", "", "Name a file or a folder.")
    extra = tuple(dict.fromkeys([*columns, *(selection.keywords if selection else ())]))
    table_of(extra)  # an unknown keyword is an error before any file is read
    found = find_files(sources, typed_in=typed_in)
    headers, problems = _read_all(found.paths, runner, extra, progress)
    series = group(headers)
    if selection:
        series = [s for s in (_selected(one, selection) for one in series) if s is not None]
    return Collection(tuple(series), (*found.notes, *problems), len(found.paths))


def _read_all(
    paths: Sequence[str], runner: Runner, extra: tuple[str, ...], progress: Progress | None
) -> tuple[list[Header], list[Note]]:
    done = 0
    batches: dict[int, Batch] = {}
    for index, batch in runner.map(partial(read_batch, extra=extra), batched(paths, BATCH), on_error=failed_batch):
        batches[index] = batch
        done += len(batch.headers) + len(batch.problems)
        if progress:
            progress("headers", done, len(paths))
    ordered = [batches[i] for i in sorted(batches)]
    return [h for b in ordered for h in b.headers], [p for b in ordered for p in b.problems]


def read_batch(paths: Sequence[str], *, extra: tuple[str, ...] = ()) -> Batch:
    """Task: the headers of some files, and a note for each that has none."""
    headers: list[Header] = []
    problems: list[Note] = []
    table = table_of(extra)
    for path in paths:
        try:
            headers.append(read_header(path, table))
        except ConvkitError as err:
            problems.append(note_of(err))
    return Batch(tuple(headers), tuple(problems))


def failed_batch(paths: Sequence[str], error: Exception) -> Batch:
    """What a batch becomes whose task failed as a whole: every file of it is a problem."""
    reason = note_of(error)
    return Batch((), tuple(note(reason.code, reason.text, where=p, hint=reason.hint) for p in paths))


def _selected(series: Series, selection: Where) -> Series | None:
    """The instances of a series that satisfy the expression, or None where none does."""
    images = tuple(h for h in series.images if selection(facts_for(series, h, selection.names)))
    others = tuple((h, n) for h, n in series.others if selection(facts_for(series, h, selection.names)))
    if not images and not others:
        return None
    return Series(series.study_instance_uid, series.series_instance_uid, images, others, series.notes)


def facts_for(series: Series, header: Header, names: Iterable[str]) -> dict[str, Any]:
    """What an expression can ask of an instance."""
    own = {"instances": series.instances, "images": len(series.images), "bytes": series.size, "path": header.path}
    return {name: own[name] if name in own else header.plain(name) for name in names}


# --- tables ----------------------------------------------------------------------------------------------


def _volume_rows(collection: Collection, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for series in collection:
        planned = collection.planned(series)
        loose = [p for p in planned if isinstance(p, Stack) and not p.grid.is_placed]
        for one in planned:
            if one not in loose:
                yield _identity(series) | _volume(series, one) | _extra(series, columns)
        if loose:  # pictures without a place in space, each a volume of its own, are one row
            yield (
                _identity(series)
                | _volume(series, loose[0])
                | {
                    "split": "" if len(loose) == 1 else "_img-*",
                    "volumes": len(loose),
                    "instances": len(loose),
                    "bytes": sum(series.images[p.first.instance].size for p in loose),
                }
                | _extra(series, columns)
            )
        yield from (_identity(series) | row | _extra(series, columns) for row in _others(series))


def _series_rows(collection: Collection, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for series in collection:
        planned = collection.planned(series)
        volumes = [p for p in planned if isinstance(p, Stack)]
        yield (
            _identity(series)
            | {
                "volumes": len(volumes),
                "instances": series.instances,
                "bytes": series.size,
                "problems": _codes(
                    [n for p in planned for n in _notes(p)] + [n for _, n in series.others] + list(series.notes)
                ),
            }
            | _extra(series, columns)
        )


def _study_rows(collection: Collection, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    studies: dict[str, list[Series]] = {}
    for series in collection:
        studies.setdefault(series.study_instance_uid, []).append(series)
    for members in studies.values():
        planned = [p for s in members for p in collection.planned(s)]
        yield {
            "patient": _patient(members[0]),
            "study": short_hash(members[0].study_instance_uid),
            "modalities": sorted({s.first.text("Modality") for s in members} - {""}),
            "series": len(members),
            "volumes": sum(isinstance(p, Stack) for p in planned),
            "instances": sum(s.instances for s in members),
            "bytes": sum(s.size for s in members),
            "problems": _codes([n for p in planned for n in _notes(p)] + [n for s in members for _, n in s.others]),
        } | _extra(members[0], columns)


def _instance_rows(collection: Collection, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for series in collection:
        for header, reason in [*((h, None) for h in series.images), *series.others]:
            yield (
                _identity(series)
                | {
                    "instance_number": header.integer("InstanceNumber"),
                    "sop_class": header.sop_class_uid,
                    "transfer_syntax": header.transfer_syntax,
                    "rows": header.integer("Rows"),
                    "columns": header.integer("Columns"),
                    "bytes": header.size,
                    "path": header.path,
                    "problems": [reason.code] if reason else [],
                }
                | {k: header.plain(k) for k in columns if k in header.table.places}
            )


_ROWS: dict[Level, Callable[[Collection, tuple[str, ...]], Iterator[dict[str, Any]]]] = {
    Level.VOLUME: _volume_rows,
    Level.SERIES: _series_rows,
    Level.STUDY: _study_rows,
    Level.INSTANCE: _instance_rows,
}


def _identity(series: Series) -> dict[str, Any]:
    first = series.first
    return {
        "patient": _patient(series),
        "study": short_hash(series.study_instance_uid),
        "series": short_hash(series.series_instance_uid),
        "number": first.integer("SeriesNumber"),
        "modality": first.text("Modality"),
        "description": first.text("SeriesDescription"),
    }


def _patient(series: Series) -> str:
    return short_hash(series.first.text("PatientID"))


def _volume(series: Series, planned: Planned) -> dict[str, Any]:
    row: dict[str, Any] = {
        "split": planned.split.label,
        "volumes": None,
        "slices": None,
        "rows": None,
        "columns": None,
        "spacing": None,
    }
    if isinstance(planned, Stack):
        layout = planned.first.pixels.layout
        step = planned.grid.step_lps
        depth = sum(c * c for c in step) ** 0.5
        row |= {
            "volumes": planned.volumes,
            "slices": planned.slices,
            "rows": layout.rows,
            "columns": layout.columns,
            "spacing": [round(v, 6) for v in (depth, planned.grid.row_spacing, planned.grid.column_spacing)],
        }
        frames = [f for v in planned.frames for f in v]
    else:
        frames = list(planned.frames)
    row |= {"instances": len(frames), "bytes": sum(series.images[f.instance].size for f in frames)}
    return row | {"problems": _codes([*_notes(planned), *series.notes])}


def _others(series: Series) -> Iterator[dict[str, Any]]:
    """A row for each reason why instances of a series are no volume."""
    reasons: dict[str, list[Header]] = {}
    for header, reason in series.others:
        reasons.setdefault(reason.code, []).append(header)
    for code, headers in reasons.items():
        yield {
            "split": "",
            "volumes": None,
            "slices": None,
            "rows": headers[0].integer("Rows"),
            "columns": headers[0].integer("Columns"),
            "spacing": None,
            "instances": len(headers),
            "bytes": sum(h.size for h in headers),
            "problems": [code],
        }


def _notes(planned: Planned) -> list[Note]:
    own = [planned.reason] if isinstance(planned, Refusal) else []
    return [*own, *planned.notes]


def _codes(notes: Iterable[Note]) -> list[str]:
    return list(dict.fromkeys(n.code for n in notes))


def _extra(series: Series, columns: tuple[str, ...]) -> dict[str, Any]:
    first = series.first
    return {k: first.plain(k) if k in first.table.places else None for k in columns}
