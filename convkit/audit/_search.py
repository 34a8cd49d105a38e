"""Thousands of byte strings looked for at once, without regard to case of ASCII letters.

Each pattern is known by its first four bytes, hashed into a table; NumPy looks every offset of the data up in it, and
only what the table does not exclude is compared. That runs at the speed of memory and needs no further library.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_GRAM = 4
"""Bytes: the shortest pattern, and what is hashed."""

_TABLE_BITS = 20
"""2**20 marks: fits the second cache of a core, and 20,000 patterns leave 98 % of it empty."""

_KNUTH = np.uint32(2654435761)
"""2**32 divided by the golden ratio: spreads neighbouring values over the table."""

_CHUNK = 1 << 20
"""Bytes looked at in one go, so that what is computed of them stays in the cache."""


class Hit(NamedTuple):
    """A pattern that was found.

    Attributes
    ----------
    start, end : int
        Bytes.
    label : int
        As given with the pattern.
    """

    start: int
    end: int
    label: int


class Search:
    """Looks for many patterns.

    Parameters
    ----------
    patterns : iterable of (bytes, int)
        At least four bytes each; shorter ones are left out. The number comes back in a `Hit`.
    """

    def __init__(self, patterns: Iterable[tuple[bytes, int]]) -> None:
        self._by_gram: dict[bytes, dict[bytes, list[tuple[bytes, int]]]] = {}
        for pattern, label in patterns:
            lowered = pattern.lower()
            if len(lowered) >= _GRAM:
                by_next = self._by_gram.setdefault(lowered[:_GRAM], {})
                # Wide digits and common syllables begin hundreds of patterns: the next bytes tell these apart.
                known = by_next.setdefault(lowered[_GRAM : 2 * _GRAM] if len(lowered) >= 2 * _GRAM else b"", [])
                if (lowered, label) not in known:
                    known.append((lowered, label))
        grams = np.frombuffer(b"".join(self._by_gram), dtype="<u4")
        self._marks: npt.NDArray[np.bool_] = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._marks[_slots(grams)] = True

    def hits(self, data: bytes) -> Iterator[Hit]:
        """Yield every occurrence of every pattern, in order of its start."""
        if not self._by_gram:
            return
        for begin in range(0, len(data), _CHUNK):
            # The neighbour's first bytes are looked at, too, so that no pattern falls into a gap between chunks.
            chunk = data[begin : begin + _CHUNK + _GRAM - 1].lower()
            for offset in self._candidates(chunk):
                yield from self._at(data, begin + int(offset), chunk[offset : offset + _GRAM])

    def _at(self, data: bytes, start: int, gram: bytes) -> Iterator[Hit]:
        by_next = self._by_gram.get(gram)
        if by_next is None:
            return
        for key in (b"", data[start + _GRAM : start + 2 * _GRAM].lower()):
            for pattern, label in by_next.get(key, ()):
                end = start + len(pattern)
                if data[start + _GRAM : end].lower() == pattern[_GRAM:]:
                    yield Hit(start, end, label)
            if start + _GRAM == len(data):
                return  # nothing behind it: the second key would be the first

    def _candidates(self, chunk: bytes) -> npt.NDArray[np.int64]:
        found = []
        for shift in range(_GRAM):
            count = (len(chunk) - shift) // _GRAM
            if count > 0:
                grams = np.frombuffer(chunk, dtype="<u4", count=count, offset=shift)
                found.append(np.flatnonzero(self._marks[_slots(grams)]) * _GRAM + shift)
        return np.sort(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)


def _slots(grams: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    return (grams * _KNUTH) >> np.uint32(32 - _TABLE_BITS)
