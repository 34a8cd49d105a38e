"""The life of a worker process: answer calls until told to stop, and never outlive the parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from typing import NoReturn, TypeAlias

from convkit.engine.allocator import keep_freed_blocks

Answer: TypeAlias = Callable[[bytes], bytes]

GRACE_S = 2.0
"""Time that a task gets to remove its unfinished files after SIGTERM: a few unlinks, even on a slow disk."""

ENDINGS = frozenset({signal.SIGINT, signal.SIGTERM})
"""What ends a command; held back while a process starts."""

READY = b"ready"
"""First message of a worker; an answer is a pickle and never equal to it."""

STOP = b""
"""Last message to a worker."""


def serve(connection: Connection[bytes, bytes], answer: Answer) -> None:
    """Answer calls until told to stop; runs in the worker."""
    try:
        settle_in()
        keep_freed_blocks()
        connection.send_bytes(READY)
        while payload := connection.recv_bytes():
            connection.send_bytes(answer(payload))
    except BaseException:  # noqa: BLE001 (a worker ends without printing; the parent sees that it died)
        os._exit(1)


def settle_in() -> None:
    """Leave Ctrl-C to the parent, let SIGTERM unwind the task, and watch for the parent's death."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDINGS)  # held while the process started
    threading.Thread(target=_follow_parent, daemon=True).start()


def _leave(*_: object) -> NoReturn:
    """Unwind, so that `finally` clauses remove unfinished files, undisturbed: who has sent it may do so again."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _follow_parent() -> None:
    """End this process soon after the parent is gone, however that died.

    Forked siblings hold the parent's pipe open, each that of its elders: the youngest dies first, all follow.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    wait([parent.sentinel])
    if sys.platform != "win32" and (main := threading.main_thread().ident):
        signal.pthread_kill(main, signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
