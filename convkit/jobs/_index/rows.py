"""The rows of an index, made in the workers: a batch of files goes in, a piece of the table comes out as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from convkit._version import __version__
from convkit.dicom import objects
from convkit.dicom.attributes import TagTable, display_table
from convkit.dicom.columns import shown
from convkit.dicom.every_element import every_element
from convkit.dicom.header import Header, read_header
from convkit.dicom.packing import LAYOUT, described, pack
from convkit.engine.outcome import note_of
from convkit.engine.run import attempt
from convkit.errors import ConvkitError, InputError
from convkit.jobs._index.paths import path_text
from convkit.jobs._index.shelf import Shelf
from convkit.jobs._names import short_hash
from convkit.jobs._report.defaults import DEFAULT_KEYWORDS
from convkit.jobs._rows import instance_row
from convkit.jobs._schema import HEADER, MODIFIED, MORE, PATH, UNFITTING, Level, schema
from convkit.jobs._sources import failed_files
from convkit.jobs._where import Where
from convkit.jobs._where import where as checked_where
from convkit.model.notes import Note
from convkit.model.table import Column, Kind, widened
from convkit.storage import files
from convkit.storage.files import file_stamp
from convkit.tables.pieces import Piece, Pieces

SELECTED = "selected"
_SELECTED = Column(SELECTED, Kind.INTEGER)
"""Travels with the rows and is left out of the table."""

_PASSING = ("input.unreadable", "input.archive-too-large", "engine.")
"""Codes of problems that may be gone by the next time, though the file is the same."""


@dataclass(frozen=True)
class Wanted:
    """What an index holds.

    Attributes
    ----------
    columns : tuple of str
        Asked for, beside those of every table of instances.
    all_tags : bool
        A column for every element that any file has.
    where : str
        Expression that an instance must satisfy; empty for none.
    has_headers : bool
        Headers go with the rows, so that the table can stand for its files.
    """

    columns: tuple[str, ...] = ()
    all_tags: bool = False
    where: str = ""
    has_headers: bool = False

    @cached_property
    def asked(self) -> tuple[Column, ...]:
        """Columns that are known before any file is read, without the last ones."""
        return schema(Level.INSTANCE, self.columns)

    @cached_property
    def ending(self) -> tuple[Column, ...]:
        """The last columns."""
        return tuple(c for c in MORE if self.has_headers or c.name != HEADER)

    @property
    def table(self) -> TagTable:
        """What is kept of headers: enough for every verb, and what was asked for."""
        selection = self.selection
        asked = (*(shown(c).keyword for c in self.columns), *(selection.keywords if selection else ()))
        keywords = (*asked, *DEFAULT_KEYWORDS) if self.has_headers else asked
        return display_table(tuple(dict.fromkeys(keywords)))

    @property
    def selection(self) -> Where | None:
        """The expression."""
        return _selection(self.where) if self.where else None

    def told(self) -> dict[str, Any]:
        """What the table says of itself."""
        own = {
            "level": Level.INSTANCE,
            "profiled": False,
            "version": __version__,
            "columns": list(self.columns),
            "all_tags": self.all_tags,
            "where": self.where,
        }
        return own | ({"layout": LAYOUT, "attributes": described(self.table)} if self.has_headers else {})

    @classmethod
    def of(cls, told: dict[str, Any]) -> Wanted | None:
        """What a table holds by what it says of itself; None where it is no index, or one of another version."""
        if told.get("level") != Level.INSTANCE or told.get("layout") != LAYOUT or told.get("version") != __version__:
            return None
        return cls(tuple(told.get("columns", ())), bool(told.get("all_tags")), str(told.get("where", "")), True)  # noqa: FBT003


@cache
def _selection(text: str) -> Where:
    return checked_where(text)


class Rows(NamedTuple):
    """What became of a batch.

    Attributes
    ----------
    data : bytes
        A piece of the table.
    left_out : tuple of int
        Rows that were not selected.
    """

    data: bytes
    left_out: tuple[int, ...]


def rows_of_batch(paths: Sequence[str], *, wanted: Wanted, pieces: Pieces, shelf: Shelf | None = None) -> Rows:
    """Task: the rows of some files."""
    table = wanted.table
    read = read_header if shelf is None else shelf.read_header
    maker = _Maker(wanted)

    def add(path: str) -> None:
        try:
            maker.add(read(path, table))
        except ConvkitError as err:
            maker.add_problem(path, note_of(err))

    files.prefetch(paths)
    for path in paths:
        attempt(add, path, lambda path, error: maker.add_problem(path, failed_files((path,), error)[0]))
    return maker.rows(pieces)


def failed_batch(paths: Sequence[str], error: Exception, *, wanted: Wanted, pieces: Pieces) -> Rows:
    """What a batch becomes whose task failed as a whole: every file of it is a problem."""
    maker = _Maker(wanted)
    for path, problem in zip(paths, failed_files(paths, error), strict=True):
        maker.add_problem(path, problem)
    return maker.rows(pieces)


class _Maker:
    """Collects rows."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._shown = tuple(map(shown, wanted.columns))
        self._rows: list[dict[str, Any]] = []
        self._found: dict[str, Column] = {}
        self._widened: set[str] = set()

    def add(self, header: Header) -> None:
        unfitting: list[str] = []
        if not _is_selected(header, self._wanted.selection):
            self._rows.append({PATH: path_text(header.path), "bytes": header.size, MODIFIED: header.modified_ns})
            return
        row = instance_row(header, objects.not_convertible(header))
        row[PATH] = path_text(header.path)
        row[SELECTED] = 1
        for each in self._shown:
            row[each.name] = each.cell(header, unfitting)
        if self._wanted.all_tags:
            self._add_all(header.path, row, unfitting)
        if self._wanted.has_headers:
            row[HEADER] = pack(header.parsed)
        row[UNFITTING] = unfitting or None
        self._rows.append(row)

    def _add_all(self, path: str, row: dict[str, Any], unfitting: list[str]) -> None:
        try:
            elements = list(every_element(path))
        except InputError as err:
            row["problems"] = [*row["problems"], err.code]
            return
        for told in elements:
            name = told.column.name
            if name in row or name in _HELD:
                continue
            if told.unfitting:
                unfitting.append(told.unfitting)
            if told.cell is None:
                continue
            known = self._found.setdefault(name, told.column)
            if known != told.column:
                self._found[name] = widened(known, told.column)
                self._widened.add(name)
            row[name] = told.cell

    def add_problem(self, path: str, problem: Note) -> None:
        row: dict[str, Any] = {PATH: path_text(path), "problems": [problem.code], SELECTED: 1}
        if not problem.code.startswith(_PASSING):
            with suppress(InputError):
                row["bytes"], row[MODIFIED] = file_stamp(path)
        self._rows.append(row)

    def rows(self, pieces: Pieces) -> Rows:
        columns = (*self._wanted.asked, *self._found.values(), *self._wanted.ending, _SELECTED)
        values = [[row.get(column.name) for row in self._rows] for column in columns]
        for column, cells in zip(columns, values, strict=True):
            if column.name in self._widened:
                cells[:] = [_fitting(cell, column) for cell in cells]
        left_out = tuple(number for number, row in enumerate(self._rows) if SELECTED not in row)
        return Rows(pieces.encode(Piece(columns, values)), left_out)


_HELD = frozenset({"Rows", "Columns", "Modality"})
"""Attributes that every table of instances has under names which differ in nothing but capitals: some readers of tables
do not tell these apart."""


def _fitting(cell: Any, column: Column) -> Any:
    """A cell in a column that was widened since."""
    if cell is None:
        return None
    parts = cell if isinstance(cell, list) else [cell]
    if column.kind is Kind.TEXT:
        parts = [None if part is None else str(part) for part in parts]
    elif column.kind is Kind.NUMBER:
        parts = [None if part is None else float(part) for part in parts]
    return parts if column.is_list else parts[0]


def _is_selected(header: Header, selection: Where | None) -> bool:
    if selection is None:
        return True
    own = {
        "path": header.path,
        "series": short_hash(header.series_instance_uid),
        "study": short_hash(header.study_instance_uid),
    }
    return selection({name: own[name] if name in own else header.plain(name) for name in selection.names})


def found_columns(wanted: Wanted, columns: Iterable[Column]) -> list[Column]:
    """Columns that only the files told of, among all of some pieces."""
    fixed = {c.name for c in (*wanted.asked, *MORE, _SELECTED)}
    return [column for column in columns if column.name not in fixed]
