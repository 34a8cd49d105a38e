"""Where an index is made: at its path, or, for object storage, in a private folder from which it is sent whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

from convkit.engine.locked import locked
from convkit.errors import OutputError
from convkit.jobs._index.paths import absolute
from convkit.storage import files, loss
from convkit.storage._private import private_folder

_FOLDER = "~index~"
_HINT = "Check the address and the credentials, and run the same command again."


@contextmanager
def placed(output: str, *, is_older_needed: bool) -> Iterator[Path]:
    """The path at which an index is to be made; in storage it is when the block ends without an exception.

    What a run leaves that was killed stays in the private folder, and the next run on this machine goes on with it.

    Parameters
    ----------
    output : str
        Path or URL.
    is_older_needed : bool
        True where the index that is there is brought up to date.

    Raises
    ------
    OutputError
        The storage refuses, or another run on this machine makes the same index.
    UsageError, MissingExtraError
        It is a URL that cannot be written.
    """
    if not files.is_url(output):
        yield Path(absolute(output))
        return
    _remote().checked_url(output)
    folder = private_folder() / _FOLDER / sha256(output.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    target = folder / output.rpartition("/")[2]
    try:
        with _told_of(output, folder), locked(folder / "index"):
            try:
                _check_bucket(output)
                if is_older_needed:
                    _fetch(output, target)
                yield target
            except BaseException:
                target.unlink(missing_ok=True)
                raise
            _send(target, output)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        with suppress(OSError):  # where it is empty: not while there is what a run goes on with, or another index
            folder.rmdir()
            folder.parent.rmdir()


def _remote() -> Any:
    return import_module("convkit.storage.remote")  # fsspec, only for URLs


def _check_bucket(url: str) -> None:
    """See that there is a bucket, before a million files are read for an index that nobody takes."""
    remote = _remote()
    bucket = loss.place_of(url)
    system, path = remote.filesystem_of(bucket)
    try:
        is_there = remote.tried(lambda: system.exists(path), bucket)
    except OSError as err:
        raise OutputError(f"The index cannot be sent: {err.strerror or type(err).__name__}.", url, _HINT) from err
    if not is_there:
        raise OutputError("The index cannot be sent: there is no such bucket in the storage.", url, _HINT)


def _fetch(url: str, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        _remote().download(url, str(target))
    except FileNotFoundError:
        return  # there is none yet
    except OSError as err:
        what = f"The index that is there cannot be read: {err.strerror or type(err).__name__}."
        raise OutputError(what, url, _HINT) from err


def _send(target: Path, url: str) -> None:
    try:
        _remote().send(str(target), url)
    except OSError as err:
        what = f"The index cannot be sent: {err.strerror or type(err).__name__}."
        raise OutputError(what, url, f"It is finished, and lies here: {target}") from err


@contextmanager
def _told_of(url: str, folder: Path) -> Iterator[None]:
    """Errors about the private folder are told as such, those about what is in it as of the URL that the user knows."""
    try:
        yield
    except OutputError as err:
        if not err.where.startswith(f"{folder}{os.sep}"):
            raise
        raise OutputError(err.what, url, err.hint, err.code) from err
