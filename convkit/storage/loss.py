"""What a task has found out about storage: that it is lost, which costs every item after this one, too.

Whatever reads or writes goes on as with any other file that cannot be used; the task border asks here, and ends the
run. Outside a task nothing is remembered: who asks again may find the storage well.
"""

from __future__ import annotations

import threading
from typing import NamedTuple


class Loss(NamedTuple):
    """Storage that is lost.

    Attributes
    ----------
    place : str
        Kind and bucket.
    why : str
        In words.
    """

    place: str
    why: str


class _Seen(threading.local):
    """What the task of this thread has found out."""

    is_watched = False
    loss: Loss | None = None


_seen = _Seen()


def place_of(url: str) -> str:
    """Kind and bucket of a URL: what is lost as a whole."""
    return "/".join(url.split("/")[:3])


def is_watched() -> bool:
    """True in a task."""
    return _seen.is_watched


def watch() -> bool:
    """Remember losses from here on; returns whether this was so before, for `end`."""
    was_watched = _seen.is_watched
    if not was_watched:
        _seen.is_watched, _seen.loss = True, None
    return was_watched


def end(*, was_watched: bool) -> Loss | None:
    """End what `watch` has begun; returns what was lost since."""
    _seen.is_watched = was_watched
    return _seen.loss


def report(url: str, why: str) -> None:
    """Remember that the storage of a URL is lost; the first one counts."""
    if _seen.is_watched and _seen.loss is None:
        _seen.loss = Loss(place_of(url), why)


def known(url: str) -> Loss | None:
    """The loss of the storage of a URL, where this task has found it out."""
    loss = _seen.loss if _seen.is_watched else None
    return loss if loss is not None and loss.place == place_of(url) else None
