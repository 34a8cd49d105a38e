"""`convkit check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from convkit.cli.console import begin_work, json_line, progress_bar, say, set_up_logging
from convkit.cli.options import running

if TYPE_CHECKING:
    from convkit.audit.finding import Finding
    from convkit.jobs.check import CheckReport

_LISTED = 200
"""Findings shown in the table; -v shows all, --json always has them."""


@click.command("check", short_help="Look for what identifies people in outputs.")
@click.argument("outputs", nargs=-1, required=True, metavar="DEST...")
@click.option(
    "--against",
    type=click.Path(),
    multiple=True,
    metavar="ORIGINAL",
    help="The originals: every value that identifies in them is looked for.",
)
@click.option("--terms", type=click.Path(), metavar="FILE", help="Further values to look for, one a line.")
@click.option("--ocr/--no-ocr", default=False, help="Read the text in pixels, too (extra `ocr`): a second an image.")
@click.option("--show-values/--no-show-values", default=False, help="Show what was found, not only where.")
@running()
@click.option("--json/--no-json", "as_json", default=False, help="Findings as JSON lines.")
@click.option("-q", "--quiet", count=True, help="Less on standard error.")
@click.option("-v", "--verbose", count=True, help="All findings in the table; -vv for debugging.")
@click.option("--log", "log_file", type=click.Path(), metavar="FILE", help="Write the log to a file, too.")
def command(**given: Any) -> int:
    """Audit outputs of any program for residual identifiers and broken references.

    \b
    Reads DICOM, NIfTI, JSON, tables, pictures, PDF, archives and all names.
    Exit code 6 where anything is found, 0 where nothing is, 3 where there is no file.
    """  # noqa: D301 (click wants the control character)
    from convkit.jobs.check import check  # noqa: PLC0415 (keeps --help fast)

    set_up_logging(quiet=given["quiet"], verbose=given["verbose"], log_file=given["log_file"])
    begin_work()
    with progress_bar(quiet=given["quiet"]) as progress:
        report = check(
            given["outputs"],
            against=given["against"] or None,
            terms=given["terms"],
            ocr=given["ocr"],
            show_values=given["show_values"],
            jobs=given["jobs"],
            cluster=given["cluster"],
            progress=progress,
        )
    _show(report, as_json=given["as_json"], is_all=bool(given["verbose"]))
    for each in report.notes:
        place = f"{each.where}: " if each.where else ""
        say(f"{each.severity}: {place}{each.text} {each.hint}".rstrip())
    if not given["quiet"]:
        say(_summary(report))
    return int(report.exit_code)


def _show(report: CheckReport, *, as_json: bool, is_all: bool) -> None:
    from convkit.tables import text_table  # noqa: PLC0415 (keeps --help fast)

    if as_json:
        for finding in report.findings:
            click.echo(json_line(finding.to_json()))
        return
    shown = report.findings if is_all else report.findings[:_LISTED]
    if shown:
        click.echo(
            text_table([_row(finding, has_values=shown[0].value is not None) for finding in shown], is_cut=False)
        )
    if len(shown) < len(report.findings):
        say(f"and {len(report.findings) - len(shown)} more (-v lists all)")


def _row(finding: Finding, *, has_values: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "code": finding.code,
        "where": finding.where,
        "location": finding.location,
        "kind": str(finding.kind),
        "count": finding.count,
        "text": finding.text,
    }
    return {**row, "value": finding.value} if has_values else row


def _summary(report: CheckReport) -> str:
    if not report.files:
        return "nothing to check: no file there"
    against = f" against {report.originals} originals" if report.originals else ""
    if report.ok:
        return f"{report.files} files{against}: nothing found"
    places = len({finding.where for finding in report.findings})
    return f"{report.files} files{against}: {len(report.findings)} findings in {places} files"
