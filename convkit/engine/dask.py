"""Runs tasks on the workers of a Dask cluster that is there already; nobody else knows Dask.

Each item travels as bytes under a key that says nothing, so neither scheduler nor dashboard see a path. A worker takes
one item at a time, however many threads it has, because tasks expect a process of their own; and none at all where it
is another version of convkit or sees other folders than we do.
"""

from __future__ import annotations

import json
import logging
import os
import pickle
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from functools import lru_cache, partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypeAlias, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

from convkit._version import __version__
from convkit.engine.allocator import keep_freed_blocks
from convkit.engine.imports import import_large
from convkit.engine.run import OnError, Task, alone, attempt, packed, serial, unpacked
from convkit.errors import EngineError, MissingExtraError, OutputError, UsageError
from convkit.model.notes import CODES

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")

_log = logging.getLogger(__name__)

CONNECT_S = 8.0
"""Time for the scheduler to answer: far more than a network needs, and not long for who has misspelt the address."""

SCHEMES = frozenset({"tcp", "tls", "ws", "wss", "ucx"})

LOOK_S = 5.0
"""From one look at how many workers there are to the next."""

PARTING_S = 5.0
"""Time for a friendly end of the connection."""

WAIT_S = 0.5
"""From one look for a first worker to the next."""

AHEAD = 4
"""Dask tasks under way for each worker: one at work, one at hand, two on the way there and back."""

MOST_UNDER_WAY = 10_000
"""Dask tasks, however many workers there are: some seconds of work for a scheduler."""

SLICE_S = 0.1
"""Least time for a Dask task, which costs client, scheduler and worker 5 ms together; quicker items share one."""

SCHEDULER_S = 0.005
"""Time from one Dask task to the next that leaves the scheduler idle for half of it."""

MOST_AT_ONCE = 64
"""Items in a Dask task."""

SENT_ALONG_BYTES = 1 << 16
"""What all items share travels with each of them up to this size, and above it once to each worker."""


class _Terms(NamedTuple):
    """What a worker must be and see before it takes an item.

    Attributes
    ----------
    version : str
        Of convkit.
    folder : str
        In which relative paths begin.
    witness : str
        A file that we have put into the destination; empty where nothing is written.
    """

    version: str
    folder: str
    witness: str


class _Answer(NamedTuple):
    """What a worker has made of some items: how long it took, and for each its packed result.

    None is for an item whose task tried to end the process.
    """

    seconds: float
    results: list[bytes | None]


class DaskRunner:
    """Runs tasks on the workers of a cluster, and leaves them running; see `convkit.engine.run.Runner`.

    Parameters
    ----------
    cluster : str
        Address of the scheduler, such as ``tcp://head:8786``, or path of its scheduler file.
    jobs : int or None
        The most Dask tasks under way at once; None takes as many as keep all workers busy.

    Raises
    ------
    UsageError
        The address is none.
    EngineError
        The scheduler does not answer.
    MissingExtraError
        Dask is not installed.
    """

    def __init__(self, cluster: str, jobs: int | None = None) -> None:
        self._client = _connected(_address(cluster))
        self._jobs = jobs
        self._meanwhile: list[Callable[[], object]] = []
        self._terms = _Terms(__version__, str(Path.cwd()), "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError, TimeoutError, RuntimeError):
            self._client.close(timeout=PARTING_S)

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
            folder.mkdir(parents=True, exist_ok=True)
            witness.touch()
        except OSError as err:
            hint = "Check space and permissions at the destination."
            raise OutputError(f"The folder cannot be written to: {err.strerror}.", str(folder), hint) from err
        self._terms = before._replace(witness=str(witness))
        try:
            yield
        finally:
            self._terms = before
            with suppress(OSError):
                witness.unlink()

    def meanwhile(self, work: Callable[[], object]) -> None:
        """See `Runner.meanwhile`."""
        self._meanwhile.append(work)

    def here(self, task: Task[T, R], items: Iterable[T], *, on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
        """See `Runner.here`."""
        return serial(task, items, on_error)

    def map(self, task: Task[T, R], items: Iterable[T], *, on_error: OnError[T, R]) -> Iterator[tuple[int, R]]:
        """See `Runner.map`; at most 4 Dask tasks a worker are under way, each of one item or of many quick ones.

        An item whose worker dies is run again by Dask, as often as its setting `allowed-failures` says, and a last time
        alone, in a process on this computer.

        Raises
        ------
        EngineError
            The scheduler is lost, or a worker cannot work for us.
        """
        orders = _Orders(self._client, _Crew(self._client), self._terms, task, on_error, self._meanwhile)
        return orders.results(items, most=self._jobs)


# --- here ------------------------------------------------------------------------------------------------


_Ended: TypeAlias = "tuple[Future[Any], Any, Exception | None]"
"""A Dask task, its answer, or why there is none."""


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


class _Orders(Generic[T, R]):
    """One `map` over a cluster: what is under way, and which items lost their workers."""

    def __init__(  # noqa: PLR0913, PLR0917 (all that a map is made of)
        self,
        client: Client,
        crew: _Crew,
        terms: _Terms,
        task: Task[T, R],
        on_error: OnError[T, R],
        meanwhile: list[Callable[[], object]],
    ) -> None:
        self._client = client
        self._meanwhile = meanwhile
        self._loop: Any = client.loop  # None only before it is connected
        self._task = task
        self._on_error = on_error
        self._crew = crew
        self._aloft: dict[Future[Any], _Parcel] = {}
        self._lost: list[tuple[int, T]] = []
        self._ended: SimpleQueue[_Ended] = SimpleQueue()
        self._name = f"convkit-{uuid4().hex}"  # of all keys; the part before the first dash is what a dashboard shows
        self._call: Any = pickle.dumps((task, on_error), pickle.HIGHEST_PROTOCOL)
        self._terms = tuple(terms)

    def results(self, items: Iterable[T], *, most: int | None) -> Iterator[tuple[int, R]]:
        """Yield (index, result) of all items."""
        try:
            yield from self._results(items, most)
        except EngineError:
            with suppress(EngineError):
                yield from self._settled(block=False)  # what had come back before, or it would be done once more
            raise
        finally:
            for future in self._aloft:
                future.release()  # what no worker has begun is forgotten
        yield from alone(self._task, self._lost, self._on_error)

    def _results(self, items: Iterable[T], most: int | None) -> Iterator[tuple[int, R]]:
        parcel = _Parcel([], [], [])
        for index, item in enumerate(items):
            try:
                payload = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
            except Exception as error:  # noqa: BLE001 (pickling runs code of the item; part of the task border)
                yield index, self._on_error(item, error)
                continue
            parcel.add(index, item, payload)
            if len(parcel.items) < self._crew.items_at_once and len(self._aloft) >= self._crew.size():
                continue
            yield from self._sent(parcel, most)
            parcel = _Parcel([], [], [])
            yield from self._settled(block=False)
        if parcel.items:
            yield from self._sent(parcel, most)
        while self._aloft:
            yield from self._settled(block=True)

    def _sent(self, parcel: _Parcel, most: int | None) -> Iterator[tuple[int, R]]:
        """Send a parcel as soon as there is room; yields what has ended until then."""
        self._crew.wait()
        while len(self._aloft) >= min(most or MOST_UNDER_WAY, AHEAD * self._crew.size()):
            yield from self._settled(block=True)
        key = f"{self._name}-{parcel.numbers[0]}"
        future = self._submitted(_answer, self._terms, self._shared(), parcel.payloads, key=key)
        self._aloft[future] = parcel
        self._loop.add_callback(_bring, future, self._ended)

    def _shared(self) -> Any:
        """What all items share, or where on the cluster it is: a task, so that it is made again where it is lost."""
        if isinstance(self._call, bytes) and len(self._call) > SENT_ALONG_BYTES:
            self._call = self._submitted(bytes, self._call, key=f"{self._name}-shared")
        return self._call

    def _submitted(self, function: Any, *given: Any, key: str) -> Future[Any]:
        with _asking(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # it is as large as it is
            return self._client.submit(function, *given, key=key, pure=False)

    def _settled(self, *, block: bool) -> Iterator[tuple[int, R]]:
        """Yield what has ended; waits for something where asked."""
        while block and self._meanwhile:
            self._meanwhile.pop()()
        while True:
            try:
                future, answer, error = self._ended.get(block, LOOK_S)
            except Empty:
                if not block:
                    return
                self._crew.size()
                continue
            block = False
            parcel = self._aloft.pop(future)
            future.release()
            if error is not None:
                _check_loss(error)
                answer = _Answer(0.0, [None] * len(parcel.items))
            elif isinstance(answer[0], str):
                raise _unfit(*answer)
            yield from self._unpacked(parcel, _Answer(*answer))

    def _unpacked(self, parcel: _Parcel, answer: _Answer) -> Iterator[tuple[int, R]]:
        if answer.seconds:
            self._crew.learn(answer.seconds, len(parcel.items))
        for index, item, each in zip(parcel.numbers, parcel.items, answer.results, strict=True):
            if each is not None:
                yield index, unpacked(each, item, self._on_error)
            else:
                _log.info("an item has lost its workers and is kept for later")
                self._lost.append((index, item))


class _Crew:
    """The workers of a cluster, looked up now and then, and how fast they are."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: frozenset[str] = frozenset()
        self._next_look = 0.0
        self._seconds = 0.0  # of an item; 0 until the first one has ended
        self._is_told = False

    def size(self) -> int:
        """Number of workers, at least 1: more may come.

        Raises
        ------
        EngineError
            The scheduler is gone, or a worker has not our version.
        """
        if time.monotonic() >= self._next_look:
            with _asking():
                there = frozenset(self._client.nthreads())
            if there - self._known:
                self._check_versions(sorted(there - self._known))
            self._known = there
            self._tell()
            self._next_look = time.monotonic() + LOOK_S
        return max(1, len(self._known))

    def wait(self) -> None:
        """Wait for the first worker: one that cannot load our tasks ends without a word when it gets one."""
        self.size()
        while not self._known:
            time.sleep(WAIT_S)
            self._next_look = 0.0
            self.size()

    @property
    def items_at_once(self) -> int:
        """Items for one Dask task: so many that the scheduler is no bottleneck, so few that all end together."""
        if not self._seconds:
            return 1
        return max(1, min(MOST_AT_ONCE, int(max(SLICE_S, len(self._known) * SCHEDULER_S) / self._seconds)))

    def learn(self, seconds: float, items: int) -> None:
        """Take note of how long some items took."""
        mean = seconds / items
        self._seconds = (self._seconds + mean) / 2 if self._seconds else mean

    def _check_versions(self, workers: list[str]) -> None:
        """Ask workers for their version, in words that one without convkit understands."""
        with _asking():
            found = self._client.run(eval, "__import__('convkit').__version__", workers=workers, on_error="return")
        for version in found.values():
            if isinstance(version, str) and version != __version__:
                raise _unfit("version", version)
            if isinstance(version, ImportError):
                raise _cannot_load(version)

    def _tell(self) -> None:
        if not self._known and not self._is_told:
            _log.warning("The cluster has no workers; waiting for some.")
        self._is_told = not self._known


def _address(cluster: str) -> str:
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


def _connected(address: str) -> Client:
    is_ours = "distributed" not in sys.modules
    try:
        kind: type[Client] = import_large("distributed").Client  # an extra, and slow to load
    except ImportError as err:
        hint = "Install it: pip install 'convkit[cluster]'"
        raise MissingExtraError("A cluster needs Dask, which is not installed.", "--cluster", hint) from err
    if is_ours:  # who has not loaded Dask wants to hear of it from us only
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    client = kind.__new__(kind)  # in two steps: one that is half made would try to say goodbye for 16 s
    try:
        kind.__init__(client, address, timeout=CONNECT_S, set_as_default=False, name="convkit")
    except Exception as err:
        client.status = "closed"
        known = CODES["cluster.unreachable"]
        what = f"The scheduler at {address} does not answer as one ({type(err.__cause__ or err).__name__})."
        raise EngineError(what, "--cluster", known.hint, "cluster.unreachable") from err
    return client


async def _bring(future: Future[Any], ended: SimpleQueue[_Ended]) -> None:
    """Wait for a task and fetch its answer; runs in the thread of the connection."""
    try:
        ended.put((future, await future, None))
    except Exception as err:  # noqa: BLE001 (whatever it is, the one who waits decides)
        ended.put((future, None, err))


def _check_loss(error: Exception) -> None:
    """See that items were lost with their workers; all else ends the run."""
    if type(error).__name__ == "KilledWorker":
        return
    if isinstance(error, (OSError, TimeoutError, CancelledError)):
        raise _gone() from error
    raise _cannot_load(error) from error


def _cannot_load(error: Exception) -> EngineError:
    what = f"A worker of the cluster cannot load convkit {__version__} ({type(error).__name__})."
    return EngineError(what, "", CODES["cluster.mismatch"].hint, "cluster.mismatch")


@contextmanager
def _asking() -> Iterator[None]:
    """Call Dask; whatever goes wrong between us and the scheduler ends the run."""
    try:
        yield
    except (OSError, TimeoutError, CancelledError, RuntimeError) as err:
        raise _gone() from err


def _gone() -> EngineError:
    known = CODES["cluster.lost"]
    return EngineError(known.meaning, "", known.hint, "cluster.lost")


def _unfit(term: str, found: str) -> EngineError:
    """Why a worker cannot work for us."""
    if term == "version":
        what = f"A worker of the cluster has convkit {found}, and this is {__version__}."
        return EngineError(what, "", CODES["cluster.mismatch"].hint, "cluster.mismatch")
    known = CODES["cluster.not-shared"]
    what = "A worker of the cluster does not see the folder in which this command runs."
    return EngineError(known.meaning if term == "witness" else what, "", known.hint, "cluster.not-shared")


# --- in a worker -----------------------------------------------------------------------------------------

_ONE_AT_A_TIME = Lock()
"""Tasks set the folder of the process, and keep what they have read last: two at once would disturb each other."""


def _answer(terms: tuple[str, ...], call: bytes, payloads: Sequence[bytes]) -> tuple[Any, ...]:
    """An `_Answer` to some items, or the term that this worker does not keep and what it has instead.

    Plain values, as the version of who reads them may be another.
    """
    version, folder, witness, *_ = terms
    if version != __version__:
        return "version", __version__
    with _ONE_AT_A_TIME:
        if witness and not os.path.exists(witness):  # noqa: PTH110 (before each task)
            return "witness", ""
        start = time.monotonic()
        try:
            with _working_in(folder):
                results = [_result(call, payload) for payload in payloads]
        except _NoFolderError:
            return "folder", ""
        return time.monotonic() - start, results


def _result(call: bytes, payload: bytes) -> bytes | None:
    try:
        return packed(partial(_attempted, call, payload))
    except BaseException:  # noqa: BLE001 (a task that wants to end the process must not end a worker of others)
        return None


def _attempted(call: bytes, payload: bytes) -> Any:
    task, on_error = _unpickled(call)
    return attempt(task, pickle.loads(payload), on_error)  # noqa: S301 (from the one who runs the cluster)


@lru_cache(1)
def _unpickled(call: bytes) -> tuple[Task[Any, Any], OnError[Any, Any]]:
    """Task and error handler of a run, the same objects for all of its items."""
    keep_freed_blocks()
    pair: tuple[Task[Any, Any], OnError[Any, Any]] = pickle.loads(call)  # noqa: S301 (as above)
    return pair


class _NoFolderError(Exception):
    """The folder is not there."""


@contextmanager
def _working_in(folder: str) -> Iterator[None]:
    """Let relative paths begin where they do for the one who sent them."""
    before = os.getcwd()  # noqa: PTH109 (before each task)
    if before == folder:
        yield
        return
    try:
        os.chdir(folder)
    except OSError as err:
        raise _NoFolderError from err
    try:
        yield
    finally:
        os.chdir(before)
