"""Words of DICOM itself: names of attributes (PS3.6) and meanings of codes (PS3.16), as pydicom ships them.

Some ten thousand words that reports, protocols and devices use, and that nobody chose for this program. They tell a
word that only resembles a name from the name. They are loaded when the first doubt comes up: few files raise one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

from pydicom._dicom_dict import DicomDictionary

_WORD = re.compile(r"[^\W\d_]{3,}")
_OF_AN_AUTHOR = re.compile(r"(?:19|20)\d\d|['’]s\b")
"""Meanings that cite: ``AC, Campbell 1975``; their capitals are people."""


_OFTEN = 3
"""Meanings that a capitalised word begins: fewer may be a person's, as in ``Caldwell view``."""


_SUFFIXES = ("s", "es", "d", "ed", "ing", "ly", "al", "ic", "er", "ion", "ive")


@cache
def vocabulary() -> frozenset[str]:
    """All words, case folded, that mean something in DICOM."""
    small: set[str] = set()
    first: Counter[str] = Counter()
    for text in _texts():
        head, *rest = _WORD.findall(text) or [""]
        first[head.casefold()] += 1
        small.update(word for word in (head, *rest) if word.islower())
    return frozenset(small | {word for word, count in first.items() if count >= _OFTEN})


def is_term(word: str) -> bool:
    """True for a word that DICOM uses."""
    return word.casefold() in vocabulary()


def is_like_a_term(word: str) -> bool:
    """True for a word that DICOM uses, and for what grammar makes of one: ``scaled``, ``nodules``."""
    folded = word.casefold()
    stems = (folded.removesuffix(suffix) for suffix in _SUFFIXES if folded.endswith(suffix))
    return is_term(folded) or any(stem in vocabulary() or f"{stem}e" in vocabulary() for stem in stems)


def _texts() -> Iterator[str]:
    for entry in DicomDictionary.values():
        yield entry[2].lower()
    from pydicom.sr._concepts_dict import concepts  # noqa: PLC0415 (takes a fifth of a second)

    schemes: dict[str, dict[str, dict[str, tuple[str, list[int]]]]] = concepts  # type: ignore[assignment]  # as it says
    for meanings in schemes.values():
        for codes in meanings.values():
            yield from (meaning for meaning, _ in codes.values() if not _OF_AN_AUTHOR.search(meaning))
