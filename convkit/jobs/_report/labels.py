"""A file of labels, joined with the rows of a report: CSV with a heading, a key in one column, labels in the others.

A key may have several rows, as where each finding has one: their values become a list. A cell may hold several values
with ``|`` or ``;`` between them. What tells who somebody is is left out, and said.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from convkit.errors import InputError, UsageError
from convkit.jobs._names import identifies
from convkit.jobs._report.asked import OF_MANY
from convkit.jobs._report.texts import description, label
from convkit.model.table import Column, Kind

MOST_COLUMNS = 40
_MOST_NAMED = 8
"""Columns that are left out and named."""

MOST_ROWS = 5_000_000

_MISSING = frozenset({"", "-", "?", "na", "n/a", "nan", "none", "null", "missing", "unknown", "#n/a"})
"""What stands for no value, in any case: what pandas takes for one, and what people write."""

_SEPARATORS = re.compile(r"\s*[|;]\s*")

_MOSTLY = 0.8
"""Share of the values from which on a column is of numbers, and the others cannot be read."""

_NAMING = re.compile(
    r"name|birth|dob\b|address|street|phone|e-?mail|mrn|ssn|accession|insurance|physician|patient[ _-]?id|uid\b",
    re.IGNORECASE,
)
"""Headings of columns that tell who somebody is."""

_LEAST_KEY = 4
"""A shorter key, as 1, is a class as well."""

_LEAST_TO_JUDGE = 10
_OWN_SHARE = 0.9
"""A column of texts in which nearly every key has a value of its own is a name or free text, not a label."""

_HINT = "Give a CSV file whose first line names the columns, one of them that of --on."


class Labels(NamedTuple):
    """What a file says.

    Attributes
    ----------
    columns : tuple of Column
    values : mapping of key to cells, in the order of the columns
    notes : tuple of str
        What was left out.
    """

    columns: tuple[Column, ...]
    values: Mapping[str, tuple[Any, ...]]
    notes: tuple[str, ...] = ()

    def narrowed(self, names: Iterable[str]) -> Labels:
        """The same with some columns alone; with all where none of them is named."""
        asked = set(names)
        places = [place for place, column in enumerate(self.columns) if column.name in asked]
        if not places:
            return self
        values = {key: tuple(cells[place] for place in places) for key, cells in self.values.items()}
        return self._replace(columns=tuple(self.columns[place] for place in places), values=values)

    def cells(self, keys: Iterable[str], place: int) -> list[Any]:
        """The cells of a column for some keys; None where there are none."""
        return [self.values[key][place] if key in self.values else None for key in keys]

    def matches(self, keys: Sequence[str]) -> tuple[str, ...]:
        """What is to be said of how keys and rows fit together."""
        there = {key for key in keys if key in self.values}
        if not there:
            return ("No row of the labels fits any series: compare how the keys are written in both.",)
        lost = len(self.values) - len(there)
        without = sum(key not in there for key in keys)
        told = []
        if lost:
            told.append(f"{lost} of {len(self.values)} keys of the labels fit no series.")
        if without:
            told.append(f"{without} of {len(keys)} series have no labels.")
        return tuple(told)


def read_labels(path: str, on: str, *, is_private_report: bool) -> Labels:
    """The labels of a file.

    Parameters
    ----------
    path : str
    on : str
        Name of the column with the keys.
    is_private_report : bool
        Leave out columns that may tell who somebody is.

    Raises
    ------
    InputError
        The file cannot be opened.
    UsageError
        It is no CSV, or has no such column.
    """
    names, rows = _rows(path, on)
    key = names.index(on)
    notes: list[str] = []
    chosen = _chosen(names, key, notes, is_private_report=is_private_report)
    by_key: dict[str, list[Sequence[str]]] = {}
    for row in rows:
        text = row[key].strip() if key < len(row) else ""
        if text:
            by_key.setdefault(text, []).append(row)
    several = sum(len(found) > 1 for found in by_key.values())
    if several:
        notes.append(f"{several} keys have more than one row of labels; their values were put together as lists.")
    secret = frozenset(key.casefold() for key in by_key if len(key) >= _LEAST_KEY) if identifies(on) else frozenset()
    columns, cells = [], []
    for place in chosen:
        column, found = _column(names[place], place, by_key, secret)
        if is_private_report and _names_somebody(column, found):
            notes.append(_left_out([names[place]], "in which nearly every row has a text of its own"))
            continue
        columns.append(column)
        cells.append(_without_names(found) if is_private_report and column.kind is Kind.TEXT else found)
    values = dict(zip(by_key, zip(*cells, strict=True), strict=True)) if cells else dict.fromkeys(by_key, ())
    return Labels(tuple(columns), values, tuple(notes))


def _rows(path: str, on: str) -> tuple[list[str], list[list[str]]]:
    """The heading and the lines."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as err:
        what = f"The labels cannot be read ({err.strerror})."
        raise InputError(what, path, "Check the path.", "input.unreadable") from err
    except UnicodeDecodeError as err:
        raise UsageError("The labels are no text in UTF-8.", path, _HINT) from err
    if "\0" in text[:4096]:
        raise UsageError("The labels are no text.", path, _HINT)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=lambda mark: (on in _split(head, mark), head.count(mark)))
    try:
        lines = [row for row in csv.reader(text.splitlines(), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as err:
        raise UsageError("The labels are no CSV.", path, _HINT) from err
    if not lines:
        raise UsageError("The labels are empty.", path, _HINT)
    names = [name.strip() for name in lines[0]]
    if on not in names:
        near = difflib.get_close_matches(on, names, n=1, cutoff=0.5)
        also = f"Did you mean --on {near[0]}?" if near and near[0][:1].isalpha() else _HINT
        raise UsageError(f"The labels have no column {on}.", path, also)
    if len(lines) > MOST_ROWS:
        raise UsageError(f"The labels have more than {MOST_ROWS} rows.", path, "Give fewer.")
    return names, lines[1:]


def _split(head: str, mark: str) -> list[str]:
    return [name.strip().strip('"') for name in head.split(mark)]


def _chosen(names: Sequence[str], key: int, notes: list[str], *, is_private_report: bool) -> list[int]:
    places = [i for i, name in enumerate(names) if i != key and name and names.index(name) == i]
    if is_private_report:
        naming = [i for i in places if names[i] not in OF_MANY and (identifies(names[i]) or _NAMING.search(names[i]))]
        if naming:
            notes.append(_left_out([names[i] for i in naming], "whose headings say that they may identify people"))
        places = [i for i in places if i not in naming]
    if len(places) > MOST_COLUMNS:
        notes.append(_left_out([names[i] for i in places[MOST_COLUMNS:]], f"after the first {MOST_COLUMNS}"))
    return places[:MOST_COLUMNS]


def _left_out(names: Sequence[str], which: str) -> str:
    """What is said of columns: their headings as far as these are words that name nobody."""
    count, safe = len(names), sorted(name for name in names if description(name) == name)[:_MOST_NAMED]
    more = [f"and {count - len(safe)} more"] if safe and count > len(safe) else []
    named = f": {', '.join([*safe, *more])}" if safe else ""
    was = "was" if count == 1 else "were"
    return f"{count} column{'' if count == 1 else 's'} of the labels {which} {was} left out{named}."


def _column(
    name: str, place: int, by_key: Mapping[str, list[Sequence[str]]], secret: frozenset[str]
) -> tuple[Column, list[Any]]:
    """A column and its cell for each key; what is the key of somebody, as a twin's Patient ID, is no label."""
    parts = [tuple(text for text in _parts(rows, place) if text.casefold() not in secret) for rows in by_key.values()]
    texts = [text for one in parts for text in one]
    kind = _kind(texts)
    if kind is Kind.TEXT or any(len(one) > 1 for one in parts):
        return Column(name, Kind.TEXT, is_list=True), [list(one) or None for one in parts]
    return Column(name, kind), [one[0] if one else None for one in parts]


def _parts(rows: Sequence[Sequence[str]], place: int) -> tuple[str, ...]:
    """The different values of a key, without those that stand for none."""
    cells = (row[place].strip() for row in rows if place < len(row))
    found = (part for cell in cells for part in _SEPARATORS.split(cell))
    return tuple(dict.fromkeys(part for part in found if part.casefold() not in _MISSING))


def _kind(texts: Sequence[str]) -> Kind:
    """What a column holds; one of nothing but 0 and 1 is of labels, not of numbers."""
    if not texts or set(texts) <= {"0", "1", "0.0", "1.0"}:
        return Kind.TEXT
    if sum(map(_is_number, texts)) >= _MOSTLY * len(texts):
        return Kind.NUMBER
    return Kind.DATE if all(map(_is_date, texts)) else Kind.TEXT


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _without_names(cells: Sequence[Any]) -> list[Any]:
    return [[left for text in cell or () if (left := label(text))] or None for cell in cells]


def _names_somebody(column: Column, cells: Sequence[Any]) -> bool:
    if column.kind is not Kind.TEXT:
        return False
    texts = [text for cell in cells for text in cell or ()]
    return len(texts) >= _LEAST_TO_JUDGE and len(set(texts)) > _OWN_SHARE * len(texts)
