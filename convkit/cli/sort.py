"""`convkit sort`."""

from __future__ import annotations

from typing import Any

import click

from convkit.cli.console import run_job
from convkit.cli.options import common, redacting, writing


@click.command("sort", short_help="Put files into a tree.")
@common(has_output=True)
@writing()
@redacting()
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

    return run_job(sort, given)
