"""Our end of the connection to a cluster; the other one is `convkit.engine.dask.agent`."""

from __future__ import annotations

import json
import logging
import multiprocessing
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from convkit.engine._pool import started
from convkit.engine.dask.agent import PARTING_S, serve
from convkit.engine.dask.errors import gone
from convkit.engine.dask.messages import Ended, Failed, Message, Workers, hear, leave, tell
from convkit.errors import UsageError

_log = logging.getLogger(__name__)

SCHEMES = frozenset({"tcp", "tls", "ws", "wss", "ucx"})


class Connection:
    """A process that connects to a scheduler, and what it says; it begins at once, beside all other work.

    Parameters
    ----------
    address : str
        See `address_of`.

    Attributes
    ----------
    workers : int or None
        How many there are; None as long as there is no connection.
    """

    def __init__(self, address: str) -> None:
        self.workers: int | None = None
        self._pipe, theirs = multiprocessing.Pipe()
        self._process = started(serve, (theirs, self._pipe, address))
        theirs.close()

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
        with suppress(OSError):
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

    def close(self) -> None:
        """Say goodbye, but to nobody who is not there yet."""
        if self.workers is None:
            self._process.kill()
        with suppress(OSError):
            leave(self._pipe)
        self._pipe.close()
        self._process.join(PARTING_S)
        if self._process.exitcode is None:
            self._process.kill()
            self._process.join()
        self._process.close()


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
