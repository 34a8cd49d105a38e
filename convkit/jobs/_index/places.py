"""Which row of which piece each file of an index has: what is known already, and in which order all is put together."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from convkit.jobs._index.paths import path_of
from convkit.jobs._index.rows import SELECTED
from convkit.jobs._schema import MODIFIED, PATH
from convkit.storage import files
from convkit.tables.pieces import Pieces
from convkit.tables.stored import StoredTable
from convkit.tables.unfinished import Span, Unfinished

_UNKNOWN, _LEFT_OUT = -1, -2

MOST_AT_HAND = 6
"""Pieces that are held while rows are put together: those of two runs and of an older table interleave."""


class Store(Protocol):
    """Where a piece lies."""

    def piece(self) -> Any:
        """The piece."""


class OfUnfinished(NamedTuple):
    """A piece of the unfinished table."""

    unfinished: Unfinished
    span: Span
    pieces: Pieces

    def piece(self) -> Any:
        """The piece."""
        return self.pieces.decode(self.unfinished.read(self.span))


class OfStored(NamedTuple):
    """A row group of an older table."""

    stored: StoredTable
    number: int

    def piece(self) -> Any:
        """The piece."""
        return self.stored.group(self.number)


class Run(NamedTuple):
    """Rows of one piece that follow each other in the finished table.

    Attributes
    ----------
    store : int
    start, stop : int
    """

    store: int
    start: int
    stop: int


class Places:
    """For each file its piece and its row.

    Parameters
    ----------
    paths : sequence of str
        In the order of the table.
    folder : Path
        Of the table.

    Attributes
    ----------
    stores : list of Store
    """

    def __init__(self, paths: Sequence[str], folder: Path) -> None:
        self._paths = paths
        self._folder = folder
        self._store = array("l", [_UNKNOWN]) * len(paths)
        self._row = array("l", [0]) * len(paths)
        self._position: dict[str, int] = {}
        self.stores: list[Store] = []

    def know(self, store: Store, piece: Any, cells: Callable[[Any, str], Sequence[Any]]) -> None:
        """Take over what a piece says of files that have not changed since."""
        if not self._position:
            self._position = {path: number for number, path in enumerate(self._paths)}
        number = len(self.stores)
        self.stores.append(store)
        is_marked = any(column == SELECTED for column in _names(piece))
        marks = cells(piece, SELECTED) if is_marked else None
        columns = (cells(piece, name) for name in (PATH, "bytes", MODIFIED))
        for row, (text, size, modified) in enumerate(zip(*columns, strict=True)):
            path = path_of(text, self._folder)
            position = self._position.get(path)
            if position is None or size is None or not _is_unchanged(path, size, modified):
                continue
            self._store[position] = number if marks is None or marks[row] else _LEFT_OUT
            self._row[position] = row

    def forget_names(self) -> None:
        """Free what only `know` needs."""
        self._position = {}

    def unknown(self) -> list[int]:
        """Positions of the files of which no piece tells."""
        return [position for position, store in enumerate(self._store) if store == _UNKNOWN]

    def add(self, store: Store, positions: Sequence[int], left_out: Sequence[int]) -> None:
        """Take over a piece that was just made of the files at some positions."""
        number = len(self.stores)
        self.stores.append(store)
        for row, position in enumerate(positions):
            self._store[position] = number
            self._row[position] = row
        for row in left_out:
            self._store[positions[row]] = _LEFT_OUT

    def runs(self) -> Iterator[Run]:
        """Yield all rows in the order of the table."""
        store, start, stop = _LEFT_OUT, 0, 0
        for own, row in zip(self._store, self._row, strict=True):
            if own == store and row == stop:
                stop += 1
                continue
            if store >= 0:
                yield Run(store, start, stop)
            store, start, stop = own, row, row + 1
        if store >= 0:
            yield Run(store, start, stop)

    @property
    def used(self) -> set[int]:
        """Numbers of the stores of which any row is taken."""
        return {store for store in set(self._store) if store >= 0}


def _names(piece: Any) -> list[str]:
    schema = getattr(piece, "schema", None)
    return list(schema.names) if schema is not None else [column.name for column in piece.columns]


def _is_unchanged(path: str, size: int, modified: int | None) -> bool:
    try:
        return files.status(path) == (size, modified)
    except OSError:
        return False


class AtHand:
    """Pieces, the last few of which are kept."""

    def __init__(self, stores: Sequence[Store]) -> None:
        self._stores = stores
        self._kept: dict[int, Any] = {}

    def piece(self, store: int) -> Any:
        """A piece."""
        if store not in self._kept:
            if len(self._kept) >= MOST_AT_HAND:
                del self._kept[next(iter(self._kept))]
            self._kept[store] = self._stores[store].piece()
        else:
            self._kept[store] = self._kept.pop(store)  # the one used last goes last
        return self._kept[store]
