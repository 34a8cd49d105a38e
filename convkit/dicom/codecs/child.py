"""The process that runs codecs: it answers one request after the other until its parent is gone.

Standard input carries requests, standard output answers; whatever C libraries print goes nowhere. Imports as little as
it can, so that it starts quickly.
"""

from __future__ import annotations

import marshal
import os
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO

from convkit.dicom.codecs.task import CorruptError, Decoded, Task

if sys.platform != "win32":
    import resource

REQUEST = struct.Struct("<IIQ")
"""Number of the request, bytes of what is to be done, bytes of the stream."""

ANSWER = struct.Struct("<IBBBBQ")
"""Number of the request, status, bytes of a sample, 1 for colour by plane, bytes of the reason, bytes of samples."""

DONE, FAILED, CORRUPT, MISSING = range(4)
"""Status of an answer; `MISSING`: the library is not installed."""

Work = tuple[str, tuple[Any, ...], int]
"""Function as ``module:name``, fields of a `Task`, memory limit in bytes; marshalled."""


def main() -> None:
    """Answer requests until there are no more."""
    answers = _settle_in()
    with open(0, "rb") as requests:
        while _serve_one(requests, answers):
            pass


def _settle_in() -> BinaryIO:
    """Keep standard output for answers, leave Ctrl-C to the parent, and die without a core file or a dialogue."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 (exists only there)

        msvcrt.SetErrorMode(msvcrt.SEM_FAILCRITICALERRORS | msvcrt.SEM_NOGPFAULTERRORBOX)
    else:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return answers


def _serve_one(requests: BinaryIO, answers: BinaryIO) -> bool:
    """Answer one request; False where there is none, because the parent is gone."""
    head = requests.read(REQUEST.size)
    if len(head) < REQUEST.size:
        return False
    number, work_bytes, data_bytes = REQUEST.unpack(head)
    work: Work = marshal.loads(requests.read(work_bytes))  # noqa: S302 (from the parent, which started this)
    data = requests.read(data_bytes)
    if len(data) < data_bytes:
        return False
    status, reason, decoded = _run(work, data)
    samples = memoryview(decoded.buffer).cast("B")
    told = reason.encode()[:255]
    head = ANSWER.pack(number, status, decoded.sample_bytes, decoded.is_planar, len(told), len(samples))
    _write(answers, head + told)
    _write(answers, samples)
    return True


def _run(work: Work, data: bytes) -> tuple[int, str, Decoded]:
    """Status, type of the failure, samples."""
    function, fields, memory_bytes = work
    _limit_memory(memory_bytes)
    try:
        return DONE, "", codec(function)(data, Task(*fields))
    except CorruptError:
        return CORRUPT, "", _NOTHING
    except ImportError:
        return MISSING, "", _NOTHING
    except BaseException as err:  # noqa: BLE001 (whatever a library raises, only its type is told)
        return FAILED, type(err).__name__, _NOTHING


_NOTHING = Decoded(b"", 0)


def codec(function: str) -> Callable[[bytes, Task], Decoded]:
    """The function of this ``module:name``."""
    module, _, name = function.partition(":")
    found: Callable[[bytes, Task], Decoded] = getattr(import_module(module), name)
    return found


def _limit_memory(most: int) -> None:
    """Bound the address space, so that a stream that asks for too much fails instead of filling the computer."""
    if sys.platform == "win32":
        return
    with suppress(ValueError, OSError):  # macOS knows the limit and does not keep it
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        is_bound = hard != resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_AS, (min(most, hard) if is_bound else most, hard))


def _write(file: BinaryIO, content: bytes | memoryview) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]
