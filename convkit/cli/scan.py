"""`convkit scan`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from convkit.cli import ending
from convkit.cli.console import (
    BAD_ENDS,
    begin_work,
    in_files,
    is_looked_at,
    json_line,
    progress_bar,
    say,
    set_up_logging,
    show_paths,
    typed_lines,
)
from convkit.cli.options import common, redacting
from convkit.engine.outcome import ExitCode
from convkit.errors import UsageError
from convkit.model.notes import CODES, Note, Severity

if TYPE_CHECKING:
    from convkit.jobs._index.tally import Index
    from convkit.jobs.collection import Collection

_LISTED_FILES = 5
_WIDEST_DESCRIPTION = 24
_SHORT_NAMES = {"number": "no", "modality": "mod", "instances": "files"}


@click.command("scan", short_help="Show what is in folders.")
@common(has_output=False)
@redacting()
@click.option(
    "--level",
    type=click.Choice(["volume", "series", "study", "instance"]),
    help="What a row stands for; volume if left out, instance with --all-tags and --update.",
)
@click.option(
    "--columns",
    default="",
    metavar="K,K",
    help='Further columns: DICOM keywords, (gggg,"CREATOR",ee), paths such as Sequence/Keyword.',
)
@click.option(
    "--all-tags/--no-all-tags",
    default=False,
    help="A column for every element that any file has; for an index.",
)
@click.option(
    "--update/--no-update",
    default=False,
    help="Bring the index of -o up to date: only new and changed files are read.",
)
def command(**given: Any) -> int:
    """Read headers and show patients, studies, series and volumes with their problems.

    \b
    With -o FILE the table is saved: .csv, .jsonl or .parquet. With
    --level instance it is an index: made in bounded memory, and a source
    of every verb.
    Patients and studies are shown by short hashes; --columns PatientID shows more.
    """  # noqa: D301 (click wants the control character)
    from convkit.dicom.columns import split  # noqa: PLC0415 (keeps --help fast)

    set_up_logging(quiet=given["quiet"], verbose=given["verbose"], log_file=given["log_file"])
    begin_work()
    given["columns"] = split(given["columns"])
    given["level"] = given["level"] or ("instance" if given["all_tags"] or given["update"] else "volume")
    if not _is_index(given):
        return _shown(given)
    try:
        return _saved(given)
    except KeyboardInterrupt:
        say(f"{ending.cause()}; the same command goes on")
        return ExitCode.INTERRUPTED


def _is_index(given: dict[str, Any]) -> bool:
    """True where the table is made piece by piece, and nothing is held but counts.

    Raises
    ------
    UsageError
        An option is of use only there.
    """
    from convkit.jobs.index import is_selected_in_pieces  # noqa: PLC0415 (keeps --help fast)

    is_saved = given["output"] is not None and given["level"] == "instance" and given["profile"] is None
    is_index = is_saved and is_selected_in_pieces(given["where"])
    for option in ("all_tags", "update"):
        if given[option] and not is_index:
            name = f"--{option.replace('_', '-')}"
            what = f"{name} is of an index: -o FILE --level instance, no --profile, no --where that counts."
            raise UsageError(what, name, "Scan the copies that convkit deid makes." if given["profile"] else "")
    return is_index


def _saved(given: dict[str, Any]) -> int:
    """Save an index, and tell what is in it."""
    from convkit.jobs._index.tally import is_unreadable  # noqa: PLC0415 (keeps --help fast)
    from convkit.jobs.save_index import save_index  # noqa: PLC0415 (keeps --help fast)

    quiet, verbose, sources = given["quiet"], given["verbose"], given["sources"]
    with progress_bar(quiet=quiet) as progress:
        index = save_index(
            *sources,
            output=given["output"],
            where=given["where"],
            columns=given["columns"],
            all_tags=given["all_tags"],
            update=given["update"],
            jobs=given["jobs"],
            cluster=given["cluster"],
            typed_in=typed_lines(sources),
            progress=progress,
        )
    show_paths(str(given["output"]))
    for code, count in index.problems.items():
        if quiet < 2 or is_unreadable(code):
            _show_files(code, list(index.examples[code]), count, verbose)
    _show_notes(index.notes, only_errors=quiet > 1)
    if not quiet or index.exit_code in BAD_ENDS:
        say(_summary_of_index(index))
    is_spoilt = given["strict"] and any(CODES[c].severity is not Severity.INFO for c in index.problems)
    return int(index.exit_code) or (6 if is_spoilt else 0)


def _shown(given: dict[str, Any]) -> int:
    """Read headers, and show or save a table of what they are."""
    from convkit.jobs._index.guarded import check_no_index  # noqa: PLC0415 (keeps --help fast)
    from convkit.jobs._sources import check_table  # noqa: PLC0415
    from convkit.jobs.index import scan  # noqa: PLC0415 (keeps --help fast)

    quiet, verbose, sources, columns = given["quiet"], given["verbose"], given["sources"], given["columns"]
    if given["output"]:
        check_table(sources, given["output"])
        check_no_index(given["output"], given["level"])
    with progress_bar(quiet=quiet) as progress:
        found = scan(
            *sources,
            where=given["where"],
            columns=columns,
            profile=given["profile"],
            key=given["key"],
            mapping=given["mapping"],
            jobs=given["jobs"],
            cluster=given["cluster"],
            typed_in=typed_lines(sources),
            progress=progress,
        )
    rows = found.to_rows(given["level"], columns)
    if given["output"]:
        show_paths(str(found.save(given["output"], level=given["level"], columns=columns)))
    else:
        _show_rows(rows, as_json=given["as_json"])
    if quiet < 2:
        _show_refusals(found)
    _show_problems(found.problems if quiet < 2 else found.unreadable, verbose)
    _show_notes(found.notes, only_errors=quiet > 1)
    if not quiet or found.exit_code in BAD_ENDS:
        say(_summary(found))
    return _exit_code(found, rows, strict=given["strict"])


def _show_rows(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    from convkit.tables import plain, text_table  # noqa: PLC0415 (keeps --help fast)

    if as_json:
        for row in rows:
            click.echo(json_line(_in_text(row), default=plain))
    elif rows:
        is_cut = is_looked_at()
        click.echo(text_table([_compact(row, is_cut=is_cut) for row in rows], is_cut=is_cut))


def _in_text(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose path is written as in tables, which may stand for the files that they list."""
    from convkit.jobs._index.paths import path_text  # noqa: PLC0415 (keeps --help fast)

    return row | {"path": path_text(row["path"])} if row.get("path") else row


def _compact(row: dict[str, Any], *, is_cut: bool) -> dict[str, Any]:
    """A row for a terminal: one column for the matrix, spacing with three digits, a shorter description."""
    shown = {_SHORT_NAMES.get(k, k): v for k, v in row.items() if k not in {"volumes", "slices", "rows", "columns"}}
    if "slices" in row:
        sizes = [row["volumes"], row["slices"], row["rows"], row["columns"]]
        known = [str(n) for n in sizes if n is not None]
        matrix = " x ".join(known[1:] if known[:1] == ["1"] and len(known) == 4 else known)
        shown = _after(shown, "split", "matrix", matrix)
    elif "volumes" in row:
        shown["volumes"] = row["volumes"]
    if row.get("spacing"):
        shown["spacing"] = [float(f"{v:.3g}") for v in row["spacing"]]
    if is_cut and isinstance(row.get("description"), str) and len(row["description"]) > _WIDEST_DESCRIPTION:
        shown["description"] = row["description"][: _WIDEST_DESCRIPTION - 1] + "…"
    return shown


def _after(row: dict[str, Any], key: str, new: str, value: Any) -> dict[str, Any]:
    return {k: v for old in row for k, v in ([(old, row[old])] + ([(new, value)] if old == key else []))}


def _show_problems(problems: Iterable[Note], verbose: int) -> None:
    by_code: dict[str, list[str]] = {}
    for problem in problems:
        by_code.setdefault(problem.code, []).append(f"{problem.where}: {problem.text}")
    for code, places in by_code.items():
        _show_files(code, places, len(places), verbose)


def _show_files(code: str, places: list[str], count: int, verbose: int) -> None:
    say(f"{in_files(count)} [{code}]:")
    listed = places if verbose else places[:_LISTED_FILES]
    for place in listed:
        say(f"    {place}")
    if count > len(listed):
        say(f"    and {count - len(listed)} more{'' if verbose else ' (-v lists all)'}")


def _show_notes(notes: Iterable[Note], *, only_errors: bool) -> None:
    for each in notes:
        if only_errors and each.severity is not Severity.ERROR:
            continue
        say(" ".join(filter(None, (f"{each.severity}:", each.where, each.text, each.hint, f"[{each.code}]"))))


def _show_refusals(found: Collection) -> None:
    """Why volumes would not be converted: the codes of the table in words."""
    from convkit.jobs._volumes import label_of  # noqa: PLC0415 (as the next)
    from convkit.series.stack import Refusal  # noqa: PLC0415 (keeps --help fast)

    for series in found:
        seen: set[str] = set()
        for planned in found.planned(series):
            if isinstance(planned, Refusal) and planned.reason.text not in seen:
                seen.add(planned.reason.text)
                say(f"{label_of(series, planned.split.label)}: {planned.reason.text} [{planned.reason.code}]")


def _summary(found: Collection) -> str:
    if not found.series:
        return f"nothing to do: no DICOM in {in_files(found.files)}, or nothing selected"
    kinds = Counter(s.first.text("Modality") or "no modality" for s in found)
    patients = len({s.first.text("PatientID") for s in found})
    studies = len({s.study_instance_uid for s in found})
    modalities = ", ".join(f"{n} {m}" for m, n in sorted(kinds.items()))
    return (
        f"{in_files(found.files)}; patients: {patients}, studies: {studies}, series: {len(found)} ({modalities}), "
        f"instances: {sum(s.instances for s in found)}; other files: {len(found.problems)}"
    )


def _summary_of_index(index: Index) -> str:
    if not index.instances:
        if index.exit_code in BAD_ENDS:
            return f"none of {in_files(index.files)} could be read as DICOM"
        return f"nothing to do: no DICOM in {in_files(index.files)}, or nothing selected"
    modalities = ", ".join(f"{n} {m}" for m, n in index.modalities.items())
    gone = f", {index.gone} gone or changed" if index.gone else ""
    unfitting = f"; instances with values that do not fit: {index.unfitting}" if index.unfitting else ""
    return (
        f"{in_files(index.files)}, {index.read} read{gone}; patients: {index.patients}, studies: {index.studies}, "
        f"series: {index.series} ({modalities}), instances: {index.instances}{unfitting}"
    )


def _exit_code(found: Collection, rows: list[dict[str, Any]], *, strict: bool) -> int:
    codes = {code for row in rows for code in row.get("problems") or ()} | {p.code for p in found.problems}
    is_spoilt = strict and any(CODES[c].severity is not Severity.INFO for c in codes)
    return int(found.exit_code) or (6 if is_spoilt else 0)
