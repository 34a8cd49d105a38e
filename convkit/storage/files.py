"""One place where source files are opened: plain ones at no extra cost, all others by what knows them.

A real path always wins: whatever text a local file has for a name, it is that file.
"""

from __future__ import annotations

import errno
import filecmp
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from convkit.errors import InputError, OutputError

INSIDE = "!/"
"""Between the path of an archive and the name of a member."""

Raw = io.RawIOBase
"""An open file without a buffer: `read` and `readinto` may give less than was asked for at the end only."""


class Status(NamedTuple):
    """What tells that a file is still the same.

    Attributes
    ----------
    size : int
        Bytes.
    modified_ns : int
        Time of change, nanoseconds; of a member that of its archive.
    """

    size: int
    modified_ns: int


class PackedError(OSError):
    """A member of an archive that cannot be had.

    Parameters
    ----------
    what : str
        In words, without a full stop.
    code : str
        Problem code.
    hint : str
        What can be done.
    """

    def __init__(
        self, what: str, code: str = "input.archive-member", hint: str = "Copy the archive again from its source."
    ) -> None:
        super().__init__(errno.EIO, what)
        self.code = code
        self.hint = hint

    def __reduce__(self) -> tuple[type[PackedError], tuple[str, str, str]]:
        """Its parameters: those of an `OSError` are others."""
        return PackedError, (str(self.strerror), self.code, self.hint)


class Elsewhere(io.RawIOBase):
    """An open file that is no plain local one; its classes fill `status`."""

    status: Status

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def check(self) -> None:
        """Refuse what is known to be damaged; most files have nothing to know it by."""


MIRRORED = "~convkit~"
"""Name of a local folder that stands for one in object storage; see `convkit.storage.mirror`."""


def url_behind(path: str) -> str | None:
    """The URL of the object that a path below such a folder stands for; None for any other path."""
    if MIRRORED not in path:
        return None
    head, mark, name = path.replace(os.sep, "/").partition(f"/{MIRRORED}/")
    scheme, _, rest = head.partition("/~mirror~/")[2].partition("/")
    return f"{scheme}://{rest}/{name}" if mark and rest else None


def kept(path: str) -> str:
    """Where the content of an output is: its path, or its URL where only its length is here."""
    return url_behind(path) or path


def shown(path: str) -> str:
    """A path as the user knows it: a URL where a local folder stands for one."""
    return path if MIRRORED not in path else (url_behind(f"{path}/") or path).rstrip("/")


def is_url(path: str) -> bool:
    """True for a text that names an object in storage, or a folder there."""
    return "://" in path and path.partition("://")[0].replace("+", "").isalnum()


def may_be_elsewhere(path: str) -> bool:
    """True for a text that names an object, or a member of an archive, unless a file has that very name."""
    return INSIDE in path or is_url(path)


def opened(path: str, *, is_checked: bool = False) -> Raw:
    """A file, open for reading, without a buffer.

    Parameters
    ----------
    path : str
    is_checked : bool
        All of a member of a zip is held against its checksum before anything of it is given: for who reads pixels, of
        which a header knows nothing. Else that is done before its last bytes are given.

    Raises
    ------
    OSError
        It cannot be opened; `strerror` says why, whatever it is.
    MissingExtraError
        A library for this kind of storage is not installed.
    """
    try:
        return io.FileIO(path)
    except OSError as err:
        if err.errno not in _ABSENT or (INSIDE not in path and "://" not in path):
            raise
    found: Raw = _module(path).opened(path)
    if is_checked and isinstance(found, Elsewhere):
        found.check()
    return found


def status(path: str) -> Status:
    """Size and time of change.

    Raises
    ------
    OSError, MissingExtraError
        As `opened`.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 (of every file)
    except OSError as err:
        if err.errno not in _ABSENT or (INSIDE not in path and "://" not in path):
            raise
    else:
        return Status(found.st_size, found.st_mtime_ns)
    known: Status = _module(path).status(path)
    return known


def file_stamp(path: str) -> tuple[int, int]:
    """Size and time of change in nanoseconds: with the path the identity of a file, for what is remembered of it.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        return status(path)
    except OSError as err:
        raise unreadable(path, err) from err


def unreadable(path: str, err: OSError) -> InputError:
    """The error of a file that the system cannot read, or that is damaged in an archive."""
    what, hint, code = why_unreadable(err)
    return InputError(what, path, hint, code)


def why_unreadable(err: OSError) -> tuple[str, str, str]:
    """What is wrong with a file that cannot be read, what can be done, and the problem code."""
    if isinstance(err, PackedError):
        return f"The member of the archive cannot be read: {err.strerror}.", err.hint, err.code
    what = f"The file cannot be read ({err.strerror or type(err).__name__})."
    return what, "Check the permissions and the disk.", "input.unreadable"


def stamp(file: Raw) -> tuple[int, int]:
    """Size and time of change of an open file, as in `Status`."""
    if type(file) is not io.FileIO and isinstance(file, Elsewhere):
        return file.status
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def looks_packed(path: str) -> bool:
    """True for a file that begins as archives and compressed files do, whatever its name; False where none can tell."""
    try:
        with opened(path) as file:
            head = file.read(_TAR_MARK + 5) or b""
    except OSError:
        return False
    return head.startswith(_HEADS) or head[_TAR_MARK:] == b"ustar"


_TAR_MARK = 257
_HEADS = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")


def buffered(path: str) -> BinaryIO:
    """A file, open for reading; see `opened`."""
    return io.BufferedReader(opened(path))


def is_elsewhere(path: str) -> bool:
    """True for what is no plain local file: a member of an archive, or an object."""
    return (INSIDE in path or "://" in path) and not os.path.lexists(path)


def is_same(first: str, other: str) -> bool:
    """True where two files hold the same bytes.

    Raises
    ------
    OSError, MissingExtraError
        As `opened`.
    """
    if not is_elsewhere(first) and not is_elsewhere(other):
        return filecmp.cmp(first, other, shallow=False)
    if status(first).size != status(other).size:
        return False
    with buffered(first) as one, buffered(other) as two:
        while True:
            piece = one.read(_COMPARED_BYTES)
            if piece != two.read(_COMPARED_BYTES):
                return False
            if not piece:
                return True


_COMPARED_BYTES = 1 << 20


@contextmanager
def landing(path: str) -> Iterator[Path]:
    """A local path to write a file to, which is sent whole where the path given is a URL.

    Raises
    ------
    OutputError
        The storage refuses.
    """
    if not is_url(path):
        yield Path(path)
        return
    remote = import_module("convkit.storage.remote")
    remote.checked_url(path)
    with import_module("tempfile").TemporaryDirectory(prefix="convkit-") as folder:  # few write to storage
        local = Path(folder) / path.rpartition("/")[2]
        yield local
        try:
            remote.send(str(local), path)
        except OSError as err:
            what = f"The file cannot be written: {err.strerror or type(err).__name__}."
            raise OutputError(what, path, "Check the address and the credentials.") from err


def prefetch(paths: Sequence[str], *, is_whole: bool = False) -> None:
    """Fetch the beginnings of objects in storage at once, or all of them as far as they are short.

    Waiting for one after the other would take long. Of local files nothing is fetched.
    """
    if any("://" in path for path in paths):
        remote = import_module("convkit.storage.remote")
        remote.prefetch([path for path in paths if is_elsewhere(path)], is_whole=is_whole)


_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EINVAL, errno.ENAMETOOLONG})
"""Errors of the system for what is no name of a local file."""


def _module(path: str) -> Any:
    """What knows such files; libraries of archives and storage are for those who need them."""
    is_member = INSIDE in path and (not is_url(path) or any(mark in path.lower() for mark in _MARKS_IN_URLS))
    return import_module("convkit.storage.archives" if is_member else "convkit.storage.remote")


_MARKS_IN_URLS = tuple(
    ending + INSIDE for ending in (".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz2", ".tbz", ".xz", ".txz")
)
"""Any text may be the name of an object: in storage, archives are known by their names alone."""
