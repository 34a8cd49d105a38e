"""Text in pixels: what of it is a value of the originals, looks like an identifier, or is there at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from convkit.audit._dates import Grade, spelled_dates
from convkit.audit._judge import Place
from convkit.audit._patterns import text_matches
from convkit.audit._readers import Line, reader
from convkit.audit.dossier import Dossier, Term, Tier
from convkit.audit.finding import Kind

__all__ = ["Burned", "reader", "text_in_pixels"]

_CONFUSED = str.maketrans("01|!58269$", "olllsbzgqs")
"""Digits and signs that are read for letters, and the other way round."""

_ONE_WRONG, _TWO_WRONG = 6, 10
"""Characters from which on one, or two, of a value may be read wrongly."""

_LEAST, _LEAST_OF_ANYBODY = 4, 6
"""Characters of a value that is recognised."""

_SURE = 0.5
"""Score of a reading from which on unknown text is believed to be text."""

_NUMBER = r"\d{1,3}([.,]\d{1,2})?"
_UNIT = r"(mm|cm|m|ms|s|sec|hz|khz|mhz|db|fps|bpm|%|cm/s|m/s|kv|kvp|ma|mas|hu|t)"
_INDEX = r"(mi|ti|tis|tib|tic)\s*[:=]?\s*\d([.,]\d{1,2})?"
_HARMLESS = re.compile(
    rf"[lraphfsi]{{1,2}}|left|right|ap|pa|lat|cc|mlo|(l|r)\s?(cc|mlo)|{_NUMBER}\s?{_UNIT}|{_UNIT}"
    rf"|{_INDEX}(\s*{_INDEX})*|mi|ti|tis|tib|tic|\d{{1,2}}|.",
    re.IGNORECASE,
)
"""Marks of side, scale and safety: they tell nobody."""


class Burned(NamedTuple):
    """Text that should not be there.

    Attributes
    ----------
    kind : Kind
    text : str
        The value of the originals, or what was read.
    how : str
        ``residual``, ``pattern`` or ``text``.
    """

    kind: Kind
    text: str
    how: str


def text_in_pixels(lines: Sequence[Line], dossier: Dossier, place: Place) -> Iterator[Burned]:
    """What in the text of a picture should not be there."""
    known = {burned for line in lines for burned in _known(line.text, dossier, place)}
    yield from sorted(known)
    for line in lines:
        if not dossier.has_originals:
            text = line.text.strip(" :.,")
            if line.score >= _SURE and text and not _HARMLESS.fullmatch(text):
                yield Burned(Kind.TEXT, text, "text")
        elif line.score >= _SURE:
            yield from (Burned(found.kind, found.text, "pattern") for found in text_matches(line.text))
            yield from (Burned(Kind.DATE, text, "pattern") for text in _sure_dates(line.text))


def _sure_dates(text: str) -> set[str]:
    return {found.text for found in spelled_dates(text) if found.grade is Grade.SURE}


def _known(text: str, dossier: Dossier, place: Place) -> Iterator[Burned]:
    """Values of the originals in one line."""
    folded = _folded(text)
    for term in dossier.terms:
        if _is_read(term, folded, place):
            yield Burned(term.kind, term.text, "residual")
    for spelled in spelled_dates(text):
        for day in dossier.dates.get(spelled.when, ()):
            is_own = bool(day.subjects & place.subjects)
            if is_own or (not place.subjects and spelled.grade is Grade.SURE):
                yield Burned(day.kind, spelled.when.isoformat(), "residual")


def _is_read(term: Term, folded: str, place: Place) -> bool:
    """True where a term, or nearly it, is in a line."""
    wanted = _folded(term.text)
    if term.tier <= Tier.GUESS or len(wanted) < _LEAST:
        return False
    is_own = bool(term.subjects & place.subjects) or term.kind is Kind.TERM
    if not is_own and (place.subjects or term.tier < Tier.WORD or len(wanted) < _LEAST_OF_ANYBODY):
        return False
    if wanted in folded:
        return True
    wrong = 0 if not is_own or len(wanted) < _ONE_WRONG else 1 if len(wanted) < _TWO_WRONG else 2
    return wrong > 0 and _nearest(wanted, folded) <= wrong


def _folded(text: str) -> str:
    """Letters and digits alone, those alike that are taken for each other."""
    return re.sub(r"[\W_]", "", text.casefold().translate(_CONFUSED))


def _nearest(wanted: str, text: str) -> int:
    """Fewest changes that make some part of a text the wanted one (Sellers 1980)."""
    row = [0] * (len(text) + 1)
    for count, char in enumerate(wanted, 1):
        before, row[0] = row[0], count
        for index, other in enumerate(text, 1):
            before, row[index] = row[index], min(before + (char != other), row[index] + 1, row[index - 1] + 1)
    return min(row)
