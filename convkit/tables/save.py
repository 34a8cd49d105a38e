"""Rows to files: CSV, JSON Lines, Parquet."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from convkit.errors import MissingExtraError, OutputError, UsageError
from convkit.model.table import Column
from convkit.tables._arrow import parquet, pyarrow, table_of
from convkit.tables.pieces import csv_cell, json_line

Rows = Sequence[Mapping[str, Any]]
Columns = Sequence[Column]


def save_rows(
    rows: Rows, path: Path, columns: Columns | None = None, metadata: Mapping[str, Any] | None = None
) -> Path:
    """Write rows to a file; its suffix decides the format. Complete or not at all.

    Parameters
    ----------
    rows : sequence of mappings
    path : Path
    columns : sequence of Column, or None
        Their names, order and types; None takes what the rows have.
    metadata : mapping or None
        What Parquet says of the whole table beside the columns.

    Raises
    ------
    UsageError
        The suffix is none of ``.csv``, ``.jsonl``, ``.parquet``.
    MissingExtraError
        Parquet without pyarrow.
    OutputError
        The file cannot be written.
    """
    save = _FORMATS.get(path.suffix.lower())
    if save is None:
        raise UsageError("The table's suffix is not known.", str(path), f"Choose one of {', '.join(_FORMATS)}.")
    with table_aside(path) as aside:
        save(rows, aside, columns, metadata)
    return path


@contextmanager
def table_aside(path: Path) -> Iterator[Path]:
    """A path for a table that takes its place when the block ends without an exception.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
        try:
            yield aside
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Write what becomes a table, in a block.

    Raises
    ------
    OutputError
        The operating system refuses.
    """
    try:
        yield
    except OSError as err:
        raise OutputError(
            f"The table cannot be written ({err.strerror}).",
            str(path),
            "Check space and permissions at the destination.",
        ) from err


def to_arrow(rows: Rows, columns: Columns | None = None) -> Any:
    """The rows as a pyarrow.Table.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    """
    return table_of(rows, columns)


def to_pandas(table: Any) -> Any:
    """A pyarrow.Table as a pandas.DataFrame; columns of integers keep them, with ``<NA>`` where there is none.

    Raises
    ------
    MissingExtraError
        pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415 (an extra)
    except ImportError as err:
        raise MissingExtraError("pandas is not installed.", "", "Install it with: pip install pandas") from err
    return table.to_pandas(types_mapper={pyarrow().int64(): pd.Int64Dtype()}.get)


def _names(rows: Rows, columns: Columns | None) -> list[str]:
    return [c.name for c in columns] if columns is not None else list(dict.fromkeys(k for row in rows for k in row))


def _save_csv(rows: Rows, path: Path, columns: Columns | None, _metadata: Any) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _names(rows, columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: csv_cell(v) for k, v in row.items()} for row in rows)


def _save_jsonl(rows: Rows, path: Path, _columns: Columns | None, _metadata: Any) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(map(json_line, rows))


def _save_parquet(rows: Rows, path: Path, columns: Columns | None, metadata: Any) -> None:
    parquet().write_table(table_of(rows, columns, metadata), path, compression="zstd")


_FORMATS: dict[str, Callable[[Rows, Path, Columns | None, Any], None]] = {
    ".csv": _save_csv,
    ".jsonl": _save_jsonl,
    ".parquet": _save_parquet,
}
