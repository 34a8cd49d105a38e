"""Items to Dask tasks, and their answers back."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterable, Iterator
from operator import length_hint
from typing import Any, Generic, NamedTuple, TypeVar

from convkit.engine.dask.connection import Connection
from convkit.engine.dask.errors import unfit
from convkit.engine.dask.messages import Begin, Drop, Send
from convkit.engine.dask.worker import Answer, Terms
from convkit.engine.run import OnError, Task, alone, unpacked

T = TypeVar("T")
R = TypeVar("R")

_log = logging.getLogger(__name__)

AHEAD = 4
"""Dask tasks under way for each worker: one at work, one at hand, two on the way there and back."""

MOST_UNDER_WAY = 10_000
"""Dask tasks, however many workers there are: some seconds of work for a scheduler."""

AHEAD_UNKNOWN = 2
"""The same as long as nobody knows how long an item takes: then not each of the first ones is a task of its own."""

SLICE_S = 0.2
"""Least time for a Dask task, which costs client, scheduler and worker 5 ms together; quicker items share one."""

LAST_SLICE_S = 0.1
"""The same for the last ones, so that workers end together."""

SCHEDULER_S = 0.005
"""Time from one Dask task to the next that leaves the scheduler idle for half of it."""

MOST_AT_ONCE = 64
"""Items in a Dask task."""


class _Parcel(NamedTuple):
    """Items that one Dask task does, one after the other: number, item and its pickle."""

    numbers: list[int]
    items: list[Any]
    payloads: list[bytes]

    def add(self, number: int, item: object, payload: bytes) -> None:
        """Put one more in."""
        self.numbers.append(number)
        self.items.append(item)
        self.payloads.append(payload)


class Orders(Generic[T, R]):
    """One `map` over a cluster: what is under way, and which items lost their workers."""

    def __init__(
        self,
        connection: Connection,
        task: Task[T, R],
        on_error: OnError[T, R],
        meanwhile: list[Callable[[], object]],
    ) -> None:
        self._connection = connection
        self._task = task
        self._on_error = on_error
        self._meanwhile = meanwhile
        self._aloft: dict[int, _Parcel] = {}
        self._lost: list[tuple[int, T]] = []
        self._left = 0  # items that are still to be sent; 0 where nobody knows
        self._seconds = 0.0  # of an item; 0 until the first one has ended

    def results(self, items: Iterable[T], terms: Terms, *, most: int | None) -> Iterator[tuple[int, R]]:
        """Yield (index, result) of all items.

        Raises
        ------
        RuntimeError
            Another map over the connection is not finished.
        """
        if self._connection.is_taken:
            raise RuntimeError("another map of this runner is not finished")
        if self._connection.workers is None:
            self._do_what_was_left()
            self._connection.settle()
        self._connection.tell(Begin(pickle.dumps((self._task, self._on_error), pickle.HIGHEST_PROTOCOL), tuple(terms)))
        self._connection.is_taken = True
        try:
            yield from self._results(items, most)
        finally:
            self._connection.is_taken = False
            if self._aloft:
                self._connection.tell(Drop())
        yield from alone(self._task, self._lost, self._on_error)

    def _results(self, items: Iterable[T], most: int | None) -> Iterator[tuple[int, R]]:
        parcel = _Parcel([], [], [])
        self._left = length_hint(items)
        for index, item in enumerate(items):
            self._left -= 1
            try:
                payload = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
            except Exception as error:  # noqa: BLE001 (pickling runs code of the item; part of the task border)
                yield index, self._on_error(item, error)
                continue
            parcel.add(index, item, payload)
            if len(parcel.items) < self._items_at_once() and len(self._aloft) >= self._workers:
                continue
            yield from self._sent(parcel, most)
            parcel = _Parcel([], [], [])
            yield from self._settled(block=False)
        if parcel.items:
            yield from self._sent(parcel, most)
        while self._aloft:
            yield from self._settled(block=True)

    @property
    def _workers(self) -> int:
        """At least one: more may come."""
        return self._connection.workers or 1

    @property
    def _ahead(self) -> int:
        return (AHEAD if self._seconds else AHEAD_UNKNOWN) * self._workers

    def _sent(self, parcel: _Parcel, most: int | None) -> Iterator[tuple[int, R]]:
        """Send a parcel as soon as there is room; yields what has ended until then."""
        # One that cannot load our tasks ends without a word when it gets one: each is asked first, as it comes.
        while not self._connection.workers or len(self._aloft) >= min(most or MOST_UNDER_WAY, self._ahead):
            yield from self._settled(block=True)
        number = next(self._connection.numbers)
        self._aloft[number] = parcel
        self._connection.tell(Send(number, parcel.payloads))

    def _settled(self, *, block: bool) -> Iterator[tuple[int, R]]:
        """Yield what has ended; waits for news where asked."""
        if block:
            self._do_what_was_left()
        while block or self._connection.has_news:
            block = False
            ended = self._connection.news()
            parcel = self._aloft.pop(ended.number, None) if ended else None
            if ended is None or parcel is None:  # not of this map
                continue
            answer = ended.answer or Answer(0.0, [None] * len(parcel.items))
            if isinstance(answer[0], str):
                raise unfit(*answer)
            yield from self._unpacked(parcel, Answer(*answer))

    def _do_what_was_left(self) -> None:
        """Do what was left for when we wait; see `Runner.meanwhile`."""
        while self._meanwhile:
            self._meanwhile.pop()()

    def _items_at_once(self) -> int:
        """Items for one Dask task: so many that the scheduler is no bottleneck, so few that all end together."""
        if not self._seconds:
            return 1
        slice_s = SLICE_S
        if self._left > 0:  # it is known how many there are
            slice_s = min(SLICE_S, max(LAST_SLICE_S, self._left * self._seconds / self._workers))
        return max(1, min(MOST_AT_ONCE, int(max(slice_s, self._workers * SCHEDULER_S) / self._seconds)))

    def _learn(self, seconds: float) -> None:
        """Take note of how long an item took."""
        self._seconds = (self._seconds + seconds) / 2 if self._seconds else seconds

    def _unpacked(self, parcel: _Parcel, answer: Answer) -> Iterator[tuple[int, R]]:
        if answer.seconds:
            self._learn(answer.seconds / len(parcel.items))
        for index, item, each in zip(parcel.numbers, parcel.items, answer.results, strict=True):
            if each is not None:
                yield index, unpacked(each, item, self._on_error)
            else:
                _log.info("an item has lost its workers and is kept for later")
                self._lost.append((index, item))
