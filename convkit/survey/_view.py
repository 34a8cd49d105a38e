"""What the template of the page shows, from the findings: places in the page, figures, rows of tables."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from convkit.model.notes import Severity
from convkit.survey import _plots as plots
from convkit.survey import _summary as summary
from convkit.survey import _wording as words
from convkit.survey._canvas import svg
from convkit.survey._inline import inline
from convkit.survey.figures import defined, faceted
from convkit.survey.findings import Attribute, Correlations, Findings, Likeness, Nature, Outlier, SeriesEntry
from convkit.survey.outliers import LEAST_GROUP

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

MOST_OUTLIERS = 500
"""Rows of the list of outliers that the page shows; the numbers as JSON have all."""

MOST_ALIKE = 200
"""Rows of each kind of likeness that the page shows."""

MOST_CARDS = 9
"""Cards of each kind of attribute that are not folded, as long as some more do not make it worth while."""

MOST_LISTED = 300
"""Values of a category that the page lists, all but the first of them folded; the numbers as JSON have more."""

LEAST_ROWS = 10
"""Rows that have both attributes; a correlation of fewer is in the matrices, but not among the strongest."""

MOST_COLUMNS = 7
"""Of the table of series; further details stand below the title."""

MOST_FACET_SCATTERS = 3
"""Scatter plots of each facet, strongest first: there may be a dozen facets."""

MOST_LISTED_OF_FACETS = 50
"""Values of a category that the page lists of each facet."""

_PICTURES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/avif"})


class View:
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
        correlations = defined(found.pairs.correlations)
        return {
            "findings": found,
            "key_figures": summary.key_figures(found.overview),
            "sentences": summary.sentences(found),
            "concerns": summary.concerns(found, self.attribute_places),
            "empty_attributes": [one for one in rows if one.nature is Nature.NOTHING or one.missing >= one.rows],
            "constant_attributes": [one for one in _valued(rows) if _is_constant(one)],
            "kinds": _kinds(rows),
            "shown_attributes": [one for one in _valued(rows) if not _is_constant(one)],
            "correlations": correlations,
            "defined": defined,
            "strongest": _strongest(correlations),
            "strongest_of": _strongest,
            "outliers": _by_series(found.outliers[:MOST_OUTLIERS]),
            "most_outliers": MOST_OUTLIERS,
            "least_group": LEAST_GROUP,
            "alike": _alike(found),
            "differing": len({one.series for one in found.outliers}),
            "aside": _count_series(found.likenesses),
            "count_series": _count_series,
            "is_troubled": lambda entry: any(summary.severity(code) != Severity.INFO for code in entry.problems),
            "most_alike": MOST_ALIKE,
            "most_cards": MOST_CARDS,
            "most_listed": MOST_LISTED,
            "most_listed_of_facets": MOST_LISTED_OF_FACETS,
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


def _valued(rows: Sequence[Attribute]) -> list[Attribute]:
    return [one for one in rows if one.nature is not Nature.NOTHING and one.missing < one.rows]


def _is_constant(attribute: Attribute) -> bool:
    """True where one value is all that there is, and known: a figure of it would show nothing."""
    return attribute.distinct == 1 and bool(only_value(attribute))


def only_value(attribute: Attribute) -> str:
    if attribute.nature is Nature.DATE:
        return summary.in_a_line(attribute) if attribute.histogram else ""
    median = dict(attribute.statistics).get("50%")
    if median is not None:
        return words.number(median)
    if attribute.tally is not None and attribute.tally.counts:
        return attribute.tally.counts[0][0] or "(empty)"
    return ""


def _kinds(rows: Sequence[Attribute]) -> list[tuple[str, list[Attribute]]]:
    """Attributes whose values differ, those that are drawn alike together."""
    there = [one for one in _valued(rows) if not _is_constant(one)]
    kinds = {
        "Numbers and dates": [one for one in there if one.histogram is not None],
        "Categories": [one for one in there if one.histogram is None],
    }
    return [(name, ones) for name, ones in kinds.items() if ones]


def _by_series(outliers: Sequence[Outlier]) -> list[tuple[str, str, list[Outlier]]]:
    """Identifier, group and all differences of each series, in the order of the first of them."""
    found: dict[tuple[str, str], list[Outlier]] = {}
    for one in outliers:
        found.setdefault((one.series, one.group), []).append(one)
    return [(series, group, ones) for (series, group), ones in found.items()]


def _strongest(
    found: Correlations | None, most: int = 10
) -> list[tuple[str, str, float | None, float | None, int | None]]:
    """Pairs of attributes by the strength of what connects them: names, Pearson, Spearman, rows."""
    if found is None:
        return []
    pairs = [
        (found.names[j], found.names[i], found.pearson[i][j], found.spearman[i][j], found.counts[i][j])
        for i in range(len(found.names))
        for j in range(i)
        if (found.pearson[i][j] is not None or found.spearman[i][j] is not None) and _is_enough(found.counts[i][j])
    ]
    pairs.sort(key=lambda pair: -max(abs(pair[2] or 0), abs(pair[3] or 0)))
    return pairs[:most]


def _is_enough(rows: int | None) -> bool:
    """True where a coefficient near 1 is not chance; also where so few lack a value that the number is not told."""
    return rows is None or rows >= LEAST_ROWS


def _count_series(likenesses: Iterable[Likeness]) -> int:
    return len({name for one in likenesses for name in one.series})


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
