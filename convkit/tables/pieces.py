"""Tables that are made piece by piece, for which no memory would be large enough.

Pieces travel as bytes, lie in a file aside until all are there, and become rows of CSV, JSON Lines or Parquet.
A piece has columns of its own. What the finished table has is known only when the last piece is there; columns that a
piece lacks are empty in its rows.
"""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Mapping, Sequence
from datetime import date, time
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from convkit.errors import UsageError
from convkit.model.table import Column, Kind
from convkit.tables._arrow import LEVEL, column_of, fitted, parquet, pyarrow, schema_of, type_of

GROUP_ROWS = 16_384
"""Rows of a row group: enough for a dictionary to be worth its place, and few enough to be held with their headers."""

LEAST_ROWS = 2_048
GROUP_CELLS = 1 << 24
"""Cells of a row group where there are very many columns: an empty text takes 4 bytes while it is written."""

Values = Sequence[Sequence[Any]]
"""The cells of a piece, column by column."""


class Piece(NamedTuple):
    """Some rows of a table, column by column.

    Attributes
    ----------
    columns : tuple of Column
    values : sequence of sequences
    """

    columns: tuple[Column, ...]
    values: Values

    def cells(self, name: str) -> Sequence[Any]:
        """The cells of a column."""
        return next(v for c, v in zip(self.columns, self.values, strict=True) if c.name == name)


class Sink(Protocol):
    """A table that is being written."""

    def write(self, piece: Any, start: int, stop: int) -> None:
        """Append rows of a piece."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Pieces(Protocol):
    """How pieces of one kind of table travel."""

    def encode(self, piece: Piece) -> bytes:
        """A piece as bytes."""

    def decode(self, data: bytes) -> Any:
        """A piece, as `columns`, `cells` and a sink take it."""

    def columns(self, piece: Any) -> tuple[Column, ...]:
        """The columns of a piece."""

    def cells(self, piece: Any, name: str) -> Sequence[Any]:
        """The cells of one column."""

    def sink(self, path: Path, columns: Sequence[Column], metadata: Mapping[str, Any], /) -> Sink:
        """Where the finished table goes."""


# --- Parquet ---------------------------------------------------------------------------------------------


class ArrowPieces:
    """Pieces as Arrow record batches."""

    def encode(self, piece: Piece) -> bytes:
        """See `Pieces`."""
        pa = pyarrow()
        schema = schema_of(c._replace(unit="", meaning="") for c in piece.columns)
        arrays = [pa.array(v, f.type) for v, f in zip(piece.values, schema, strict=True)]
        out = pa.BufferOutputStream()
        options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
        with pa.ipc.new_stream(out, schema, options=options) as writer:
            writer.write_batch(pa.record_batch(arrays, schema=schema))
        return bytes(out.getvalue())

    def decode(self, data: bytes) -> Any:
        """See `Pieces`."""
        pa = pyarrow()
        with pa.ipc.open_stream(data, options=pa.ipc.IpcReadOptions(use_threads=False)) as reader:
            return reader.read_next_batch()

    def columns(self, piece: Any) -> tuple[Column, ...]:
        """See `Pieces`."""
        return tuple(map(column_of, piece.schema))

    def cells(self, piece: Any, name: str) -> Sequence[Any]:
        """See `Pieces`."""
        found: list[Any] = piece.column(name).to_pylist()
        return found

    def sink(self, path: Path, columns: Sequence[Column], metadata: Mapping[str, Any]) -> Sink:
        """See `Pieces`."""
        return _ParquetSink(path, columns, metadata)


class _ParquetSink:
    """Rows to row groups."""

    def __init__(self, path: Path, columns: Sequence[Column], metadata: Mapping[str, Any]) -> None:
        pq = parquet()
        self._columns = tuple(columns)
        self._schema = schema_of(columns, metadata)
        self._most = max(LEAST_ROWS, min(GROUP_ROWS, GROUP_CELLS // max(1, len(self._columns))))
        self._waiting: list[Any] = []
        self._rows = 0
        plain = {c.name for c in self._columns if c.kind is Kind.BINARY or c.name == "path"}
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=LEVEL,
            use_dictionary=[_leaf(c) for c in self._columns if c.name not in plain],
            write_statistics=[_leaf(c) for c in self._columns if c.kind is not Kind.BINARY],
        )

    def write(self, piece: Any, start: int, stop: int) -> None:
        """Append rows of a piece."""
        while start < stop:
            end = min(stop, start + self._most - self._rows)
            self._waiting.append(piece.slice(start, end - start))
            self._rows += end - start
            start = end
            if self._rows == self._most:
                self._flush()

    def _flush(self) -> None:
        pa = pyarrow()
        if not self._rows:
            return
        arrays = [pa.chunked_array([self._array(p, c) for p in self._waiting], type_of(c)) for c in self._columns]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=self._rows)
        self._waiting, self._rows = [], 0

    @staticmethod
    def _array(piece: Any, column: Column) -> Any:
        place = piece.schema.get_field_index(column.name)
        if place < 0:
            return pyarrow().nulls(piece.num_rows, type_of(column))
        array = piece.column(place)
        if array.null_count == piece.num_rows:
            return pyarrow().nulls(piece.num_rows, type_of(column))
        return fitted(array, column_of(piece.schema.field(place)), column)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
        finally:
            self._writer.close()


def _leaf(column: Column) -> str:
    """What Parquet calls the values of a column."""
    return f"{column.name}.list.element" if column.is_list else column.name


# --- text ------------------------------------------------------------------------------------------------


class PlainPieces:
    """Pieces as JSON, for tables of text: they need no extra.

    Parameters
    ----------
    sink : class of the sink
    """

    def __init__(self, sink: type[_TextSink]) -> None:
        self._sink = sink

    def encode(self, piece: Piece) -> bytes:
        """See `Pieces`."""
        columns = [[c.name, c.kind, c.is_list] for c in piece.columns]
        text = json.dumps([columns, [list(v) for v in piece.values]], default=plain)
        return zlib.compress(text.encode("utf-8", "surrogatepass"), 1)

    def decode(self, data: bytes) -> Any:
        """See `Pieces`."""
        columns, values = json.loads(zlib.decompress(data))
        return Piece(tuple(Column(n, Kind(k), m) for n, k, m in columns), values)

    def columns(self, piece: Any) -> tuple[Column, ...]:
        """See `Pieces`."""
        found: tuple[Column, ...] = piece.columns
        return found

    def cells(self, piece: Any, name: str) -> Sequence[Any]:
        """See `Pieces`."""
        found: Sequence[Any] = piece.cells(name)
        return found

    def sink(self, path: Path, columns: Sequence[Column], _metadata: Mapping[str, Any]) -> Sink:
        """See `Pieces`; text has no place for what is told of the whole."""
        return self._sink(path, columns)


class _TextSink:
    """Rows to lines."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._file = path.open("w", encoding="utf-8", newline="")
        self._begin()

    def _begin(self) -> None:
        """Write what comes before the rows."""

    def _line(self, row: Sequence[Any]) -> None:
        raise NotImplementedError

    def write(self, piece: Any, start: int, stop: int) -> None:
        """Append rows of a piece."""
        own = {c.name: (c, values) for c, values in zip(piece.columns, piece.values, strict=True)}
        nothing = [None] * stop
        taken = [self._cells(own, c, nothing) for c in self._columns]
        for place in range(start, stop):
            self._line([values[place] for values in taken])

    @staticmethod
    def _cells(
        own: Mapping[str, tuple[Column, Sequence[Any]]], wanted: Column, nothing: Sequence[Any]
    ) -> Sequence[Any]:
        if wanted.name not in own:
            return nothing
        column, values = own[wanted.name]
        if wanted.is_list and not column.is_list:
            return [None if value is None else [value] for value in values]
        return values

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class _CsvSink(_TextSink):
    def _begin(self) -> None:
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([c.name for c in self._columns])

    def _line(self, row: Sequence[Any]) -> None:
        self._writer.writerow([csv_cell(value) for value in row])


class _JsonSink(_TextSink):
    def _line(self, row: Sequence[Any]) -> None:
        self._file.write(json_line({c.name: value for c, value in zip(self._columns, row, strict=True)}))


def csv_cell(value: Any) -> Any:
    """A cell as CSV holds it: values of a list between bars."""
    if isinstance(value, (list, tuple)):
        return "|".join("" if each is None else str(each) for each in value)
    return value


def json_line(row: Mapping[str, Any]) -> str:
    """A row as a line of JSON."""
    return json.dumps(row, ensure_ascii=False, default=plain) + "\n"


def plain(value: Any) -> str:
    """A cell that JSON does not know, as ISO 8601 has it."""
    if isinstance(value, (date, time)):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} is no cell")


def pieces_for(path: Path) -> Pieces:
    """How the pieces of a table travel; its suffix decides.

    Raises
    ------
    UsageError
        The suffix is none that is known.
    MissingExtraError
        Parquet without pyarrow.
    """
    suffix = path.suffix.lower()
    if suffix == ".parquet":
        pyarrow()
        return ArrowPieces()
    sink = {".csv": _CsvSink, ".jsonl": _JsonSink}.get(suffix)
    if sink is None:
        raise UsageError("The table's suffix is not known.", str(path), "Choose one of .csv, .jsonl, .parquet.")
    return PlainPieces(sink)
