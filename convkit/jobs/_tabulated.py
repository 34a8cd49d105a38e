"""A collection as a table: what `convkit.jobs.collection.Collection` does where it is asked for one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from convkit.errors import UsageError
from convkit.jobs._index.guarded import check_no_index
from convkit.jobs._index.paths import absolute, path_text
from convkit.jobs._rows import rows_of
from convkit.jobs._schema import MORE, PATH, Level, schema
from convkit.model.table import Column
from convkit.storage import files
from convkit.tables import save_rows, to_arrow

if TYPE_CHECKING:
    from convkit.jobs._sources import Source
    from convkit.jobs.collection import Collection


def rows(collection: Collection, level: str, columns: Sequence[str]) -> list[dict[str, Any]]:
    """See `Collection.to_rows`."""
    known = _checked(level)
    schema(known, columns)  # what is asked for exists
    return rows_of(known, collection.series, collection.planned, tuple(columns))


def arrow(collection: Collection, level: str, columns: Sequence[str]) -> Any:
    """See `Collection.to_arrow`."""
    found = rows(collection, level, columns)
    return to_arrow(found, _columns(collection, level, columns, found))


def save(collection: Collection, path: Source, level: str, columns: Sequence[str]) -> Source:
    """See `Collection.save`."""
    check_no_index(path, level)
    found = rows(collection, level, columns)
    is_redacted = _is_redacted(collection)
    if level == Level.INSTANCE and not is_redacted:
        found = [row | {PATH: path_text(absolute(row[PATH]))} for row in found]
    told = {"level": level, "profiled": is_redacted}
    with files.landing(os.fspath(path)) as place:
        save_rows(found, place, _columns(collection, level, columns, found), told)
    return path if files.is_url(os.fspath(path)) else place


def _checked(level: str) -> Level:
    if level not in tuple(Level):
        raise UsageError(f"{level!r} is not a level.", "--level", f"Choose one of {', '.join(Level)}.")
    return Level(level)


def _columns(
    collection: Collection, level: str, columns: Sequence[str], found: Sequence[Mapping[str, Any]]
) -> tuple[Column, ...]:
    named = schema(_checked(level), columns, is_redacted=_is_redacted(collection))
    unfitting = MORE[0]
    return (*named, unfitting) if any(unfitting.name in row for row in found) else named


def _is_redacted(collection: Collection) -> bool:
    return any(series.first.redaction is not None for series in collection.series)
