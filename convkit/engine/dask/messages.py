"""What we and the process that speaks with the cluster tell each other."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from convkit.errors import ConvkitError

PARTING_S = 5.0
"""Time for a friendly end of the connection."""


class Begin(NamedTuple):
    """To it: what all items share from now on, and the terms (`convkit.engine.dask.worker.Terms`)."""

    call: bytes
    terms: tuple[str, ...]


class Send(NamedTuple):
    """To it: the pickles of some items, for one worker to do one after the other."""

    number: int
    payloads: list[bytes]


class Drop(NamedTuple):
    """To it: nobody waits any more for what is under way."""


class Workers(NamedTuple):
    """From it: how many workers there are; the first one says that there is a connection."""

    number: int


class Ended(NamedTuple):
    """From it: what a worker has answered, or None where all who tried have died."""

    number: int
    answer: tuple[Any, ...] | None


class Failed(NamedTuple):
    """From it, and its last word: why there is no connection any more, or never was."""

    error: ConvkitError


Message: TypeAlias = Begin | Send | Drop | Workers | Ended | Failed


def tell(pipe: Connection[bytes, bytes], message: Message) -> None:
    """Send a message.

    Raises
    ------
    OSError
        The other side is gone.
    """
    pipe.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


def leave(pipe: Connection[bytes, bytes]) -> None:
    """Say that nothing more will be said: a closed pipe tells it only where no other process holds it, too.

    Raises
    ------
    OSError
        The other side is gone.
    """
    pipe.send_bytes(b"")


def hear(pipe: Connection[bytes, bytes]) -> Message | None:
    """The next message, waited for; None where the other side is gone or says no more."""
    try:
        said = pipe.recv_bytes()
    except (EOFError, OSError):
        return None
    message: Message | None = pickle.loads(said) if said else None  # noqa: S301 (from our own process)
    return message
