"""Options that all verbs share, merged once: command line over configuration file over defaults."""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from convkit.errors import UsageError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _be_nice(_ctx: click.Context, _param: click.Parameter, value: int) -> None:
    """Lower the priority of this process, and of the workers that it starts; nothing on systems without."""
    if value and hasattr(os, "nice"):
        os.nice(value)


_RUNNING = (
    click.option("-j", "--jobs", type=click.IntRange(1), metavar="N", help="Worker processes; one a CPU if left out."),
    click.option(
        "--cluster",
        metavar="URL|FILE",
        help="Let the workers of a Dask scheduler do it: tcp://host:8786, or its scheduler file (extra `cluster`).",
    ),
    click.option(
        "--nice",
        type=click.IntRange(0, 19),
        default=0,
        metavar="N",
        callback=_be_nice,
        expose_value=False,
        help="Let other programs go first, the more so the higher it is.",
    ),
)

_LISTS = frozenset({"keep", "columns"})
_CONFIG_FILES = ("convkit.toml", "pyproject.toml")


def common(*, has_output: bool, output_help: str = "") -> Decorator:
    """The options that every verb understands; `has_output` for verbs that must have a destination."""
    usual = "Folder for results." if has_output else "File for the table: .csv, .jsonl or .parquet."
    options = [
        click.argument("sources", nargs=-1, required=True, metavar="SOURCE..."),
        click.option(
            "-o",
            "--output",
            type=click.Path(),
            required=has_output,
            help=output_help or usual,
        ),
        click.option(
            "-w",
            "--where",
            metavar="EXPR",
            help="Only instances that satisfy it, e.g. 'Modality == \"CT\" and instances > 20'.",
        ),
        *_RUNNING,
        click.option("--strict/--no-strict", default=False, help="End with exit code 6 where there is any warning."),
        click.option("--json/--no-json", "as_json", default=False, help="Results as JSON lines."),
        click.option("-q", "--quiet", count=True, help="Less on standard error; -qq only errors."),
        click.option("-v", "--verbose", count=True, help="More on standard error; -vv for debugging."),
        click.option("--log", "log_file", type=click.Path(), metavar="FILE", help="Write the log to a file, too."),
        click.option(
            "--config",
            type=click.Path(exists=True, dir_okay=False),
            metavar="FILE",
            callback=_configure,
            is_eager=True,
            expose_value=False,
            help="Defaults for options [convkit.toml or [tool.convkit] of pyproject.toml here].",
        ),
    ]
    return functools.partial(_decorate, options=options)


def writing(*, has_names: bool = True) -> Decorator:
    """Options of verbs that write many files; `has_names` for verbs whose names may be chosen."""
    names = [
        click.option(
            "-f",
            "--filename",
            metavar="TEMPLATE",
            help="Names, e.g. '{Modality}_{SeriesNumber:03d}'; dcm2niix's %-letters work, too.",
        ),
        click.option(
            "--phi-in-names/--no-phi-in-names", default=False, help="Allow fields in names that may identify a person."
        ),
    ]
    options = [
        click.option("-n", "--dry-run/--no-dry-run", default=False, help="Plan and report, write nothing."),
        click.option(
            "--exists",
            type=click.Choice(["skip", "error", "overwrite"]),
            default="skip",
            show_default=True,
            help="What to do where an output is there already.",
        ),
    ]
    return functools.partial(_decorate, options=[*names, *options] if has_names else options)


def redacting() -> Decorator:
    """Options of verbs that can tell what a de-identification profile leaves, and nothing else."""
    options = [
        click.option(
            "--profile",
            metavar="NAME[+OPTION...]|FILE",
            help="Only what a de-identification profile leaves goes into names, sidecars, tables; see convkit deid.",
        ),
    ]
    return lambda function: _decorate(with_key()(function), options)


def with_key() -> Decorator:
    """What pseudonyms are made with."""
    options = [
        click.option(
            "--key", type=click.Path(), metavar="FILE", help="Secret that pseudonyms are derived from; made if missing."
        ),
        click.option("--mapping", type=click.Path(), metavar="FILE", help="CSV: Patient ID, code to give."),
    ]
    return functools.partial(_decorate, options=options)


def running() -> Decorator:
    """Who does the work; part of `common`."""
    return functools.partial(_decorate, options=_RUNNING)


def _decorate(function: Callable[..., Any], options: Sequence[Decorator]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function


def _configure(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    """Read the configuration and make it the defaults of this verb's options."""
    path = Path(value) if value else next((p for p in map(Path, _CONFIG_FILES) if p.is_file()), None)
    if path is None:
        return
    verb = ctx.info_name or ""
    ctx.default_map = {**(ctx.default_map or {}), **_section(path, verb, ctx.command, is_asked=bool(value))}


def _section(path: Path, verb: str, command: click.Command, *, is_asked: bool) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        if path.name == "pyproject.toml" and not is_asked and "convkit" not in text:
            return {}  # of another project, in whose folder the command runs
        whole = import_module("tomllib").loads(text)
    except (OSError, ValueError) as err:  # what is no TOML, or no text
        if not is_asked and path.name == "pyproject.toml":
            return {}
        raise UsageError(f"The configuration cannot be read: {err}.", str(path)) from err
    table = _table(_table(whole, "tool", path), "convkit", path) if path.name == "pyproject.toml" else whole
    own_table = _table(table, verb, path)
    known = {_option_name(p): p for p in command.params if isinstance(p, click.Option)}
    settings = {k: v for k, v in table.items() if not isinstance(v, dict)} | own_table
    own = set(own_table)
    for name, value in settings.items():
        if isinstance(value, dict) or (isinstance(value, list) and name not in _LISTS):
            raise UsageError(f"{name!r} must be a single value.", str(path))
        if name.replace("_", "-") not in known and (name in own or not _is_other_verbs(name)):
            near = difflib.get_close_matches(name, list(known), n=1)
            raise UsageError(
                f"{name!r} is not an option of {verb}.", str(path), f"Did you mean {near[0]}?" if near else ""
            )
    found = {known[k.replace("_", "-")].name or k: v for k, v in settings.items() if k.replace("_", "-") in known}
    return {k: ",".join(map(str, v)) if isinstance(v, list) else v for k, v in found.items()}


def _table(outer: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    inner = outer.get(name, {})
    if not isinstance(inner, dict):
        raise UsageError(f"{name!r} must be a table.", str(path))
    return inner


def _option_name(param: click.Option) -> str:
    return max(param.opts, key=len).lstrip("-")


_SHARED_BY_SOME = frozenset(
    {
        "to",
        "values",
        "dtype",
        "memory",
        "orient",
        "irregular",
        "tilt",
        "philips",
        "sidecar",
        "keep",
        "filename",
        "phi-in-names",
        "dry-run",
        "exists",
        "action",
        "level",
        "columns",
        "all-tags",
        "update",
        "output",
        "window",
        "view",
        "slices",
        "size",
        "bits",
        "aspect",
        "overlay",
        "labels",
        "presentation",
        "letters",
        "scale-bar",
        "quality",
        "gallery",
        "profile",
        "key",
        "mapping",
        "by",
        "on",
        "figures",
        "pixels",
        "frames",
        "min-cell",
    }
)


def _is_other_verbs(name: str) -> bool:
    """True for a top-level setting that belongs to some other verb and is no mistake here."""
    return name.replace("_", "-") in _SHARED_BY_SOME
