"""Values of the originals that are written as numbers in bytes: an identifier as an integer, a date of eight digits."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from convkit.audit._judge import Place
from convkit.audit._reader import Element, Reading
from convkit.audit.dossier import Dossier
from convkit.audit.finding import Kind

_FORMATS = {"UL": "L", "SL": "l", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
_MOST = 64
"""Bytes of a value: longer ones are tables, in which every number comes up."""

_LEAST = 10**5
"""Numbers of fewer digits are counts and sizes."""

_LEAST_DIFFERENT = 3
"""Digits that differ: round numbers and powers are nobody's."""


class Number(NamedTuple):
    """What an integer of the originals means."""

    kind: Kind
    text: str


def numbers_in(reading: Reading, dossier: Dossier, place: Place) -> Iterator[tuple[str, Number]]:
    """Yield (path, what it means) of every number of the patient that some element holds in bytes."""
    if not place.subjects:
        return
    for element in reading.elements:
        if element.vr in _FORMATS and 0 < element.end - element.start <= _MOST and element.tag & 0xFFFF:
            for value in _values(reading, element):
                meant = _meaning(value, dossier, place)
                if meant is not None:
                    yield element.path, meant


def _values(reading: Reading, element: Element) -> Iterator[int]:
    order, letter = ">" if reading.is_big_endian else "<", _FORMATS[element.vr]
    raw = reading.raw(element)
    count = len(raw) // struct.calcsize(order + letter)
    for value in struct.unpack_from(f"{order}{count}{letter}", raw):
        if abs(value) >= _LEAST and abs(value) < 1e18 and value == int(value):
            yield int(value)


def _meaning(value: int, dossier: Dossier, place: Place) -> Number | None:
    digits = str(value)
    if len(set(digits)) < _LEAST_DIFFERENT:
        return None
    for label in dossier.digits.get(digits, ()):
        term = dossier.terms[label]
        if term.subjects & place.subjects:
            return Number(term.kind, term.text)
    when = _day(digits)
    for day in dossier.dates.get(when, ()) if when else ():
        if day.subjects & place.subjects and (day.kind is Kind.BIRTH_DATE or not place.keeps_dates):
            return Number(day.kind, when.isoformat() if when else "")
    return None


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) if len(digits) == 8 else None
    except ValueError:
        return None
