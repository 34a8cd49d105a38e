"""Rows to files: CSV, JSON Lines, Parquet."""

from __future__ import annotations

import csv
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from convkit.errors import MissingExtraError, OutputError, UsageError

Rows = Sequence[Mapping[str, Any]]


def save_rows(rows: Rows, path: Path) -> Path:
    """Write rows to a file; its suffix decides the format. Complete or not at all.

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
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            save(rows, aside)
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    except OSError as err:
        raise OutputError(
            f"The table cannot be written ({err.strerror}).",
            str(path),
            "Check space and permissions at the destination.",
        ) from err
    return path


def to_arrow(rows: Rows) -> Any:
    """The rows as a pyarrow.Table.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 (an extra)
    except ImportError as err:
        raise MissingExtraError(
            "pyarrow is not installed.", "", "Install it with: pip install 'convkit[tables]'"
        ) from err
    return pa.Table.from_pylist([dict(row) for row in rows])


def _names(rows: Rows) -> list[str]:
    return list(dict.fromkeys(k for row in rows for k in row))


def _save_csv(rows: Rows, path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _names(rows), lineterminator="\n")
        writer.writeheader()
        writer.writerows({k: _cell(v) for k, v in row.items()} for row in rows)


def _cell(value: Any) -> Any:
    return "|".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def _save_jsonl(rows: Rows, path: Path) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _save_parquet(rows: Rows, path: Path) -> None:
    table = to_arrow(rows)
    import pyarrow.parquet as pq  # noqa: PLC0415 (an extra)

    pq.write_table(table, path)


_FORMATS: dict[str, Callable[[Rows, Path], None]] = {
    ".csv": _save_csv,
    ".jsonl": _save_jsonl,
    ".parquet": _save_parquet,
}
