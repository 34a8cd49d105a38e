"""`convkit scan`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from convkit.cli.console import progress_bar, set_up_logging
from convkit.cli.options import common
from convkit.model.notes import CODES, Severity

if TYPE_CHECKING:
    from convkit.jobs.collection import Collection

_LISTED_FILES = 5
_HIDDEN_IN_TEXT = ("study", "series")


@click.command("scan", short_help="Show what is in folders.")
@common(has_output=False)
@click.option(
    "--level",
    type=click.Choice(["volume", "series", "study", "instance"]),
    default="volume",
    show_default=True,
    help="What a row stands for.",
)
@click.option("--columns", default="", metavar="K,K", help="Further DICOM keywords as columns.")
def command(**given: Any) -> int:
    r"""Read headers and show patients, studies, series and volumes with their problems.

    \b
    With -o FILE the table is saved: .csv, .jsonl or .parquet.
    Patients and studies are shown by short hashes; --columns PatientID shows more.
    """
    from convkit.jobs.index import scan  # noqa: PLC0415 (keeps --help fast)

    quiet, verbose = given["quiet"], given["verbose"]
    set_up_logging(quiet=quiet, verbose=verbose, log_file=given["log_file"])
    columns = tuple(k.strip() for k in given["columns"].split(",") if k.strip())
    sources = given["sources"]
    with progress_bar(quiet=quiet) as progress:
        found = scan(
            *sources,
            where=given["where"],
            columns=columns,
            jobs=given["jobs"],
            typed_in=sys.stdin if "-" in sources else (),
            progress=progress,
        )
    rows = found.to_rows(given["level"], columns)
    if given["output"]:
        click.echo(str(found.save(given["output"], level=given["level"], columns=columns)))
    else:
        _show_rows(rows, as_json=given["as_json"])
    if quiet < 2:
        _show_problems(found, verbose)
    if not quiet:
        click.echo(_summary(found), err=True)
    return _exit_code(found, rows, strict=given["strict"])


def _show_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    from convkit.tables import text_table  # noqa: PLC0415 (keeps --help fast)

    if as_json:
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
    elif rows:
        click.echo(text_table(rows))


def _show_problems(found: Collection, verbose: int) -> None:
    by_code: dict[str, list[str]] = {}
    for problem in found.problems:
        by_code.setdefault(problem.code, []).append(f"{problem.where}: {problem.text}")
    for code, places in by_code.items():
        click.echo(f"{len(places)} file{'s' if len(places) != 1 else ''} [{code}]:", err=True)
        for place in places if verbose else places[:_LISTED_FILES]:
            click.echo(f"    {place}", err=True)
        if not verbose and len(places) > _LISTED_FILES:
            click.echo(f"    and {len(places) - _LISTED_FILES} more (-v lists all)", err=True)


def _summary(found: Collection) -> str:
    if not found.series:
        return f"nothing to do: no DICOM in {found.files} files, or nothing selected"
    kinds = Counter(s.first.text("Modality") or "no modality" for s in found)
    patients = len({s.first.text("PatientID") for s in found})
    studies = len({s.study_instance_uid for s in found})
    modalities = ", ".join(f"{n} {m}" for m, n in sorted(kinds.items()))
    return (
        f"{found.files} files: {patients} patients, {studies} studies, {len(found)} series ({modalities}), "
        f"{sum(s.instances for s in found)} instances; {len(found.problems)} other files"
    )


def _exit_code(found: Collection, rows: list[dict[str, Any]], *, strict: bool) -> int:
    codes = {code for row in rows for code in row.get("problems") or ()} | {p.code for p in found.problems}
    is_spoilt = strict and any(CODES[c].severity is not Severity.INFO for c in codes)
    return int(found.exit_code) or (6 if is_spoilt else 0)
