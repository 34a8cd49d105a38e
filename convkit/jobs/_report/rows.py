"""The rows of a report as columns of arrays: cells by their kind, ages as years, labels joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

import numpy as np

from convkit.jobs._report.asked import OLDEST, column_of
from convkit.jobs._report.defaults import BY_MODALITY, GENERAL, UNITS
from convkit.jobs._report.facts import SeriesFacts
from convkit.jobs._report.labels import Labels
from convkit.model.table import Column, Kind
from convkit.survey.columns import Categories, Cells, Numbers, People, Table, categories, columns_of, dates, numbers

_DAYS = {"D": 365.25, "W": 52.1775, "M": 12.0, "Y": 1.0}
"""How many of them a year has (PS3.5 6.2, Age String)."""


class Choice(NamedTuple):
    """What becomes of the cells.

    Attributes
    ----------
    names : tuple of str
        Columns.
    is_default : bool
        Columns of modalities that are not there, and those without any value, are left out.
    is_private : bool
        No profile decides; see `convkit.jobs._report.asked`.
    least : int
        Least number of patients of a group that is told.
    """

    names: tuple[str, ...]
    is_default: bool
    is_private: bool
    least: int


def people_of(series: Sequence[SeriesFacts], least: int) -> tuple[People, bool]:
    """Who is behind the rows, and whether the patients are known.

    Where no series names a patient, each study counts as one. Where some do not, all of these count as one patient: who
    they are is not known, and to count one person as several would tell small groups.
    """
    is_known = any(one.person for one in series)
    names = [one.person if is_known else one.study for one in series]
    return People.named(names, least), is_known


def table_of(series: Sequence[SeriesFacts], choice: Choice, labels: Labels | None) -> Table:
    """The table that a report tells of."""
    modalities = {one.row["modality"] for one in series}
    apt = {*GENERAL, *(name for modality in modalities for name in BY_MODALITY.get(modality, ()))}
    found: list[Cells] = []
    for name in choice.names:
        if choice.is_default and name not in apt:
            continue
        columns = _columns(name, series, choice)
        if choice.is_default and name not in GENERAL and not any(map(_has_any, columns)):
            continue
        found += columns
    if labels is not None:
        found += _label_columns(series, labels, {column.name for column in found})
    return Table(tuple(found), people_of(series, choice.least)[0])


def _has_any(column: Cells) -> bool:
    if isinstance(column, Categories):
        return bool(column.codes.size) or bool(column.unparsable)
    return bool(np.isfinite(column.values).any()) or bool(column.unparsable)


def _columns(name: str, series: Sequence[SeriesFacts], choice: Choice) -> tuple[Cells, ...]:
    cells = [one.cells.get(name) for one in series]
    unfit = Counter(text for one in series for text in one.unfit)[name]
    column = column_of(name)
    unit = UNITS.get(name, column.unit)
    made = _of_kind(column, cells, unit, choice)
    return tuple(replace(each, unparsable=each.unparsable + unfit) for each in made)


def _of_kind(column: Column, cells: Sequence[Any], unit: str, choice: Choice) -> tuple[Cells, ...]:
    if column.name == "PatientAge":
        ages = numbers(column.name, cells, unit, years_of)
        return (_old_together(ages) if choice.is_private else ages,)
    if column.kind is Kind.TIME:
        return (numbers(column.name, [_first(cell) for cell in cells], "h", lambda t: t.hour + t.minute / 60),)
    if column.kind is Kind.DATE:
        return (dates(column.name, [_first(cell) for cell in cells]),)
    return columns_of(column, cells, unit)


def years_of(cell: Any) -> float:
    """An Age String as years.

    Raises
    ------
    ValueError
        It is none.
    """
    text = str(cell[0] if isinstance(cell, list) else cell).strip().upper()
    digits, unit = text[:-1], text[-1:]
    if not 1 <= len(digits) <= 3 or not (digits.isdigit() and digits.isascii()) or unit not in _DAYS:
        raise ValueError
    return int(digits) / _DAYS[unit]


def _old_together(ages: Numbers) -> Numbers:
    return replace(ages, values=np.minimum(ages.values, OLDEST))


def _first(cell: Any) -> Any:
    return cell[0] if isinstance(cell, list) and cell else cell


def _label_columns(series: Sequence[SeriesFacts], labels: Labels, taken: set[str]) -> list[Cells]:
    """The columns of the labels; one that has the name of another column is told as ``NAME (labels)``."""
    keys = [one.joined for one in series]
    found: list[Cells] = []
    for place, column in enumerate(labels.columns):
        named = column._replace(name=f"{column.name} (labels)" if column.name in taken else column.name)
        cells = labels.cells(keys, place)
        found += columns_of(named, cells, is_label=True)

    return found


def groups_by(name: str, series: Sequence[SeriesFacts], table: Table, *, is_private: bool) -> Categories:
    """The column that facets are made by: values as texts, of dates the years."""
    known = table.by_name.get(name)
    if isinstance(known, Categories):
        return known
    cells = [one.cells.get(name) for one in series] if known is None or name in series[0].cells else None
    if cells is None and isinstance(known, Numbers):
        cells = [None if np.isnan(value) else float(value) for value in known.values]
    return categories(name, [_text(cell, is_private=is_private) for cell in cells or [None] * len(series)])


def _text(cell: Any, *, is_private: bool) -> str | None:
    if isinstance(cell, list):
        return "\\".join(filter(None, (_text(each, is_private=is_private) for each in cell))) or None
    if isinstance(cell, date):
        return f"{cell.year}" if is_private else cell.isoformat()
    if isinstance(cell, float):
        return f"{cell:.6g}"
    return None if cell is None else str(cell)
