"""`convkit sort`."""

from __future__ import annotations

import sys
from typing import Any

import click

from convkit.cli.console import progress_bar, set_up_logging, show_report
from convkit.cli.options import common, writing


@click.command("sort", short_help="Put files into a tree.")
@common(has_output=True)
@writing()
@click.option(
    "--action",
    type=click.Choice(["copy", "hardlink", "symlink"]),
    default="copy",
    show_default=True,
    help="How a file gets into the tree.",
)
def command(**given: Any) -> int:
    """Put every DICOM file below the sources into a tree of patients, studies and series.

    Copies of one file are placed once; different files with one SOP Instance UID are all placed and reported.
    """
    from convkit.jobs.sort import sort  # noqa: PLC0415 (keeps --help fast)

    quiet, verbose, as_json = given.pop("quiet"), given.pop("verbose"), given.pop("as_json")
    set_up_logging(quiet=quiet, verbose=verbose, log_file=given.pop("log_file"))
    sources = given.pop("sources")
    with progress_bar(quiet=quiet) as progress:
        report = sort(*sources, **given, typed_in=sys.stdin if "-" in sources else (), progress=progress)
    show_report(report, as_json=as_json, quiet=quiet, verbose=verbose, root=f"{given['output'].rstrip('/')}/")
    return int(report.exit_code)
