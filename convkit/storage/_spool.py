"""Compressed tars, inflated once a run into a private temporary file: only then can members be read in any order.

The file belongs to the process that leads the run; its workers find it by a name in a private folder. Where the system
can, the file itself has no name, and is gone with that process, however that ends; elsewhere it is removed at the end,
and after a crash by the next run that makes such files.
"""

from __future__ import annotations

import atexit
import bz2
import errno
import hashlib
import io
import lzma
import multiprocessing
import os
import shutil
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from convkit.errors import InputError
from convkit.storage._parts import damaged, gunzipped
from convkit.storage._private import SPOOL, is_alive, private_folder
from convkit.storage.files import Raw, Status

_LEAST_FREE = 1 << 30
"""Bytes that stay free where archives are inflated to: a made one must not fill the disk."""

_CHECKED_EVERY = 1 << 26

_MOST_TIMES, _MOST_TIMES_FROM = 2000, 1 << 30
"""How many times its own length an archive may become, once that is so many bytes: deflate gives at most 1,032."""

_STEP = 1 << 20

_HEADS = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz"}


class Spooled(NamedTuple):
    """An inflated archive.

    Attributes
    ----------
    path : str
    fault : str
        Why it is not all of it; empty where it is.
    """

    path: str
    fault: str


def packing_of(head: bytes) -> str:
    """How a file is packed that begins so; empty where it is not."""
    return next((name for mark, name in _HEADS.items() if head.startswith(mark)), "")


def spooled(file: Raw, name: str, status: Status) -> Spooled:
    """The inflated content of a compressed file.

    Parameters
    ----------
    file : raw file
        At its beginning.
    name : str
        Its path.
    status : Status

    Raises
    ------
    OSError
        There is no room for it.
    InputError
        It becomes larger than anything that is no trap.
    """
    folder = folder_of_run()
    path = folder / f"{name_of(name, status)}.tar"
    cut = path.with_suffix(".cut")
    if path.exists():
        return Spooled(str(path), cut.read_text("utf-8") if cut.exists() else "")
    aside = path.with_suffix(f".{os.urandom(6).hex()}.part")
    into = _new(folder, aside)
    try:
        with os.fdopen(into, "wb", closefd=False) as buffer:
            fault = _inflate(file, buffer, folder, name, status.size)
        if fault:
            cut.write_text(fault, "utf-8")
        aside.replace(path)
    except BaseException:
        os.close(into)
        raise
    finally:
        aside.unlink(missing_ok=True)
    if not path.is_symlink():
        os.close(into)  # else it is open as long as the process lives, and no longer there after it
    return Spooled(str(path), fault)


def _new(folder: Path, path: Path) -> int:
    """A new file, open: under a path, or without a name, and then the path leads to it while this process lives."""
    is_leader = multiprocessing.parent_process() is None
    if is_leader and hasattr(os, "O_TMPFILE"):
        with suppress(OSError):
            unnamed = os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600)
            try:
                path.symlink_to(f"/proc/{os.getpid()}/fd/{unnamed}")
                path.stat()
            except OSError:  # no /proc here
                path.unlink(missing_ok=True)
                os.close(unnamed)
                raise
            return unnamed
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _inflate(file: Raw, into: BinaryIO, folder: Path, name: str, packed: int) -> str:
    """Write what is in a compressed file, as far as it can be inflated; why it is not all."""
    done, checked = 0, -_CHECKED_EVERY
    try:
        for piece in pieces(file):
            done += len(piece)
            if done > _MOST_TIMES_FROM and done > _MOST_TIMES * packed:
                what = f"The archive becomes more than {_MOST_TIMES} times as long as it is."
                raise InputError(what, name, "Unpack it if you trust it.", "input.archive-too-large")
            if done - checked >= _CHECKED_EVERY:
                checked = done
                if shutil.disk_usage(folder).free < _LEAST_FREE:
                    what = "The temporary folder has no room for the inflated archive."
                    hint = "Name a larger one in TMPDIR, or unpack the archive."
                    raise InputError(what, name, hint, "input.archive-too-large")
            into.write(piece)
    except (EOFError, lzma.LZMAError, zlib.error) as err:
        return str(damaged(f"the archive is damaged or ends too early ({type(err).__name__})").strerror)
    except OSError as err:
        if err.errno in {errno.ENOSPC, errno.EDQUOT}:
            what = "The temporary folder has no room for the inflated archive."
            hint = "Name a larger one in TMPDIR, or unpack the archive."
            raise InputError(what, name, hint, "input.archive-too-large") from err
        return err.strerror or "the archive is damaged"
    return ""


def pieces(file: Raw) -> Iterator[bytes]:
    head = file.read(6) or b""
    file.seek(0)
    how = packing_of(head)
    if how == "gzip":
        yield from gunzipped(file)
        return
    buffer = io.BufferedReader(file, _STEP)
    kind: Any = bz2.BZ2File if how == "bzip2" else lzma.LZMAFile
    stream = kind(buffer)
    try:
        while piece := stream.read(_STEP):
            yield piece
    finally:
        stream.close()
        buffer.detach()  # the file is its opener's to close


def name_of(source: str, status: Status) -> str:
    """A name for what is made of a file as it is now; others of that path have other names."""
    known = f"{source}\0{status.size}\0{status.modified_ns}".encode("utf-8", "surrogateescape")
    return hashlib.sha256(known).hexdigest()[:32]


def folder_of_run() -> Path:
    """The folder of the run: of the process that leads it, whichever of its processes asks."""
    parent = multiprocessing.parent_process()
    leader = os.getpid() if parent is None or not parent.pid else parent.pid
    folder = private_folder() / f"{SPOOL}{leader}"
    if folder.is_dir():
        return folder
    _remove_old(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    atexit.register(_remove, folder, os.getpid())
    return folder


def _remove(folder: Path, process: int) -> None:
    if process == os.getpid():  # not in a fork of it
        shutil.rmtree(folder, ignore_errors=True)


def _remove_old(root: Path) -> None:
    """Remove what runs have left that are no more."""
    with suppress(OSError):
        for folder in root.glob(f"{SPOOL}*"):
            number = folder.name.removeprefix(SPOOL)
            if number.isdecimal() and not is_alive(int(number)):
                shutil.rmtree(folder, ignore_errors=True)
