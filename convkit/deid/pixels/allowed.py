"""Short text that may stay: marks of side and scale that no person can be told by. Everything else is blanked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from convkit.deid.pixels.readers import Word

_NUMBER = r"\d{1,3}([.,]\d{1,2})?"
_UNIT = r"(mm|cm|m|ms|s|sec|hz|khz|mhz|db|fps|bpm|%|cm/s|m/s|kv|kvp|ma|mas|hu|t)"
_INDEX = r"(mi|ti|tis|tib|tic)\s*[:=]?\s*\d([.,]\d{1,2})?"

_ALLOWED = re.compile(
    rf"[lraphfsi]|[lr][aphfs]|[aphfs][lr]|left|right|ap|pa|lat|cc|mlo|(l|r)\s?(cc|mlo)"
    rf"|{_NUMBER}\s?{_UNIT}|{_UNIT}|{_INDEX}(\s*{_INDEX})*|mi|ti|tis|tib|tic|\d{{1,2}}",
    re.IGNORECASE,
)
"""Sides, views of mammography and chest, numbers with a unit, safety indices of ultrasound, depths of a scale. A number
of three digits alone may be part of an identifier, one of two is at most an age."""

SURE = 0.9
"""Score from which a reading is believed; text that is read wrongly is blanked."""


_GLYPH = 2.2
"""Longer side over shorter one, up to which a box holds no more than one letter."""


def is_allowed(word: Word) -> bool:
    """True where a word may stay, as far as it alone tells.

    A single letter tells nobody's name; most of what is taken for one is an organ.
    """
    if len(word.text.strip()) <= 1 and _aspect(word) <= _GLYPH:
        return True
    return word.score >= SURE and _ALLOWED.fullmatch(word.text.strip(" :.,")) is not None


def _aspect(word: Word) -> float:
    sides = word.box.height, word.box.width
    return max(sides) / max(min(sides), 1)


def forbidden(words: Sequence[Word]) -> list[Word]:
    """Words that may not stay: also those that may, where they stand beside one that may not.

    A date that was found in pieces would leave its day behind, a name its initial.
    """
    bad = [word for word in words if not is_allowed(word)]
    rest = [word for word in words if is_allowed(word)]
    is_growing = True
    while is_growing:
        near = [word for word in rest if any(_stand_together(word, other) for other in bad)]
        is_growing = bool(near)
        bad += near
        rest = [word for word in rest if word not in near]
    return bad


def _stand_together(one: Word, other: Word) -> bool:
    """True on one line, with less between them than a line is high."""
    height = max(min(one.box.height, one.box.width), min(other.box.height, other.box.width))
    wide = one.box._replace(left=one.box.left - height, right=one.box.right + height)
    return wide.meets(other.box)
