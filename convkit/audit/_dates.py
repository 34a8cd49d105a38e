"""Dates in texts, in all the spellings that people and programs use, months in eight languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from enum import IntEnum
from typing import NamedTuple

_NAMES = (
    "jan january januar janvier janv enero ene gennaio gen janeiro januari stycznia",
    "feb february februar février fevrier févr febrero febbraio fevereiro fev februari lutego",
    "mar march märz maerz mär mrz mars marzo março marco maart mrt marca",
    "apr april avril avr abril abr aprile kwietnia",
    "may mai mayo maggio mag maio mei maja",
    "jun june juni juin junio giugno giu junho czerwca",
    "jul july juli juillet juil julio luglio lug julho lipca",
    "aug august août aout agosto ago augustus augusti sierpnia",
    "sep sept september septembre septiembre settembre set setembro września wrzesnia",
    "oct october okt oktober octobre octubre ottobre ott outubro out października pazdziernika",
    "nov november novembre noviembre novembro listopada",
    "dec december dez dezember décembre decembre déc diciembre dic dicembre dezembro grudnia",
)
"""Months 1 to 12 in English, German, French, Spanish, Italian, Portuguese, Dutch and Polish, with abbreviations."""

_MOJIBAKE = r"[^\s\d]{1,2}"
"""A letter with an accent, also as the two bytes of UTF-8 read one by one."""


def _spelled(name: str) -> str:
    return "".join(char if char.isascii() else _MOJIBAKE for char in name)


_MONTHS = [re.compile("|".join(_spelled(name) for name in names.split()), re.IGNORECASE) for names in _NAMES]
_ANY_MONTH = "|".join(sorted((_spelled(n) for names in _NAMES for n in names.split()), key=len, reverse=True))

_DAY = r"\d{1,2}(?:st|nd|rd|th|er|\.|º|ª)?"
_YEAR = r"(?:(?:18|19|20)\d\d|['’]?\d\d)"
_END = r"(?!\d|\.\d)"
_RUN = re.compile(r"(?<![\d.])\d+")
_FROM_YEAR = re.compile(  # 1961-05-03, 1961/5/3, 1961年5月3日
    r"(?P<y>(?:18|19|20)\d\d)(?P<s>[-/._ ]|[^\x00-\x7f\d]{1,3})(?P<m>\d\d?)(?:(?P=s)|[^\x00-\x7f\d]{1,3})(?P<d>\d\d?)"
    + _END
)
_FROM_DAY = re.compile(
    # 03.05.1961, 5/3/61
    rf"(?:(?P<a>\d{{1,2}})(?P<t>[-/._ ])(?P<b>\d{{1,2}})(?P=t)(?P<z>{_YEAR})(?<!_\d\d)"
    # 3 May 1961, 3rd of May, 1961, 03MAY61
    rf"|(?P<e>{_DAY})[-/ ._]{{0,2}}(?:of |de )?(?P<n>{_ANY_MONTH})\.?[-/ .,_]{{0,2}}(?:de )?(?P<x>{_YEAR})){_END}",
    re.IGNORECASE,
)
_COMPACT = re.compile(rf"(?P<c>\d{{14}}|\d{{8}}\.\d{{6}}(?!\d)|\d+{_END})")
_BEFORE = re.compile(rf"(?<![A-Za-z])(?P<o>{_ANY_MONTH})\.?[-/ ._]{{1,2}}$", re.IGNORECASE)
_BEHIND = re.compile(rf"(?P<f>{_DAY}),?[-/ ._]{{1,2}}(?P<w>{_YEAR}){_END}", re.IGNORECASE)
_LONGEST_MONTH = 16
"""Characters, with what stands between it and the day."""

_FORMS = {1: _FROM_DAY, 2: _FROM_DAY, 4: _FROM_YEAR, 6: _COMPACT, 8: _COMPACT, 12: _COMPACT, 14: _COMPACT}
"""By the number of digits that a date begins with: what is longer than date and time may begin with these."""

_PIVOT = 30
"""Two digits up to here are years of this century."""


class Grade(IntEnum):
    """How surely a piece of text is a date."""

    LOOSE = 0  # any number of six or eight digits may be one
    SHORT = 1  # two digits of a year
    SURE = 2


class Spelled(NamedTuple):
    """A date in a text.

    Attributes
    ----------
    when : date
    start : int
        In characters.
    text : str
        As it is spelled.
    grade : Grade
    is_apart : bool
        False where letters are beside it.
    """

    when: date
    start: int
    text: str
    grade: Grade
    is_apart: bool = True

    @property
    def end(self) -> int:
        """Behind its last character."""
        return self.start + len(self.text)


def spelled_dates(text: str) -> Iterator[Spelled]:
    """Yield all that may be a date; where day or month may come first, both readings."""
    end = 0
    for run in _RUN.finditer(text):
        if run.start() < end or min(len(run.group()), 14) not in _FORMS:
            continue
        for start, stop, part in _matches(text, run):
            end = max(end, stop)
            for grade, (year, month, day) in set(_readings(part)):
                when = _checked(year, month, day)
                if when is not None:
                    is_apart = not (text[max(0, start - 1) : start].isalpha() or text[stop : stop + 1].isalpha())
                    yield Spelled(when, start, text[start:stop], grade, is_apart)


def _matches(text: str, run: re.Match[str]) -> Iterator[tuple[int, int, dict[str, str]]]:
    """Yield (start, end, parts) of the forms that fit at some digits: with the month before them, or behind."""
    if len(run.group()) <= 2 and run.start() >= 4 and text[run.start() - 1] in "-/ ._":
        before = _BEFORE.search(text, max(0, run.start() - _LONGEST_MONTH), run.start())
        behind = _BEHIND.match(text, run.start()) if before else None
        if before and behind:
            yield before.start(), behind.end(), {**before.groupdict(), **behind.groupdict()}
            return
    found = _FORMS[min(len(run.group()), 14)].match(text, run.start())
    if found:
        yield found.start(), found.end(), found.groupdict()


def dates_in(text: str) -> Iterator[Spelled]:
    """Yield what is a date by itself."""
    return (found for found in spelled_dates(text) if found.grade is not Grade.LOOSE)


def is_date(text: str) -> bool:
    """True where a text as a whole is a date by itself."""
    return any(len(found.text) == len(text) for found in dates_in(text))


_Reading = tuple[Grade, tuple[int, int, int]]


def _readings(part: dict[str, str]) -> Iterator[_Reading]:
    """Yield (grade, (year, month, day)) for what a match may mean."""
    if part.get("y"):
        grade = Grade.LOOSE if part["s"] == " " else Grade.SURE
        yield grade, (int(part["y"]), int(part["m"]), int(part["d"]))
    elif part.get("c"):
        yield from _compact(part["c"])
    elif part.get("z"):
        yield from _in_numbers(part)
    else:
        year, is_short = _year(part.get("x") or part["w"])
        day = int(re.sub(r"\D", "", part.get("e") or part["f"]))
        yield Grade.SHORT if is_short else Grade.SURE, (year, _month(part.get("n") or part["o"]), day)


def _in_numbers(part: dict[str, str]) -> Iterator[_Reading]:
    year, is_short = _year(part["z"])
    grade = Grade.LOOSE if part["t"] == " " else Grade.SHORT if is_short else Grade.SURE
    first, second = int(part["a"]), int(part["b"])
    yield grade, (year, first, second)
    yield grade, (year, second, first)
    if is_short:  # 61-05-03
        yield Grade.LOOSE, (_year(part["a"])[0], second, int(part["z"][-2:]))


def _compact(text: str) -> Iterator[_Reading]:
    """Digits without anything between them: years first or last, with a time or without."""
    digits = text.replace(".", "")
    if len(digits) >= 12:
        is_dated = digits[:2] in {"18", "19", "20"} and _is_time(digits[8:])
        if is_dated or "." not in text:
            yield Grade.SURE if is_dated else Grade.LOOSE, (int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    elif len(digits) == 8:
        if digits[:2] in {"18", "19", "20"}:
            yield Grade.SURE, (int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        first, second, year = int(digits[:2]), int(digits[2:4]), int(digits[4:])
        yield Grade.LOOSE, (year, first, second)
        yield Grade.LOOSE, (year, second, first)
    else:
        one, two, three = digits[:2], digits[2:4], digits[4:]
        yield Grade.LOOSE, (_year(one)[0], int(two), int(three))
        yield Grade.LOOSE, (_year(three)[0], int(one), int(two))
        yield Grade.LOOSE, (_year(three)[0], int(two), int(one))


def _is_time(digits: str) -> bool:
    return all(int(digits[n : n + 2] or 0) < limit for n, limit in ((0, 24), (2, 60), (4, 60)))


def _year(text: str) -> tuple[int, bool]:
    """(year, whether it had two digits only)."""
    digits = re.sub(r"\D", "", text)
    if len(digits) == 4:
        return int(digits), False
    return int(digits) + (2000 if int(digits) <= _PIVOT else 1900), True


def _month(name: str) -> int:
    return next(number for number, names in enumerate(_MONTHS, 1) if names.fullmatch(name))


def _checked(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
