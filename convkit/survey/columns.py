"""The columns of a table as arrays: numbers, categories, lists of categories, dates; and the people behind its rows.

How lists become columns: numbers that are as many in every row (Pixel Spacing) are one column where they are equal in
each row, and else one column for each place, ``PixelSpacing[0]``, ``PixelSpacing[1]``. Texts stay lists; each of their
values counts once a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convkit.model.table import Column, Kind

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

MOST_PLACES = 6
"""Numbers of one cell that become columns: those of an orientation. Further ones are left out."""

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column of numbers.

    Attributes
    ----------
    name : str
    values : (rows,) float64
        NaN where there is none.
    unit : str
    unparsable : int
        Cells with something that is no number; they are NaN, too.
    """

    name: str
    values: Floats
    unit: str = ""
    unparsable: int = 0

    @property
    def has_value(self) -> Mask:
        """(rows,) bool: True for rows with a value."""
        there: Mask = np.isfinite(self.values)
        return there

    def of(self, rows: Mask) -> Numbers:
        """The same of some rows."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """A column of dates.

    Attributes
    ----------
    name : str
    values : (rows,) float64
        Days since 1970; NaN where there is none.
    unparsable : int
    """

    name: str
    values: Floats
    unparsable: int = 0

    @property
    def has_value(self) -> Mask:
        """(rows,) bool: True for rows with a value."""
        there: Mask = np.isfinite(self.values)
        return there

    def of(self, rows: Mask) -> Dates:
        """The same of some rows."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """A column of texts, one or several in a cell.

    Attributes
    ----------
    name : str
    rows : int
        Of the table.
    owners : (values,) int64
        The row of each value, rising.
    codes : (values,) int64
        Its place in `labels`.
    labels : tuple of str
        Sorted.
    is_list : bool
        True where some row has more than one value.
    is_label : bool
        True for a column of a labels file.
    unparsable : int
    """

    name: str
    rows: int
    owners: Integers
    codes: Integers
    labels: tuple[str, ...]
    is_list: bool = False
    is_label: bool = False
    unparsable: int = 0

    @property
    def has_value(self) -> Mask:
        """(rows,) bool: True for rows with a value."""
        there = np.zeros(self.rows, np.bool_)
        there[self.owners] = True
        return there

    def of(self, rows: Mask) -> Categories:
        """The same of some rows."""
        kept = rows[self.owners]
        places = np.cumsum(rows) - 1
        owners = places[self.owners[kept]].astype(np.int64)
        return replace(self, rows=int(rows.sum()), owners=owners, codes=self.codes[kept])

    def members(self, code: int) -> Mask:
        """(rows,) bool: True for rows that have a value."""
        there = np.zeros(self.rows, np.bool_)
        there[self.owners[self.codes == code]] = True
        return there


Cells = Numbers | Dates | Categories


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Who is behind the rows of a table, and how many of them a group must have to be told.

    Attributes
    ----------
    codes : (rows,) int64
        The person of each row.
    least : int
        Least number of persons of a group that is told; 0 tells all.
    """

    codes: Integers
    least: int = 0

    @classmethod
    def named(cls, names: Sequence[str], least: int = 0) -> People:
        """People by their names; rows of the same name are of the same person."""
        found = {name: code for code, name in enumerate(dict.fromkeys(names))}
        return cls(np.array([found[name] for name in names], np.int64), least)

    def of(self, rows: Mask) -> People:
        """Those behind some rows."""
        return replace(self, codes=self.codes[rows])

    def count(self, rows: Mask | None = None) -> int:
        """How many there are behind some rows, or all."""
        return int(np.unique(self.codes if rows is None else self.codes[rows]).size)

    def tells(self, rows: Mask | None = None) -> bool:
        """True where a group may be told; one with nobody in it may not, where there is any limit."""
        return self.least <= 1 or self.count(rows) >= self.least

    def by_group(self, owners: Integers, groups: Integers, size: int) -> Integers:
        """(size,) int64: how many people are in each group, for values with a row and a group each."""
        if not groups.size:
            return np.zeros(size, np.int64)
        most = int(self.codes.max()) + 1
        pairs = np.unique(groups * most + self.codes[owners])
        return np.bincount(pairs // most, minlength=size).astype(np.int64)

    def ends(self, lows: Floats, highs: Floats) -> tuple[float, float]:
        """The least and the greatest value that enough people reach (top and bottom coding).

        What lies beyond would give away the values of those few who are far from the others. There must be enough.

        Parameters
        ----------
        lows, highs : (rows,) float64
            Least and greatest value of each row.
        """
        return self._reached(lows), -self._reached(-highs)

    def _reached(self, values: Floats) -> float:
        """The value up to which there are enough people."""
        order = np.argsort(values, kind="stable")
        first_of_each = np.sort(np.unique(self.codes[order], return_index=True)[1])
        return float(values[order[first_of_each[self.least - 1]]])

    def are_few(self, persons: Integers | int) -> Any:
        """True for groups that may not be told: of somebody, but of fewer than the least number."""
        return (persons > 0) & (persons < self.least) if self.least > 1 else persons < 0


NOBODY = People(np.empty(0, np.int64))
"""Where it does not matter who is behind a row, as all is told."""


def columns_of(column: Column, cells: Sequence[Any], unit: str = "", *, is_label: bool = False) -> tuple[Cells, ...]:
    """The columns that the cells of a table make.

    Parameters
    ----------
    column : Column
        What the cells are.
    cells : sequence
        One a row, None where there is nothing.
    unit : str
    is_label : bool
        They are of a labels file.
    """
    if column.kind in {Kind.INTEGER, Kind.NUMBER}:
        if column.is_list:
            return _of_lists(column.name, cells, unit)
        return (numbers(column.name, cells, unit),)
    if column.kind is Kind.DATE:
        return (dates(column.name, [cell[0] if isinstance(cell, list) and cell else cell for cell in cells]),)
    return (categories(column.name, cells, is_label=is_label),)


def numbers(name: str, cells: Iterable[Any], unit: str = "", read: Callable[[Any], float] = float) -> Numbers:
    """A column of numbers; what `read` refuses with a ValueError, and what is not finite, is no number."""
    values, unparsable = _read(cells, read)
    return Numbers(name, values, unit, unparsable)


def dates(name: str, cells: Iterable[Any]) -> Dates:
    """A column of dates."""
    values, unparsable = _read(cells, _days)
    return Dates(name, values, unparsable)


def _days(cell: Any) -> float:
    return float(((cell if isinstance(cell, date) else date.fromisoformat(str(cell))) - _EPOCH).days)


def _read(cells: Iterable[Any], read: Callable[[Any], float]) -> tuple[Floats, int]:
    found: list[float] = []
    unparsable = 0
    for cell in cells:
        if cell is None or cell in ("", []):
            found.append(np.nan)
            continue
        try:
            value = read(cell)
        except (ValueError, TypeError, OverflowError):
            value = np.nan
        unparsable += not np.isfinite(value)
        found.append(value if np.isfinite(value) else np.nan)
    return np.array(found, np.float64), unparsable


def _of_lists(name: str, cells: Sequence[Any], unit: str) -> tuple[Numbers, ...]:
    """Lists of numbers: one column where those of each row are equal, else one for each place."""
    lists = [cell if isinstance(cell, list | tuple) else [] if cell is None else [cell] for cell in cells]
    most = min(max(map(len, lists), default=0), MOST_PLACES)
    if all(len(set(one)) <= 1 for one in lists) or most <= 1:
        return (numbers(name, [one[0] if one else None for one in lists], unit),)
    return tuple(
        numbers(f"{name}[{place}]", [one[place] if place < len(one) else None for one in lists], unit)
        for place in range(most)
    )


def categories(name: str, cells: Sequence[Any], *, is_label: bool = False) -> Categories:
    """A column of texts; a value that is there twice in a row counts once."""
    parts = [_texts(cell) for cell in cells]
    labels = tuple(sorted({text for one in parts for text in one}))
    codes = {label: code for code, label in enumerate(labels)}
    owners = [row for row, one in enumerate(parts) for _ in one]
    return Categories(
        name,
        len(parts),
        np.array(owners, np.int64),
        np.array([codes[text] for one in parts for text in one], np.int64),
        labels,
        is_list=any(len(one) > 1 for one in parts),
        is_label=is_label,
    )


def _texts(cell: Any) -> tuple[str, ...]:
    if cell is None:
        return ()
    given = cell if isinstance(cell, list | tuple) else [cell]
    return tuple(dict.fromkeys(text for each in given if each is not None and (text := str(each).strip())))


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Some columns over the same rows.

    Attributes
    ----------
    columns : tuple of Numbers, Dates or Categories
    people : People
    """

    columns: tuple[Cells, ...]
    people: People
    by_name: dict[str, Cells] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})

    def __len__(self) -> int:
        return int(self.people.codes.size)

    def of(self, rows: Mask) -> Table:
        """The same of some rows."""
        return Table(tuple(column.of(rows) for column in self.columns), self.people.of(rows))

    @property
    def numeric(self) -> tuple[Numbers, ...]:
        """Columns of numbers."""
        return tuple(column for column in self.columns if isinstance(column, Numbers))

    @property
    def categorical(self) -> tuple[Categories, ...]:
        """Columns of texts."""
        return tuple(column for column in self.columns if isinstance(column, Categories))
