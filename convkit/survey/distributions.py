"""How the values of one column are distributed; numbers as pandas' `describe`, `value_counts` and `isna` give them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.survey.bins import day_edges, histogram, round_edges
from convkit.survey.columns import Categories, Cells, Dates, Floats, Integers, Numbers, People
from convkit.survey.findings import Attribute, Histogram, Nature, Tally

MOST_VALUES = 2000
"""Values of a category that are told by name; a page shows fewer."""

MOST_UNUSUAL = 8

FENCE = 1.5
"""Interquartile ranges beyond the quartiles from which on a value is unusual (Tukey, Exploratory Data Analysis, 1977).
"""

_TAIL = 5
"""Per cent of the values at either end that do not decide how far an axis reaches."""

_FAR = 3.0
"""An axis that is so many times as long as that of the values without their tails shows nothing but one bar."""

_YEAR = 365.25
"""Days. Of studies that were made within weeks, one of the next month is not unusual."""

_FEW = 0.01
"""Share of the rows up to which a category is one that few have."""

_EPOCH = date(1970, 1, 1).toordinal()

_LEAST_ROWS = 20
"""Of fewer rows, nothing is rare."""

_PERCENT = ((25, "25%"), (50, "50%"), (75, "75%"))


class Allowed(NamedTuple):
    """What the values of a category may be.

    Attributes
    ----------
    values : frozenset of str
    reason : str
        Why another one is unusual.
    """

    values: frozenset[str]
    reason: str


def attribute(column: Cells, people: People, *, years_only: bool = False, allowed: Allowed | None = None) -> Attribute:
    """What is to be told of a column.

    Parameters
    ----------
    column : Numbers, Dates or Categories
    people : People
        Who is behind the rows.
    years_only : bool
        Of dates, nothing finer than the year is told.
    allowed : Allowed or None
        Of categories; None where any value may be.
    """
    if isinstance(column, Categories):
        return _of_categories(column, people, allowed)
    there = np.isfinite(column.values)
    if not there.any() or not people.tells(there):
        unit = column.unit if isinstance(column, Numbers) else ""
        return _nothing(column, unit, there.size, people)
    if isinstance(column, Dates):
        return _of_dates(column, people, there, years_only=years_only)
    return _of_numbers(column, people, there)


def _nothing(column: Cells, unit: str, rows: int, people: People) -> Attribute:
    """An attribute without a value, or with values of so few people that they are told as none."""
    return Attribute(column.name, Nature.NOTHING, unit, rows, rows, _few(column.unparsable, people), 0)


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
    raw = column.values[there]
    rows = np.flatnonzero(there)
    values = _without_ends(raw, people.of(there))
    low, high = (float(values.min()), float(values.max())) if people.least > 1 else axis_of(values)
    drawn = histogram(values, round_edges(low, high), people, rows)
    if drawn is not None and people.least <= 1:
        below, above = int((values < drawn.edges[0]).sum()), int((values > drawn.edges[-1]).sum())
        drawn = replace(drawn, below=below, above=above)
    unusual = () if people.least > 1 else unusual_numbers(values)
    return Attribute(
        column.name,
        Nature.NUMBER,
        column.unit,
        there.size,
        _told_missing(~there, people),
        _few(column.unparsable, people),
        int(np.unique(values).size),
        _shared(describe(values), raw, people.of(there)),
        _guarded(drawn, ~there, people),
        None,
        unusual[:MOST_UNUSUAL],
        more_unusual=len(unusual[MOST_UNUSUAL:]),
    )


def _without_ends(values: Floats, people: People) -> Floats:
    """The values, with the least and the greatest set to those that enough people reach (top and bottom coding).

    Mean, spread, edges and number of values would else give away the value of one person who is far from the others.
    Where no value is reached from both sides, all become the median.
    """
    if people.least <= 1:
        return values
    low, high = people.ends(values, values)
    if low > high:
        return np.full_like(values, np.median(values))
    return np.clip(values, low, high)


def axis_of(values: Floats) -> tuple[float, float]:
    """From where to where an axis reaches: to both ends, or, where a few values lie far away, to the last before these.

    Examples
    --------
    >>> axis_of(np.array([*range(1, 41), 650.0]))
    (1.0, 40.0)
    """
    ends = float(values.min()), float(values.max())
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (float(np.percentile(values, percent)) for percent in (_TAIL, 100 - _TAIL))
    near = values[(values >= low - (high - low)) & (values <= high + (high - low))]
    if not near.size:
        return ends
    first, last = float(near.min()), float(near.max())
    return (first, last) if first < last and ends[1] - ends[0] > _FAR * (last - first) else ends


def _shared(found: tuple[tuple[str, float], ...], values: Floats, people: People) -> tuple[tuple[str, float], ...]:
    """Statistics without the least and the greatest value, where these are of too few people."""
    if people.least <= 1:
        return found
    hidden = {name for name, end in (("min", values.min()), ("max", values.max())) if not people.tells(values == end)}
    return tuple((name, value) for name, value in found if name not in hidden)


def _of_dates(column: Dates, people: People, there: NDArray[np.bool_], *, years_only: bool) -> Attribute:
    values = _without_ends(column.values[there], people.of(there))
    edges = day_edges(float(values.min()), float(values.max()), by_year=years_only)
    unusual = () if people.least > 1 else unusual_days(values, years_only=years_only)
    return Attribute(
        column.name,
        Nature.DATE,
        "",
        there.size,
        _told_missing(~there, people),
        _few(column.unparsable, people),
        int(np.unique(np.searchsorted(edges, values, side="right") if years_only else values).size),
        (),
        _guarded(histogram(values, edges, people, np.flatnonzero(there)), ~there, people),
        None,
        unusual[:MOST_UNUSUAL],
        more_unusual=len(unusual[MOST_UNUSUAL:]),
    )


def _guarded(found: Histogram | None, missing: NDArray[np.bool_], people: People) -> Histogram | None:
    """The histogram, without its last bin of the two ends where so few lack a value that the sum would tell them."""
    if found is None or not people.are_few(people.count(missing)):
        return found
    filled = [place for place, count in enumerate(found.counts) if count]
    if len(filled) < 2:
        return None
    first, last = filled[0], filled[-1]
    if found.counts[first] < found.counts[last]:
        return Histogram(found.edges[first + 1 :], found.counts[first + 1 :])
    return Histogram(found.edges[: last + 1], found.counts[:last])


def _of_categories(column: Categories, people: People, allowed: Allowed | None) -> Attribute:
    there = column.has_value
    found = tally(column, people)
    counts = np.bincount(column.codes, minlength=len(column.labels))
    if not column.codes.size or not people.tells(there):
        return _nothing(column, "", column.rows, people)
    return Attribute(
        column.name,
        Nature.CATEGORY,
        "",
        column.rows,
        _told_missing(~there, people),
        _few(column.unparsable, people),
        int((counts > 0).sum()),
        (),
        None,
        found,
        () if people.least > 1 else unusual_categories(column.labels, counts, column.rows, allowed),
    )


# --- counts of categories ----------------------------------------------------------------------------------


def tally(column: Categories, people: People, *, unit: str = "series", most: int = MOST_VALUES) -> Tally:
    """How often each value occurs; those of too few people are among the rest, and so are rows without a value."""
    weights, without = np.ones(column.codes.size, np.int64), (~column.has_value).astype(np.int64)
    return weighted_tally(column, people, weights, unit=unit, most=most, without=without)


def weighted_tally(  # noqa: PLR0913 (what is counted, of whom, and how it is told)
    column: Categories,
    people: People,
    weights: NDArray[np.int64],
    *,
    unit: str,
    without: Integers,
    most: int = MOST_VALUES,
) -> Tally:
    """The same where a row stands for several of what is counted, some of which have no value (`without`, by row)."""
    size = len(column.labels)
    counts = np.bincount(column.codes, weights, minlength=size).astype(np.int64)
    persons = people.by_group(column.owners, column.codes, size)
    order = sorted(np.flatnonzero(counts), key=lambda code: (-counts[code], column.labels[code]))
    hidden = people.are_few(people.count(without > 0))
    unseen = np.flatnonzero(without) if hidden else np.empty(0, np.int64)
    told, rest = _folded([int(code) for code in order], persons, people, column, most, unseen)
    missing = 0 if hidden else int(without.sum())
    shown = tuple((column.labels[code], int(counts[code])) for code in told)
    untold = None if len(told) + len(rest) < len(order) else 0
    if hidden:  # then the others and those without a value are enough people together
        left = int(counts.sum()) - sum(count for _, count in shown) + int(without.sum())
        untold = None if column.is_list or left < people.least else left
    return Tally(column.name, unit, shown, len(rest), int(counts[rest].sum()) if rest else 0, missing, untold)


def _folded(  # noqa: PLR0913, PLR0917 (what is counted, of whom, and how it is told)
    order: Sequence[int], persons: Integers, people: People, column: Categories, most: int, unseen: Integers
) -> tuple[list[int], list[int]]:
    """Values that are told and those that are the rest.

    The rest must be of enough people, too: of one value alone, its count would follow from the sum. So told values join
    it until it is, the least frequent first. The most frequent one stays where the rest has enough rows, and then
    nothing of the rest is told. Where so few rows lack a value that they may not be told (`unseen`), these are with the
    rest, nothing of which is told, and the most frequent value goes there, too, if need be.
    """
    told = [code for code in order if not people.are_few(int(persons[code]))][:most]
    named = set(told)
    rest = [code for code in order if code not in named]

    def persons_of(codes: list[int]) -> int:
        owners = np.concatenate([column.owners[np.isin(column.codes, codes)], unseen])
        return int(np.unique(people.codes[owners]).size)

    if unseen.size:
        while told and persons_of(rest) < people.least:
            rest.insert(0, told.pop())
        return told, []

    def rows_of(codes: list[int]) -> int:
        return int(np.isin(column.codes, codes).sum())

    while told and people.are_few(persons_of(rest)) and (len(told) > 1 or rows_of(rest) < people.least):
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
    low, high = _fences(values)
    found, counts = np.unique(values[(values < low) | (values > high)], return_counts=True)
    order = sorted(range(found.size), key=lambda i: -max(low - found[i], found[i] - high))
    return tuple(
        (f"{found[i]:.6g}", int(counts[i]), f"below {low:.4g}" if found[i] < low else f"above {high:.4g}")
        for i in order
    )


def unusual_days(values: Floats, *, years_only: bool = False) -> tuple[tuple[str, int, str], ...]:
    """Days, or their years, beyond the fences of Tukey and at least a year beyond the quartiles; the farthest first."""
    if values.size < _LEAST_ROWS:
        return ()
    low, high = _fences(values, _YEAR)
    length = 4 if years_only else 10
    found: dict[str, list[float]] = {}
    for value in sorted(values[(values < low) | (values > high)].tolist(), key=lambda v: -max(low - v, v - high)):
        found.setdefault(_day(value)[:length], []).append(value)
    return tuple(
        (text, len(days), f"before {_day(low)[:4]}" if days[0] < low else f"after {_day(high)[:4]}")
        for text, days in found.items()
    )


def _fences(values: Floats, least: float = 0.0) -> tuple[float, float]:
    """Below and above which a value is unusual; at least so far beyond the quartiles."""
    with np.errstate(over="ignore", invalid="ignore"):
        first, third = (float(np.percentile(values, percent)) for percent in (25, 75))
    away = max(FENCE * (third - first), least)
    return first - away, third + away


def _day(days: float) -> str:
    return date.fromordinal(max(1, int(days // 1) + _EPOCH)).isoformat()


def unusual_categories(
    labels: Sequence[str], counts: NDArray[np.int64], rows: int, allowed: Allowed | None = None
) -> tuple[tuple[str, int, str], ...]:
    """Values that may not be, spellings that differ in case and blanks alone from a more frequent one, rare values."""
    alike: dict[str, list[int]] = defaultdict(list)
    for code in map(int, np.flatnonzero(counts)):
        alike["".join(labels[code].casefold().split())].append(code)
    found: dict[int, str] = {}
    for codes in alike.values():
        usual = max(codes, key=lambda code: (counts[code], labels[code]))
        found |= {code: f"another spelling of {labels[usual]}" for code in codes if code != usual}
    if allowed is not None:
        found |= {c: allowed.reason for c in map(int, np.flatnonzero(counts)) if labels[c] not in allowed.values}
    common = (counts > _FEW * rows).sum()
    few = [int(code) for code in np.flatnonzero((counts > 0) & (counts <= _FEW * rows)) if code not in found]
    if rows >= _LEAST_ROWS and common and len(few) <= MOST_UNUSUAL:
        found |= dict.fromkeys(few, "few have it")
    reason = "" if allowed is None else allowed.reason
    order = sorted(found, key=lambda code: (found[code] != reason, found[code] == "few have it", labels[code]))
    return tuple((labels[code], int(counts[code]), found[code]) for code in order[:MOST_UNUSUAL])
