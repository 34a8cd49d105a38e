r"""Values as tables hold them: dates as dates, numbers as numbers, several as a list; by the value representation.

The type of a column is that of the data dictionary, never that of the values that happen to be there. A value that
does not fit is told as such and never bent: a decimal in an integer string, a second value where the standard has one,
a date that no calendar knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, time
from functools import lru_cache
from struct import unpack
from typing import Any

from convkit.dicom import values
from convkit.model.table import Kind

Cell = Any
"""What stands in a table: see `Kind`, or a list of such."""

_INTEGERS = {"US": ("H", 2), "SS": ("h", 2), "UL": ("I", 4), "SL": ("i", 4), "UV": ("Q", 8), "SV": ("q", 8)}
_FLOATS = {"FL": ("f", 4), "FD": ("d", 8)}
_ONE_TEXT = frozenset({"LT", "ST", "UT", "UR"})
_MANY_TEXTS = frozenset({"AE", "AS", "CS", "DT", "LO", "PN", "SH", "UC", "UI"})
_MOST_INTEGER = 2**63 - 1
_LONGEST_UNFIT = 256
"""Characters of a value that does not fit which are shown."""


def kind_of(vr: str) -> Kind | None:
    """What a column of a value representation holds; None where no table holds it: sequences, bulk data, unknown.

    A date with time (DT) is text: its precision and its zone are optional (PS3.5 6.2), and a moment without the one
    and the other would say more, or less, than the header does.
    """
    return _KINDS.get(vr)


def cell(raw: bytes, vr: str, charset: bytes = b"", *, is_list: bool) -> Cell:
    """A raw value as a cell; None where it is empty.

    Raises
    ------
    ValueError
        It does not fit.
    """
    found = _cells(raw, vr, charset if vr in _MANY_TEXTS or vr in _ONE_TEXT else b"")
    if is_list:
        return list(found) if any(each is not None for each in found) else None
    if len(found) > 1:
        raise ValueError
    return found[0] if found else None


def unfit(raw: bytes, vr: str, charset: bytes = b"") -> str:
    """A value that does not fit, as text; of numbers stored in bytes these in hexadecimal."""
    shown = raw.hex(" ") if vr in _INTEGERS or vr in _FLOATS else values.text(raw, charset)
    return shown if len(shown) <= _LONGEST_UNFIT else shown[:_LONGEST_UNFIT] + "…"


@lru_cache(maxsize=16384)
def _cells(raw: bytes, vr: str, charset: bytes) -> tuple[Cell, ...]:
    if vr in _INTEGERS:
        code, size = _INTEGERS[vr]
        return _checked(tuple(unpack(f"<{_count(raw, size)}{code}", raw)))
    if vr in _FLOATS:
        code, size = _FLOATS[vr]
        return tuple(map(_finite, unpack(f"<{_count(raw, size)}{code}", raw)))
    if vr == "AT":
        halves = unpack(f"<{2 * _count(raw, 4)}H", raw)
        return tuple(f"({g:04X},{e:04X})" for g, e in zip(halves[::2], halves[1::2], strict=True))
    if vr in _ONE_TEXT:
        return (values.text(raw, charset) or None,)
    if vr in _MANY_TEXTS:
        return tuple(part or None for part in values.texts(raw, charset))
    parse = _PARSERS[vr]
    stripped = raw.strip(b" \0")
    return tuple(parse(part) if part else None for part in map(bytes.strip, stripped.split(b"\\"))) if stripped else ()


def _count(raw: bytes, size: int) -> int:
    if len(raw) % size:
        raise ValueError
    return len(raw) // size


def _checked(found: tuple[int, ...]) -> tuple[int, ...]:
    if any(number > _MOST_INTEGER for number in found):
        raise ValueError
    return found


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError
    return number


def _integer(part: bytes) -> int:
    number = values.decimal(part)  # some write 12.0
    if part.lstrip(b"+-").isdigit():
        number = int(part)
    if number != int(number) or abs(number) > _MOST_INTEGER:
        raise ValueError
    return int(number)


def _date(part: bytes) -> date:
    """PS3.5 6.2, DA; of ACR-NEMA with dots."""
    if len(part) == 10 and part[4:5] == part[7:8] == b".":
        part = part.replace(b".", b"")
    if len(part) != 8 or not part.isdigit():
        raise ValueError
    return date(int(part[:4]), int(part[4:6]), int(part[6:]))


def _time(part: bytes) -> time:
    """PS3.5 6.2, TM: parts that are left out are zero; of ACR-NEMA with colons."""
    if len(part) >= 8 and part[2:3] == part[5:6] == b":":
        part = part.replace(b":", b"")
    whole, dot, fraction = part.partition(b".")
    if len(whole) not in {2, 4, 6} or not whole.isdigit() or (dot and (len(whole) < 6 or len(fraction) > 6)):
        raise ValueError
    if dot and not fraction.isdigit():
        raise ValueError
    return time(int(whole[:2]), int(whole[2:4] or 0), int(whole[4:] or 0), int(fraction.ljust(6, b"0") or 0))


_PARSERS: dict[str, Callable[[bytes], Cell]] = {"DS": values.decimal, "IS": _integer, "DA": _date, "TM": _time}

_KINDS: dict[str, Kind] = {
    **dict.fromkeys([*_INTEGERS, "IS"], Kind.INTEGER),
    **dict.fromkeys([*_FLOATS, "DS"], Kind.NUMBER),
    **dict.fromkeys([*_ONE_TEXT, *_MANY_TEXTS, "AT"], Kind.TEXT),
    "DA": Kind.DATE,
    "TM": Kind.TIME,
}
