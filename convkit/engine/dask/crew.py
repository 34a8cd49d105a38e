"""The workers of a cluster."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from convkit._version import __version__
from convkit.engine.dask.errors import asking, cannot_load, unfit

if TYPE_CHECKING:
    from distributed import Client

LOOK_S = 5.0
"""From one look at how many workers there are to the next."""

WAIT_S = 0.5
"""From one look for a first worker to the next."""


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
                there = frozenset(self._client.nthreads())
            if there - self._known:
                self._check_versions(sorted(there - self._known))
            self._known = there
            self._next_look = time.monotonic() + (LOOK_S if there else WAIT_S)
        return len(self._known)

    def _check_versions(self, workers: list[str]) -> None:
        """Ask workers for their version, in words that one without convkit understands."""
        with asking():
            found = self._client.run(eval, "__import__('convkit').__version__", workers=workers, on_error="return")
        for version in found.values():
            if isinstance(version, str) and version != __version__:
                raise unfit("version", version)
            if isinstance(version, ImportError):
                raise cannot_load(version)
