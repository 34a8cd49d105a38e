"""Rows as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convkit.model.visible import visible

WIDEST = 40
"""Characters of a column; longer values end in an ellipsis."""


def text_table(rows: Sequence[Mapping[str, Any]], *, is_cut: bool = True) -> str:
    """The rows as aligned text, a line each, headed by the names of the columns; empty columns are left out.

    Long values are cut for people who look at it, not where another program reads it.
    Control characters in values are written out, so that a header cannot steer the terminal.
    """
    widest = WIDEST if is_cut else None
    names = [n for n in dict.fromkeys(k for row in rows for k in row) if any(_shown(n, r.get(n)) for r in rows)]
    cells = [[_short(_shown(n, row.get(n)), widest) for n in names] for row in rows]
    widths = [max(len(n), *(len(c[i]) for c in cells)) for i, n in enumerate(names)]
    right = [all(isinstance(r.get(n), (int, float, type(None))) for r in rows) for n in names]
    return "\n".join(_line(c, widths, right) for c in [names, *cells])


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True)]
    return "  ".join(padded).rstrip()


def _shown(name: str, value: Any) -> str:
    if value is None or value in ([], ""):
        return ""
    if name == "bytes":
        return size_text(value)
    if isinstance(value, (list, tuple)):
        joiner = " x " if name == "spacing" else ", "
        return joiner.join(_shown("", v) for v in value)
    return visible(f"{value:g}" if isinstance(value, float) else str(value))


def _short(text: str, widest: int | None) -> str:
    return text if widest is None or len(text) <= widest else text[: widest - 1] + "…"


def size_text(count: float) -> str:
    """A number of bytes for people: 1.5 MB."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" or count >= 100 else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
