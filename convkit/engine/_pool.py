"""Worker processes that each hold at most one call: the machinery under `Runner`.

Every worker has a pipe of its own. So it is known which call a dead worker held, no lock is shared that a
dying process could keep, and the parent needs no threads. Calls and answers are bytes; what they mean is not
known here.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
import warnings
from contextlib import contextmanager, nullcontext, suppress
from multiprocessing.connection import wait
from signal import Signals
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, TypeAlias

from convkit.engine._aside import Aside
from convkit.engine._worker import ENDINGS, GRACE_S, READY, STOP, Answer, serve
from convkit.engine.limits import is_daemonic
from convkit.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.process import BaseProcess

if sys.platform != "win32":
    from signal import SIG_BLOCK, SIG_SETMASK, pthread_sigmask

StartMethod: TypeAlias = Literal["fork", "forkserver", "spawn"]

MOST_ON_WINDOWS = 60
"""Waiting for many handles at once takes at most 63 there."""


_STARTING = threading.RLock()
"""One thread at a time starts a process: to start one, what belongs to all of them is changed for a moment (the main
module, the filters of warnings)."""


class Landed(NamedTuple):
    """A call that came to an end; `answer` is None where its worker died, and `death` says how."""

    label: int
    answer: bytes | None
    death: str = ""


class _Worker:
    """One worker process, seen from the parent; `label` names the call that it holds."""

    def __init__(self, answer: Answer, method: StartMethod) -> None:
        self.connection, theirs = multiprocessing.Pipe()
        self.label: int | None = None
        self.is_forked = method == "fork"
        self.process = started(serve, (theirs, answer), method)
        theirs.close()

    def send(self, label: int, payload: bytes) -> None:
        """Give the worker a call; that it is dead shows when its answer is read."""
        self.label = label
        with suppress(OSError):
            self.connection.send_bytes(payload)

    def receive(self) -> bytes | None:
        """One message, or None where the worker is dead."""
        try:
            return self.connection.recv_bytes()
        except (EOFError, OSError):
            return None

    def ask_to_stop(self) -> None:
        """Ask the process to end: by a message where it is idle, by a signal where it works."""
        if self.label is not None:
            self.process.terminate()
            return
        with suppress(OSError):
            self.connection.send_bytes(STOP)

    def end(self, deadline: float) -> str:
        """Wait for the end of the process until `deadline`, then kill it; returns how it ended."""
        death = _death(finish(self.process, deadline - time.monotonic()))
        self.connection.close()
        return death


class Pool:
    """Up to `size` workers, started when they are needed.

    Parameters
    ----------
    size : int
        Number of processes.
    answer : callable of bytes to bytes
        Module-level function that runs in the workers; it does not raise.
    method : str or None
        Start method of the processes; None chooses.
    """

    def __init__(self, size: int, answer: Answer, *, method: StartMethod | None = None) -> None:
        self._size = min(size, MOST_ON_WINDOWS) if sys.platform == "win32" else size
        self._answer = answer
        self._method = method
        self._workers: list[_Worker] = []
        self._can_start = False
        self._meanwhile: list[Callable[[], object]] = []
        self._aside: Aside | None = None
        self._is_outgrown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def is_busy(self) -> bool:
        """True where a call is under way."""
        return any(worker.label is not None for worker in self._workers)

    @property
    def is_full(self) -> bool:
        """True where no further call can be taken."""
        return len(self._workers) == self._size and all(each.label is not None for each in self._workers)

    def will_fork(self) -> bool:
        """True where the next call finds no worker, and those that start inherit the memory of this process."""
        self._renew()
        return not self._workers and (self._method or _start_method()) == "fork"

    def meanwhile(self, work: Callable[[], object]) -> None:
        """Do some work of the parent beside the next calls; see `Runner.meanwhile`."""
        self._meanwhile.append(work)

    def hire(self) -> bool:
        """See to a free worker for the next call; True where it was forked. The pool must not be full."""
        return self._free().is_forked

    def submit(self, label: int, payload: bytes) -> None:
        """Start a call in a free worker, the one that was hired; the pool must not be full."""
        self._free().send(label, payload)

    def _renew(self) -> None:
        """Where all are free, end workers that lack what was made meanwhile."""
        if not self.is_busy:
            self._end_aside()
            if self._is_outgrown:
                self.stop()

    def _free(self) -> _Worker:
        self._renew()
        free = next((worker for worker in self._workers if worker.label is None), None)
        if free is None:
            free = _Worker(self._answer, self._method or _start_method())
            self._workers.append(free)
        return free

    def collect(self, *, block: bool) -> Landed | None:
        """One call that has come to an end; None where none has, and `block` is False or none is under way.

        Raises
        ------
        EngineError
            Worker processes cannot be started at all.
        """
        while True:
            busy = [worker for worker in self._workers if worker.label is not None]
            ready = self._ready(busy, block=block)
            if not ready:
                return None
            worker = next(each for each in busy if each.connection is ready[0])
            message = worker.receive()
            if message != READY:
                return self._land(worker, message)
            self._can_start = True

    def _ready(self, busy: Sequence[_Worker], *, block: bool) -> list[Any]:
        """Connections of workers that have said something."""
        connections = [worker.connection for worker in busy]
        if not connections:
            return []
        if block and self._meanwhile:
            self._begin_aside()
        return wait(connections, None if block else 0)

    def _begin_aside(self) -> None:
        """Begin what was left for now; forked workers will not have what it makes, and end when all are free."""
        self._end_aside()
        self._is_outgrown = (self._method or _start_method()) == "fork"
        self._aside = Aside(self._meanwhile)
        self._meanwhile.clear()

    def _end_aside(self) -> None:
        if self._aside is not None:
            self._aside.join()
            self._aside = None

    def stop(self) -> None:
        """End all workers; calls under way are given up."""
        self._end_aside()
        self._is_outgrown = False
        for worker in self._workers:
            worker.ask_to_stop()
        deadline = time.monotonic() + GRACE_S
        while self._workers:
            self._workers[-1].end(deadline)
            self._workers.pop()

    def _land(self, worker: _Worker, answer: bytes | None) -> Landed:
        label = worker.label
        assert label is not None  # noqa: S101 (only busy workers are waited for)
        worker.label = None
        if answer is not None:
            return Landed(label, answer)
        self._workers.remove(worker)
        death = worker.end(time.monotonic() + GRACE_S)
        if not self._can_start:
            what = f"Worker processes cannot be started ({death})."
            hint = "In a script, put the call below: if __name__ == '__main__'. Or use one job."
            raise EngineError(what, "", hint)
        return Landed(label, None, death)


def started(target: Callable[..., object], given: tuple[object, ...], method: StartMethod) -> BaseProcess:
    """A process that calls a module-level function, and ends with this one.

    Raises
    ------
    EngineError
        This process may not have any.
    """
    if is_daemonic():
        what = "Worker processes cannot be started from a process that is itself a worker of another program."
        raise EngineError(what, "", "Use one job.")
    # The base class of contexts has no Process; every context has.
    context: Any = multiprocessing.get_context(method)
    process: BaseProcess = context.Process(target=target, args=given, daemon=True)
    with _STARTING, _endings_held(), warnings.catch_warnings():
        # Python 3.12 warns of threads of libraries beside a fork; `_start_method` looks at Python's own.
        warnings.simplefilter("ignore", DeprecationWarning)
        with _main_hidden() if method == "spawn" else nullcontext():
            process.start()
    return process


def finish(process: BaseProcess, patience_s: float) -> int:
    """Wait for the end of a process, then kill it; returns its exit code, 0 where the system keeps none."""
    process.join(max(0.0, patience_s))
    if process.exitcode is None:
        process.kill()
        process.join()
    code = process.exitcode or 0
    with suppress(ValueError):  # where SIGCHLD is ignored, nobody can know whether it has ended
        process.close()
    return code


def can_fork() -> bool:
    """True where a process can be forked from this one: it has one thread, and may have children."""
    return _start_method() == "fork" and not is_daemonic()


def _start_method() -> StartMethod:
    """Fork on Linux where no other Python thread could hold a lock in the child; spawn elsewhere."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _death(exit_code: int) -> str:
    """How a process ended, such as ``SIGKILL`` or ``exit code 3``."""
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep a spawned worker from running the caller's script again: no task of ours lives there.

    Without it every script would need a guard (``if __name__ == "__main__"``) where workers are not forked.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@contextmanager
def _endings_held() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back while a process starts, so that they end the parent, not a half-started child."""
    if sys.platform == "win32":
        yield
    else:
        before = pthread_sigmask(SIG_BLOCK, ENDINGS)
        try:
            yield
        finally:
            pthread_sigmask(SIG_SETMASK, before)
