"""Writes the generated parts of reference.md from the code that they describe.

    python docs/generate_reference.py

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end of NAME -->``; all else is written by hand.
"""
# ruff: noqa: INP001 (a script beside the pages that it writes)

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from convkit.dicom.typed import _KINDS as BY_VR
from convkit.dicom.typed import kind_of
from convkit.engine.outcome import ExitCode
from convkit.jobs._names import _LETTERS, OWN_FIELDS, PICTURE_FIELDS
from convkit.jobs._schema import COLUMNS, MORE, Level
from convkit.jobs._where import _FUNCTIONS, OWN_NAMES
from convkit.model.notes import CODES
from convkit.pictures.windows import AUTOMATIC, PRESETS
from convkit.quirks import VENDOR_KEYS, every_quirk
from convkit.series import positions, spacing, traits
from convkit.series._volume_facts import VOLUME_FACTS, VolumeLeads
from convkit.series.facts import FACTS
from convkit.series.moments import MOMENTS

PAGE = Path(__file__).with_name("reference.md")
VERBS = ("scan", "report", "sort", "convert", "preview", "deid", "check")

_EXIT_CODES = {
    ExitCode.OK: "All done.",
    ExitCode.UNEXPECTED: "An unexpected failure, an extra that is not installed, or storage or a cluster that is lost.",
    ExitCode.USAGE: "Wrong usage: an option, an expression, a name template, a source that does not exist.",
    ExitCode.NOTHING_TO_DO: "Nothing to do: no DICOM, or nothing selected.",
    ExitCode.SOME_FAILED: "Some items failed or were refused, the rest are written.",
    ExitCode.ALL_FAILED: "Every item failed or was refused, or the destination cannot be written.",
    ExitCode.CHECK_FAILED: "A check found something, or a warning under `--strict`.",
    ExitCode.INTERRUPTED: "Interrupted (Ctrl-C, SIGINT); the same command goes on.",
    ExitCode.TERMINATED: "Ended by SIGTERM, as batch systems and service managers send it; the same command goes on.",
}
VRS = sorted([*BY_VR, "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "UN"])
_KINDS = {
    "text": ("string", "as it is, decoded"),
    "integer": ("int64", "digits"),
    "number": ("double", "shortest digits that give the same number"),
    "date": ("date32", "2020-02-29"),
    "time": ("time64[us]", "10:11:12.5"),
}
_TOLERANCES = (
    (spacing, "EVEN_SHARE", "of the step, or of a pixel within the plane: how far a slice may lie off its place"),
    (spacing, "ROUNDED_SHARE", "of the step or of a pixel: the most that rounding in the header may excuse"),
    (spacing, "COSINE_ROUNDING", "radians: a shear smaller than this cannot be told from rounded direction cosines"),
    (positions, "SAME_PLACE_MM", "mm along the normal: images nearer than this lie at one position"),
    (positions, "SAME_PLACE_SHARE", "of the mean step: takes its place for very thin slices"),
    (traits, "ORIENTATION_TOLERANCE", "direction cosines that differ by less are the same orientation"),
    (traits, "SPACING_TOLERANCE", "relative: pixel sizes that differ by less are the same"),
)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def options(verb: str) -> str:
    """The options of a verb."""
    command: click.Command = import_module(f"convkit.cli.{verb}").command
    ctx = click.Context(command)
    records = [p.get_help_record(ctx) for p in command.get_params(ctx) if isinstance(p, click.Option)]
    return table(("option", "does"), ((f"`{r[0]}`", r[1]) for r in records if r))


def codes() -> str:
    """All problem codes."""
    return table(
        ("code", "severity", "meaning", "what to do"),
        ((f"`{name}`", str(code.severity), code.meaning, code.hint) for name, code in sorted(CODES.items())),
    )


class _Probe:
    """Stands for a header, and remembers what is asked of it."""

    def __init__(self, number: float | None) -> None:
        self.number_given = number
        self.asked: dict[str, None] = {}

    def _ask(self, keyword: str, answer: Any) -> Any:
        self.asked[keyword] = None
        return answer

    def number(self, keyword: str) -> float | None:
        return self._ask(keyword, self.number_given)  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Callable[[str], Any]:
        empty = {"text": "", "texts": (), "numbers": (), "has": False}
        return lambda keyword: self._ask(keyword, empty.get(name))


def _source(read: Callable[[Any], Any], given: Callable[[Any], Any] = lambda probe: probe) -> str:
    probe = _Probe(None)
    read(given(probe))
    return ", ".join(probe.asked)


def _as_volumes(probe: Any) -> VolumeLeads:
    return VolumeLeads((probe,))


def _unit(read: Callable[[Any], Any]) -> str:
    try:
        return "s, from ms" if read(_Probe(1000.0)) == 1.0 else ""
    except (TypeError, ValueError, IndexError):
        return ""


def facts() -> str:
    """Keys of the sidecar at its top level that one header gives."""
    rows = ((f"`{f.key}`", _source(f.read), _unit(f.read), " ".join(f.modalities)) for f in FACTS)
    return table(("key", "from", "unit changed", "only for"), rows)


def volume_facts() -> str:
    """Keys of the sidecar that the headers of all volumes give."""
    rows = ((f"`{f.key}`", _source(f.read, _as_volumes), " ".join(f.modalities)) for f in VOLUME_FACTS)
    return table(("key", "from", "only for"), rows)


def vendor_keys() -> str:
    """Keys that vendors' rules fill."""
    return ", ".join(f"`{key}`" for key in sorted(VENDOR_KEYS))


def quirk_rows() -> str:
    """The vendors' rules, and where each is known from."""
    return table(("rule", "known from"), sorted((f"`{q.name}`", q.why) for q in every_quirk()))


def trait_rows() -> str:
    """What tells volumes apart."""
    return table(("attribute", "kind"), ((t.says, "hard" if t.is_hard else "soft") for t in traits.TRAITS))


def moments() -> str:
    """What orders volumes in time."""
    return "\n".join(f"{n}. {m.keyword}" for n, m in enumerate(MOMENTS, 1))


def tolerances() -> str:
    """The numbers of the geometry."""
    return table(("name", "value", "meaning"), ((f"`{n}`", f"{getattr(m, n):g}", says) for m, n, says in _TOLERANCES))


def template_fields() -> str:
    """Own fields of a name template."""
    return table(("field", "stands for"), ((f"`{{{k}}}`", v) for k, v in OWN_FIELDS.items()))


def picture_fields() -> str:
    """Further fields of a name template for pictures."""
    return table(("field", "stands for"), ((f"`{{{k}}}`", v) for k, v in PICTURE_FIELDS.items()))


def presets() -> str:
    """The named windows."""
    rows = ((f"`{n}`", p.modality, f"{p.center:g}", f"{p.width:g}", p.meaning, p.source) for n, p in PRESETS.items())
    return table(("name", "modality", "center", "width", "for", "source"), rows)


def automatic() -> str:
    """What the automatic window does for each modality."""
    rows = (
        ("all others" if r.modality == "*" else r.modality, "yes" if r.takes_file else "no", str(r.otherwise), r.reason)
        for r in AUTOMATIC.values()
    )
    return table(("modality", "the file's own window first", "otherwise", "because"), rows)


def letters() -> str:
    """The percent letters of dcm2niix."""
    return ", ".join(f"`%{k}` {v}" for k, v in sorted(_LETTERS.items()))


def where_names() -> str:
    """Own names and functions of an expression."""
    named = table(("name", "stands for"), ((f"`{k}`", v) for k, v in OWN_NAMES.items()))
    return f"{named}\n\nFunctions: {', '.join(f'`{k}`' for k in _FUNCTIONS)}."


def columns_of(level: Level) -> str:
    """The columns of the tables of a level."""
    more = MORE if level is Level.INSTANCE else MORE[:1]
    rows = ((f"`{c.name}`", c.type, c.unit, c.meaning) for c in (*COLUMNS[level], *more))
    return table(("column", "type", "unit", "meaning"), rows)


def kinds() -> str:
    """The type of a column by the value representation of its attribute."""
    by_kind: dict[str, list[str]] = {}
    for vr in VRS:
        kind = kind_of(vr)
        by_kind.setdefault("no column" if kind is None else str(kind), []).append(vr)
    return table(
        ("value representation", "type", "Arrow", "in text"),
        ((", ".join(vrs), kind, *_KINDS.get(kind, ("", ""))) for kind, vrs in sorted(by_kind.items())),
    )


def exit_codes() -> str:
    """All exit codes."""
    return table(("code", "meaning"), ((str(int(code)), _EXIT_CODES[code]) for code in ExitCode))


PARTS: dict[str, Callable[[], str]] = {
    **{f"options of {verb}": (lambda verb=verb: options(verb)) for verb in VERBS},  # type: ignore[misc]
    "template fields": template_fields,
    "picture fields": picture_fields,
    "presets": presets,
    "automatic windows": automatic,
    "letters": letters,
    "where": where_names,
    "sidecar keys": facts,
    "sidecar keys of volumes": volume_facts,
    "sidecar keys of vendors": vendor_keys,
    "vendors' rules": quirk_rows,
    "traits": trait_rows,
    "moments": moments,
    "tolerances": tolerances,
    **{f"columns of {level}": (lambda level=level: columns_of(level)) for level in Level},  # type: ignore[misc]
    "kinds of columns": kinds,
    "exit codes": exit_codes,
    "problem codes": codes,
}


def filled(page: str) -> str:
    """The page with every generated part written anew.

    Raises
    ------
    KeyError
        A part has no place in the page.
    """
    for name, make in PARTS.items():
        start, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        pattern = re.compile(f"{re.escape(start)}.*?{re.escape(end)}", re.DOTALL)
        if not pattern.search(page):
            raise KeyError(name)
        content = f"{start}\n\n{make()}\n\n{end}"
        page = pattern.sub(lambda _match, content=content: content, page)  # type: ignore[misc]
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
