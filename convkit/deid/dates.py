"""Dates that move by whole days: DA, and the date within DT (PS3.5 6.2). Times of day and time zones stay."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import lru_cache

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_OLD_DATE = re.compile(r"(\d{4})[.\-/](\d{2})[.\-/](\d{2})")  # of ACR-NEMA, and of some makers
_MOMENT = re.compile(r"(\d{4})(\d{2})?(\d{2})?((?:\d{2}(?:\d{2}(?:\d{2}(?:\.\d{1,6})?)?)?)?)([+-]\d{4})?")


def shifted_date(text: str, days: int) -> str:
    """A DA that has moved; ranges of queries move at both ends; empty where it cannot be read."""
    return "-".join(_one(part.strip(), days) for part in text.split("-")) if _is_range(text) else _one(text, days)


def shifted_moment(text: str, days: int) -> str:
    """A DT that has moved, with its time and offset; empty where it cannot be read.

    A year or month alone moves to that of its first day: nothing is known of the rest.
    """
    found = _MOMENT.fullmatch(text.strip())
    if not found:
        return shifted_date(text, days)  # a date as dates are written elsewhere
    year, month, day, time, offset = found.groups()
    moved = _moved(int(year), int(month or 1), int(day or 1), days)
    if moved is None:
        return ""
    return moved[: 4 + 2 * bool(month) + 2 * bool(day)] + time + (offset or "")


def _is_range(text: str) -> bool:
    return bool(re.fullmatch(r"\s*(\d{8})?\s*-\s*(\d{8})?\s*", text)) and text.strip() != "-"


def _one(text: str, days: int) -> str:
    if not text:
        return ""
    for form, between in ((_DATE, ""), (_OLD_DATE, text[4:5])):
        found = form.fullmatch(text)
        if found:
            moved = _moved(*map(int, found.groups()), days)
            return between.join((moved[:4], moved[4:6], moved[6:])) if moved else ""
    return ""


@lru_cache(maxsize=4096)
def _moved(year: int, month: int, day: int, days: int) -> str | None:
    try:
        moved = date(year, month, day) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    return f"{moved.year:04d}{moved.month:02d}{moved.day:02d}"
