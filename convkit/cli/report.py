"""`convkit report`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from convkit.cli.console import (
    begin_work,
    in_files,
    json_line,
    progress_bar,
    say,
    set_up_logging,
    show_paths,
    typed_lines,
)
from convkit.cli.options import common, redacting
from convkit.model.notes import CODES, Severity

_LISTED_FILES = 3
"""Files of each problem that the terminal names, unless asked for more."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convkit.jobs.report import DataReport


@click.command("report", short_help="Tell what is in a data set.")
@common(has_output=True, output_help="File for the page: .html.")
@redacting()
@click.option(
    "--columns",
    default="",
    metavar="K,K",
    help='Attributes to tell: DICOM keywords, (gggg,"CREATOR",ee), paths such as Sequence/Keyword, volumes, instances, '
    "bytes, slices, slice_spacing, columns of the labels; what suits the modalities, and all labels, if left out.",
)
@click.option("--by", metavar="K", help="All of it once more for each value of a column, e.g. Modality.")
@click.option("--labels", type=click.Path(), metavar="FILE", help="CSV with further columns, such as findings.")
@click.option(
    "--on",
    default="PatientID",
    show_default=True,
    metavar="K",
    help="Column that labels and headers share: a DICOM keyword, or patient, study, series for short hashes.",
)
@click.option("--figures", type=click.Path(), metavar="DIR", help="The figures as SVG and PNG files in a folder, too.")
@click.option("--pixels/--no-pixels", default=True, show_default=True, help="Read pixels: intensities and thumbnails.")
@click.option(
    "--frames",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Frames that are read at most; the page says of how many series they are.",
)
@click.option(
    "--min-cell",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    metavar="N",
    help="Tell nothing of fewer patients than N; no series is told by itself then.",
)
@click.option(
    "--exists",
    type=click.Choice(["skip", "error", "overwrite"]),
    default="skip",
    show_default=True,
    help="What to do where the page is there already.",
)
def command(**given: Any) -> int:
    """Tell on one page what is in a data set, before anyone trains on it.

    \b
    SOURCE is anything with DICOM files, or an index that was saved by
    convkit scan SOURCE --level instance -o index.parquet.
    The page holds no direct identifiers and needs no network; --json writes
    its numbers to standard output.
    """  # noqa: D301 (click wants the control character)
    from convkit.dicom.columns import split  # noqa: PLC0415 (keeps --help fast)
    from convkit.jobs.report import kept  # noqa: PLC0415

    quiet, verbose, as_json = given.pop("quiet"), given.pop("verbose"), given.pop("as_json")
    set_up_logging(quiet=quiet, verbose=verbose, log_file=given.pop("log_file"))
    sources, columns = given.pop("sources"), split(given.pop("columns"))
    made = None if as_json or given["figures"] else kept(given["output"], given["exists"])
    if made is None:
        made = _made(sources, columns, given, quiet)
    if as_json:
        click.echo(json_line(made.to_json()))
    elif made.path is not None:
        show_paths(str(made.path))
    _show(made, quiet=quiet, verbose=verbose)
    return int(made.exit_code)


def _made(sources: Sequence[str], columns: Sequence[str], given: dict[str, Any], quiet: int) -> DataReport:
    """The report, with its page and figures."""
    from convkit.jobs.report import report  # noqa: PLC0415

    begin_work()
    with progress_bar(quiet=quiet) as progress:
        return report(*sources, columns=columns, **given, typed_in=typed_lines(sources), progress=progress)


def _show(made: DataReport, *, quiet: int, verbose: int) -> None:
    """What is wrong with files, and what the reader has to know."""
    if made.is_kept and quiet < 2:
        say(
            "kept: the page was there already and is of an earlier run, its sources and options; --exists overwrite "
            "makes it anew"
        )
        if made.findings is None:
            return
    files = dict(made.files)
    for code, count in made.problems:
        if quiet > 1 and CODES[code].severity is not Severity.ERROR:
            continue
        say(f"{in_files(count)}: {CODES[code].meaning} [{code}]")
        listed = files.get(code, ())[: None if verbose else _LISTED_FILES]
        for path in listed:
            say(f"    {path}")
        if count > len(listed):
            say(f"    and {count - len(listed)} more{'' if verbose else ' (-v lists them)'}")
    for note in made.findings.notes if made.findings is not None and quiet < 2 else ():
        say(f"note: {note}")
    if not quiet:
        say(_summary(made))


def _summary(made: DataReport) -> str:
    if made.findings is None or not made.series:
        return "nothing to do: no DICOM found, or nothing selected"
    counts = ", ".join(f"{name}: {count:,}" for name, count in made.findings.overview.counts if name != "bytes")
    return counts or "too few patients to tell anything"
