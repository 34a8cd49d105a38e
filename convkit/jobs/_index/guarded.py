"""An index is not replaced by a table of another kind: to make it anew takes long, and only its level was forgotten."""

from __future__ import annotations

import os
from pathlib import Path

from convkit.errors import ConvkitError, OutputError
from convkit.jobs._schema import Level
from convkit.storage import files


def check_no_index(target: str | os.PathLike[str], level: str) -> None:
    """Refuse to put a table of another level in the place of a saved index.

    Raises
    ------
    OutputError
        The file is an index.
    """
    name = os.fspath(target)
    is_there = name.lower().endswith(".parquet") and not files.is_url(name) and Path(name).is_file()
    if level == Level.INSTANCE or not is_there or not _is_index(Path(name)):
        return
    what = f"The file is an index, which a table of level {level} would replace."
    raise OutputError(what, name, "Name another file, add --level instance, or remove it.", "output.exists-refused")


def _is_index(path: Path) -> bool:
    from convkit.tables.stored import StoredTable  # noqa: PLC0415 (pyarrow, an extra)

    try:
        stored = StoredTable(path)
    except (ValueError, ConvkitError):
        return False
    try:
        return stored.metadata.get("level") == Level.INSTANCE
    finally:
        stored.close()
