"""Objects in object storage, by fsspec: listed, read in ranges, sent whole.

Credentials and addresses of servers come from the environment and the configuration files that each kind of storage
has; none is taken from a URL, and none is ever shown. All that goes wrong is an `OSError` that says in words what did.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from convkit.errors import MissingExtraError, UsageError, install
from convkit.storage import loss
from convkit.storage._parts import Seeking
from convkit.storage.files import Raw, Status

T = TypeVar("T")

FIRST_BYTES = 1 << 17
"""Fetched at once of an object: most headers, with what stands before them."""

_BLOCK_BYTES = 1 << 20
_LONG_READ = 1 << 19
"""A read that is longer is made as it is, past the blocks."""

_MOST_BLOCKS = 8
_MOST_STATUSES = 1 << 20
_MOST_BEGINNINGS = 256
_MOST_HELD = 1 << 26
"""Bytes that are fetched beforehand and held."""

_MOST_WHOLE = 1 << 23
"""Bytes of an object that is fetched whole where it will be read; a longer one takes long enough by itself."""

_AT_ONCE = 32

_TRIES, _FIRST_WAIT_S = 4, 0.25
"""For storage whose library does not try again by itself; those of S3, Google and Azure do, for ten seconds or more."""

_ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl"})
"""Kinds of storage in which an object is there whole or not at all."""

_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs"}

_REFUSED = frozenset({
    "NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "ClientAuthenticationError",
})  # fmt: skip
_UNREACHED = frozenset({
    "EndpointConnectionError", "ConnectTimeoutError", "ConnectionClosedError", "ReadTimeoutError", "FSTimeoutError",
    "ServiceRequestError", "ServerDisconnectedError", "ServerTimeoutError", "ClientConnectorError",
})  # fmt: skip
"""Names of errors of libraries that are no `OSError`, or none that says so."""

_UNCONNECTED = frozenset({
    "EndpointConnectionError", "ConnectTimeoutError", "ClientConnectorError", "ServiceRequestError",
    "ConnectionRefusedError",
})  # fmt: skip
"""Of these, the ones that no object has to itself: nobody answers at all."""

_FOR_GOOD = (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError)


_NOT_REACHED = "the storage cannot be reached"


class Entry(NamedTuple):
    """An object that was listed."""

    url: str
    status: Status


def checked_url(url: str) -> str:
    """A URL that names a place in storage.

    Raises
    ------
    UsageError
        It is of no kind that fsspec knows, or holds a password.
    MissingExtraError
        The library for it is not installed.
    """
    scheme, _, rest = url.partition("://")
    if ":" in rest.partition("/")[0].partition("@")[0] and "@" in rest.partition("/")[0]:
        what = "The URL holds a password, which would get into logs and lists of processes."
        hint = "Leave it out, and put it into the environment or the configuration of the storage."
        raise UsageError(what, f"{scheme}://…", hint)
    _kind(scheme)
    return url


def _kind(scheme: str) -> Any:
    """The class of file systems of a scheme."""
    try:
        import fsspec  # noqa: PLC0415 (an extra)

        return fsspec.get_filesystem_class(scheme)
    except ImportError as err:
        package = _PACKAGES.get(
            scheme, "fsspec" if "fsspec" in str(err.name) else str(err.name or "a library of fsspec")
        )
        what = f"{package} is not installed, which {scheme}:// needs."
        raise MissingExtraError(what, "", install("cloud")) from err
    except ValueError as err:
        hint = "Object storage has s3://, gs:// or az://; other protocols of fsspec work if they are installed."
        raise UsageError(f"{scheme}:// is no kind of storage that can be read.", "", hint) from err


def filesystem_of(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path of the object in it; fsspec keeps one a process, kind and address."""
    kind = _kind(url.partition("://")[0])
    with told(url):
        system = kind(**kind._get_kwargs_from_urls(url))  # noqa: SLF001 (as fsspec.core.url_to_fs does)
    path: str = system._strip_protocol(url)  # noqa: SLF001 (as fsspec.core.url_to_fs does)
    return system, path


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn whatever a library raises into an `OSError` whose `strerror` says in words what is wrong."""
    try:
        yield
    except (UsageError, MissingExtraError, MemoryError):
        raise
    except Exception as err:
        raise _in_words(err, url) from err


def _in_words(err: Exception, url: str) -> OSError:
    kinds = {kind.__name__ for kind in type(err).__mro__}
    if isinstance(err, FileNotFoundError):
        return FileNotFoundError(errno.ENOENT, "there is no such object or bucket in the storage", url)
    if isinstance(err, PermissionError) or kinds & _REFUSED:
        return PermissionError(errno.EACCES, "the storage refuses the credentials, or there are none", url)
    if isinstance(err, (ConnectionError, TimeoutError)) or kinds & _UNREACHED:
        return OSError(errno.EHOSTUNREACH, _NOT_REACHED, url)
    return OSError(getattr(err, "errno", None) or errno.EIO, f"the storage has failed ({type(err).__name__})", url)


def tried(work: Callable[[], T], url: str) -> T:
    """The result of a request, made again where the storage was not to be reached or busy.

    Storage that is lost is reported (`convkit.storage.loss`), and a task that knows of it asks no more.

    Raises
    ------
    OSError
        As `told`.
    """
    if lost := loss.known(url):
        raise OSError(errno.EHOSTUNREACH, lost.why, url)
    try:
        return _tried(work, url)
    except OSError as err:
        if err.errno == errno.EHOSTUNREACH and (_is_unconnected(err.__cause__) or not _answers(url)):
            loss.report(url, str(err.strerror))
        raise


def _is_unconnected(err: BaseException | None) -> bool:
    return bool({kind.__name__ for kind in type(err).__mro__} & _UNCONNECTED)


def _answers(url: str) -> bool:
    """True where the storage says anything at all of an object: then another one may be had."""
    if not loss.is_watched():
        return True  # nobody wants to know
    system, path = filesystem_of(url)
    try:
        with told(url):
            system.invalidate_cache()
            system.info(path)
    except OSError as err:
        return err.errno != errno.EHOSTUNREACH
    return True


def _tried(work: Callable[[], T], url: str) -> T:
    wait = _FIRST_WAIT_S
    for left in reversed(range(1 if url.partition("://")[0] in _ATOMIC else _TRIES)):
        try:
            with told(url):
                return work()
        except _FOR_GOOD:
            raise
        except OSError as err:
            if not left or err.errno in {errno.EINVAL, errno.EIO, errno.ENOSYS}:
                raise
            _log.debug("a request is made again: %s", err.strerror)
        time.sleep(wait)
        wait *= 2
    raise AssertionError("the last try returns or raises")


# --- what is there ---------------------------------------------------------------------------------------

_statuses: dict[str, Status] = {}
"""What listings of this process have told of objects; a worker that was not forked asks again."""


def listed(url: str) -> list[Entry]:
    """All objects below a URL, or the one that it names.

    Raises
    ------
    OSError
        There is none, or the storage refuses.
    """
    system, path = filesystem_of(url)

    def find() -> Any:
        system.invalidate_cache()
        return system.find(path, detail=True)

    found = tried(find, url)
    if not found:
        tried(lambda: system.info(path), url)  # says whether the bucket is there
    entries = [
        Entry(url.rstrip("/") + name.lstrip("/").removeprefix(path.strip("/")), _status_of(info))
        for name, info in sorted(found.items())
        if info.get("type") == "file" and not name.endswith("/")
    ]
    with _held_lock:  # what was listed anew is read anew
        _beginnings.clear()
        _blocks.clear()
    if len(_statuses) + len(entries) < _MOST_STATUSES:
        _statuses.update((entry.url, entry.status) for entry in entries)
    return entries


def _status_of(info: dict[str, Any]) -> Status:
    found = next(
        (info[k] for k in ("LastModified", "last_modified", "updated", "mtime", "created") if info.get(k)), None
    )
    return Status(int(info.get("size") or 0), _nanoseconds(found))


def _nanoseconds(found: object) -> int:
    if isinstance(found, str):
        try:
            found = datetime.fromisoformat(found)
        except ValueError:
            return 0
    if isinstance(found, datetime):
        found = found.timestamp()
    # Whole seconds: a listing may be more exact than what is told of one object.
    return int(found) * 1_000_000_000 if isinstance(found, (int, float)) else 0


def status(url: str) -> Status:
    """Size of an object, and when it was written.

    Raises
    ------
    OSError
        As `listed`.
    """
    known = _statuses.get(url)
    if known is None:
        system, path = filesystem_of(url)
        info = tried(lambda: system.info(path), url)
        if info.get("type") != "file":
            raise IsADirectoryError(errno.EISDIR, "it is a folder", url)
        known = _status_of(info)
        _remember(url, known)
    return known


def _remember(url: str, known: Status) -> None:
    if len(_statuses) < _MOST_STATUSES:
        _statuses[url] = known


# --- reading ---------------------------------------------------------------------------------------------

_beginnings: OrderedDict[tuple[str, Status], bytes] = OrderedDict()
"""First bytes of objects, or all, that were fetched beforehand; the last ones, up to `_MOST_HELD`."""

_blocks: OrderedDict[tuple[str, Status, int], bytes] = OrderedDict()
"""The last blocks that were read, of all objects: the members of an archive lie side by side."""

_held_lock = Lock()


def opened(url: str) -> Raw:
    """An object, open for reading."""
    return _Ranged(url, status(url))


class _Ranged(Seeking):
    """An object that is read in ranges: short reads by blocks, of which the last ones are kept."""

    def __init__(self, url: str, status: Status) -> None:
        super().__init__(status)
        self._url = url
        with _held_lock:
            self._first = _beginnings.get((url, status), b"")

    def _fill(self, start: int, view: memoryview) -> int:
        end = start + len(view)
        if not self._first and end <= FIRST_BYTES:
            self._first = self._fetched(0, min(FIRST_BYTES, self.status.size))
        if end <= len(self._first):
            view[:] = self._first[start:end]
            return len(view)
        if len(view) >= _LONG_READ:
            view[:] = self._fetched(start, end)
            return len(view)
        done = 0
        while done < len(view):
            number, offset = divmod(start + done, _BLOCK_BYTES)
            piece = self._block(number)[offset : offset + len(view) - done]
            view[done : done + len(piece)] = piece
            done += len(piece)
        return done

    def _block(self, number: int) -> bytes:
        key = self._url, self.status, number
        with _held_lock:
            found = _blocks.get(key)
        if found is None:
            start = number * _BLOCK_BYTES
            found = self._fetched(start, min(start + _BLOCK_BYTES, self.status.size))
        with _held_lock:
            _blocks[key] = found
            _blocks.move_to_end(key)
            if len(_blocks) > _MOST_BLOCKS:
                _blocks.popitem(last=False)
        return found

    def _fetched(self, start: int, end: int) -> bytes:
        system, path = filesystem_of(self._url)
        data: bytes = tried(lambda: system.cat_file(path, start=start, end=end), self._url)
        if len(data) != end - start:
            raise OSError(errno.EIO, "the object has changed while it was read", self._url)
        return data


def prefetch(urls: list[str], *, is_whole: bool) -> None:
    """Fetch sizes and first bytes of objects side by side; what cannot be fetched is asked for again when read."""
    todo = [url for url in dict.fromkeys(urls) if "!/" not in url][:_MOST_BEGINNINGS]
    todo = _fitting(todo) if is_whole else [url for url in todo if not _held(url)]
    if len(todo) < 2:
        return
    try:
        system, _ = filesystem_of(todo[0])
        paths = [filesystem_of(url)[1] for url in todo]
    except (OSError, UsageError, MissingExtraError):
        return
    if not getattr(system, "async_impl", False) or any(
        url.partition("://")[0] != todo[0].partition("://")[0] for url in todo
    ):
        return
    from fsspec.asyn import sync  # noqa: PLC0415 (an extra)

    most = _MOST_WHOLE if is_whole else FIRST_BYTES
    unreached: list[str] = []
    found = sync(system.loop, _side_by_side, system, list(zip(todo, paths, strict=True)), most, unreached)
    for url in unreached[:1]:
        loss.report(url, _NOT_REACHED)
    with _held_lock:
        for url, known, data in found:
            if known is not None:
                _remember(url, known)
                _beginnings[url, known] = data
                _beginnings.move_to_end((url, known))
        held = sum(map(len, _beginnings.values()))
        while held > _MOST_HELD:
            held -= len(_beginnings.popitem(last=False)[1])


def _held(url: str) -> int:
    """Bytes of an object that are held."""
    known = _statuses.get(url)
    return 0 if known is None else len(_beginnings.get((url, known), b""))


def _fitting(urls: list[str]) -> list[str]:
    """The objects that are not held whole yet, as many as may be held at once."""
    chosen: list[str] = []
    size = 0
    for url in urls:
        known = _statuses.get(url)
        length = _MOST_WHOLE if known is None else known.size
        if length <= _MOST_WHOLE and _held(url) < length:
            size += length
            chosen.append(url)
        if size > _MOST_HELD // 2:
            break
    return chosen


async def _side_by_side(
    system: Any, todo: list[tuple[str, str]], most: int, unreached: list[str]
) -> list[tuple[str, Status | None, bytes]]:
    """What was fetched of each object; `unreached` gets the first whose storage does not answer, and ends it."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(url: str, path: str) -> tuple[str, Status | None, bytes]:
        async with free:
            if unreached:
                return url, None, b""
            try:
                known = _statuses.get(url) or _status_of(await system._info(path))  # noqa: SLF001 (its async side)
                end = min(most, known.size)
                data = await system._cat_file(path, start=0, end=end) if end else b""  # noqa: SLF001 (as above)
            except Exception as err:  # noqa: BLE001 (whoever reads it gets the error)
                _log.debug("an object was not fetched beforehand (%s)", type(err).__name__)
                if _is_unconnected(err):
                    unreached.append(url)
                return url, None, b""
        return (url, known, data) if len(data) == end else (url, None, b"")

    return await asyncio.gather(*(one(url, path) for url, path in todo))


# --- writing ---------------------------------------------------------------------------------------------


def send(local: str, url: str) -> None:
    """Send a file whole: until it is there, nothing of it is.

    Raises
    ------
    OSError
        As `told`; nothing was changed.
    """
    system, path = filesystem_of(url)
    _statuses.pop(url, None)
    if url.partition("://")[0] in _ATOMIC:
        tried(lambda: system.put_file(local, path), url)
        return
    aside = f"{path}.{os.urandom(6).hex()}.convkit.part"

    def put() -> None:
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.put_file(local, aside)

    try:
        tried(put, url)
        tried(lambda: system.mv(aside, path), url)
    except BaseException:
        _forget(system, aside)
        raise


def _forget(system: Any, path: str) -> None:
    try:
        if system.exists(path):
            system.rm_file(path)
    except Exception as err:  # noqa: BLE001 (the first error is the one to tell)
        _log.debug("a temporary object could not be removed (%s)", type(err).__name__)


def fetch(url: str) -> bytes:
    """All of an object.

    Raises
    ------
    OSError
        As `told`.
    """
    system, path = filesystem_of(url)
    data: bytes = tried(lambda: system.cat_file(path), url)
    return data


def download(url: str, local: str) -> None:
    """Fetch an object into a file.

    Raises
    ------
    OSError
        As `told`.
    """
    system, path = filesystem_of(url)
    tried(lambda: system.get_file(path, local), url)


def write(url: str, data: bytes) -> None:
    """Write a small object.

    Raises
    ------
    OSError
        As `told`.
    """
    system, path = filesystem_of(url)
    _statuses.pop(url, None)
    tried(lambda: system.pipe_file(path, data), url)


def modified_ns(url: str) -> int:
    """When an object was written, asked anew.

    Raises
    ------
    OSError
        As `told`.
    """
    _statuses.pop(url, None)
    filesystem_of(url)[0].invalidate_cache()
    return status(url).modified_ns


def remove(url: str) -> None:
    """Remove an object; that it is gone is no error.

    Raises
    ------
    OSError
        As `told`.
    """
    system, path = filesystem_of(url)
    try:
        tried(lambda: system.rm_file(path), url)
    except FileNotFoundError:
        return


_log = logging.getLogger(__name__)
