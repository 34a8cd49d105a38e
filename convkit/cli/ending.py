"""How a command ends before its time: SIGTERM unwinds it as Ctrl-C does, and both are told in a line.

Batch systems and service managers send SIGTERM and kill a few seconds later. Without a handler the process would be
gone at once, and what it was writing would lie about.
"""

from __future__ import annotations

import os
import signal
import threading
import time

from convkit.engine.outcome import ExitCode

REPEATED_S = 2.0
"""Within this time a further SIGTERM is the same one: who sends it to a process sends it to the group of that, too. A
later one ends the process at once: it may be held up by something, such as a full pipe that nobody reads."""


class _Sent:
    """The SIGTERM that this process has got.

    Attributes
    ----------
    at : float or None
        By the clock of `time.monotonic`.
    process : int
        Whose it is: children that are forked inherit the handler until they have one of their own.
    """

    at: float | None = None
    process: int = 0


def unwind_when_terminated() -> None:
    """From now on SIGTERM raises KeyboardInterrupt; not where somebody else has seen to it already."""
    _Sent.at, _Sent.process = None, os.getpid()
    is_ours = threading.current_thread() is threading.main_thread()
    if is_ours and signal.getsignal(signal.SIGTERM) in {signal.SIG_DFL, _unwind}:
        signal.signal(signal.SIGTERM, _unwind)


def unwind_no_more() -> None:
    """Leave SIGTERM to the system again, for the last moments, in which there is nothing to unwind."""
    is_ours = threading.current_thread() is threading.main_thread()
    if is_ours and signal.getsignal(signal.SIGTERM) is _unwind:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _unwind(*_: object) -> None:
    if os.getpid() != _Sent.process:
        os._exit(128 + signal.SIGTERM)  # nothing is open in a child that has not begun
    if _Sent.at is None:
        _Sent.at = time.monotonic()
        raise KeyboardInterrupt
    if time.monotonic() - _Sent.at > REPEATED_S:
        os._exit(128 + signal.SIGTERM)


def cause() -> str:
    """What has ended the command, for a message."""
    return "interrupted" if _Sent.at is None else "ended by SIGTERM"


def code(otherwise: ExitCode = ExitCode.INTERRUPTED) -> ExitCode:
    """The exit code of a command that was ended."""
    return otherwise if _Sent.at is None else ExitCode.TERMINATED
