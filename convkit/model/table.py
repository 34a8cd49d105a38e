"""The columns of tables: what is in them and what it means, whatever the file that holds the table."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What the cells of a column are.

    In Python str, int, float, `datetime.date`, `datetime.time` and bytes; None where there is nothing.
    """

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    BINARY = "binary"


class Column(NamedTuple):
    """One column.

    Attributes
    ----------
    name : str
    kind : Kind
    is_list : bool
        A cell is a list of such values.
    unit : str
        Of numbers; empty where there is none or the standard says it.
    meaning : str
    """

    name: str
    kind: Kind
    is_list: bool = False
    unit: str = ""
    meaning: str = ""

    @property
    def type(self) -> str:
        """Kind in words: ``number``, ``list of number``."""
        return f"list of {self.kind}" if self.is_list else str(self.kind)


def widened(one: Column, other: Column) -> Column:
    """A column that can hold the cells of two of the same name: integers as numbers, all else that differs as text."""
    kinds = {one.kind, other.kind}
    kind = one.kind if len(kinds) == 1 else Kind.NUMBER if kinds == {Kind.INTEGER, Kind.NUMBER} else Kind.TEXT
    return one._replace(kind=kind, is_list=one.is_list or other.is_list)


def named(columns: Iterable[Column]) -> dict[str, Column]:
    """Columns by name, those of one name widened to hold the cells of all."""
    found: dict[str, Column] = {}
    for column in columns:
        known = found.get(column.name)
        found[column.name] = column if known is None else widened(known, column)
    return found
