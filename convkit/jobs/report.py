"""report: what is in a data set, on one page: counts, distributions, pairs, pixels, outliers, pictures."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from convkit.engine.outcome import ExitCode
from convkit.engine.run import Runner, runner_of
from convkit.errors import MissingExtraError, OutputError, UsageError, install
from convkit.jobs._choices import Exists, chosen
from convkit.jobs._redaction import redactor_of
from convkit.jobs._report.asked import is_column, wanted
from convkit.jobs._report.gather import Ask, Gathered, gather
from convkit.jobs._report.labels import Labels, read_labels
from convkit.jobs._report.of_index import gather_index, index_at
from convkit.jobs._report.of_many import are_many, gather_many, listed
from convkit.jobs._report.whole import Telling, findings_of
from convkit.jobs._sources import Progress, Source, check_table, checked_path, flat
from convkit.jobs._where import where as checked_where
from convkit.model.notes import CODES, Note, Severity
from convkit.survey.findings import Findings, plain
from convkit.writers import written_aside

FRAMES = 1000
"""Frames that are read for pixels and thumbnails, unless another number was asked for."""


@dataclass(frozen=True, slots=True)
class DataReport:
    """What was found, and where it was written.

    Attributes
    ----------
    findings : Findings
    path : path or None
        Of the page, also of one that was kept; None where none was asked for.
    figures : tuple of str
        Files of the figures.
    is_kept : bool
        True where the page was there already and was left alone: it is of an earlier run, with the sources and options
        of then.
    series : int
        How many series there are.
    problems : tuple of (code, int)
        What is wrong with how many files that are in no series.
    files : tuple of (code, tuple of str)
        Paths of the first of these. Not on the page and not in the JSON: they may be names of people.
    notes : tuple of Note
        What there is to know of the run.
    strict : bool
        True where a warning spoils the exit code.
    """

    findings: Findings | None
    path: Source | None = None
    figures: tuple[str, ...] = ()
    is_kept: bool = False
    series: int = 0
    problems: tuple[tuple[str, int], ...] = ()
    files: tuple[tuple[str, tuple[str, ...]], ...] = ()
    notes: tuple[Note, ...] = ()
    strict: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """3 where there is no DICOM, 4 where some of it is unreadable, 5 where all of it is, 6 for `strict`."""
        if self.findings is None:
            return ExitCode.OK
        has_errors = any(CODES[code].severity is Severity.ERROR for code, _ in self.problems)
        if not self.series:
            return ExitCode.ALL_FAILED if has_errors else ExitCode.NOTHING_TO_DO
        if has_errors:
            return ExitCode.SOME_FAILED
        is_spoilt = self.findings.overview.problems or any(n.severity is not Severity.INFO for n in self.notes)
        return ExitCode.CHECK_FAILED if self.strict and is_spoilt else ExitCode.OK

    def to_json(self) -> dict[str, Any]:
        """All numbers as JSON holds them, without pictures; empty where there are no findings."""
        found: dict[str, Any] = {} if self.findings is None else plain(self.findings)
        return found


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """All options of the job, checked."""

    output: str
    figures: str
    exists: Exists
    telling: Telling


def report(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    output: Source | None = None,
    columns: Sequence[str] = (),
    by: str | None = None,
    labels: Source | None = None,
    on: str = "PatientID",
    figures: Source | None = None,
    pixels: bool = True,
    frames: int = FRAMES,
    min_cell: int = 0,
    where: str | None = None,
    profile: str | None = None,
    key: Source | None = None,
    mapping: Source | None = None,
    jobs: int | None = None,
    cluster: Source | None = None,
    exists: str = "skip",
    strict: bool = False,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> DataReport:
    """Tell what is in a data set: counts, distributions, pairs, pixels, what differs and what is missing.

    >>> found = convkit.report("incoming/", output="report.html")
    >>> found.findings.attributes

    Parameters
    ----------
    *sources : path or several
        As in `convkit.scan`. An index alone, without a profile, is told as it is, without a look at the headers of its
        files.
    output : path or None
        The page, ``.html``; None makes none.
    columns : DICOM keywords, private elements, paths into sequences
        Attributes to tell, beside these ``volumes``, ``instances``, ``bytes``, ``slices`` and ``slice_spacing``; none
        takes those that suit the modalities. Columns of the labels, too: none takes all of them.
    by : str or None
        A column of these, or of the labels: all is told once more for each of its values.
    labels : path or None
        CSV with a row a patient (study, series, finding ...), and its columns beside those of the headers.
    on : str
        Name of the column that both have: a DICOM keyword, or ``patient``, ``study``, ``series`` for short hashes.
    figures : path or None
        Folder for the figures of the page as files.
    pixels : bool
        Read pixels, for intensities and thumbnails.
    frames : int
        How many frames at most.
    min_cell : int
        Nothing is told of fewer patients than this; 0 tells all. Then no series is told one by one.
    profile : str or None
        What the report tells is what the profile leaves; None leaves out direct identifiers, and of dates all but the
        year.
    where, key, mapping, jobs, cluster, strict, typed_in, progress
        As in `convkit.scan`.
    exists : {"skip", "error", "overwrite"}
        What to do where the page is there already. With ``skip`` the page alone is kept; findings and figures are made
        nevertheless.

    Raises
    ------
    UsageError
        A wrong option; the labels are no table, or lack the column; a column may identify people.
    InputError
        A source does not exist, or the labels cannot be read.
    OutputError
        The page or a figure cannot be written.
    MissingExtraError
        A page or figures without matplotlib and jinja2 (extra ``report``).
    """
    given = flat(sources)
    _check_number(min_cell, "--min-cell")
    _check_number(frames, "--frames")
    options = _checked(output, figures, exists, Telling(min_cell, frames if pixels else 0, by or "", profile or ""))
    is_kept = _is_kept(options.output, options.exists)
    if options.output and not is_kept:
        check_table(given, options.output)
    found_labels = _labels(labels, on, is_private=profile is None)
    names = () if found_labels is None else tuple(column.name for column in found_labels.columns)
    of_labels = {name for name in columns if name in names and not is_column(name)}
    if found_labels is not None and of_labels:
        found_labels = found_labels.narrowed({*of_labels, by or ""})
        columns = [name for name in columns if name not in of_labels]
    asked = wanted(columns, by or "", on if found_labels else "", names, is_private_report=profile is None)
    redactor = redactor_of(profile, key, mapping)
    selection = checked_where(where) if where else None
    with runner_of(jobs, cluster) as runner:
        ask = Ask(given, selection, asked, typed_in, progress, redactor)
        gathered = _gathered(ask, runner)
        findings = findings_of(gathered, asked, found_labels, options.telling, runner, progress)
    problems = tuple((code, one.files) for code, one in gathered.strays.items())
    files = tuple((code, one.examples) for code, one in gathered.strays.items())
    series = len(gathered.series)
    made = DataReport(findings, None, (), is_kept, series, problems, files, gathered.notes, strict)
    return _written(made, options) if gathered.series else made


def kept(output: Source | None, exists: str = "skip") -> DataReport | None:
    """The report without findings where its page is there and is left alone; None where a page is to be made.

    For who wants the page and nothing else: then nothing has to be read.
    """
    page = "" if output is None else checked_path(output, "--output")
    is_kept = _is_kept(page, chosen(Exists, exists, "--exists"))
    return DataReport(None, page, is_kept=True) if is_kept else None


# --- options -----------------------------------------------------------------------------------------------


def _check_number(number: int, option: str) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise UsageError(f"{number!r} is no number from 0 on.", option)


def _checked(output: Source | None, figures: Source | None, exists: str, telling: Telling) -> ReportOptions:
    page = "" if output is None else checked_path(output, "--output")
    folder = "" if figures is None else checked_path(figures, "--figures")
    if page and Path(page).suffix.lower() not in {".html", ".htm"}:
        raise UsageError("The report is a page, but its name does not end with .html.", "--output", "Name report.html.")
    if folder and Path(folder).exists() and not Path(folder).is_dir():
        raise UsageError("The figures go into a folder, and this is a file.", "--figures", "Name a folder.")
    if page or folder:
        _check_extra()
    return ReportOptions(page, folder, chosen(Exists, exists, "--exists"), telling)


def _check_extra() -> None:
    """What draws is told to be absent before an hour of reading, not after."""
    for library in ("matplotlib", "jinja2"):
        if find_spec(library) is None:
            raise MissingExtraError(f"{library} is not installed.", "", install("report"))


def _is_kept(page: str, exists: Exists) -> bool:
    """True where a page is there that is to be left alone."""
    if not page or not Path(page).exists() or exists is Exists.OVERWRITE:
        return False
    if exists is Exists.ERROR:
        what, hint = "The page is there already.", "Choose another name, or --exists overwrite."
        raise OutputError(what, page, hint, "output.exists-refused")
    return True


def _labels(path: Source | None, on: str, *, is_private: bool) -> Labels | None:
    if path is None:
        return None
    if not on:
        raise UsageError("Labels need the column to join them by.", "--on", "Write --on PatientID.")
    return read_labels(checked_path(path, "--labels"), on, is_private_report=is_private)


def _gathered(ask: Ask, runner: Runner) -> Gathered:
    """The series of the sources; of an index without a look at its files, of very many files by way of one."""
    if len(ask.sources) == 1 and ask.redactor is None:
        source = os.fspath(ask.sources[0])
        stored = index_at(source)
        if stored is not None:
            return gather_index(stored, source, ask, runner)
    if runner.workers is not None:  # workers elsewhere would not see a table that is made aside here
        ask = listed(ask)
    return gather_many(ask, runner) if are_many(ask) else gather(ask, runner)


# --- writing -----------------------------------------------------------------------------------------------


def _written(made: DataReport, options: ReportOptions) -> DataReport:
    """The report with its page and figures written."""
    assert made.findings is not None  # noqa: S101 (it has series)
    figures: tuple[str, ...] = ()
    if options.figures:
        save_figures = import_module("convkit.survey.figures").save_figures  # matplotlib
        figures = tuple(map(str, save_figures(made.findings, Path(options.figures)) or ()))
    if options.output and not made.is_kept:
        html = import_module("convkit.survey.page").page(made.findings)
        with written_aside(options.output) as file:
            file.write(html.encode("utf-8"))
    return replace(made, path=options.output or None, figures=figures)
