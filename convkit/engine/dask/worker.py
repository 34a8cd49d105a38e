"""What a worker of the cluster does with items; loaded there without Dask."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from threading import Lock
from typing import Any, NamedTuple

from convkit._version import __version__
from convkit.engine.allocator import keep_freed_blocks
from convkit.engine.run import OnError, Task, attempt, packed


class Terms(NamedTuple):
    """What a worker must be and see before it takes an item.

    Attributes
    ----------
    version : str
        Of convkit.
    folder : str
        In which relative paths begin.
    witness : str
        A file that we have put into the destination; empty where nothing is written.
    """

    version: str
    folder: str
    witness: str


class Answer(NamedTuple):
    """What a worker has made of some items: how long it took, and for each its packed result.

    None is for an item whose task tried to end the process.
    """

    seconds: float
    results: list[bytes | None]


_ONE_AT_A_TIME = Lock()
"""Tasks set the folder of the process, and keep what they have read last: two at once would disturb each other."""


def answer(terms: tuple[str, ...], call: bytes, payloads: Sequence[bytes]) -> tuple[Any, ...]:
    """An `Answer` to some items, or the term that this worker does not keep and what it has instead.

    Plain values, as the version of who reads them may be another.
    """
    version, folder, witness, *_ = terms
    if version != __version__:
        return "version", __version__
    with _ONE_AT_A_TIME:
        if witness and not os.path.exists(witness):  # noqa: PTH110 (before each task)
            return "witness", ""
        start = time.monotonic()
        try:
            with _working_in(folder):
                results = [_result(call, payload) for payload in payloads]
        except _NoFolderError:
            return "folder", ""
        return time.monotonic() - start, results


def _result(call: bytes, payload: bytes) -> bytes | None:
    try:
        return packed(partial(_attempted, call, payload))
    except BaseException:  # noqa: BLE001 (a task that wants to end the process must not end a worker of others)
        return None


def _attempted(call: bytes, payload: bytes) -> Any:
    task, on_error = _unpickled(call)
    return attempt(task, pickle.loads(payload), on_error)  # noqa: S301 (from the one who runs the cluster)


@lru_cache(1)
def _unpickled(call: bytes) -> tuple[Task[Any, Any], OnError[Any, Any]]:
    """Task and error handler of a run, the same objects for all of its items."""
    keep_freed_blocks()
    pair: tuple[Task[Any, Any], OnError[Any, Any]] = pickle.loads(call)  # noqa: S301 (as above)
    return pair


class _NoFolderError(Exception):
    """The folder is not there."""


@contextmanager
def _working_in(folder: str) -> Iterator[None]:
    """Let relative paths begin where they do for the one who sent them."""
    before = os.getcwd()  # noqa: PTH109 (before each task)
    if before == folder:
        yield
        return
    try:
        os.chdir(folder)
    except OSError as err:
        raise _NoFolderError from err
    try:
        yield
    finally:
        os.chdir(before)
