"""Paths as a table holds them: text, also where a file system allows more than that."""

from __future__ import annotations

import os
from pathlib import Path

_NO_TEXT = "latin1:"
"""Before the bytes of a name that is no UTF-8, each as the character of its number. No absolute path begins so."""


def path_text(path: str) -> str:
    """A path as text."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return _NO_TEXT + os.fsencode(path).decode("latin-1")
    return path


def path_of(text: str, folder: Path | str) -> str:
    """The path that a text in a table means; a relative one is meant from the folder of the table."""
    if text.startswith(_NO_TEXT):
        return os.fsdecode(text.removeprefix(_NO_TEXT).encode("latin-1", "replace"))
    return text if os.path.isabs(text) or "://" in text else os.path.join(folder, text)  # noqa: PTH117, PTH118 (a million)


def absolute(path: str) -> str:
    """A path that means the same wherever the reader stands; links in it stay."""
    is_fixed = os.path.isabs(path) or "://" in path  # noqa: PTH117 (a million)
    return path if is_fixed else os.path.abspath(path)  # noqa: PTH100 (`absolute` keeps dots)
