"""Headers that an index holds: read from it in place of the files, as long as these are what they were."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from convkit.dicom.attributes import TagTable, table_of
from convkit.dicom.header import Header, read_header
from convkit.dicom.packing import LAYOUT, Unpacking, reads
from convkit.jobs._index.paths import path_of
from convkit.jobs._schema import HEADER, MODIFIED, PATH
from convkit.storage import files
from convkit.tables.stored import StoredTable


@dataclass(frozen=True, slots=True)
class Shelf:
    """Indexes on disk. Small, because it goes to every worker with every batch; what it reads stays there.

    Attributes
    ----------
    indexes : tuple of (path, size, modification time in ns)
    """

    indexes: tuple[tuple[str, int, int], ...]

    def read_header(self, path: str, table: TagTable | None = None) -> Header:
        """As `convkit.dicom.header.read_header`, and the same header, but from an index where it has it."""
        table = table or table_of()
        for index in self.indexes:
            found = _opened(*index).header(path, table)
            if found is not None:
                return found
        return read_header(path, table)


class _Open:
    """One index, a row group of it at hand."""

    def __init__(self, index: str) -> None:
        self._folder = Path(index).parent
        self._table: StoredTable | None = None
        self._least: list[str] = []
        self._number = -1
        self._at_hand: dict[str, tuple[int | None, int | None, bytes | None]] = {}
        self._unpacking: dict[TagTable, Unpacking | None] = {}
        try:
            stored = StoredTable(Path(index))
        except ValueError:
            return
        if stored.metadata.get("layout") == LAYOUT and HEADER in {c.name for c in stored.columns}:
            self._table = stored
            self._least = [text if isinstance(text, str) else "" for text in stored.least(PATH)]

    def header(self, path: str, table: TagTable) -> Header | None:
        """A header; None where the index does not have it, or the file has changed."""
        if self._table is None or (unpacking := self._for(self._table, table)) is None:
            return None
        size, modified, packed = self._row(self._table, path) or (None, None, None)
        if packed is None or size is None or modified is None:
            return None
        try:
            if files.status(path) != (size, modified):
                return None
            return Header(path, size, modified, unpacking.parsed(packed), table)
        except (OSError, ValueError):
            return None

    def _for(self, stored: StoredTable, table: TagTable) -> Unpacking | None:
        """What makes headers of a table; None where the index was not asked to keep all that it needs."""
        if table not in self._unpacking:
            rows = stored.metadata.get("attributes", [])
            self._unpacking[table] = Unpacking(rows, table) if reads(rows, table) else None
        return self._unpacking[table]

    def _row(self, stored: StoredTable, path: str) -> tuple[int | None, int | None, bytes | None] | None:
        if path in self._at_hand:
            return self._at_hand[path]
        number = bisect_right(self._least, path) - 1
        if number < 0 or number == self._number:
            return None
        try:
            texts, *others = stored.cells(number, (PATH, "bytes", MODIFIED, HEADER))
        except ValueError:
            self._at_hand, self._number = {}, number
            return None
        paths = (path_of(text or "", self._folder) for text in texts)
        self._at_hand, self._number = dict(zip(paths, zip(*others, strict=True), strict=True)), number
        return self._at_hand.get(path)


@lru_cache(maxsize=4)
def _opened(index: str, _size: int, _modified: int) -> _Open:
    return _Open(index)
