"""Tables in Arrow's memory and in Parquet; the one place that knows pyarrow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from convkit.errors import MissingExtraError, install
from convkit.model.table import Column, Kind

META_KEY = b"convkit"
LEVEL = 3
"""Of zstd: beyond it, time grows and files hardly shrink."""


def pyarrow() -> Any:
    """The library.

    Raises
    ------
    MissingExtraError
        It is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 (an extra)
    except ImportError as err:
        raise MissingExtraError("pyarrow is not installed.", "", install("tables")) from err
    return pa


def parquet() -> Any:
    """Its module for Parquet; raises as `pyarrow`."""
    pyarrow()
    import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

    return pq


def type_of(column: Column) -> Any:
    """The Arrow type of a column."""
    pa = pyarrow()
    types = {
        Kind.TEXT: pa.string(),
        Kind.INTEGER: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.DATE: pa.date32(),
        Kind.TIME: pa.time64("us"),
        Kind.BINARY: pa.binary(),
    }
    return pa.list_(types[column.kind]) if column.is_list else types[column.kind]


def column_of(field: Any) -> Column:
    """The column that a field of ours was."""
    pa = pyarrow()
    is_list = pa.types.is_list(field.type) or pa.types.is_large_list(field.type)
    inner = field.type.value_type if is_list else field.type
    tests = (
        (pa.types.is_integer, Kind.INTEGER),
        (pa.types.is_floating, Kind.NUMBER),
        (pa.types.is_date, Kind.DATE),
        (pa.types.is_time, Kind.TIME),
        (pa.types.is_binary, Kind.BINARY),
    )
    return Column(field.name, next((kind for test, kind in tests if test(inner)), Kind.TEXT), is_list)


def schema_of(columns: Iterable[Column], metadata: Mapping[str, Any] | None = None) -> Any:
    """The Arrow schema of columns; unit and meaning go with the fields, `metadata` with the whole."""
    pa = pyarrow()
    fields = [pa.field(c.name, type_of(c), metadata=_told(c)) for c in columns]
    return pa.schema(fields, metadata=None if metadata is None else {META_KEY: json.dumps(metadata).encode()})


def _told(column: Column) -> dict[str, str] | None:
    return {k: v for k, v in (("unit", column.unit), ("meaning", column.meaning)) if v} or None


def table_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column] | None, metadata: Any = None) -> Any:
    """Rows as a pyarrow.Table; without columns their types are those of the values."""
    pa = pyarrow()
    if columns is None:
        return pa.Table.from_pylist([dict(row) for row in rows])
    schema = schema_of(columns, metadata)
    arrays = [pa.array([row.get(f.name) for row in rows], f.type) for f in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def fitted(array: Any, own: Column, wanted: Column) -> Any:
    """An array of one column as another, wider one has it."""
    pa = pyarrow()
    if (own.kind, own.is_list) == (wanted.kind, wanted.is_list):
        return array
    return pa.array([_widened(value, own, wanted) for value in array.to_pylist()], type_of(wanted))


def _widened(value: Any, own: Column, wanted: Column) -> Any:
    if value is None:
        return None
    parts = value if own.is_list else [value]
    if wanted.kind is not own.kind:
        change = float if wanted.kind is Kind.NUMBER else str
        parts = [None if part is None else change(part) for part in parts]
    return parts if wanted.is_list else parts[0]


def table_file(path: Path) -> Any:
    """An open Parquet file; None where it is none, or is damaged."""
    pa, pq = pyarrow(), parquet()
    try:
        return pq.ParquetFile(path, memory_map=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError, ValueError):
        return None


def metadata_of(file: Any) -> dict[str, Any]:
    """What was told of a whole file; empty where nothing of ours was."""
    try:
        found = json.loads((file.schema_arrow.metadata or {}).get(META_KEY, b"{}"))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
