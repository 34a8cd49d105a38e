"""Who speaks with the cluster for us: another process where that is possible, so that Dask is not in our way."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from convkit.engine._pool import can_fork, finish, started
from convkit.engine._worker import settle_in
from convkit.engine.imports import hidden

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    Pipe: TypeAlias = Connection[bytes, bytes]


class _Forked(NamedTuple):
    """A process that runs `convkit.engine.dask.agent`, and our end of the pipe to it."""

    process: BaseProcess
    pipe: Pipe


_ahead: _Forked | None = None
"""A process that loads Dask, or has loaded it, and was not told yet for which scheduler."""

_is_first = True
"""False where this process has connected before; see `Speaker`."""


def load_ahead() -> None:
    """Let a process load Dask from now on, for who will connect in a moment; if nobody does, it ends with this one."""
    global _ahead  # noqa: PLW0603 (of the process, as children are)
    if can_fork():
        _ahead = _forked()
        atexit.register(_abandon)


def _abandon() -> None:
    """Kill what nobody has asked for anything: what it imports may swallow a milder signal, and it waits for ever then.

    At the end of Python this comes before `multiprocessing` waits for its children, because it was left for it later.
    """
    global _ahead  # noqa: PLW0603 (see above)
    if _ahead is not None:
        _ahead.pipe.close()
        finish(_ahead.process, 0.0)
        _ahead = None


class Speaker:
    """What runs `convkit.engine.dask.agent`: a forked process, or a thread of this one.

    A thread where a fork is not possible (other threads, a daemonic process), where Dask is loaded already, perhaps
    with settings that only this process knows, and for all but the first connection: a loop over many small jobs loads
    Dask once.

    Parameters
    ----------
    address : str
        Of the scheduler.

    Attributes
    ----------
    pipe : Connection
        For messages to and from it.
    """

    def __init__(self, address: str) -> None:
        global _ahead, _is_first  # of the process, as what was imported is
        is_apart = _is_first and "distributed" not in sys.modules and can_fork()
        forked = _ahead or (_forked() if is_apart else None)
        _ahead, _is_first = None, False
        self._process = forked.process if forked else None
        self._thread = None
        if forked:
            self.pipe = forked.pipe
        else:
            self.pipe, theirs = multiprocessing.Pipe()
            self._thread = Thread(target=_speak, args=(theirs, nullcontext()), daemon=True)
            self._thread.start()
        with suppress(OSError):  # it is dead, as the next message will show
            self.pipe.send_bytes(address.encode())

    def end(self, patience_s: float) -> None:
        """Wait for the end of who was told to end, but not for ever."""
        if self._process is not None:
            finish(self._process, patience_s)
        elif self._thread is not None:
            self._thread.join(patience_s)


def _forked() -> _Forked:
    ours, theirs = multiprocessing.Pipe()
    process = started(_serve, (theirs, ours), "fork")
    theirs.close()
    return _Forked(process, ours)


def _serve(pipe: Pipe, theirs: Pipe) -> None:
    """`_speak` in a process of its own, forked from the parent, whose end of the pipe the fork has left open here."""
    settle_in()
    theirs.close()
    try:
        _speak(pipe, _light())
    except BaseException:  # noqa: BLE001 (the process ends without printing; the parent sees that it is gone)
        os._exit(1)
    os._exit(0)


_OF_NO_USE = ("numpy", "jinja2")
"""What Dask loads where it is there, and does without where it is not: arrays, and pages about itself."""


@contextmanager
def _light() -> Iterator[None]:
    """What saves a quarter of the time that Dask takes to be loaded, in a process that nobody else has to do with."""
    with suppress(Exception):  # Dask says what is wrong with it
        yaml: Any = import_module("yaml")
        yaml.SafeLoader = yaml.CSafeLoader  # which reads Dask's settings: as safe as the one in Python
    with hidden(*_OF_NO_USE):
        yield


def _speak(pipe: Pipe, while_loading: AbstractContextManager[object]) -> None:
    """Load Dask, then speak with the scheduler whose address comes next."""
    agent: Any = import_module("convkit.engine.dask.agent")  # for the process that works, it is of no use
    with while_loading:
        agent.load()
    agent.speak(pipe, pipe.recv_bytes().decode())
