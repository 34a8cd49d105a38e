"""The way to a process that runs codecs: started, spoken to with a time limit, ended. Knows nothing of codecs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_BOOT = "import sys; sys.path[:] = sys.argv[1:]; from convkit.dicom.codecs.child import main; main()"

_SOURCES = str(Path(__file__).resolve().parents[3])
"""Where the package lies, for an editable install that is found by an import hook."""

_ENVIRONMENT = {
    # numpy starts a thread a core for linear algebra that nobody does here.
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    # glibc would give the memory of each frame back to the system, and get it again: 0.6 ms for 512 x 512 samples.
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
    "RUST_BACKTRACE": "0",  # nobody reads it
}
"""What the process has in its environment beside what this one has."""

_BUFFER_BYTES = 1 << 20
"""A frame of 512 x 512 samples goes through at once; the system may allow less."""

_END_S = 10.0
"""Time for the system to remove a killed process."""


class Line(Protocol):
    """A process, and the way to it. `TimeoutError`: the deadline has passed; `OSError`, `EOFError`: it is gone."""

    process: subprocess.Popen[bytes]

    def send(self, parts: Sequence[bytes], deadline: float) -> None:
        """Send bytes; `deadline` in seconds of `time.monotonic`."""

    def receive(self, view: memoryview, deadline: float) -> None:
        """Fill a view with what the process sends."""

    def end(self) -> None:
        """Kill the process, and wait for its end."""

    def release(self) -> None:
        """Close this end of the way; the process is another's."""


def start() -> Line:
    """Start a process of codecs."""
    return PipeLine() if sys.platform == "win32" else SocketLine()


class SocketLine:
    """A socket: on all systems but Windows, where it cannot be inherited."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        for end in (self._socket, theirs):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        with theirs:
            try:
                self.process = _process(theirs.fileno())
            except BaseException:
                self._socket.close()
                raise

    def send(self, parts: Sequence[bytes], deadline: float) -> None:
        """See `Line`."""
        for part in parts:
            self._socket.settimeout(_left(deadline))
            self._socket.sendall(part)

    def receive(self, view: memoryview, deadline: float) -> None:
        """See `Line`."""
        while view:
            self._socket.settimeout(_left(deadline))
            count = self._socket.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]

    def end(self) -> None:
        """See `Line`."""
        self._socket.close()
        _kill(self.process)

    def release(self) -> None:
        """See `Line`."""
        self._socket.close()
        _disown(self.process)


class PipeLine:
    """Two pipes, and a thread that kills the process when its time is up: everywhere, but slower than a socket."""

    def __init__(self) -> None:
        self.process = _process(subprocess.PIPE)

    def send(self, parts: Sequence[bytes], deadline: float) -> None:
        """See `Line`."""
        requests = self.process.stdin
        with _Watch(self.process, deadline):
            for part in parts:
                view = memoryview(part)
                while view and requests:
                    view = view[requests.write(view) :]

    def receive(self, view: memoryview, deadline: float) -> None:
        """See `Line`."""
        answers = self.process.stdout
        with _Watch(self.process, deadline):
            while view:
                count = answers.readinto(view) if answers else 0  # type: ignore[attr-defined]  # unbuffered
                if not count:
                    raise EOFError
                view = view[count:]

    def end(self) -> None:
        """See `Line`."""
        self._close()
        _kill(self.process)

    def release(self) -> None:
        """See `Line`."""
        self._close()
        _disown(self.process)

    def _close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()


class _Watch:
    """Kills a process at a deadline that passes inside the block, and says so."""

    def __init__(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        self._process = process
        self._timer = threading.Timer(_left(deadline), self._strike)
        self._has_struck = False

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()
        if self._has_struck:
            raise TimeoutError

    def _strike(self) -> None:
        self._has_struck = True
        self._process.kill()


def _process(channel: int) -> subprocess.Popen[bytes]:
    """The process, with a socket or new pipes as its standard input and output.

    It gets the import path of this one, whether that comes from an installation, a checkout or an environment
    variable, and nothing of what a start of Python in this folder would bring along.
    """
    paths = [os.path.abspath(path) for path in sys.path]  # noqa: PTH100 (an empty one is the current folder)
    if _SOURCES not in paths:
        paths.append(_SOURCES)
    flags = ["-I", "-S", *(["-B"] if sys.dont_write_bytecode else [])]
    return subprocess.Popen(  # noqa: S603 (this Python, and text from here)
        [sys.executable, *flags, "-c", _BOOT, *paths],
        stdin=channel,
        stdout=channel,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        env={**os.environ, **_ENVIRONMENT},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _left(deadline: float) -> float:
    """Seconds until the deadline.

    Raises
    ------
    TimeoutError
        There are none.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)


def _disown(process: subprocess.Popen[bytes]) -> None:
    """Let the object be forgotten: only the parent of the process can wait for it."""
    process.returncode = 0
