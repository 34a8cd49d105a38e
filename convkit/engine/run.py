"""Runs a task over items, here or in worker processes, and keeps one bad item from ending the rest.

The task border is here: the one place that catches everything. What becomes of an exception is the caller's
choice (`on_error`); `convkit.engine.outcome.failure` makes an Outcome of it. Where the workers are, here or on a
cluster, is known to nobody who has a `Runner`.
"""

from __future__ import annotations

import logging
import os
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeAlias, TypeVar

from convkit.engine.limits import default_jobs
from convkit.engine.outcome import kind_of
from convkit.errors import EngineError, UsageError
from convkit.model.notes import CODES
from convkit.storage import loss

if TYPE_CHECKING:
    from convkit.engine._pool import Landed, Pool, StartMethod

T = TypeVar("T")
R = TypeVar("R")
Task: TypeAlias = Callable[[T], R]
OnError: TypeAlias = Callable[[T, Exception], R]

_log = logging.getLogger(__name__)

WORKER_DIED = "engine.worker-died"

STORAGE_LOST = "storage.lost"
"""Code of the one error of a task that ends the run: every item after this one would fail as well, and slowly."""


class Runner(Protocol):
    """Runs tasks somewhere; leaving its context ends the workers that it has started."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def has_lost_workers(self) -> bool:
        """True where a worker may have died: what it was writing may lie about."""

    @property
    def workers(self) -> int | None:
        """Number of workers that share the memory of this machine; None where each has its own."""

    def threads_for(self, items: int) -> int:
        """Threads that each of so many items may use, where workers would be left over."""

    def sharing(self, folder: Path) -> AbstractContextManager[object]:
        """Work in which workers write to a folder: one that does not see the same folder as we do refuses its items.

        Raises
        ------
        OutputError
            The operating system refuses.
        """

    def ready(self) -> None:
        """Wait until it is known whether there are workers: what comes next leaves traces.

        Raises
        ------
        EngineError, MissingExtraError
            As `map`.
        """

    def meanwhile(self, work: Callable[[], object]) -> None:
        """Leave some work of the caller, such as the import of what it needs later, for when it waits for workers.

        What makes no difference but to the time: it may never be done, or in another thread, and nobody hears of it if
        it fails. Workers that start later inherit it.
        """

    def here(self, task: Task[T, R], items: Iterable[T], *, on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
        """As `map`, but in this process and one after another: for what a worker could neither speed up nor survive."""

    def map(
        self, task: Task[T, R], items: Iterable[T], *, on_error: OnError[T, R], is_quick: bool = False
    ) -> Iterator[tuple[int, R]]:
        """Yield (index of the item, result) as results come; the order is not that of the items.

        A bounded number of items is taken from `items` beyond those whose results were given out. An item whose
        worker dies is run again; if it goes on killing workers, `on_error` gets an `EngineError` with the code
        ``engine.worker-died``. Leaving the loop early gives up what is under way.

        Parameters
        ----------
        task : callable
            Module-level function of one item, or a `functools.partial` of one. Its result can be pickled.
        items : iterable
            May be lazy. Small items are better sent in batches (`batched`).
        on_error : callable
            Module-level function of (item, exception) that makes a result of an exception of the task.
        is_quick : bool
            Items take some milliseconds each: this computer may begin where workers elsewhere are not there yet.

        Raises
        ------
        EngineError
            There are no workers that can work, or storage is lost that items read or write (``storage.lost``).
        MissingExtraError
            There is a cluster, and no Dask.
        """


def runner_of(jobs: int | None = None, cluster: str | os.PathLike[str] | None = None) -> Runner:
    """The runner that was asked for.

    Parameters
    ----------
    jobs : int or None
        Number of processes; on a cluster, the most items under way at once. None takes one a CPU, or all workers.
    cluster : str, path or None
        Address of a Dask scheduler, or its scheduler file; None stays on this computer.

    Raises
    ------
    UsageError
        `jobs` is below 1, or the address is none.
    """
    if jobs is not None and (not isinstance(jobs, int) or jobs < 1):
        raise UsageError(f"The number of jobs is {jobs}; it must be 1 or more.")
    if cluster is None:
        return LocalRunner(jobs)
    runner: Runner = import_module("convkit.engine.dask.runner").DaskRunner(os.fspath(cluster), jobs)
    return runner


class LocalRunner:
    """Runs tasks in this process (one job) or in worker processes, which serve one `map` after the other.

    Parameters
    ----------
    jobs : int or None
        Number of processes; 1 runs everything here, None takes one a CPU (`default_jobs`).
    start_method : {"fork", "forkserver", "spawn"} or None
        How worker processes start; None chooses.

    Examples
    --------
    >>> with LocalRunner(4) as runner:
    ...     results = dict(runner.map(task, items, on_error=failed))
    """

    def __init__(self, jobs: int | None = None, *, start_method: StartMethod | None = None) -> None:
        self._jobs = default_jobs() if jobs is None else jobs
        self._start_method = start_method
        self._pool = _pool(self._jobs, start_method) if self._jobs > 1 else None
        self._deaths = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.stop()
            import_module("convkit.storage._private").remove_what_workers_inflated()

    @property
    def has_lost_workers(self) -> bool:
        """True where a worker process has died."""
        return self._deaths > 0

    @property
    def workers(self) -> int:
        """All of them are here."""
        return self._jobs

    def threads_for(self, items: int) -> int:
        """The workers that are left over, shared out."""
        return max(1, self._jobs // max(1, items))

    def sharing(self, _folder: Path) -> AbstractContextManager[object]:
        """Nothing to see to: workers are on this computer."""
        return nullcontext()

    def ready(self) -> None:
        """See `Runner.ready`; they start when they are needed."""

    def meanwhile(self, work: Callable[[], object]) -> None:
        """See `Runner.meanwhile`; without worker processes there is no wait."""
        if self._pool is not None:
            self._pool.meanwhile(work)

    def here(self, task: Task[T, R], items: Iterable[T], *, on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
        """See `Runner.here`."""
        return serial(task, items, on_error)

    def map(
        self,
        task: Task[T, R],
        items: Iterable[T],
        *,
        on_error: OnError[T, R],
        is_quick: bool = False,  # noqa: ARG002 (there is nobody to wait for)
    ) -> Iterator[tuple[int, R]]:
        """See `Runner.map`; at most 2 x jobs items are under way, and a lost one is run once more, alone and last.

        Raises
        ------
        EngineError
            Worker processes cannot be started.
        RuntimeError
            Another `map` of this runner is not finished.
        """
        if self._pool is None:
            return self.here(task, items, on_error=on_error)
        inherited = items if isinstance(items, (list, tuple)) and self._pool.will_fork() else None
        return self._flown(_Flights(self._pool, task, on_error, inherited), items)

    def _flown(self, flights: _Flights[T, R], items: Iterable[T]) -> Iterator[tuple[int, R]]:
        try:
            yield from flights.results(items, start_method=self._start_method)
        finally:
            self._deaths += flights.deaths


def run(task: Task[T, R], items: Iterable[T], *, jobs: int, on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
    """Yield (index of the item, result) as results come, from a runner of its own; see `Runner.map`."""
    with LocalRunner(jobs) as runner:
        yield from runner.map(task, items, on_error=on_error)


def attempt(task: Task[T, R], item: T, on_error: OnError[T, R]) -> R:
    """The result of the task, or what `on_error` makes of its exception: the task border.

    Raises
    ------
    EngineError
        Storage is lost.
    """
    was_watched = loss.watch()
    try:
        result = task(item)
    except Exception as error:  # one bad item never ends a batch
        if is_of_storage(error):
            raise
        # Frames without the exception's words: these may hold the value of an attribute.
        _log.debug("%s\n%s", kind_of(error), "".join(traceback.format_tb(error.__traceback__)))
        result = on_error(item, error)
    finally:
        lost = loss.end(was_watched=was_watched)
    if lost is not None:
        known = CODES[STORAGE_LOST]
        raise EngineError(f"The work was ended: {lost.why}.", lost.place, known.hint, STORAGE_LOST)
    return result


def is_of_storage(error: Exception) -> bool:
    """True for the error that tells that storage is lost."""
    return isinstance(error, EngineError) and error.code == STORAGE_LOST


def batched(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Yield the items in tuples of `size`, the last one perhaps shorter."""
    rest = iter(items)
    while batch := tuple(islice(rest, size)):
        yield batch


def serial(task: Task[T, R], items: Iterable[T], on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
    """Yield (index, result) of items in this process, one after another."""
    for index, item in enumerate(items):
        yield index, attempt(task, item, on_error)


_BEQUESTS: dict[int, Callable[[int], object]] = {}
"""What makes the result of an item by its number, by the identity of the `map`: workers that are forked for it find it
in their memory, so no item travels. Filled before they are forked, and emptied when the `map` ends."""


def _inherited(number: int, index: int) -> object:
    """The result of an item that this worker was forked with."""
    return _BEQUESTS[number](index)


class _Flights(Generic[T, R]):
    """One `map` over a pool: which items are under way, and which lost their worker."""

    def __init__(
        self, pool: Pool, task: Task[T, R], on_error: OnError[T, R], inherited: Sequence[T] | None = None
    ) -> None:
        self._pool = pool
        self._inherited = inherited
        self._task = task
        self._on_error = on_error
        self._aloft: dict[int, T] = {}
        self._lost: list[tuple[int, T]] = []
        self.deaths = 0

    def results(self, items: Iterable[T], *, start_method: StartMethod | None) -> Iterator[tuple[int, R]]:
        """Yield (index, result) of all items."""
        if self._pool.is_busy:
            raise RuntimeError("another map of this runner is not finished")
        try:
            if self._inherited is not None:
                _BEQUESTS[id(self)] = self._of_inherited
            yield from self._results(items)
        finally:
            _BEQUESTS.pop(id(self), None)
            if self._pool.is_busy:
                self._pool.stop()
        yield from alone(self._task, self._lost, self._on_error, start_method=start_method)

    def _results(self, items: Iterable[T]) -> Iterator[tuple[int, R]]:
        for index, item in enumerate(items):
            # The free worker gets its next item before the caller gets, and spends time on, the last result.
            landed = self._pool.collect(block=self._pool.is_full)
            unsent = self._send(index, item)
            if landed:
                yield from self._settle(landed)
            yield from unsent
        while landed := self._pool.collect(block=True):
            yield from self._settle(landed)

    def _send(self, index: int, item: T) -> list[tuple[int, R]]:
        """Start an item; one that cannot be pickled has its result at once."""
        is_heir = self._inherited is not None and self._pool.hire()
        try:
            payload = pickle.dumps(self._call(index, item, is_heir=is_heir), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 (pickling runs code of the item; part of the task border)
            return [(index, self._on_error(item, error))]
        self._aloft[index] = item
        self._pool.submit(index, payload)
        return []

    def _settle(self, landed: Landed) -> list[tuple[int, R]]:
        """The result of a call that ended; none yet where its worker died."""
        item = self._aloft.pop(landed.label)
        if landed.answer is None:
            _log.info("a worker died (%s) and its item is kept for later", landed.death)
            self._lost.append((landed.label, item))
            self.deaths += 1
            return []
        return [(landed.label, self._unpack(item, landed.answer))]

    def _of_inherited(self, index: int) -> R:
        assert self._inherited is not None  # noqa: S101 (else nobody has the method)
        return attempt(self._task, self._inherited[index], self._on_error)

    def _call(self, index: int, item: T, *, is_heir: bool) -> Callable[[], object]:
        if is_heir:
            return partial(_inherited, id(self), index)
        return partial(attempt, self._task, item, self._on_error)

    def _unpack(self, item: T, answer: bytes) -> R:
        return unpacked(answer, item, self._on_error)


def alone(
    task: Task[T, R],
    numbered: Iterable[tuple[int, T]],
    on_error: OnError[T, R],
    *,
    start_method: StartMethod | None = None,
) -> Iterator[tuple[int, R]]:
    """Yield the results of items that have lost a worker before, from a process that can take no other item down."""
    with _pool(1, start_method) as pool:
        for index, item in numbered:
            pool.submit(index, pickle.dumps(partial(attempt, task, item, on_error), pickle.HIGHEST_PROTOCOL))
            landed = pool.collect(block=True)
            if landed and landed.answer is not None:
                yield index, unpacked(landed.answer, item, on_error)
                continue
            known = CODES[WORKER_DIED]
            death = landed.death if landed else ""
            what = f"The worker process died ({death}) while it worked on this item, twice."
            yield index, on_error(item, EngineError(what, "", known.hint, WORKER_DIED))


def packed(call: Callable[[], object]) -> bytes:
    """Pickled (True, result) of a call, or (False, kind of error) if none can travel; in a worker.

    In place of a kind there is the error itself that ends the run.
    """
    try:
        return pickle.dumps((True, call()), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 (part of the task border)
        return pickle.dumps((False, error if is_of_storage(error) else kind_of(error)))


def unpacked(answer: bytes, item: T, on_error: OnError[T, R]) -> R:
    """The result in what a worker has `packed`.

    Raises
    ------
    EngineError
        Storage is lost.
    """
    try:
        good, value = pickle.loads(answer)  # noqa: S301 (from our own worker)
    except Exception as error:  # noqa: BLE001 (unpickling runs code of the result; part of the task border)
        good, value = False, kind_of(error)
    if good:
        result: R = value
        return result
    if isinstance(value, EngineError):
        raise value
    what = f"No result came back from the worker process ({value}); please report it."
    return on_error(item, EngineError(what, "", "", "engine.unexpected"))


def _pool(jobs: int, start_method: StartMethod | None) -> Pool:
    """Worker processes; what starts them is loaded only for those who want some."""
    pool: Pool = import_module("convkit.engine._pool").Pool(jobs, _answer, method=start_method)
    return pool


def _answer(payload: bytes) -> bytes:
    """Answer to a pickled call; in a worker."""
    return packed(lambda: pickle.loads(payload)())  # noqa: PLW0108, S301 (part of the call; from our parent)
