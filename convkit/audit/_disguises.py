"""What a plain search passes over: letters one by one, numbers in other groups, names of three letters, dates.

This tells only what may be meant by a piece of text. Whether it is a value of the originals, the dossier knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from convkit.audit._dates import Spelled, spelled_dates

_LETTER = r"(?:[A-Za-z]|[\x80-\xff]{1,4})"
_SPACED = re.compile(rf"(?<![A-Za-z0-9]){_LETTER}(?:[ ._*/,^~|-]{{1,3}}{_LETTER}){{3,}}(?![A-Za-z0-9])")
"""Letters one by one, of at least four; a letter may be several bytes."""

_PARTING = re.compile(r"[ ._*/,^~|-]{2,}")
_BETWEEN = re.compile(r"[ ._*/,^~|-]")
_GROUPED = re.compile(r"(?<![\d.])\+?\(?\d+(?:[ ()./_-]{1,3}\d+)+(?![\d])")
_LEAST_DIGITS, _MOST_DIGITS = 6, 16
"""Of a number that tells people apart."""

_SHORT = re.compile(r"(?<![A-Za-z\x80-\xff])[A-Za-z]{3}(?![A-Za-z\x80-\xff])")
_WIDE = re.compile(rb"(?:[\x20-\x7e]\0){5,}|(?:\0[\x20-\x7e]){5,}")
_LONGEST_KEPT = 1024
"""Bytes of a value that is remembered: files of a series repeat their headers."""


class Plain(NamedTuple):
    """A piece of text in plain writing.

    Attributes
    ----------
    text : str
        Letters or digits without what stood between them. One character a byte.
    start, end : int
        Bytes, of all of it.
    is_whole : bool
        False for a part of something longer.
    """

    text: str
    start: int
    end: int
    is_whole: bool = True


class Disguises(NamedTuple):
    """What may be hidden in some bytes.

    Attributes
    ----------
    words : tuple of Plain
        Letters that stood one by one.
    numbers : tuple of Plain
        Digits without what groups them.
    short : tuple of Plain
        Words of three letters, in small letters: too short for a search in bytes.
    dates : tuple of (Spelled, start, end)
    """

    words: tuple[Plain, ...]
    numbers: tuple[Plain, ...]
    short: tuple[Plain, ...]
    dates: tuple[tuple[Spelled, int, int], ...]


class _View(NamedTuple):
    """Some bytes as characters: where they begin, and how many bytes each has."""

    text: str
    start: int
    width: int

    def plain(self, text: str, start: int, end: int, *, is_whole: bool = True) -> Plain:
        return Plain(text, self.start + start * self.width, self.start + end * self.width, is_whole)


def disguises(raw: bytes) -> Disguises:
    """What may be hidden in some bytes; text in UTF-16 is read, too."""
    return _remembered(raw) if len(raw) <= _LONGEST_KEPT else _disguises(raw)


def _disguises(raw: bytes) -> Disguises:
    views = list(_views(raw))
    return Disguises(
        tuple(each for view in views for each in _words(view)),
        tuple(each for view in views for each in _numbers(view)),
        tuple(
            view.plain(found.group().lower(), *found.span()) for view in views for found in _SHORT.finditer(view.text)
        ),
        tuple(
            (found, view.start + found.start * view.width, view.start + found.end * view.width)
            for view in views
            for found in spelled_dates(view.text)
        ),
    )


_remembered = lru_cache(maxsize=1 << 15)(_disguises)


def _views(raw: bytes) -> Iterator[_View]:
    yield _View(raw.decode("latin-1"), 0, 1)
    for found in _WIDE.finditer(raw) if b"\0" in raw else ():
        yield _View(found.group().replace(b"\0", b"").decode("ascii"), found.start(), 2)


def _words(view: _View) -> Iterator[Plain]:
    """Letters one by one: each word by itself, and all together."""
    for found in _SPACED.finditer(view.text):
        parts = [_BETWEEN.sub("", part) for part in _PARTING.split(found.group())]
        yield from (view.plain(part, *found.span()) for part in parts if len(part) >= 3)
        if len(parts) > 1:
            is_one = all(len(part) == 1 for part in parts)  # S. M. I. T. H.
            yield view.plain("".join(parts), *found.span(), is_whole=is_one)


def _numbers(view: _View) -> Iterator[Plain]:
    for found in _GROUPED.finditer(view.text):
        digits = re.sub(r"\D", "", found.group())
        if _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS:
            yield view.plain(digits, *found.span())
