"""One key of the sidecar, and the ways in which a header's attribute becomes its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from convkit.dicom.header import Header

Read = Callable[[Header], Any]
"""From a header to a value of JSON; None leaves the key out."""

_DECIMALS = 12
"""Digits after the point that are kept when a unit is changed: takes away what binary fractions add, nothing else."""


class Fact(NamedTuple):
    """One key of the sidecar: its name, how to get it from a header, and where it has a meaning.

    Attributes
    ----------
    key : str
    read : header to value, None where there is none
    modalities : tuple of str
        The Modality values for which the key is written; empty for all.
    """

    key: str
    read: Read
    modalities: tuple[str, ...] = ()

    def of(self, header: Header) -> Any:
        """The value for a header; None where there is none or the key has no meaning."""
        if self.modalities and header.text("Modality") not in self.modalities:
            return None
        return self.read(header)


def same(keyword: str) -> Read:
    """The value as it is; lists for attributes of several values."""
    return lambda header: header.plain(keyword)


def number(*keywords: str) -> Read:
    """The first value of the first of some attributes that is there."""

    def read(header: Header) -> float | None:
        return next((n for n in map(header.number, keywords) if n is not None), None)

    return read


def positive(*keywords: str) -> Read:
    """As `number`, but zero and less stand for "not given"."""

    def read(header: Header) -> float | None:
        return next((n for n in map(header.number, keywords) if n is not None and n > 0), None)

    return read


def count(*keywords: str) -> Read:
    """A positive whole number, from the first of some attributes that has one."""

    def read(header: Header) -> int | None:
        return next((n for n in map(header.integer, keywords) if n is not None and n > 0), None)

    return read


def scaled(factor: float, *keywords: str) -> Read:
    """As `positive`, in another unit."""
    find = positive(*keywords)

    def read(header: Header) -> float | None:
        found: float | None = find(header)
        return None if found is None else changed(found, factor)

    return read


def changed(value: float, factor: float) -> float:
    """A number in another unit."""
    return round(value * factor, _DECIMALS)


def text(*keywords: str) -> Read:
    r"""The text of the first of some attributes that is there; several values stay separated by backslashes."""
    return lambda header: next((t for t in map(header.text, keywords) if t), None)


def texts(keyword: str) -> Read:
    """All values of a text attribute, as a list."""
    return lambda header: list(header.texts(keyword)) or None


def chosen(keyword: str, meanings: dict[str, Any]) -> Read:
    """What a value of an enumerated attribute stands for; unknown values leave the key out."""
    return lambda header: meanings.get(header.text(keyword))
