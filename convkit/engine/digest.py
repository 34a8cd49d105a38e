"""Digests that tell whether the same work was done before: sources and options as hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import PurePath

from convkit._version import __version__


def fingerprint(*parts: object) -> str:
    """SHA-256 in hex of options and the version of convkit.

    Parameters
    ----------
    *parts : object
        Dataclasses, mappings with str keys, sequences, sets, enums, paths, bytes, str, numbers, bool
        and None, in any nesting. The order of mappings and sets does not matter.

    Raises
    ------
    TypeError
        A part is of another type; its text might not be the same in the next run.
    """
    return hashlib.sha256(_canonical([__version__, parts])).hexdigest()


def identity(rows: Iterable[tuple[str | int, ...]]) -> str:
    """SHA-256 in hex of the rows, whatever their order.

    Parameters
    ----------
    rows : iterable of tuples of str and int
        What tells a source apart, such as (SOP Instance UID, path, size, mtime in ns) of each file.
    """
    return hashlib.sha256(_canonical(sorted(rows))).hexdigest()  # one call: a row each would cost thousands


def identity_of_file(path: str, size: int, modified_ns: int) -> str:
    """SHA-256 in hex of what tells one file apart; for many files of which each is an item."""
    return hashlib.sha256(f"{path}\0{size}\0{modified_ns}".encode("utf-8", "surrogateescape")).hexdigest()


def _canonical(value: object) -> bytes:
    # ASCII escapes carry file names that are no valid text, too.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_plain).encode("ascii")


def _plain(value: object) -> object:
    """A value that JSON does not know as one that it knows; like contents of two types stay apart."""
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, {each.name: getattr(value, each.name) for each in fields(value)}]
    if isinstance(value, Enum):
        return [type(value).__name__, value.name]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, AbstractSet):
        return sorted(_canonical(each).decode("ascii") for each in value)
    if isinstance(value, PurePath):
        return value.as_posix()
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(f"a {type(value).__name__} has no fingerprint")
