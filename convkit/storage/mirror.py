"""Object storage as a destination: a local folder that stands for it while a run writes.

Every file is written whole here and sent whole, and then only its length is kept: an empty file that is as long. So
who asks whether an output is there, and how long it is, asks the local disk. What is convkit's own (the journal, what
a page shows) is here with its content, and is sent now and then and at the end. After a crash the folder stays, and
the next run on this machine begins with its journal; one on another machine begins with the journal that was sent last.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from convkit.errors import EngineError, OutputError, UsageError
from convkit.storage import loss, remote
from convkit.storage._private import private_folder
from convkit.storage.files import MIRRORED, Status, shown, url_behind
from convkit.storage.lock import FileLock

OWN = ".convkit"
"""Folder of what is convkit's own in a destination."""

JOURNAL = f"{OWN}/journal.sqlite"
_LOCK = f"{OWN}/lock"

_SENT = f"{MIRRORED}.json"
"""Beside the folder: which journal lies in the storage, as far as this machine knows, and by which run."""

_LOCAL_LOCK = f"{MIRRORED}.lock"
_JOURNAL_COPY = f"{MIRRORED}.sqlite"
_ROOTS = "~mirror~"

SAVE_INTERVAL_S = 10.0
"""A journal is sent so often; a crash of the machine costs the memory of what was done since."""

BEAT_S = 20.0
STALE_S = 90.0
"""A lock that is older was left by a run that is no more: four beats may be late."""

_LOCAL_WAIT_S = 5.0


def root_of(url: str) -> Path:
    """The local folder that stands for a URL.

    Raises
    ------
    UsageError
        It cannot be a destination.
    MissingExtraError
        A library for the storage is not installed.
    """
    remote.checked_url(url)
    scheme, _, rest = url.partition("://")
    parts = [part for part in rest.split("/") if part]
    if not parts or {".", "..", MIRRORED} & set(parts):
        raise UsageError("The URL names no folder in a bucket.", "--output", "Such as s3://bucket/folder.")
    return private_folder() / _ROOTS / "/".join([scheme, *parts]) / MIRRORED


class Mirror:
    """A destination in object storage while a run writes into it; made by `mirrored`.

    Attributes
    ----------
    root : Path
        The local folder.
    is_lost : bool
        True where the storage is known to be lost: nothing is asked of it at the end, and what is here stays.
    """

    def __init__(self, url: str, root: Path) -> None:
        self.root = root
        self.is_lost = False
        self._url = url.rstrip("/")
        self._memory = root.parent / _SENT
        self._run = os.urandom(8).hex()
        self._saved_at = float("-inf")
        self._is_sent = False
        self._ended = Event()

    def begin(self) -> None:
        """Lock the storage, and bring here what is known of it."""
        known = self._remembered()
        self._take_lock(str(known.get("run", "")))
        self._memory.write_text(json.dumps({**known, "run": self._run}), "ascii")
        entries = {entry.url.removeprefix(f"{self._url}/"): entry.status for entry in self._there()}
        self._keep_own_only(entries, known.get("journal"))
        for name, status in entries.items():
            if name.startswith(f"{OWN}/"):
                if name.endswith(".json"):
                    self._fetch(name)
            else:
                _stub(self.root / name, status.size)
        Thread(target=self._beat, daemon=True).start()

    def _there(self) -> list[remote.Entry]:
        try:
            return remote.listed(self._url)
        except FileNotFoundError:
            bucket = "/".join(self._url.split("/")[:3])
            system, path = remote.filesystem_of(bucket)
            if not remote.tried(lambda: system.exists(path), bucket):
                raise
            return []  # a folder that nothing is in yet

    def _remembered(self) -> dict[str, object]:
        try:
            found = json.loads(self._memory.read_text("ascii"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _take_lock(self, earlier_run: str) -> None:
        url = f"{self._url}/{_LOCK}"
        try:
            held = remote.fetch(url).decode("ascii", "replace")
        except FileNotFoundError:
            held = ""
        if held and held != earlier_run:
            written = remote.modified_ns(url) / 1e9
            if datetime.now(UTC).timestamp() - written < STALE_S:
                what = "Another run of convkit is writing here, or was killed less than two minutes ago."
                raise OutputError(what, self._url, "Wait for its end, or choose another destination.")
        remote.write(url, self._run.encode("ascii"))
        if remote.fetch(url) != self._run.encode("ascii"):
            raise OutputError("Another run of convkit is writing here.", self._url, "Choose another destination.")

    def _keep_own_only(self, entries: dict[str, Status], sent: object) -> None:
        """Remove all that an earlier run has left but a journal that is newer than the one in the storage."""
        there = entries.get(JOURNAL)
        journal = self.root / JOURNAL
        is_newer = journal.exists() and (there is None or list(there) == sent)
        for path in self.root.iterdir():
            if path.name != OWN:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        if not is_newer:
            shutil.rmtree(self.root / OWN, ignore_errors=True)
            if there is not None:
                self._fetch(JOURNAL)
        (self.root / OWN).mkdir(exist_ok=True)

    def _fetch(self, name: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(remote.fetch(f"{self._url}/{name}"))

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_S):
            with suppress(OSError):
                remote.write(f"{self._url}/{_LOCK}", self._run.encode("ascii"))

    def save(self, copy: Callable[[Path], object]) -> None:
        """Send the journal.

        Parameters
        ----------
        copy : callable
            Makes a copy of the journal at a path.
        """
        self._saved_at = time.monotonic()
        self._is_sent = False
        aside = self.root.parent / _JOURNAL_COPY
        aside.unlink(missing_ok=True)
        try:
            copy(aside)
            self._send_journal(aside)
            self._is_sent = True
        finally:
            aside.unlink(missing_ok=True)

    @property
    def is_due(self) -> bool:
        """True where the journal was not sent a moment ago."""
        return time.monotonic() - self._saved_at >= SAVE_INTERVAL_S

    def _send_journal(self, path: Path) -> None:
        url = f"{self._url}/{JOURNAL}"
        remote.send(str(path), url)
        remote.modified_ns(url)
        self._memory.write_text(json.dumps({"run": self._run, "journal": list(remote.status(url))}), "ascii")

    def end(self) -> None:
        """Give the lock back and leave nothing here; a journal that could not be sent stays."""
        self._ended.set()
        if self.is_lost:
            return
        try:
            remote.remove(f"{self._url}/{_LOCK}")
        except OSError as err:
            _log.warning("the lock at the destination could not be removed: %s", err.strerror)
            return
        if self._is_sent or not (self.root / JOURNAL).exists():
            self._memory.unlink(missing_ok=True)
            shutil.rmtree(self.root, ignore_errors=True)


_mirrors: dict[str, Mirror] = {}
"""Those that this process writes into, by their roots."""


@contextmanager
def mirrored(url: str) -> Iterator[Path]:
    """A folder that stands for a URL until the block ends.

    Raises
    ------
    OutputError
        The storage refuses, or another run is writing there.
    """
    root = root_of(url)
    try:
        lock = _local_lock(root)
    except BlockingIOError as err:
        hint = "Wait for its end, or choose another destination."
        raise OutputError("Another run of convkit is writing here.", url, hint) from err
    except OSError as err:
        what = f"The temporary folder for the destination cannot be used ({err.strerror})."
        raise OutputError(what, str(root), "Name another one in TMPDIR.") from err
    with _swept(root), lock:
        one = Mirror(url, root)
        _mirrors[str(root)] = one
        try:
            with _as_output_errors(url):
                one.begin()
            try:
                yield root
            except EngineError as err:
                one.is_lost = err.where == loss.place_of(url)
                raise
            finally:
                one.end()
        finally:
            del _mirrors[str(root)]


def _local_lock(root: Path) -> FileLock:
    """The lock of a folder that stands for a URL, which is made; it goes with the run."""
    for is_last in (False, True):
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return FileLock(root.parent / _LOCAL_LOCK, wait_s=_LOCAL_WAIT_S, is_kept=False)
        except FileNotFoundError:  # the folder was swept at the end of another run, just now
            if is_last:
                raise
    raise AssertionError("the last try returns or raises")


@contextmanager
def _swept(root: Path) -> Iterator[None]:
    """Remove folders of ours that are empty at the end: what could not be sent stays, and so does what others hold."""
    try:
        yield
    finally:
        with suppress(OSError):
            root.rmdir()  # of a run that was refused
        with suppress(OSError):
            for folder in root.parents:
                folder.rmdir()
                if folder.name == _ROOTS:
                    break


@contextmanager
def _as_output_errors(url: str) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        what = f"The destination cannot be used: {err.strerror or type(err).__name__}."
        raise OutputError(what, url, "Check the address and the credentials, and run the same command again.") from err


def save_journal(root: Path, copy: Callable[[Path], object], *, is_last: bool) -> None:
    """Send the journal of a destination in object storage: at the end, or where that was not done a moment ago.

    Raises
    ------
    OutputError
        The storage refuses at the end; on the way it is tried again later.
    """
    one = _mirrors.get(str(root))
    if one is None or not (is_last or one.is_due):
        return
    try:
        with _as_output_errors(shown(str(root))):
            one.save(copy)
    except OutputError as err:
        if is_last:
            raise
        _log.warning("the journal could not be sent: %s", err.what)


_log = logging.getLogger(__name__)


def send(aside: str, final: str) -> None:
    """Send a file that was written aside to where its final path stands for, and keep only its length.

    Where not even the lock of the run can be read, the destination is lost, and that is reported.

    Raises
    ------
    OSError
        The storage refuses; nothing is there.
    """
    url = url_behind(final)
    if url is None:
        raise OSError(errno.EINVAL, "the path stands for no object", final)
    try:
        remote.send(aside, url)
    except OSError as err:
        if loss.is_watched() and not _is_there(f"{shown(_root_in(final))}/{_LOCK}"):
            loss.report(url, err.strerror or type(err).__name__)
        raise
    if f"/{MIRRORED}/{OWN}/" not in final.replace(os.sep, "/"):
        _emptied(aside, os.stat(aside).st_size)  # noqa: PTH116 (of every output)
    os.replace(aside, final)  # noqa: PTH105 (as above)


def _root_in(path: str) -> str:
    """The folder that stands for a destination, in the path of one of its outputs."""
    return path[: path.index(MIRRORED) + len(MIRRORED)]


def _is_there(url: str) -> bool:
    try:
        remote.fetch(url)
    except OSError:
        return False
    return True


def prepare(folder: str) -> None:
    """Make a folder below one that stands for a URL; nobody else may look into it.

    Raises
    ------
    OSError
    """
    base = folder.replace(os.sep, "/").partition(f"/{_ROOTS}/")[0]
    os.makedirs(base, 0o700, exist_ok=True)  # noqa: PTH103 (of every folder)
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 (as above)


def _stub(path: Path, size: int) -> None:
    with suppress(OSError, ValueError):  # a name that only object storage can have is nothing that is asked for
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        _emptied(str(path), size)


def _emptied(path: str, size: int) -> None:
    """Leave nothing in a file but its length; whoever reads it by mistake is refused, where the system can."""
    os.truncate(path, 0)
    os.truncate(path, size)
    os.chmod(path, 0)  # noqa: PTH101 (of every output)
