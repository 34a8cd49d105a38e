"""From raw bytes to values, late and only for what is asked (PS3.5 6.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from struct import error as StructError  # noqa: N812 (it is a class)
from struct import pack, unpack
from typing import Any

from convkit.dicom._quiet import quiet_pydicom

_BINARY = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "AT": "HH"}
_SIZES = {"H": 2, "h": 2, "I": 4, "i": 4, "f": 4, "d": 8, "HH": 4}
_CACHED = 8192
_MOST_DECIMALS = 30

_PLAIN_DIGITS = 15
"""Of an integer string that is read without a detour; longer than any that is legal (12 bytes)."""


def is_binary(vr: str) -> bool:
    """True where values are stored as binary numbers, for which a zero is a value and no padding."""
    return vr in _BINARY


_DECIMAL = frozenset({"DS", "IS"})


def converted(raw: bytes, vr: str, wanted: str) -> bytes | None:
    r"""Numbers of one value representation in another, as makers change it: ``b"\3\0"`` (US) is ``b"3"`` (IS).

    None where one of the two is no number, or a number does not fit.
    """
    if not {vr, wanted} <= _DECIMAL | _BINARY.keys():
        return None
    found = numbers(raw, vr)
    if wanted in _DECIMAL:
        return b"\\".join(repr(n).removesuffix(".0").encode() for n in found)
    code = _BINARY[wanted]
    try:
        return pack(f"<{code * len(found)}", *(found if code in "fd" else map(int, found)))
    except (StructError, OverflowError):
        return None


def decimal_strings(computed: Iterable[float]) -> bytes:
    r"""Computed numbers as a header would give them, to the last digit: ``b"1.5\-2.0"``."""
    return b"\\".join(repr(float(number)).encode() for number in computed)


@lru_cache(_CACHED)
def numbers(raw: bytes, vr: str) -> tuple[float, ...]:
    """All values of a numeric element; empty where there is none or one cannot be read.

    Decimal strings and integer strings become float; values that are not finite make the element unusable.
    """
    if vr in _BINARY:
        code = _BINARY[vr]
        count = len(raw) // _SIZES[code]
        values = tuple(float(v) for v in unpack(f"<{code * count}", raw[: count * _SIZES[code]]))
    else:
        try:
            return tuple(map(decimal, raw.strip(b" \0").split(b"\\")))
        except ValueError:
            return ()
    return values if all(map(math.isfinite, values)) else ()


def decimal(part: bytes) -> float:
    """One value of a decimal or integer string.

    Raises
    ------
    ValueError
        It is none, or not finite.
    """
    number = float(part)
    if b"_" in part or not math.isfinite(number):  # Python reads 1_0 as 10
        raise ValueError
    return number


@lru_cache(_CACHED)
def integer(raw: bytes, vr: str) -> int | None:
    """The first value as an integer; None where there is none or it is no whole number."""
    if vr == "IS" and len(digits := raw.strip(b" \0")) <= _PLAIN_DIGITS and digits.isdigit():
        return int(digits)
    found = numbers(raw, vr)
    return int(found[0]) if found and found[0] == int(found[0]) else None


@lru_cache(_CACHED)
def decimals(raw: bytes) -> int:
    r"""Most decimals that a decimal string gives: ``b"1.50\-2"`` has 2; exponents count: ``1.5e-3`` has 4."""
    given = raw.strip(b" \0").lower()
    if b"e" not in given:
        return min(max([len(part.strip().partition(b".")[2]) for part in given.split(b"\\")]), _MOST_DECIMALS)
    most = -_MOST_DECIMALS
    for part in given.split(b"\\"):
        mantissa, _, exponent = part.strip().partition(b"e")
        digits = len(mantissa.partition(b".")[2])
        try:
            shift = int(exponent) if exponent else 0
        except ValueError:
            shift = 0
        most = max(most, digits - shift)
    return min(max(most, 0), _MOST_DECIMALS)


@lru_cache(_CACHED)
def text(raw: bytes, charset: bytes = b"") -> str:
    """All of a text element as one string, decoded, without padding; values stay separated by backslashes."""
    stripped = raw.strip(b" \0")
    if stripped.isascii() and b"\x1b" not in stripped:
        return stripped.decode("ascii")
    return _decoded(stripped, charset)


@lru_cache(_CACHED)
def texts(raw: bytes, charset: bytes = b"") -> tuple[str, ...]:
    """The values of a text element, each without padding."""
    whole = text(raw, charset)
    return tuple(part.strip(" \0") for part in whole.split("\\")) if whole else ()


def _decoded(raw: bytes, charset: bytes) -> str:
    """Text in another character set (PS3.3 C.12.1.1.2); what cannot be decoded becomes U+FFFD."""
    from pydicom.charset import convert_encodings, decode_bytes  # noqa: PLC0415 (0.2 s, only for non-ASCII text)
    from pydicom.valuerep import TEXT_VR_DELIMS  # noqa: PLC0415

    names = [name.strip() for name in charset.decode("ascii", "replace").strip(" \0").split("\\")]
    with quiet_pydicom():
        try:
            return str(decode_bytes(raw, convert_encodings(names), TEXT_VR_DELIMS))
        except (LookupError, ValueError):
            return raw.decode("utf-8", "replace")


@lru_cache(_CACHED)
def seconds_of_day(raw: bytes) -> float | None:
    """A time of day (TM: HHMMSS.ffffff, later parts optional) in seconds; None where it cannot be read."""
    stripped = raw.strip(b" \0").replace(b":", b"")
    try:
        hours = int(stripped[0:2])
        minutes = int(stripped[2:4] or b"0")
        seconds = decimal(stripped[4:] or b"0")
    except ValueError:
        return None
    return hours * 3600.0 + minutes * 60.0 + seconds


@lru_cache(_CACHED)
def seconds_of_moment(raw: bytes) -> float | None:
    """The time of day of a date with time (DT: YYYYMMDDHHMMSS.ffffff&ZZXX) in seconds, without its zone, or None."""
    stripped = raw.strip(b" \0")
    return seconds_of_day(stripped[8:].partition(b"+")[0].partition(b"-")[0]) if len(stripped) >= 10 else None


@lru_cache(_CACHED)
def day_number(raw: bytes) -> int | None:
    """A date (DA: YYYYMMDD) as a sortable integer; None where it cannot be read."""
    stripped = raw.strip(b" \0").replace(b".", b"")
    return int(stripped[:8]) if len(stripped) >= 8 and stripped[:8].isdigit() else None


_NUMERIC = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD"})


def plain(raw: bytes, vr: str, charset: bytes = b"") -> Any:
    """The value as JSON would hold it: a number, a text, a list of either, or None where it is empty."""
    values: tuple[Any, ...]
    if vr in _NUMERIC:
        convert: Callable[[float], Any] = int if vr in {"IS", "US", "SS", "UL", "SL"} else float
        values = tuple(convert(v) for v in numbers(raw, vr))
    elif vr in {"SQ", "OB", "OW", "UN", "OF", "OD", "AT", "OL", "OV"}:
        return None
    elif vr in {"ST", "LT", "UT", "UR"}:
        values = (text(raw, charset),)
    else:
        values = texts(raw, charset)
    if not values:
        return None
    return values[0] if len(values) == 1 else list(values)
