"""Our end of the connection to a cluster; the other one is `convkit.engine.dask.agent`."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from convkit.engine.dask.errors import gone
from convkit.engine.dask.messages import PARTING_S, Ended, Failed, Message, Workers, hear, leave, tell
from convkit.engine.dask.speaker import Speaker
from convkit.errors import UsageError

_log = logging.getLogger(__name__)

HASTE_S = 0.5
"""Time for a goodbye where something has ended the work."""

SCHEMES = frozenset({"tcp", "tls", "ws", "wss", "ucx"})


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
        self._speaker = Speaker(address)
        self._pipe = self._speaker.pipe

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
