"""Columns with each other: correlations as pandas' `corr`, scatter plots, and how often categories occur together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from convkit.survey.columns import Categories, Floats, Integers, Numbers, People, Table
from convkit.survey.findings import CoOccurrence, Correlations, Pairs, Scatter

MOST_NUMERIC = 30
"""Columns of a matrix of correlations; of more, the first."""

MOST_SCATTERS = 6
MOST_POINTS = 1500
"""Points of a scatter plot: more would be ink on ink."""

_LEAST_POINTS = 5
_LEAST_SHARE = 0.1
"""Rows, and share of the rows, that have both: of fewer, a coefficient near 1 is chance."""

MOST_PAIRS = 8
MOST_SIDE = 12
"""Values on a side of a matrix of co-occurrences, the most frequent ones."""

_MANY_LABELS = 100
"""A column with more different values than that names things (series, people), and groups nothing."""

_ROWS_A_CELL = 1.0
"""Rows for each cell of a table of two columns from which on it shows what is frequent, not only what is there."""

Counts = NDArray[np.int64]


def pairs_of(table: Table) -> Pairs:
    """What is to be told of pairs of columns."""
    numeric = [column for column in table.numeric if np.isfinite(column.values).any()][:MOST_NUMERIC]
    correlations = correlations_of(numeric, table.people) if len(numeric) > 1 else None
    scatters = () if correlations is None or table.people.least > 1 else tuple(_scatters(numeric, correlations))
    return Pairs(correlations, scatters, tuple(_co_occurrences(table)))


# --- numbers -----------------------------------------------------------------------------------------------


def correlations_of(columns: Sequence[Numbers], people: People) -> Correlations:
    """Pearson's and Spearman's coefficients of each pair of columns, of the rows that have both."""
    size = len(columns)
    pearson, spearman = (np.full((size, size), np.nan) for _ in range(2))
    counts = np.zeros((size, size), np.int64)
    there = [np.isfinite(column.values) for column in columns]
    ranks: dict[tuple[int, bytes], Floats] = {}

    def ranked(place: int, both: NDArray[np.bool_]) -> Floats:
        key = place, both.tobytes()
        if key not in ranks:
            ranks[key] = ranks_of(columns[place].values[both])
        return ranks[key]

    for i in range(size):
        for j in range(i + 1):
            both = there[i] & there[j]
            if not people.tells(both):
                continue
            counts[i, j] = counts[j, i] = -1 if people.are_few(people.count(~both)) else both.sum()
            pearson[i, j] = pearson[j, i] = coefficient(columns[i].values[both], columns[j].values[both])
            spearman[i, j] = spearman[j, i] = coefficient(ranked(i, both), ranked(j, both))
        ranks = {key: value for key, value in ranks.items() if value.size == len(both)}  # others are asked once
    names = tuple(column.name for column in columns)
    return Correlations(names, _plain(pearson), _plain(spearman), _counts(counts))


def _counts(counts: Counts) -> tuple[tuple[int | None, ...], ...]:
    return tuple(tuple(None if count < 0 else int(count) for count in row) for row in counts)


def _plain(matrix: Floats) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(float(value) if np.isfinite(value) else None for value in row) for row in matrix)


def coefficient(x: Floats, y: Floats) -> float:
    """Pearson's coefficient of finite numbers; NaN where one of them does not vary."""
    if x.size < 2 or x.min() == x.max() or y.min() == y.max():
        return np.nan
    first, second = _centred(x), _centred(y)
    below = float(np.sqrt((first @ first) * (second @ second)))
    return float(np.clip(first @ second / below, -1, 1)) if below else np.nan


def _centred(values: Floats) -> Floats:
    """Differences from the mean, in units of the greatest of them, so that no square is too large or too small."""
    with np.errstate(over="ignore"):
        away = values - values[0]
        away = away - away.mean()
        most = np.abs(away).max()
    return away / most if np.isfinite(most) and most else np.zeros_like(away)


def ranks_of(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: Floats = last - (counts - 1) / 2
    return means[inverse.reshape(-1)]


def _scatters(columns: Sequence[Numbers], found: Correlations) -> Iterator[Scatter]:
    """The pairs that go together most, each of the two with at least three different values."""
    varied = [np.unique(c.values[np.isfinite(c.values)]).size >= 3 for c in columns]

    def strength(pair: tuple[int, int]) -> float:
        i, j = pair
        return max(abs(found.pearson[i][j] or 0), abs(found.spearman[i][j] or 0))

    rows = max(_LEAST_POINTS, _LEAST_SHARE * columns[0].values.size)
    chosen = [
        (i, j)
        for i, j in combinations(range(len(columns)), 2)
        if varied[i]
        and varied[j]
        and (found.counts[i][j] or 0) >= rows
        and not _is_one(columns[i].name, columns[j].name)
    ]
    for i, j in sorted((p for p in chosen if strength(p) > 0), key=lambda p: (-strength(p), p))[:MOST_SCATTERS]:
        both = np.flatnonzero(np.isfinite(columns[i].values) & np.isfinite(columns[j].values))
        sample = both[np.linspace(0, both.size - 1, min(both.size, MOST_POINTS)).astype(np.int64)]
        points = zip(columns[i].values[sample].tolist(), columns[j].values[sample].tolist(), strict=True)
        yield Scatter(columns[i].name, columns[j].name, tuple(points), int(both.size), found.pearson[i][j])


def _is_one(first: str, second: str) -> bool:
    """True for two places of one list: PixelSpacing[0] and PixelSpacing[1]."""
    return "[" in first and first.partition("[")[0] == second.partition("[")[0]


# --- categories --------------------------------------------------------------------------------------------


class _Candidate(NamedTuple):
    x: Categories
    y: Categories
    rank: tuple[int, float]


def _co_occurrences(table: Table) -> Iterator[CoOccurrence]:
    """Labels first, then the pairs of columns that depend on each other most."""
    columns = [c for c in table.categorical if 2 <= _used(c) <= _MANY_LABELS]
    candidates = [
        _Candidate(x, y, (-(x.is_label + y.is_label), -association(crosstab(x, y))))
        for x, y in combinations(columns, 2)
        if x.is_label or y.is_label or min(_used(x), MOST_SIDE) * min(_used(y), MOST_SIDE) * _ROWS_A_CELL <= len(table)
    ]
    candidates += [_Candidate(c, c, (-2, -1.0)) for c in columns if c.is_list and c.is_label]
    candidates += [_Candidate(c, c, (0, 0.0)) for c in columns if c.is_list and not c.is_label]
    for one in sorted(candidates, key=lambda c: (*c.rank, c.x.name, c.y.name))[:MOST_PAIRS]:
        found = co_occurrence(one.x, one.y, table.people)
        if len(found.columns) > 1 or len(found.rows) > 1:
            yield found


def _used(column: Categories) -> int:
    return int(np.unique(column.codes).size)


def crosstab(x: Categories, y: Categories) -> Counts:
    """(labels of y, labels of x) int64: rows of the table that have both values."""
    rows, columns, _ = _joint(x, y)
    size = len(y.labels), len(x.labels)
    return np.bincount(rows * size[1] + columns, minlength=size[0] * size[1]).reshape(size).astype(np.int64)


def _joint(x: Categories, y: Categories) -> tuple[Integers, Integers, Integers]:
    """Every pair of values of one row: code of y, code of x, the row."""
    starts = np.searchsorted(x.owners, np.arange(x.rows))
    ends = np.searchsorted(x.owners, np.arange(x.rows), side="right")
    many = (ends - starts)[y.owners]
    firsts = np.repeat(starts[y.owners], many)
    within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
    return np.repeat(y.codes, many), x.codes[firsts + within], np.repeat(y.owners, many)


def association(counts: Counts) -> float:
    """Cramér's V, from 0 (independent) to 1 (the one tells the other), of a table of counts.

    With the correction of Bergsma (Journal of the Korean Statistical Society 2013;42:323): without it, tables of many
    cells and few rows would all look dependent.
    """
    kept = counts[counts.any(axis=1)][:, counts.any(axis=0)].astype(np.float64)
    rows, columns = kept.shape
    total = kept.sum()
    if min(rows, columns) < 2 or total < 2:
        return 0.0
    expected = np.outer(kept.sum(axis=1), kept.sum(axis=0)) / total
    phi2 = float(((kept - expected) ** 2 / expected).sum()) / total
    least = (rows - 1) * (columns - 1) / (total - 1)
    most = min(side - (side - 1) ** 2 / (total - 1) for side in (rows, columns)) - 1
    return float(np.sqrt(max(0.0, phi2 - least) / most)) if most > 0 else 0.0


def co_occurrence(x: Categories, y: Categories, people: People, *, unit: str = "series") -> CoOccurrence:
    """How often the values of two columns occur in the same row; of one column with lists, with itself.

    Cells of too few people are None, and with each of them another one of its row and of its column: else its count
    would follow from the sums. So is the smallest one where so few rows are in no cell that the sum would tell them.
    Values of too few people have no row or column, and neither have those that never occur
    together with a value that has.
    """
    counts = crosstab(x, y)
    rows, columns, owners = _joint(x, y)
    width = len(x.labels)
    persons = people.by_group(owners, rows * width + columns, counts.size).reshape(counts.shape)
    down = [code for code in _frequent(y, people) if counts[code].any()]
    across = down if x is y else [code for code in _frequent(x, people) if counts[down, code].any()]
    down = [code for code in down if counts[code, across].any()]
    shown, hidden = counts[np.ix_(down, across)], people.are_few(persons[np.ix_(down, across)])
    in_a_cell = np.zeros(x.rows, np.bool_)
    in_a_cell[owners[np.isin(rows, down) & np.isin(columns, across)]] = True
    if shown.any() and not hidden.any() and people.are_few(people.count(~in_a_cell)):
        hidden.flat[np.argmin(np.where(shown > 0, shown, shown.max()))] = True
    cells = np.where(_complemented(shown, hidden), -1, shown)
    return CoOccurrence(
        x.name,
        y.name,
        unit,
        tuple(x.labels[code] for code in across),
        tuple(y.labels[code] for code in down),
        tuple(tuple(None if cell < 0 else int(cell) for cell in row) for row in cells),
    )


def _frequent(column: Categories, people: People) -> list[int]:
    counts = np.bincount(column.codes, minlength=len(column.labels))
    few = people.are_few(people.by_group(column.owners, column.codes, len(column.labels)))
    codes = [int(code) for code in np.flatnonzero(counts) if not few[code]]
    return sorted(codes, key=lambda code: (-counts[code], column.labels[code]))[:MOST_SIDE]


def _complemented(counts: Counts, hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Hidden cells, with another one wherever one is hidden alone in its row or column."""
    hidden = hidden.copy()
    changed = bool(hidden.any())
    while changed:
        changed = False
        for mask, values in ((hidden, counts), (hidden.T, counts.T)):
            for line, told in zip(mask, values, strict=True):
                others = np.flatnonzero(~line & (told > 0))
                if line.sum() == 1 and others.size:
                    line[others[np.argmin(told[others])]] = True
                    changed = True
    return hidden
