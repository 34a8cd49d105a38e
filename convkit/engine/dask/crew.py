"""The workers of a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar, cast

from convkit._version import __version__
from convkit.engine.dask.errors import asking, cannot_load, unfit

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")

LOOK_S = 5.0
"""From one look at how many workers there are to the next."""

WAIT_S = 0.5
"""From one look for a first worker to the next."""

SCHEDULER_S = 30.0
"""Time for the scheduler to tell its workers, however busy it is; then it counts as lost."""

WORKER_S = 5.0
"""Time for new workers to tell their version."""


_OUR_VERSION = "__import__('convkit._version', fromlist=['_']).__version__ if __import__('convkit.engine.dask') else ''"
"""On PyPI there is another project of our name, which has a version, too, but no room for Dask."""


class Crew:
    """The workers of a cluster, looked up now and then."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: frozenset[str] = frozenset()
        self._next_look = 0.0

    @property
    def rest_s(self) -> float:
        """Time to the next look."""
        return max(0.0, self._next_look - time.monotonic())

    def size(self) -> int:
        """Number of workers.

        Raises
        ------
        EngineError
            The scheduler is gone, or a worker has not our version.
        """
        if not self.rest_s:
            with asking():
                there = frozenset(_within(SCHEDULER_S, self._client.nthreads))
            if there - self._known:
                self._check_versions(sorted(there - self._known))
            self._known = there
            self._next_look = time.monotonic() + (LOOK_S if there else WAIT_S)
        return len(self._known)

    def _check_versions(self, workers: list[str]) -> None:
        """Ask workers for their version, in words that one without convkit understands.

        One that does not answer is left to the scheduler; if it comes back, its first answer tells its version.
        """
        ask = partial(self._client.run, eval, _OUR_VERSION, workers=workers, on_error="return")
        with asking(), suppress(TimeoutError):
            for version in _within(WORKER_S, ask).values():
                if isinstance(version, str) and version != __version__:
                    raise unfit("version", version)
                if isinstance(version, ImportError):
                    raise cannot_load(version)


def _within(limit_s: float, ask: Callable[[], T]) -> T:
    """The answer of Dask to a question; Dask itself waits for ever for who is frozen.

    Raises
    ------
    TimeoutError
        There is none in time.
    """
    answers: SimpleQueue[tuple[T | None, Exception | None]] = SimpleQueue()

    def wait() -> None:
        try:
            answers.put((ask(), None))
        except Exception as err:  # noqa: BLE001 (raised below)
            answers.put((None, err))

    Thread(target=wait, daemon=True).start()
    try:
        answer, error = answers.get(timeout=limit_s)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return cast("T", answer)
