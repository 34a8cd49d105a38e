"""Codecs that misbehave, for the codec process to run."""

from __future__ import annotations

import os
import time

from convkit.dicom.codecs.task import CorruptError, Decoded, Task


def abort(data: bytes, task: Task) -> Decoded:
    os.abort()


def leave(data: bytes, task: Task) -> Decoded:
    os._exit(0)


def hang(data: bytes, task: Task) -> Decoded:
    time.sleep(3600)
    return Decoded(b"", 1)


def fail(data: bytes, task: Task) -> Decoded:
    raise KeyError("a secret")


def corrupt(data: bytes, task: Task) -> Decoded:
    raise CorruptError


def missing(data: bytes, task: Task) -> Decoded:
    raise ModuleNotFoundError


def short(data: bytes, task: Task) -> Decoded:
    return Decoded(bytes(task.size - 1), 1)


def huge(data: bytes, task: Task) -> Decoded:
    return Decoded(bytes(64 << 20), 1)


def greedy(data: bytes, task: Task) -> Decoded:
    return Decoded(bytearray(64 << 30), 1)


def noisy(data: bytes, task: Task) -> Decoded:
    os.write(1, b"noise" * 100)
    os.write(2, b"noise" * 100)
    return Decoded(data, 1)


def echo(data: bytes, task: Task) -> Decoded:
    """The stream is the samples."""
    return Decoded(data, 1)
