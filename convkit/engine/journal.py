"""The journal of a destination: which items are finished, so that the same command run again goes on.

It lies in ``DEST/.convkit/journal.sqlite`` and belongs to one run at a time. Only the parent process writes
it, after the files of an item are in their place; a crash in between means that the item is done once more.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from stat import S_ISDIR
from typing import TYPE_CHECKING, Self

from convkit.engine.outcome import Json, Status
from convkit.errors import OutputError
from convkit.model.notes import Note
from convkit.storage.files import status, url_behind
from convkit.storage.lock import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

FOLDER = ".convkit"
"""Where a destination keeps what is convkit's own."""

COMMIT_INTERVAL_S = 0.2
"""A commit waits for the disk, so many small items share one; a crash costs the last of them."""

LOCK_WAIT_S = 5.0
"""Workers of a killed run hold its lock for up to their grace of 2 s; another run's is waited for in vain."""

_FILE = "journal.sqlite"
_LAYOUT = 1
_SCHEMA = f"""
CREATE TABLE item (
    key TEXT, fingerprint TEXT, status TEXT NOT NULL,
    outputs TEXT NOT NULL,      -- JSON: [[path, size], ...]
    notes TEXT NOT NULL,        -- JSON
    facts TEXT NOT NULL,        -- JSON
    PRIMARY KEY (key, fingerprint)
) WITHOUT ROWID;
CREATE TABLE owner (path TEXT PRIMARY KEY, key TEXT NOT NULL, fingerprint TEXT NOT NULL) WITHOUT ROWID;
PRAGMA user_version = {_LAYOUT};
"""
_FOLDER_SIZE = -1  # the recorded size of an output that is a folder

_quoted = json.encoder.encode_basestring_ascii  # a text as JSON

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """A finished item.

    Attributes
    ----------
    status : Status
        What became of it when it was done.
    outputs : tuple of str
        POSIX paths relative to the destination.
    notes : tuple of Note
    facts : mapping of str to JSON value
    """

    status: Status = Status.DONE
    outputs: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    facts: Mapping[str, Json] = field(default_factory=dict, hash=False)


class Journal:
    """The journal of one destination; made by `Journal.open`.

    Attributes
    ----------
    moved_aside : Path or None
        Where an unusable journal was put, if there was one.
    """

    def __init__(self, dest: Path, connection: sqlite3.Connection, *, moved_aside: Path | None) -> None:
        self.moved_aside = moved_aside
        self._dest = dest
        self._reported = _Reported(dest)
        self._connection = connection
        self._committed_at = float("-inf")
        self._claims: dict[str, tuple[str, str]] = {}  # what this run has claimed, and not recorded yet

    @classmethod
    @contextmanager
    def open(cls, dest: Path) -> Iterator[Self]:
        """Open the journal of `dest` for this run alone; a context manager.

        Raises
        ------
        OutputError
            Another run writes into `dest`, or the journal cannot be written.
        """
        folder = dest / FOLDER
        with _locked(folder):
            with _Reported(dest):
                connection, moved_aside = _connect(folder / _FILE)
            with closing(connection):
                journal = cls(dest, connection, moved_aside=moved_aside)
                try:
                    yield journal
                finally:
                    journal.flush()

    def finished(self, key: str, fingerprint: str) -> Record | None:
        """The record of an item, if it is finished and all its outputs are there and still its own.

        Parameters
        ----------
        key : str
            `identity` of the item's source.
        fingerprint : str
            `fingerprint` of the options.
        """
        query = "SELECT status, outputs, notes, facts FROM item WHERE key = ? AND fingerprint = ?"
        with self._reported:
            row = self._connection.execute(query, (key, fingerprint)).fetchone()
            if row is None:
                return None
            status, outputs, notes, facts = row
            for path, size in json.loads(outputs):
                if self._owner(path) != (key, fingerprint) or self._size(path) != size:
                    return None
        paths = tuple(path for path, _ in json.loads(outputs))
        return Record(Status(status), paths, tuple(map(Note.from_json, json.loads(notes))), json.loads(facts))

    def record(self, key: str, fingerprint: str, record: Record) -> None:
        """Remember a finished item; its outputs are in their place and belong to it from now on.

        Raises
        ------
        OutputError
            An output is not there, or the journal cannot be written.
        """
        sizes = [(path, self._size_of(path)) for path in record.outputs]
        row = (
            key,
            fingerprint,
            str(record.status),
            f"[{','.join(f'[{_quoted(path)},{size}]' for path, size in sizes)}]",  # a third of the price of json.dumps
            json.dumps([each.to_json() for each in record.notes]) if record.notes else "[]",
            json.dumps(dict(record.facts)) if record.facts else "{}",
        )
        owned = [(p, key, fingerprint) for p in record.outputs if self._claims.pop(p, None) != (key, fingerprint)]
        with self._reported:
            self._connection.execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?, ?)", row)
            if owned:
                self._connection.executemany("INSERT OR REPLACE INTO owner VALUES (?, ?, ?)", owned)
            if time.monotonic() - self._committed_at >= COMMIT_INTERVAL_S:
                self.flush()

    def claim(self, rows: Iterable[tuple[str, str, str]]) -> None:
        """Say which outputs a run is about to write: (path, key, fingerprint) each.

        A file that is there after a crash, claimed and not recorded, is known for what it is.
        """
        claimed = list(rows)
        with self._reported:
            self._connection.executemany("INSERT OR REPLACE INTO owner VALUES (?, ?, ?)", claimed)
        self.flush()
        self._claims |= {path: (key, fingerprint) for path, key, fingerprint in claimed}

    def is_claimed(self, path: str, key: str, fingerprint: str) -> bool:
        """True where the output was last claimed or written by this very item."""
        with self._reported:
            return self._owner(path) == (key, fingerprint)

    def owner(self, path: str) -> str | None:
        """The key of the item that wrote the output last, or None where none did.

        Parameters
        ----------
        path : str
            POSIX path relative to the destination.
        """
        with self._reported:
            found = self._owner(path)
        return found[0] if found else None

    def has_others(self, start: str) -> bool:
        """True where an item was finished under options whose fingerprint does not start so."""
        query = "SELECT 1 FROM item WHERE substr(fingerprint, 1, ?) != ? LIMIT 1"
        with self._reported:
            return self._connection.execute(query, (len(start), start)).fetchone() is not None

    def copy_to(self, path: Path) -> None:
        """Write all that is recorded into another file, complete in itself.

        Raises
        ------
        OutputError
            It cannot be written.
        """
        self.flush()
        with self._reported, closing(sqlite3.connect(path)) as copy:
            self._connection.backup(copy)

    def flush(self) -> None:
        """Commit what is recorded."""
        with self._reported:
            self._connection.commit()
        self._committed_at = time.monotonic()

    def _owner(self, path: str) -> tuple[str, str] | None:
        query = "SELECT key, fingerprint FROM owner WHERE path = ?"
        found: tuple[str, str] | None = self._connection.execute(query, (path,)).fetchone()
        return found

    def _size_of(self, path: str) -> int:
        size = self._size(path)
        if size is None:
            raise OutputError("An output is gone before it was recorded.", path)
        return size

    def _size(self, path: str) -> int | None:
        """Size of an output in bytes; -1 for a folder, None where there is nothing."""
        try:
            found = os.stat(f"{self._dest}/{path}")  # noqa: PTH116 (called a hundred thousand times in a run)
        except OSError:
            return _size_in_storage(f"{self._dest}/{path}")
        return _FOLDER_SIZE if S_ISDIR(found.st_mode) else found.st_size


def _size_in_storage(path: str) -> int | None:
    """Size of an output that another machine has written into storage; None for anything else."""
    url = url_behind(path)
    try:
        return None if url is None else status(url).size
    except OSError:
        return None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Make the folder and hold its lock."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / "lock", wait_s=LOCK_WAIT_S)
    except BlockingIOError as err:
        what = "Another run of convkit is writing here."
        hint = "Wait for its end, or choose another destination."
        raise OutputError(what, str(folder.parent), hint) from err
    except OSError as err:
        what = f"The journal folder {FOLDER} cannot be made ({err.strerror})."
        hint = "Check space and permissions at the destination."
        raise OutputError(what, str(folder.parent), hint) from err
    with lock:
        yield


class _Reported:
    """Turns errors of SQLite into `OutputError`; a class, as it surrounds every call of a run over many items."""

    __slots__ = ("_dest",)

    def __init__(self, dest: Path) -> None:
        self._dest = dest

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, err: BaseException | None, _trace: object) -> None:
        if isinstance(err, sqlite3.Error):
            what = f"The journal in {FOLDER} cannot be used ({err.sqlite_errorname})."
            hint = f"Check space and permissions at the destination, or remove {FOLDER} to start anew."
            raise OutputError(what, str(self._dest), hint) from err


def _connect(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """A sound journal, and where an unsound one was put."""
    if (connection := _opened(path)) is not None:
        return connection, None
    aside = _move_aside(path)
    _log.warning("the journal was unusable and is now %s", aside.name)
    connection = _opened(path)
    assert connection is not None  # noqa: S101 (a new file is sound)
    return connection, aside


def _opened(path: Path) -> sqlite3.Connection | None:
    """The journal, made if missing; None where the file is corrupt or of another layout."""
    connection = sqlite3.connect(path)
    try:
        sound = _is_sound(connection)
    except BaseException:
        connection.close()
        raise
    if sound:
        return connection
    connection.close()
    return None


def _is_sound(connection: sqlite3.Connection) -> bool:
    try:
        # Alone with the file there is no shared memory, so the write-ahead log works on network file systems.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (layout, tables) == (0, 0):
            connection.executescript(_SCHEMA)
            return True
        return bool(layout == _LAYOUT and connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except sqlite3.DatabaseError as err:
        if getattr(err, "sqlite_errorcode", None) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return False
        raise


def _move_aside(path: Path) -> Path:
    """Rename the journal to the first free name; what belongs to it goes along."""
    number = 1
    while (aside := path.with_name(f"journal-unusable-{number}.sqlite")).exists():
        number += 1
    path.replace(aside)
    for suffix in ("-wal", "-shm", "-journal"):
        companion = path.with_name(path.name + suffix)
        if companion.exists():
            companion.replace(aside.with_name(aside.name + suffix))
    return aside
