"""What goes to the streams: results to standard output, the rest to standard error, a bar on a terminal only."""

from __future__ import annotations

import gc
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convkit.engine.allocator import keep_freed_blocks
from convkit.engine.outcome import BAD, ExitCode, Outcome, Report, Status
from convkit.errors import OutputError
from convkit.model.notes import Note, Severity

if TYPE_CHECKING:
    from convkit.jobs._sources import Progress, Step

_LISTED_SKIPPED = 5


def set_up_logging(*, quiet: int, verbose: int, log_file: str | None) -> None:
    """Send the log to standard error, and to a file where asked."""
    level = max(logging.DEBUG, logging.WARNING - 10 * verbose + 10 * quiet)
    log = logging.getLogger("convkit")
    log.setLevel(logging.INFO if log_file and level > logging.INFO else level)
    log.propagate = False
    log.handlers.clear()
    stream = logging.StreamHandler(sys.stderr)
    stream.setLevel(level)
    stream.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    log.addHandler(stream)
    if log_file:
        _refuse_dicom(log_file)
        try:
            file = logging.FileHandler(log_file, encoding="utf-8")
        except OSError as err:
            raise OutputError(f"The log cannot be written ({err.strerror}).", log_file) from err
        file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        log.addHandler(file)


def _refuse_dicom(log_file: str) -> None:
    """A log is appended to; a DICOM file of that name is an input, named by mistake."""
    path = Path(log_file)
    if path.is_file():
        with path.open("rb") as file:
            is_dicom = file.read(132)[128:] == b"DICM"
        if is_dicom:
            raise OutputError("The log would be written into a DICOM file.", log_file, "Name another file with --log.")


@contextmanager
def progress_bar(*, quiet: int) -> Iterator[Progress | None]:
    """A progress bar on standard error where that is a terminal; nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm  # noqa: PLC0415 (only on a terminal)

    tqdm.monitor_interval = 0  # its thread would keep worker processes from being forked
    bars: dict[str, Any] = {}

    def show(step: Step) -> None:
        if step.what not in bars:
            for old in bars.values():
                old.close()
            # By size where that is known: items of different sizes take different times.
            kind = {"total": step.total_bytes, "unit": "B", "unit_scale": True} if step.total_bytes else {}
            usual = {"total": step.total, "unit": f" {step.what}"}
            bars[step.what] = tqdm(desc=step.what, leave=False, file=sys.stderr, dynamic_ncols=True, **(kind or usual))
        bar = bars[step.what]
        if step.total_bytes:
            each_s = step.done / max(bar.format_dict["elapsed"], 1e-3)
            bar.set_postfix_str(f"{step.done:,} of {step.total:,}, {each_s:,.1f}/s", refresh=False)
        bar.update((step.done_bytes or step.done) - bar.n)

    try:
        yield show
    finally:
        for bar in bars.values():
            bar.close()


def show_report(report: Report, *, as_json: bool, quiet: int, verbose: int, root: str = "") -> None:
    """Outputs to standard output, a line each (or JSON lines); problems and a summary to standard error."""
    for outcome in report.outcomes:
        if as_json:
            click.echo(json.dumps(outcome.to_json(), ensure_ascii=False))
        else:
            paths = [f"{root}{path}" for path in outcome.outputs if not path.endswith(".json")]
            if paths:
                click.echo("\n".join(paths))  # at once: a call a picture would be a fortieth of the work
    if quiet < 2:
        _show_problems(report, verbose)
    if not quiet:
        click.echo(_summary(report), err=True)


def begin_work() -> None:
    """Set the memory of this process, which is ours alone, for work on many files."""
    keep_freed_blocks()
    gc.enable()
    gc.freeze()  # what is loaded by now stays, so nothing is gained by looking through it again and again


def run_job(job: Callable[..., Report], given: dict[str, Any]) -> int:
    """Run a job with the options of the command line, show its report, and return the exit code."""
    quiet, verbose, as_json = given.pop("quiet"), given.pop("verbose"), given.pop("as_json")
    set_up_logging(quiet=quiet, verbose=verbose, log_file=given.pop("log_file"))
    sources = given.pop("sources")
    begin_work()
    with progress_bar(quiet=quiet) as progress:
        report = job(*sources, **given, typed_in=sys.stdin if "-" in sources else (), progress=progress)
    show_report(report, as_json=as_json, quiet=quiet, verbose=verbose, root=f"{given['output'].rstrip('/')}/")
    return int(report.exit_code)


def _show_problems(report: Report, verbose: int) -> None:
    skipped: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in report.outcomes:
        if outcome.status in BAD:
            _show_bad(outcome)
        elif outcome.status is Status.SKIPPED:
            skipped.setdefault((outcome.notes[0].code, outcome.notes[0].text), []).append(outcome)
        else:
            _show_notes(outcome, verbose)
    for (code, text), outcomes in skipped.items():
        _show_skipped(code, text, outcomes, verbose)
    for each in report.notes:
        click.echo(f"{each.severity}: {_sentence(each)}", err=True)


def _show_bad(outcome: Outcome) -> None:
    for each in outcome.notes[:1]:
        shown = each.at("") if each.where == outcome.item else each
        click.echo(f"{outcome.status}: {outcome.item}: {_sentence(shown)}", err=True)
    for each in outcome.notes[1:]:
        if each.severity is Severity.ERROR:
            click.echo(f"    {_sentence(each)}", err=True)


def _show_notes(outcome: Outcome, verbose: int) -> None:
    for each in outcome.notes:
        if each.severity is not Severity.INFO or verbose:
            click.echo(f"{each.severity}: {outcome.item}: {_sentence(each)}", err=True)


def _show_skipped(code: str, text: str, outcomes: list[Outcome], verbose: int) -> None:
    count = sum(int(str(o.facts.get("instances", 1))) for o in outcomes)
    click.echo(f"skipped: {count} file{'s' if count != 1 else ''}: {text} [{code}]", err=True)
    for outcome in outcomes if verbose else outcomes[:_LISTED_SKIPPED]:
        click.echo(f"    {outcome.notes[0].where or outcome.item}", err=True)
    if not verbose and len(outcomes) > _LISTED_SKIPPED:
        click.echo(f"    and {len(outcomes) - _LISTED_SKIPPED} more (-v lists all)", err=True)


def _sentence(each: Note) -> str:
    where = f" ({each.where})" if each.where else ""
    hint = f" {each.hint}" if each.hint else ""
    return f"{each.text}{where}{hint} [{each.code}]"


def _counted(status: Status, report: Report) -> str:
    """How many items have a status, and how many pictures or files these stand for; the page over them is no item."""
    facts = [outcome.facts for outcome in report.outcomes if outcome.status is status and not outcome.facts.get("page")]
    key, what = ("instances", "files") if status in BAD | {Status.SKIPPED} else ("pictures", "pictures")
    total = sum(int(str(each.get(key, 1))) for each in facts)
    more = f" ({total:,} {what})" if total != len(facts) else ""
    return f"{len(facts)} {status}{more}" if facts else ""


def _summary(report: Report) -> str:
    counted = [_counted(status, report) for status, number in report.counts.items() if number]
    counted = [text for text in counted if text]
    if report.exit_code is ExitCode.NOTHING_TO_DO:
        return f"nothing to do: no DICOM found, or nothing selected ({', '.join(counted) or 'no files'})"
    if report.interrupted:
        return f"interrupted; the same command goes on: {', '.join(counted) or 'nothing done yet'}"
    return ", ".join(counted)
