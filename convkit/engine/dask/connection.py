"""Our end of the connection to a cluster; the other one is `convkit.engine.dask.agent`."""

from __future__ import annotations

import json
import logging
import multiprocessing
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from convkit.engine._pool import can_fork, finish, started
from convkit.engine.dask.agent import PARTING_S, serve, speak
from convkit.engine.dask.errors import gone
from convkit.engine.dask.messages import Ended, Failed, Message, Workers, hear, leave, tell
from convkit.errors import UsageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as _Pipe

    Pipe: TypeAlias = _Pipe[bytes, bytes]

_log = logging.getLogger(__name__)

HASTE_S = 0.5
"""Time for a goodbye where something has ended the work."""

SCHEMES = frozenset({"tcp", "tls", "ws", "wss", "ucx"})


_is_first = True
"""False where this process has connected before; see `_Speaker`."""


class _Speaker:
    """What runs `convkit.engine.dask.agent`: a forked process, or a thread of this one.

    A thread where a fork is not possible (other threads, a daemonic process), where Dask is loaded already, perhaps
    with settings that only this process knows, and for all but the first connection: a loop over many small jobs loads
    Dask once.
    """

    def __init__(self, ours: Pipe, theirs: Pipe, address: str) -> None:
        global _is_first  # noqa: PLW0603 (of the process, as what was imported is)
        is_apart = _is_first and "distributed" not in sys.modules and can_fork()
        _is_first = False
        self._process = started(serve, (theirs, ours, address), "fork") if is_apart else None
        self._thread = None if is_apart else Thread(target=speak, args=(theirs, address), daemon=True)
        if self._thread is not None:
            self._thread.start()
        else:
            theirs.close()

    def end(self, patience_s: float) -> None:
        """Wait for the end of who was told to end, but not for ever."""
        if self._process is not None:
            finish(self._process, patience_s)
        elif self._thread is not None:
            self._thread.join(patience_s)


class Connection:
    """Who connects to a scheduler beside all other work, and what is heard of it.

    Parameters
    ----------
    address : str
        See `address_of`.

    Attributes
    ----------
    workers : int or None
        How many there are; None as long as there is no connection.
    numbers : iterator of int
        For Dask tasks.
    is_taken : bool
        True as long as a map is not finished.
    """

    def __init__(self, address: str) -> None:
        self.workers: int | None = None
        self.numbers = count()
        self.is_taken = False
        self._pipe, theirs = multiprocessing.Pipe()
        self._speaker = _Speaker(self._pipe, theirs, address)

    @property
    def has_news(self) -> bool:
        """True where something was said that nobody has heard yet."""
        return self._pipe.poll()

    def settle(self) -> None:
        """Wait until there is a connection.

        Raises
        ------
        EngineError
            The scheduler does not answer, or a worker cannot work for us.
        MissingExtraError
            Dask is not installed.
        """
        while self.workers is None:
            self.news()

    def tell(self, message: Message) -> None:
        """Say something; that nobody is there any more shows when the answer is read."""
        with suppress(OSError, ImportError):  # at the end of Python, nothing can be pickled any more
            tell(self._pipe, message)

    def news(self) -> Ended | None:
        """What comes next, waited for; None where it is no answer of a worker.

        Raises
        ------
        EngineError
            The scheduler is lost, or a worker cannot work for us.
        MissingExtraError
            Dask is not installed.
        """
        message = hear(self._pipe)
        if isinstance(message, Failed):
            self.workers = None  # nobody to say goodbye to
            raise message.error
        if isinstance(message, Workers):
            self.workers = message.number
            if not self.workers:
                _log.warning("The cluster has no workers; waiting for some.")
            return None
        if not isinstance(message, Ended):
            raise gone()
        return message

    def close(self, *, in_haste: bool = False) -> None:
        """Say goodbye, but to nobody who is not there yet."""
        with suppress(OSError):
            leave(self._pipe)
        self._pipe.close()
        self._speaker.end(0.0 if self.workers is None else HASTE_S if in_haste else PARTING_S)


def address_of(cluster: str) -> str:
    """The address itself, or that in a scheduler file."""
    if cluster.endswith(".json"):
        try:
            return str(json.loads(Path(cluster).read_text(encoding="utf-8"))["address"])
        except (OSError, ValueError, LookupError, TypeError) as err:
            what = f"The scheduler file cannot be read ({type(err).__name__})."
            raise UsageError(what, cluster, "It is what `dask scheduler --scheduler-file` writes.") from err
    parts = urlsplit(cluster if "://" in cluster else f"tcp://{cluster}")
    try:
        is_whole = parts.scheme in SCHEMES and bool(parts.hostname) and bool(parts.port)
    except ValueError:  # of the port
        is_whole = False
    if not is_whole:
        what = f"{cluster!r} is no address of a scheduler."
        raise UsageError(what, "--cluster", "It looks like tcp://host:8786, or it is a scheduler file (.json).")
    return cluster
