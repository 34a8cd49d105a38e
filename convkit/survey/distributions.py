"""How the values of one column are distributed; numbers as pandas' `describe`, `value_counts` and `isna` give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from convkit.survey.bins import day_edges, histogram, round_edges
from convkit.survey.columns import Categories, Cells, Dates, Floats, Numbers, People
from convkit.survey.findings import Attribute, Nature, Tally

MOST_VALUES = 20
"""Values of a category that are told by name."""

MOST_UNUSUAL = 8

FENCE = 1.5
"""Interquartile ranges beyond the quartiles from which on a value is unusual (Tukey, Exploratory Data Analysis, 1977).
"""

_RARE_SHARE = 0.05
"""Values beyond the fences are unusual as long as they are few: of a skewed distribution they are its tail."""

_FEW = 0.01
"""Share of the rows up to which a category is one that few have."""

_LEAST_ROWS = 20
"""Of fewer rows, nothing is rare."""

_PERCENT = ((25, "25%"), (50, "50%"), (75, "75%"))


def attribute(column: Cells, people: People, *, years_only: bool = False) -> Attribute:
    """What is to be told of a column.

    Parameters
    ----------
    column : Numbers, Dates or Categories
    people : People
        Who is behind the rows.
    years_only : bool
        Of dates, nothing finer than the year is told.
    """
    if isinstance(column, Categories):
        return _of_categories(column, people)
    there = np.isfinite(column.values)
    if not there.any() or not people.tells(there):
        unit = column.unit if isinstance(column, Numbers) else ""
        missing = _told_missing(~there, people)
        return Attribute(column.name, Nature.NOTHING, unit, there.size, missing, _few(column.unparsable, people), 0)
    if isinstance(column, Dates):
        return _of_dates(column, people, there, years_only=years_only)
    return _of_numbers(column, people, there)


def describe(values: Floats) -> tuple[tuple[str, float], ...]:
    """Mean, sample standard deviation, least value, quartiles, greatest value of finite numbers; as far as defined."""
    if not values.size:
        return ()
    with np.errstate(over="ignore", invalid="ignore"):
        spread = float(np.std(values, ddof=1)) if values.size > 1 else np.nan
        quartiles = [(name, float(np.percentile(values, percent))) for percent, name in _PERCENT]
        found = [("mean", float(np.mean(values))), ("std", spread), ("min", float(values.min())), *quartiles]
    return tuple((name, value) for name, value in (*found, ("max", float(values.max()))) if np.isfinite(value))


def _of_numbers(column: Numbers, people: People, there: NDArray[np.bool_]) -> Attribute:
    values = column.values[there]
    rows = np.flatnonzero(there)
    edges = round_edges(float(values.min()), float(values.max()))
    return Attribute(
        column.name,
        Nature.NUMBER,
        column.unit,
        there.size,
        _told_missing(~there, people),
        _few(column.unparsable, people),
        int(np.unique(values).size),
        _shared(describe(values), values, people.of(there)),
        histogram(values, edges, people, rows),
        None,
        () if people.least > 1 else unusual_numbers(values),
    )


def _shared(found: tuple[tuple[str, float], ...], values: Floats, people: People) -> tuple[tuple[str, float], ...]:
    """Statistics without the least and the greatest value, where these are of too few people."""
    if people.least <= 1:
        return found
    hidden = {name for name, end in (("min", values.min()), ("max", values.max())) if not people.tells(values == end)}
    return tuple((name, value) for name, value in found if name not in hidden)


def _of_dates(column: Dates, people: People, there: NDArray[np.bool_], *, years_only: bool) -> Attribute:
    values = column.values[there]
    edges = day_edges(float(values.min()), float(values.max()), by_year=years_only)
    return Attribute(
        column.name,
        Nature.DATE,
        "",
        there.size,
        _told_missing(~there, people),
        _few(column.unparsable, people),
        int(np.unique(np.searchsorted(edges, values, side="right") if years_only else values).size),
        (),
        histogram(values, edges, people, np.flatnonzero(there)),
    )


def _of_categories(column: Categories, people: People) -> Attribute:
    there = column.has_value
    found = tally(column, people)
    counts = np.bincount(column.codes, minlength=len(column.labels))
    nature = Nature.CATEGORY if column.codes.size and people.tells(there) else Nature.NOTHING
    return Attribute(
        column.name,
        nature,
        "",
        column.rows,
        _told_missing(~there, people),
        _few(column.unparsable, people),
        int((counts > 0).sum()),
        (),
        None,
        found if nature is Nature.CATEGORY else None,
        () if people.least > 1 else unusual_categories(column.labels, counts, column.rows),
    )


# --- counts of categories ----------------------------------------------------------------------------------


def tally(column: Categories, people: People, *, unit: str = "series", most: int = MOST_VALUES) -> Tally:
    """How often each value occurs; those of too few people are among the rest, and so are rows without a value."""
    weights = np.ones(column.codes.size, np.int64)
    missing = _told_missing(~column.has_value, people)
    return weighted_tally(column, people, weights, unit=unit, most=most, missing=missing)


def weighted_tally(  # noqa: PLR0913 (what is counted, of whom, and how it is told)
    column: Categories,
    people: People,
    weights: NDArray[np.int64],
    *,
    unit: str,
    most: int = MOST_VALUES,
    missing: int = 0,
) -> Tally:
    """The same where a row stands for several of what is counted."""
    size = len(column.labels)
    counts = np.bincount(column.codes, weights, minlength=size).astype(np.int64)
    persons = people.by_group(column.owners, column.codes, size)
    order = sorted(np.flatnonzero(counts), key=lambda code: (-counts[code], column.labels[code]))
    told, rest = _folded([int(code) for code in order], persons, people, column, most)
    shown = tuple((column.labels[code], int(counts[code])) for code in told)
    return Tally(column.name, unit, shown, len(rest), int(counts[rest].sum()) if rest else 0, missing)


def _folded(
    order: Sequence[int], persons: NDArray[np.int64], people: People, column: Categories, most: int
) -> tuple[list[int], list[int]]:
    """Values that are told and those that are the rest.

    The rest must be of enough people, too: of one value alone, its count would follow from the sum. The most frequent
    value is told nevertheless, and then nothing of the rest.
    """
    told = [code for code in order if not people.are_few(int(persons[code]))][:most]
    rest = [code for code in order if code not in set(told)]

    def persons_of(codes: list[int]) -> int:
        return int(np.unique(people.codes[column.owners[np.isin(column.codes, codes)]]).size)

    while rest and len(told) > 1 and people.least > 1 and persons_of(rest) < people.least:
        rest.insert(0, told.pop())
    if rest and people.least > 1 and persons_of(rest) < people.least:
        return told, []
    return told, rest


def _told_missing(missing: NDArray[np.bool_], people: People) -> int:
    """How many rows have no value; 0 where they are of too few people."""
    return 0 if people.are_few(people.count(missing)) else int(missing.sum())


def _few(count: int, people: People) -> int:
    """A number of rows of unknown people: told where it is not below the limit."""
    return 0 if count < people.least else count


# --- what is unusual ---------------------------------------------------------------------------------------


def unusual_numbers(values: Floats) -> tuple[tuple[str, int, str], ...]:
    """Values beyond the fences of Tukey, the farthest first."""
    if values.size < _LEAST_ROWS:
        return ()
    first, third = (float(np.percentile(values, percent)) for percent in (25, 75))
    low, high = first - FENCE * (third - first), third + FENCE * (third - first)
    outside = (values < low) | (values > high)
    if not outside.any() or outside.sum() > _RARE_SHARE * values.size:
        return ()
    found, counts = np.unique(values[outside], return_counts=True)
    order = sorted(range(found.size), key=lambda i: -max(low - found[i], found[i] - high))
    return tuple(
        (f"{found[i]:.6g}", int(counts[i]), f"below {low:.4g}" if found[i] < low else f"above {high:.4g}")
        for i in order[:MOST_UNUSUAL]
    )


def unusual_categories(labels: Sequence[str], counts: NDArray[np.int64], rows: int) -> tuple[tuple[str, int, str], ...]:
    """Spellings that differ in case and blanks alone from a more frequent one, and values that few rows have."""
    alike: dict[str, list[int]] = defaultdict(list)
    for code in map(int, np.flatnonzero(counts)):
        alike["".join(labels[code].casefold().split())].append(code)
    found: dict[int, str] = {}
    for codes in alike.values():
        usual = max(codes, key=lambda code: (counts[code], labels[code]))
        found |= {code: f"another spelling of {labels[usual]}" for code in codes if code != usual}
    common = (counts > _FEW * rows).sum()
    few = [int(code) for code in np.flatnonzero((counts > 0) & (counts <= _FEW * rows)) if code not in found]
    if rows >= _LEAST_ROWS and common and len(few) <= MOST_UNUSUAL:
        found |= dict.fromkeys(few, "few have it")
    order = sorted(found, key=lambda code: (found[code] == "few have it", labels[code]))
    return tuple((labels[code], int(counts[code]), found[code]) for code in order[:MOST_UNUSUAL])
