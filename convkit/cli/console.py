"""What goes to the streams: results to standard output, the rest to standard error, a bar on a terminal only."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convkit.cli import ending
from convkit.engine.allocator import keep_freed_blocks
from convkit.engine.outcome import BAD, ExitCode, Outcome, Report, Status
from convkit.errors import OutputError
from convkit.model.notes import Note, Severity
from convkit.model.visible import encodable, visible

if TYPE_CHECKING:
    from convkit.jobs._sources import Progress, Step

_LISTED = 5
BAD_ENDS = frozenset({ExitCode.SOME_FAILED, ExitCode.ALL_FAILED})
"""Their summary is shown, however quiet the run."""

_GRAVITY = (Severity.INFO, Severity.WARNING, Severity.ERROR)


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


def in_files(count: int) -> str:
    """A number of files in words: ``1 file``, ``2 files``."""
    return f"{count} file{'s' if count != 1 else ''}"


def is_looked_at() -> bool:
    """True where standard output is a terminal, and no file or other program."""
    return sys.stdout is not None and sys.stdout.isatty()


@contextmanager
def progress_bar(*, quiet: int) -> Iterator[Progress | None]:
    """A progress bar on standard error where that is a terminal; nothing elsewhere."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
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
            click.echo(json_line(outcome.to_json()))
        else:
            paths = [f"{root}{path}" for path in outcome.outputs if not path.endswith(".json")]
            if paths:
                show_paths("\n".join(paths))  # at once: a call a picture would be a fortieth of the work
    _show_problems(report, verbose, only_errors=quiet > 1)
    if not quiet or not report.ok:
        say(_summary(report))


def say(text: str) -> None:
    """Write a line to standard error; whatever a name of a file holds, it stays one line."""
    click.echo(visible(text), err=True)


def show_paths(lines: str) -> None:
    """Write paths to standard output as they are: who reads them opens them."""
    try:
        lines.encode("utf-8")
    except UnicodeEncodeError:  # bytes of a name that are no text
        click.echo(os.fsencode(lines))
    else:
        click.echo(lines)


def json_line(found: Any, default: Callable[[Any], Any] | None = None) -> str:
    """JSON on one line that any reader takes for UTF-8."""
    return encodable(json.dumps(found, ensure_ascii=False, default=default))


_LOOK_AFTER = (50_000, 20, 20)
"""How seldom Python looks for garbage that refers to itself, of which there is little: headers and frames by the ten
thousands refer to nothing that refers to them, and to look through them again and again takes a twentieth of a run."""


def begin_work() -> None:
    """Set the memory of this process, which is ours alone, for work on many files; tell of a wrong temporary folder."""
    given = os.environ.get("TMPDIR")
    if given and not (os.path.isdir(given) and os.access(given, os.W_OK | os.X_OK)):  # noqa: PTH112 (at each start)
        from tempfile import gettempdir  # noqa: PLC0415 (few runs need it)

        what = "TMPDIR names no folder that can be written to (%s); temporary files go to %s"
        logging.getLogger("convkit").warning(what, visible(given), visible(gettempdir()))
    keep_freed_blocks()
    gc.set_threshold(*_LOOK_AFTER)
    gc.enable()
    gc.freeze()  # what is loaded by now stays, so nothing is gained by looking through it again and again


def typed_lines(sources: Iterable[str]) -> Iterable[str]:
    """What comes on standard input where a source is ``-``; nothing where that is closed."""
    return sys.stdin or () if "-" in sources else ()


def run_job(job: Callable[..., Report], given: dict[str, Any]) -> int:
    """Run a job with the options of the command line, show its report, and return the exit code."""
    quiet, verbose, as_json = given.pop("quiet"), given.pop("verbose"), given.pop("as_json")
    set_up_logging(quiet=quiet, verbose=verbose, log_file=given.pop("log_file"))
    sources = given.pop("sources")
    begin_work()
    with progress_bar(quiet=quiet) as progress:
        report = job(*sources, **given, typed_in=typed_lines(sources), progress=progress)
    show_report(report, as_json=as_json, quiet=quiet, verbose=verbose, root=f"{given['output'].rstrip('/')}/")
    return int(report.exit_code)


def _show_problems(report: Report, verbose: int, *, only_errors: bool) -> None:
    skipped: dict[tuple[str, str], list[Outcome]] = {}
    bad: dict[tuple[str, ...], list[Outcome]] = {}
    least = Severity.ERROR if only_errors else Severity.INFO if verbose else Severity.WARNING
    for outcome in report.outcomes:
        if outcome.status in BAD:
            bad.setdefault(_reason(outcome), []).append(outcome)
        elif outcome.status is Status.SKIPPED:
            skipped.setdefault((outcome.notes[0].code, outcome.notes[0].text), []).append(outcome)
        else:
            _show_notes(outcome, least, verbose)
    for outcomes in bad.values():
        _show_bad(outcomes, verbose)
    for (code, text), outcomes in ({} if only_errors else skipped).items():
        _show_skipped(code, text, outcomes, verbose)
    for each in report.notes:
        if not only_errors or each.severity is Severity.ERROR:
            say(f"{each.severity}: {_sentence(each)}")


def _reason(outcome: Outcome) -> tuple[str, ...]:
    """What is the same for items that were refused for the same reason."""
    first = outcome.notes[0]
    return (outcome.status, first.code, first.text, first.hint)


def _show_bad(outcomes: list[Outcome], verbose: int) -> None:
    """Items that were refused for one reason: a line each, or where they are many, the reason and some of them."""
    if verbose or len(outcomes) <= _LISTED:
        for outcome in outcomes:
            first = outcome.notes[0]
            shown = first.at("") if first.where == outcome.item else first
            say(f"{outcome.status}: {outcome.item}: {_sentence(shown)}")
            _show_further(outcome)
        return
    say(f"{outcomes[0].status}: {len(outcomes):,} items: {_sentence(outcomes[0].notes[0].at(''))}")
    for outcome in outcomes[:_LISTED]:
        say(f"    {outcome.item}")
        _show_further(outcome)
    say(f"    and {len(outcomes) - _LISTED:,} more (-v lists all)")


def _show_further(outcome: Outcome) -> None:
    for each in outcome.notes[1:]:
        if each.severity is Severity.ERROR:
            say(f"    {_sentence(each)}")


def _show_notes(outcome: Outcome, least: Severity, verbose: int) -> None:
    """What is to be known of an item; of many that say the same, some."""
    shown = _GRAVITY[_GRAVITY.index(least) :]
    alike: dict[tuple[str, str], list[Note]] = {}
    for each in outcome.notes:
        if each.severity in shown:
            alike.setdefault((each.code, each.text), []).append(each)
    for (code, _), notes in alike.items():
        listed = notes if verbose else notes[:_LISTED]
        for each in listed:
            say(f"{each.severity}: {outcome.item}: {_sentence(each)}")
        if len(notes) > len(listed):
            more = f"and {len(notes) - len(listed):,} more like it (-v lists all)"
            say(f"{notes[0].severity}: {outcome.item}: {more} [{code}]")


def _show_skipped(code: str, text: str, outcomes: list[Outcome], verbose: int) -> None:
    count = sum(int(str(o.facts.get("instances", 1))) for o in outcomes)
    say(f"skipped: {in_files(count)}: {text} [{code}]")
    for outcome in outcomes if verbose else outcomes[:_LISTED]:
        say(f"    {outcome.notes[0].where or outcome.item}")
    if not verbose and len(outcomes) > _LISTED:
        say(f"    and {len(outcomes) - _LISTED} more (-v lists all)")


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
        return f"{ending.cause()}; the same command goes on: {', '.join(counted) or 'nothing done yet'}"
    return ", ".join(counted)
