"""The runner on a cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain
from operator import length_hint
from pathlib import Path
from typing import Self, TypeVar

from convkit._version import __version__
from convkit.engine._pool import can_fork
from convkit.engine.dask.connection import Connection, address_of
from convkit.engine.dask.orders import Orders
from convkit.engine.dask.worker import Terms
from convkit.engine.run import LocalRunner, OnError, Task, serial
from convkit.errors import OutputError

T = TypeVar("T")
R = TypeVar("R")


HERE = 2
"""Processes on this computer that begin with quick items: it may be one that others work on."""

HERE_S = 1.0
"""For how long they go on where there is a connection: before a cluster has taken its stride, they are done."""


class DaskRunner:
    """Runs tasks on the workers of a cluster, and leaves them running; see `convkit.engine.run.Runner`.

    Parameters
    ----------
    cluster : str
        Address of the scheduler, such as ``tcp://head:8786``, or path of its scheduler file. That it answers is
        waited for by the first `map`.
    jobs : int or None
        The most Dask tasks under way at once; None takes as many as keep all workers busy.

    Raises
    ------
    UsageError
        The address is none.
    """

    def __init__(self, cluster: str, jobs: int | None = None) -> None:
        self._connection = Connection(address_of(cluster))
        self._jobs = jobs
        self._meanwhile: list[Callable[[], object]] = []
        self._terms = Terms(__version__, str(Path.cwd()), "")
        self._is_unheard = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None = None, *_: object) -> None:
        try:
            if self._is_unheard and kind is None:  # who has misspelt the address is to hear of it
                self.ready()
        finally:
            self._connection.close(in_haste=kind is not None)

    @property
    def workers(self) -> None:
        """Each has memory of its own."""

    @property
    def has_lost_workers(self) -> bool:
        """True, for all that is known here: the scheduler sees to it, and says nothing."""
        return True

    def threads_for(self, _items: int) -> int:
        """One: a worker has the processor that it was given."""
        return 1

    @contextmanager
    def sharing(self, folder: Path) -> Iterator[None]:
        """See `Runner.sharing`: a file is put there, and a worker looks for it before it begins."""
        before = self._terms
        witness = folder.absolute() / f".cluster.{os.urandom(6).hex()}.convkit.part"  # removed as other leftovers are
        try:
            _make(witness)
            self._terms = before._replace(witness=str(witness))
            yield
        finally:
            self._terms = before
            with suppress(OSError):
                witness.unlink()

    def ready(self) -> None:
        """See `Runner.ready`."""
        self._is_unheard = False
        self._connection.settle()

    def meanwhile(self, work: Callable[[], object]) -> None:
        """See `Runner.meanwhile`."""
        self._meanwhile.append(work)

    def here(self, task: Task[T, R], items: Iterable[T], *, on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
        """See `Runner.here`."""
        return serial(task, items, on_error)

    def map(
        self, task: Task[T, R], items: Iterable[T], *, on_error: OnError[T, R], is_quick: bool = False
    ) -> Iterator[tuple[int, R]]:
        """See `Runner.map`; at most 4 Dask tasks a worker are under way, each of one item or of many quick ones.

        Where all quick ones are done here, it is `ready` or the end of the runner that waits for the connection.

        An item whose worker dies is run again by Dask, as often as its setting `allowed-failures` says, and a last time
        alone, in a process on this computer.

        Raises
        ------
        EngineError
            The scheduler does not answer or is lost, or a worker cannot work for us.
        MissingExtraError
            Dask is not installed.
        RuntimeError
            Another `map` of this runner is not finished.
        """
        rest = _Counted(items)
        if is_quick:
            yield from self._begun_here(task, rest, on_error)
            if rest.is_over():
                self._is_unheard = True
                return
        self._is_unheard = False
        first = rest.taken
        orders = Orders(self._connection, task, on_error, self._meanwhile)
        for index, result in orders.results(rest, self._terms, most=self._jobs):
            yield first + index, result

    def _begun_here(self, task: Task[T, R], items: Iterator[T], on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
        """Yield (index, result) of what is done here: for the first second, and until there is a connection."""
        if not (self._is_awaited() and can_fork()):  # other processes have to import everything first
            return
        end = time.monotonic() + HERE_S
        with LocalRunner(HERE) as here:
            while self._meanwhile:
                here.meanwhile(self._meanwhile.pop(0))
            yield from here.map(task, _while(lambda: self._goes_on_here(end), items), on_error=on_error)

    def _goes_on_here(self, end: float) -> bool:
        if self._connection.has_news:
            self._connection.news()  # that nobody answers ends the work here, too
        return time.monotonic() < end or self._connection.workers is None

    def _is_awaited(self) -> bool:
        return self._connection.workers is None and not self._connection.has_news


def _while(condition: Callable[[], bool], items: Iterator[T]) -> Iterator[T]:
    """Yield items while the condition holds; takes none that it does not yield."""
    while condition():
        try:
            yield next(items)
        except StopIteration:
            return


def _make(witness: Path) -> None:
    try:
        witness.parent.mkdir(parents=True, exist_ok=True)
        witness.touch()
    except OSError as err:
        hint = "Check space and permissions at the destination."
        raise OutputError(f"The folder cannot be written to: {err.strerror}.", str(witness.parent), hint) from err


class _Counted(Iterator[T]):
    """Items, and how many were taken."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self.taken = 0

    def __length_hint__(self) -> int:
        """How many there are, as far as that is known."""
        return length_hint(self._items)

    def __next__(self) -> T:
        item = next(self._items)
        self.taken += 1
        return item

    def is_over(self) -> bool:
        """True where no more will come."""
        for item in self._items:
            self._items = chain((item,), self._items)
            return False
        return True
