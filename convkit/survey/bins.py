"""Histograms whose edges are round numbers, so that they can be read, and do not tell the extreme values."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.survey.columns import Floats, People
from convkit.survey.findings import Histogram

BINS = 30
"""About so many bins: enough for the shape, few enough for a small figure."""

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_EPOCH = date(1970, 1, 1)
_DAYS_BY_DAY, _DAYS_BY_MONTH = 60, 3 * 366
"""A span of dates up to so many days is told by day, by month; a longer one by year."""


def round_edges(low: float, high: float, bins: int = BINS) -> Floats:
    """Edges at multiples of 1, 2, 2.5 or 5 times a power of ten, of about so many bins that hold both ends."""
    if not math.isfinite(high - low):
        return np.array([low, high]) if low < high else np.array([low, low])
    if low == high:
        half = 0.5 if abs(low) < 2**50 else abs(low) * 2**-10
        return np.array([low - half, low + half])
    step = _step((high - low) / bins)
    first, last = math.floor(low / step), math.ceil(high / step)
    edges = np.arange(first, last + 1, dtype=np.float64) * step
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)  # rounding may leave an end outside
    edges = np.unique(edges)
    return edges if edges.size > 1 else np.array([low, high])


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least)) if least > 1e-300 else 1e-300
    return next((step * power for step in _STEPS if step * power >= least * (1 - 1e-9)), 10 * power)


def day_edges(low: float, high: float, *, by_year: bool = False) -> Floats:
    """Edges at the beginnings of days, months or years, whichever suits the span; in days since 1970."""
    if not by_year and high - low <= _DAYS_BY_DAY:
        return np.arange(low, high + 2)
    first, last = (date.fromordinal(int(day) + _EPOCH.toordinal()) for day in (low, high))
    if by_year or high - low > _DAYS_BY_MONTH:
        starts = [date(min(year, 9999), 1, 1) for year in range(first.year, last.year + 2)]
    else:
        months = range(first.year * 12 + first.month - 1, last.year * 12 + last.month + 1)
        starts = [date(month // 12, month % 12 + 1, 1) for month in months]
    return np.array([(start - _EPOCH).days for start in starts], np.float64)


def histogram(values: Floats, edges: Floats, people: People, rows: NDArray[Any] | None = None) -> Histogram | None:
    """The counts of values between edges; bins of too few people are joined to their neighbours.

    Parameters
    ----------
    values : (n,) float64
        Finite.
    edges : (bins + 1,) float64
    people : People
    rows : (n,) int64 or None
        The row of each value; needed where small groups are not told.

    Returns
    -------
    histogram : Histogram or None
        None where all of them together are too few.
    """
    if not values.size or edges[0] == edges[-1]:
        return None
    counts, _ = np.histogram(values, edges)
    if people.least > 1 and rows is not None:
        places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, edges.size - 2)
        return _joined(places, edges, counts, people, rows)
    return Histogram(tuple(map(float, edges)), tuple(map(int, counts)))


def _joined(places: Any, edges: Floats, counts: Any, people: People, rows: Any) -> Histogram | None:
    """Bins joined from the left until each is empty or holds enough people; what is left over joins the last."""
    kept: list[list[int]] = []
    current: list[int] = []
    for place in range(counts.size):
        if not current and not counts[place]:
            kept.append([place])
            continue
        current.append(place)
        persons = np.unique(people.codes[rows[np.isin(places, current)]]).size
        if persons >= people.least:
            kept.append(current)
            current = []
    while current:
        if not kept:
            return None
        last = kept.pop()
        current = [*last, *current]
        if np.unique(people.codes[rows[np.isin(places, current)]]).size >= people.least:
            kept.append(current)
            current = []
    starts = [bin_[0] for bin_ in kept]
    joined = [float(edges[start]) for start in starts] + [float(edges[-1])]
    return Histogram(tuple(joined), tuple(int(counts[bin_].sum()) for bin_ in kept))
