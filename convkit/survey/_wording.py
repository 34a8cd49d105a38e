"""Numbers as a reader of the page expects them: few digits, thousands apart, shares in per cent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

NOTHING = "–"
"""Stands where there is no number."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = (-719_162, 2_932_896)
"""Days since 1970 that a date can have: of the years 1 to 9999."""

_FAR = 32768
"""No pixel value in HU is beyond: a range that reaches so far has no end."""


def printable(text: str) -> str:
    r"""The text without what neither HTML nor SVG can hold: control characters, lone surrogates.

    Examples
    --------
    >>> printable("CT\x00 head")
    'CT� head'
    """
    return _UNPRINTABLE.sub("\ufffd", text)


def shortened(text: str, width: int) -> str:
    """One printable line of up to so many characters; what is cut off is shown by an ellipsis."""
    line = printable(" ".join(text.split()))
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def number(value: float | None) -> str:
    """Four digits that matter, integers up to a billion whole.

    Examples
    --------
    >>> number(1234567), number(0.703125), number(12345.6), number(0.0000123), number(None)
    ('1,234,567', '0.7031', '12,346', '1.23e-05', '–')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(value)
    if size >= 1e9 or 0 < size < 1e-3:
        return f"{value:.3g}"
    if value == int(value) or size >= 1e4:
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def short(value: float) -> str:
    """A number for the axis of a figure.

    Examples
    --------
    >>> short(0), short(1500), short(2_000_000), short(0.25)
    ('0', '1.5k', '2M', '0.25')
    """
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def share(part: float, whole: float = 1.0) -> str:
    """The part of the whole in per cent; what is neither nothing nor all never looks like it.

    Examples
    --------
    >>> share(1, 3), share(0, 3), share(1, 100_000), share(99_999, 100_000), share(3, 3)
    ('33.3 %', '0 %', '<0.1 %', '>99.9 %', '100 %')
    """
    if whole <= 0:
        return NOTHING
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "<0.1 %"
    if 99.9 < percent < 100:
        return ">99.9 %"
    return f"{percent:.1f}".removesuffix(".0") + " %"


def size(count: float) -> str:
    """Bytes in the unit that suits them.

    Examples
    --------
    >>> size(512), size(3_700_000), size(61_200_000_000)
    ('512 B', '3.7 MB', '61.2 GB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}" if unit != "B" else f"{count:.0f} B"
        count /= 1000
    return f"{count:,.3g} TB" if count < 1000 else f"{count:,.0f} TB"


def day(days: float) -> str:
    """The ISO date of days since 1970; the number itself where there is no such date."""
    if not _DAYS[0] <= days <= _DAYS[1]:
        return number(days)
    return (_EPOCH + timedelta(days=int(days // 1))).date().isoformat()


def days_between(edges: Sequence[float]) -> Callable[[float], str]:
    """How days of a histogram are written: as finely as its edges are, by year, by month or by day.

    Examples
    --------
    >>> days_between((0.0, 365.0, 730.0))(365.0), days_between((0.0, 31.0))(31.0), days_between((0.0, 1.0))(1.0)
    ('1971', '1970-02', '1970-01-02')
    """
    texts = [day(edge) for edge in edges]
    for end, length in (("-01-01", 4), ("-01", 7)):
        if all(text.endswith(end) for text in texts):
            return lambda days: day(days)[:length]
    return day


def coefficient(value: float | None) -> str:
    """A correlation to two digits; what rounds to nothing has no sign.

    Examples
    --------
    >>> coefficient(0.987), coefficient(-0.001), coefficient(None)
    ('0.99', '0.00', '–')
    """
    return NOTHING if value is None else f"{round(value, 2) + 0.0:.2f}"


def span(low: float | None, high: float | None) -> str:
    """A range of pixel values that may be open at one end; without ends, what lies between the others.

    Examples
    --------
    >>> span(-900, -500), span(-32768, -900), span(3000, 32768), span(None, None)
    ('-900 to -500', 'below -900', 'from 3,000', 'between these')
    """
    if low is None or high is None:
        return "between these"
    if low <= -_FAR:
        return f"below {number(high)}"
    return f"from {number(low)}" if high >= _FAR else f"{number(low)} to {number(high)}"


def counted(count: int, noun: str, nouns: str = "") -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "patient"), counted(1200, "study", "studies")
    ('1 patient', '1,200 studies')
    """
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def slug(text: str) -> str:
    """Letters, digits and hyphens of the text, for names of files and of places in the page.

    Examples
    --------
    >>> slug("CT (HU)"), slug("../../x"), slug("§")
    ('ct-hu', 'x', '')
    """
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:60].rstrip("-")
