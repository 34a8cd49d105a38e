"""The codec process of this process: started when it is first needed, replaced when it crashes or hangs.

A bad stream may crash a C library, or keep it busy for ever. So these libraries run in another process, which is asked
for one frame at a time, or in one for each thread that reads. It lives as long as this process; a forked process
starts its own.
"""

from __future__ import annotations

import atexit
import marshal
import os
import threading
import time
from typing import NamedTuple

import numpy as np

from convkit.dicom.codecs.child import ANSWER, CORRUPT, DONE, MISSING, REQUEST
from convkit.dicom.codecs.line import Line, start
from convkit.dicom.codecs.task import CorruptError, Decoded, Task, container

START_S = 30.0
"""Time for the process to start, on a slow network drive; about 0.15 s as a rule."""

ANSWER_S = 10.0
"""Time for any frame: a thousand times what 512 x 512 samples take."""

ANSWER_S_PER_MIB = 2.0
"""More for large frames: a tenth of the speed of the slowest codec."""

MEMORY_BYTES = 1 << 30
"""Address space for Python and the libraries."""

MEMORY_PER_BYTE = 24
"""Address space for a byte of the samples or of the stream: OpenJPEG holds 32 bits for each sample three times, and
GDCM copies what it decodes into text."""


class FailedError(Exception):
    """A codec did not decode a frame; the text says how, in few words."""


class Answer(NamedTuple):
    """What comes before the samples of an answer; see `child.ANSWER`."""

    number: int
    status: int
    sample_bytes: int
    is_planar: int
    reason_bytes: int
    data_bytes: int


class Keeper:
    """Holds the codec process, and lets one thread at a time talk to it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: Line | None = None
        self._owner = 0
        self._number = 0

    @property
    def pid(self) -> int | None:
        """Number of the codec process; None where there is none, or none that is alive and belongs to this process."""
        if self._line is None or self._owner != os.getpid() or self._line.process.poll() is not None:
            return None
        return self._line.process.pid

    def run(self, function: str, data: bytes, task: Task) -> Decoded:
        """Let the codec process decode a frame.

        Raises
        ------
        FailedError
            The codec failed, crashed or took too long, or gave something of the wrong size.
        CorruptError
            The codec says that the stream is damaged.
        """
        with self._lock:
            try:
                return self._ask(function, data, task)
            except (FailedError, CorruptError):
                raise
            except TimeoutError:
                self._drop()
                raise FailedError("took too long") from None
            except (OSError, EOFError):
                self._drop()
                raise FailedError("crashed") from None
            except BaseException:  # an answer that nobody read would be taken for the next
                self._drop()
                raise

    def _ask(self, function: str, data: bytes, task: Task) -> Decoded:
        deadline = time.monotonic() + _seconds(data, task)
        line = self._line
        if line is None or self.pid is None:
            line = self._begin()
            deadline += START_S
        self._number = (self._number + 1) % (1 << 32)
        work = marshal.dumps((function, tuple(task), _memory(data, task)))
        line.send([REQUEST.pack(self._number, len(work), len(data)) + work, data], deadline)
        answer = Answer(*ANSWER.unpack(_received(line, ANSWER.size, deadline)))
        reason = bytes(_received(line, answer.reason_bytes, deadline)).decode("ascii", "replace")
        self._judge(answer, reason, task)
        return Decoded(_received(line, answer.data_bytes, deadline), answer.sample_bytes, bool(answer.is_planar))

    def _judge(self, answer: Answer, reason: str, task: Task) -> None:
        """Refuse what is no answer to this request, before memory is set aside for it."""
        if answer.number != self._number:
            raise EOFError
        if answer.status == CORRUPT:
            raise CorruptError
        if answer.status == MISSING:
            raise FailedError("not installed")
        if answer.status != DONE:
            raise FailedError(reason if reason.isidentifier() else "failed")
        if answer.sample_bytes not in {1, 2, 4, 8} or answer.data_bytes != task.size * answer.sample_bytes:
            self._drop()  # the rest of its answer is not wanted
            raise FailedError("wrong size")

    def _begin(self) -> Line:
        if self._owner == os.getpid():
            self._drop()
        self.forget()
        try:
            self._line = start()
        except OSError:
            raise FailedError("its process cannot be started") from None
        self._owner = os.getpid()
        return self._line

    def _drop(self) -> None:
        """End the codec process; the next frame gets a new one."""
        if self._line is not None:
            self._line.end()
        self._line = None

    def forget(self) -> None:
        """Leave a codec process to the parent that this process was forked from, and let go of the way to it."""
        if self._line is not None:
            self._line.release()
        self._line = None

    def forget_in_child(self) -> None:
        """The same just after a fork: the lock may be held by a thread that does not exist here."""
        self._lock = threading.Lock()
        self.forget()

    def close(self) -> None:
        """End the codec process if this process started it."""
        with self._lock:
            if self._owner == os.getpid():
                self._drop()


def _seconds(data: bytes, task: Task) -> float:
    """Time limit of a frame."""
    return ANSWER_S + ANSWER_S_PER_MIB * _bytes(data, task) / (1 << 20)


def _memory(data: bytes, task: Task) -> int:
    """Memory limit of a frame."""
    return MEMORY_BYTES + MEMORY_PER_BYTE * _bytes(data, task)


def _bytes(data: bytes, task: Task) -> int:
    return len(data) + task.size * container(task.precision)


def _received(line: Line, count: int, deadline: float) -> memoryview:
    content = np.empty(count, np.uint8).data.cast("B")
    line.receive(content, deadline)
    return content


KEEPER = Keeper()
"""That of this process."""


class Crew:
    """The codec processes of this process: one, and another for each thread that wants one at the same time."""

    def __init__(self, first: Keeper) -> None:
        self._first = first
        self._free = [first]
        self._more: list[Keeper] = []
        self._lock = threading.Lock()

    def run(self, function: str, data: bytes, task: Task) -> Decoded:
        """As `Keeper.run`."""
        with self._lock:
            keeper = self._free.pop() if self._free else self._another()
        try:
            return keeper.run(function, data, task)
        finally:
            with self._lock:
                self._free.append(keeper)

    def _another(self) -> Keeper:
        keeper = Keeper()
        self._more.append(keeper)
        return keeper

    def dismiss(self) -> None:
        """End all processes but the first that nobody talks to: for who has had threads, and has none now."""
        with self._lock:
            idle = [keeper for keeper in self._more if keeper in self._free]
            self._more = [keeper for keeper in self._more if keeper not in idle]
            self._free = [keeper for keeper in self._free if keeper not in idle]
        for keeper in idle:
            keeper.close()

    def close(self) -> None:
        """End all processes that this process started."""
        for keeper in (self._first, *self._more):
            keeper.close()

    def forget_in_child(self) -> None:
        """Leave all to the parent, just after a fork."""
        for keeper in (self._first, *self._more):
            keeper.forget_in_child()
        self._lock = threading.Lock()
        self._free, self._more = [self._first], []


CREW = Crew(KEEPER)
"""Those of this process."""

atexit.register(CREW.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CREW.forget_in_child)
