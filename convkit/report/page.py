"""The report as one HTML page: no network, no files beside it, the same text for the same findings.

All texts come from headers of files and are therefore escaped by the template; the policy of the page allows nothing
but its own style, its own script and pictures that it holds.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from convkit.errors import MissingExtraError
from convkit.report import _plots as plots
from convkit.report import _summary as summary
from convkit.report import _wording as words
from convkit.report._canvas import canvas, svg
from convkit.report._inline import inline
from convkit.report._palette import level, variables
from convkit.report.figures import faceted
from convkit.report.findings import Attribute, Correlations, Findings, Histogram, Nature, SeriesEntry

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup
    from matplotlib.figure import Figure

MOST_OUTLIERS = 500
"""Rows of the list of outliers that the page shows; the numbers as JSON have all."""

MOST_ALIKE = 200
"""Rows of each kind of likeness that the page shows."""

MOST_COLUMNS = 7
"""Of the table of series; further details stand below the title."""

MOST_FACET_SCATTERS = 3
"""Scatter plots of each facet, strongest first: there may be a dozen facets."""

_PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"})


def page(findings: Findings) -> str:
    """The whole page as HTML.

    Raises
    ------
    MissingExtraError
        Without matplotlib or jinja2.

    Examples
    --------
    >>> page(findings)[:15]  # doctest: +SKIP
    '<!doctype html>'
    """
    style, script = variables() + _text_of("page.css"), _text_of("page.js")
    template = _environment().get_template("page.html.j2")
    with canvas():
        text = template.render(_View(findings).context(), style=style, script=script, policy=_policy(style, script))
    return words.printable(text)


def _policy(style: str, script: str) -> str:
    """The Content Security Policy: the page's own style, its own script, pictures within it, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            "img-src data:",
            f"style-src {_source_hash(style)}",
            f"script-src {_source_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _source_hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _text_of(name: str) -> str:
    return files("convkit.report").joinpath(name).read_text("utf-8")


@cache
def _environment() -> Environment:
    try:
        import jinja2  # noqa: PLC0415 (an extra)
    except ImportError as missing:
        hint = "Install it: pip install 'convkit[report]'."
        raise MissingExtraError("The page needs jinja2.", "report", hint) from missing
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text_of),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "amount": lambda count: f"{count:,}",
        "number": words.number,
        "day": words.day,
        "shortened": words.shortened,
        "in_a_line": summary.in_a_line,
        "severity": summary.severity,
        "dict": dict,
        "whole_days": _whole_days,
        "breakable": _breakable,
    }
    environment.globals |= {
        "share": words.share,
        "counted": words.counted,
        "span": words.span,
        "heat": _heat,
        "heat_of_share": level,
        "has_uneven_bins": lambda found: plots.even_heights(found) != list(found.counts),
        "spark": _spark,
    }
    return environment


def _heat(value: float | None) -> str:
    """The class of a cell of a correlation matrix."""
    if value is None or abs(value) < 0.1:
        return ""
    return f"{'cool' if value > 0 else 'warm'}-{level(abs(value))}"


def _whole_days(text: str) -> Markup:
    """The text as markup in which no line breaks within an ISO date."""
    from markupsafe import Markup, escape  # noqa: PLC0415 (comes with jinja2)

    return Markup(re.sub(r"\d{4}-\d\d(-\d\d)?", r'<span class="nowrap">\g<0></span>', str(escape(text))))  # noqa: S704


def _breakable(code: str) -> Markup:
    """A problem code as markup that may break after a full stop."""
    from markupsafe import Markup, escape  # noqa: PLC0415 (comes with jinja2)

    return Markup(str(escape(code)).replace(".", ".<wbr>"))  # noqa: S704 -- escaped before


def _spark(found: Histogram) -> str:
    """The outline of a histogram of 72 by 20, for the path of a small figure in a row; heights are logarithmic."""
    heights = [math.log1p(height) for height in plots.even_heights(found)]
    most, low, wide = max(heights) or 1.0, found.edges[0], (found.edges[-1] - found.edges[0]) or 1.0
    steps = (
        f"L{72 * (left - low) / wide:.1f} {20 - 19 * height / most:.1f}H{72 * (right - low) / wide:.1f}"
        for height, (left, right) in zip(heights, pairwise(found.edges), strict=False)
    )
    return "M0 20" + "".join(steps) + "V20z"


class _View:
    """What the template shows, from the findings: places in the page, figures, rows of tables."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.places = _places("series", (entry.identifier for entry in findings.series))
        self.attribute_places = _places("attribute", (one.name for one in findings.attributes))
        self.titles = {entry.identifier: entry.title for entry in findings.series}
        self._figures = 0

    def context(self) -> dict[str, Any]:
        found = self.findings
        rows = list(found.attributes)
        columns = _columns(found.series)
        return {
            "findings": found,
            "key_figures": summary.key_figures(found.overview),
            "sentences": summary.sentences(found),
            "concerns": summary.concerns(found, self.attribute_places),
            "empty_attributes": [one for one in rows if one.nature is Nature.NOTHING or one.missing >= one.rows],
            "constant_attributes": [one for one in rows if one.distinct == 1 and not one.missing],
            "kinds": _kinds(rows),
            "shown_attributes": [one for one in rows if one.nature is not Nature.NOTHING and one.missing < one.rows],
            "strongest": _strongest(found.pairs.correlations),
            "strongest_of": _strongest,
            "outliers": found.outliers[:MOST_OUTLIERS],
            "alike": _alike(found),
            "most_alike": MOST_ALIKE,
            "columns": columns,
            "cells": lambda entry: _cells(entry, columns),
            "picture": _picture,
            "has_histograms": any(entry.histogram for entry in found.series),
            "place": self.places.get,
            "title_of": self.titles.get,
            "attribute_place": self.attribute_places.get,
            "chart": self.chart,
            "plots": plots,
            "most_facet_scatters": MOST_FACET_SCATTERS,
            "ridged": list(faceted(found)),
            "shared_categories": _shared_categories(found),
        }

    def chart(self, draw: Callable[..., Figure], label: str, *found: Any) -> Markup:
        """A figure as markup."""
        from markupsafe import Markup  # noqa: PLC0415 (comes with jinja2)

        self._figures += 1
        text = inline(svg(draw(*found)), f"f{self._figures}", words.printable(label))
        return Markup(text)  # noqa: S704 -- every text in it was escaped by `inline`


def _places(prefix: str, names: Iterable[str]) -> dict[str, str]:
    """A place in the page for each name: readable, and of no other name."""
    places: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        place = base = f"{prefix}-{words.slug(name)}"
        number = 1
        while place in taken:
            number += 1
            place = f"{base}-{number}"
        taken.add(place)
        places.setdefault(name, place)
    return places


def _kinds(rows: Sequence[Attribute]) -> list[tuple[str, list[Attribute]]]:
    """Attributes that have values, those that are drawn alike together."""
    there = [one for one in rows if one.nature is not Nature.NOTHING and one.missing < one.rows]
    kinds = {
        "Numbers and dates": [one for one in there if one.histogram is not None],
        "Categories": [one for one in there if one.histogram is None],
    }
    return [(name, ones) for name, ones in kinds.items() if ones]


def _strongest(found: Correlations | None, most: int = 10) -> list[tuple[str, str, float | None, float | None, int]]:
    """Pairs of attributes by the strength of what connects them: names, Pearson, Spearman, rows."""
    if found is None:
        return []
    pairs = [
        (found.names[j], found.names[i], found.pearson[i][j], found.spearman[i][j], found.counts[i][j])
        for i in range(len(found.names))
        for j in range(i)
        if found.pearson[i][j] is not None or found.spearman[i][j] is not None
    ]
    pairs.sort(key=lambda pair: -max(abs(pair[2] or 0), abs(pair[3] or 0)))
    return pairs[:most]


def _alike(found: Findings) -> list[tuple[str, list[Any]]]:
    kinds: dict[str, list[Any]] = {}
    for likeness in found.likenesses:
        kinds.setdefault(likeness.kind, []).append(likeness)
    return list(kinds.items())


def _columns(series: Sequence[SeriesEntry]) -> list[str]:
    """The details that most series have, in the order in which they come."""
    counts: dict[str, int] = {}
    for entry in series:
        for name, _ in entry.details:
            counts[name] = counts.get(name, 0) + 1
    kept = sorted(counts, key=lambda name: -counts[name])[:MOST_COLUMNS]
    return [name for name in counts if name in kept]


def _cells(entry: SeriesEntry, columns: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The values in the columns, and the details that have none."""
    known = dict(entry.details)
    return [known.get(name, "") for name in columns], [one for one in entry.details if one[0] not in columns]


def _picture(entry: SeriesEntry) -> str:
    """The thumbnail as a data URL; empty where there is none, or where it is no picture that browsers show."""
    if not entry.thumbnail or entry.thumbnail_type not in _PICTURES:
        return ""
    return f"data:{entry.thumbnail_type};base64,{base64.b64encode(entry.thumbnail).decode()}"


def _shared_categories(found: Findings) -> list[tuple[Attribute, list[str], list[list[tuple[int, int] | None]]]]:
    """Categorical attributes of which facets have different shares: attribute, values, and counts a facet."""
    tables = []
    for attribute in found.attributes:
        if attribute.tally is None or attribute.distinct < 2 or attribute.name == found.by:
            continue
        values = [value for value, _ in attribute.tally.counts[:8]]
        own = [{one.name: one for one in facet.attributes}.get(attribute.name) for facet in found.facets]
        if sum(one is not None and one.tally is not None for one in own) < 2:
            continue
        tables.append((attribute, values, [[_count(one, value) for one in own] for value in values]))
    return tables


def _count(attribute: Attribute | None, value: str) -> tuple[int, int] | None:
    """How often a value occurs, of how many; None where it is not told."""
    if attribute is None or attribute.tally is None:
        return None
    counts = dict(attribute.tally.counts)
    if value not in counts and attribute.tally.rest:
        return None
    return counts.get(value, 0), attribute.rows - attribute.missing
