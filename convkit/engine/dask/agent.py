"""What speaks with the cluster: a process of its own where it can, so that Dask does not get in the way of our work."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import uuid4

from convkit.engine.dask.crew import Crew
from convkit.engine.dask.errors import asking, check_loss
from convkit.engine.dask.messages import PARTING_S, Begin, Drop, Ended, Failed, Message, Send, Workers, hear, tell
from convkit.engine.dask.worker import answer
from convkit.engine.imports import import_large
from convkit.errors import ConvkitError, EngineError, MissingExtraError, install
from convkit.model.notes import CODES

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from distributed import Client, Future

CONNECT_S = 8.0
"""Time for the scheduler to answer: far more than a network needs, and not long for who has misspelt the address."""

SENT_ALONG_BYTES = 1 << 16
"""What all items share travels with each of them up to this size, and above it once to each worker."""


def speak(pipe: Connection[bytes, bytes], address: str) -> None:
    """Do on the cluster what the other side asks until it says no more; the last word is why it could not be done."""
    # Told before the goodbye to the cluster, which may take long where it is lost.
    with _failure_told(pipe), _connected(address) as client, _failure_told(pipe):
        _Agent(pipe, client).serve()


@contextmanager
def _failure_told(pipe: Connection[bytes, bytes]) -> Iterator[None]:
    """Let an error be the last word to the other side."""
    try:
        yield
    except Exception as err:  # noqa: BLE001 (there is nobody else to hear of it)
        what = f"What speaks with the cluster has failed ({type(err).__name__}); please report it."
        error = err if isinstance(err, ConvkitError) else EngineError(what, "", "", "engine.unexpected")
        error.__cause__ = error.__context__ = None  # Dask lets them travel along, and who unpickles them must load Dask
        error.__traceback__ = None
        with suppress(OSError):
            tell(pipe, Failed(error))


class _Done(NamedTuple):
    """A Dask task that has ended: its answer, or why there is none."""

    number: int
    answer: Any
    error: Exception | None


_Event: TypeAlias = Message | _Done | None


class _Agent:
    """What is under way on the cluster for one parent."""

    def __init__(self, pipe: Connection[bytes, bytes], client: Client) -> None:
        self._pipe = pipe
        self._client = client
        self._loop: Any = client.loop  # None only before it is connected
        self._crew = Crew(client)
        self._inbox: SimpleQueue[_Event] = SimpleQueue()
        self._aloft: dict[int, Future[Any]] = {}
        self._name = f"convkit-{uuid4().hex}"  # of all keys; the part before the first dash is what a dashboard shows
        self._call: Any = b""
        self._terms: tuple[str, ...] = ()
        self._told: int | None = None

    def serve(self) -> None:
        """Answer until the parent says no more.

        Raises
        ------
        EngineError
            The scheduler is lost, or a worker cannot work for us.
        """
        Thread(target=self._listen, daemon=True).start()
        while True:
            self._tell_workers()
            try:
                event = self._inbox.get(timeout=self._crew.rest_s)
            except Empty:
                continue
            if event is None:
                return
            self._take(event)

    def _listen(self) -> None:
        while (message := hear(self._pipe)) is not None:
            self._inbox.put(message)
        self._inbox.put(None)

    def _tell_workers(self) -> None:
        count = self._crew.size()
        if count != self._told:
            self._told = count
            tell(self._pipe, Workers(count))

    def _take(self, event: Message | _Done) -> None:
        if isinstance(event, _Done):
            self._pass_on(event)
        elif isinstance(event, Send):
            self._send(event)
        elif isinstance(event, Begin):
            self._call, self._terms = event
        elif isinstance(event, Drop):
            for future in self._aloft.values():
                future.release()  # what no worker has begun is forgotten
            self._aloft.clear()

    def _send(self, parcel: Send) -> None:
        key = f"{self._name}-{parcel.number}"
        future = self._submitted(answer, self._terms, self._shared(key), parcel.payloads, key=key)
        self._aloft[parcel.number] = future
        self._loop.add_callback(_bring, parcel.number, future, self._inbox)

    def _shared(self, key: str) -> Any:
        """What all items share, or where on the cluster it is: a task, so that it is made again where it is lost."""
        if isinstance(self._call, bytes) and len(self._call) > SENT_ALONG_BYTES:
            self._call = self._submitted(bytes, self._call, key=f"{key}-shared")
        return self._call

    def _submitted(self, function: Any, *given: Any, key: str) -> Future[Any]:
        with asking(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)  # it is as large as it is
            return self._client.submit(function, *given, key=key, pure=False)

    def _pass_on(self, done: _Done) -> None:
        future = self._aloft.pop(done.number, None)
        if future is None:
            return
        future.release()
        if done.error is not None:
            check_loss(done.error)
        tell(self._pipe, Ended(done.number, done.answer))


async def _bring(number: int, future: Future[Any], inbox: SimpleQueue[_Event]) -> None:
    """Wait for a task and fetch its answer; runs in the thread of the connection."""
    try:
        inbox.put(_Done(number, await future, None))
    except Exception as err:  # noqa: BLE001 (whatever it is, the one who waits decides)
        inbox.put(_Done(number, None, err))


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    """A client of the scheduler, until the end of the block.

    Raises
    ------
    EngineError
        The scheduler does not answer.
    MissingExtraError
        Dask is not installed.
    """
    kind = _client_type()
    client = kind.__new__(kind)  # in two steps: one that is half made would try to say goodbye for 16 s
    try:
        kind.__init__(client, address, timeout=CONNECT_S, set_as_default=False, name="convkit")
    except Exception as err:
        client.status = "closed"
        with suppress(AttributeError, RuntimeError):  # a thread that nothing else of Dask's ends
            client._loop_runner.stop()  # noqa: SLF001 (see above)
        known = CODES["cluster.unreachable"]
        what = f"The scheduler at {address} does not answer as one{_told(err.__cause__ or err)}."
        raise EngineError(what, "--cluster", known.hint, "cluster.unreachable") from err
    try:
        yield client
    finally:
        with suppress(OSError, TimeoutError, RuntimeError):
            client.close(timeout=PARTING_S)


def _told(error: BaseException) -> str:
    """The reason, if it is the system's; what Dask makes of silence or of another service tells nobody anything."""
    is_known = isinstance(error, OSError) and not isinstance(error, TimeoutError)
    return f" ({type(error).__name__})" if is_known else ""


def load() -> None:
    """Load Dask; what is wrong with it shows when it is used."""
    with suppress(ConvkitError):
        _client()


def _client() -> Any:
    is_ours = "distributed" not in sys.modules
    try:
        client: Any = import_large("distributed").Client  # an extra, and slow to load
    except ImportError as err:
        what = "A cluster needs Dask, which is not installed."
        raise MissingExtraError(what, "--cluster", install("cluster")) from err
    except Exception as err:
        what = f"Dask cannot be loaded ({type(err).__name__})."
        raise EngineError(what, "--cluster", "See what `python -c 'import distributed'` says.") from err
    if is_ours:  # who has not loaded Dask wants to hear of it from us only
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    return client


def _client_type() -> type[Client]:
    """Dask's client, but for a peer who takes our call and never says a word, for whom Dask waits for ever."""
    base = _client()

    class ImpatientClient(base):  # type: ignore[misc,valid-type]  # known at run time only
        async def _ensure_connected(self, timeout: float | None = None) -> None:
            await import_module("asyncio").wait_for(super()._ensure_connected(timeout), timeout)

    return ImpatientClient
