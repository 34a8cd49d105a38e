"""The ways in which a person's name is written: its parts, run together, with initials, without accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from convkit.audit._words import MEANINGFUL, PSEUDONYMS

_PARTICLE_WORDS = "von van der den del dos das des dal ten ter bin ibn abu san zur zum vom the and"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
"""Parts of names that are words of a language: alone they are nobody."""

_GIVEN_UP = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i", "ħ": "h",
}  # fmt: skip
"""Letters that no decomposition of Unicode makes plain."""

_SPELLED_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}
"""Letters that passports spell with two (ICAO Doc 9303-3, section 6)."""

_LATIN = "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia i i ie g u"
_CYRILLIC = dict(zip("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґў", _LATIN.split(), strict=True)) | {"ь": ""}
"""ICAO Doc 9303-3, section 6: transliteration of Cyrillic."""

_SHORTEST_FAMILY = 4
_SHORTEST_JOINED = 6
"""Letters: shorter ones are parts of too many words."""


def name_forms(name: str) -> Iterator[str]:
    """Yield the parts of a value of VR PN and what people make of them: PS3.5 6.2.1."""
    for group in name.split("="):
        if set(re.findall(r"[\w-]+", group.casefold().replace(".", ""))) & PSEUDONYMS:
            continue
        parts = [part.strip() for part in group.split("^")[:3]]  # prefix and suffix are titles
        for spelled in dict.fromkeys((tuple(parts), *_plain(parts))):
            yield from _forms(list(spelled))


def _forms(parts: list[str]) -> Iterator[str]:
    for part in parts:
        yield from _of_part(part)
    family, given, *middle = [*parts, "", ""][:3]
    if family and given:
        yield from _joined(_letters(family), _letters(given), _letters(middle[0]) if middle else "")


def _of_part(part: str) -> Iterator[str]:
    """A part of a name, its words, and these without what joins them."""
    words = re.split(r"[\s,]+", part)
    for word in (part, *words, _letters(part), *(_letters(word) for word in words), *re.split(r"[\s,'’-]+", part)):
        if word and word.casefold() not in _PARTICLES:
            yield word


def _joined(family: str, given: str, middle: str) -> Iterator[str]:
    """Both names in one word, as in names of files and accounts; initials with the family name."""
    if len(family) > 1 and len(given) > 1 and len(family) + len(given) >= _SHORTEST_JOINED:
        yield family + given
        yield given + family
        if middle:
            yield given + middle[0] + family
    if len(family) >= _SHORTEST_FAMILY and family.casefold() not in MEANINGFUL:
        yield given[0] + family
        yield family + given[0]
        if middle:
            yield given[0] + middle[0] + family
            yield family + given[0] + middle[0]


def _letters(text: str) -> str:
    return re.sub(r"[\s,.'’-]", "", text)


def _plain(parts: list[str]) -> Iterator[tuple[str, ...]]:
    """The same without accents, and in Latin letters."""
    if all(part.isascii() for part in parts):
        return
    for letters in (_GIVEN_UP, _GIVEN_UP | _SPELLED_OUT, _CYRILLIC):
        plain = tuple(_without_accents(part, letters) for part in parts)
        if any(plain) and all(part.isascii() for part in plain):
            yield plain


def _without_accents(text: str, letters: dict[str, str]) -> str:
    replaced = "".join(_as_case(letters.get(char.lower()), char) for char in unicodedata.normalize("NFC", text))
    bare = "".join(char for char in unicodedata.normalize("NFD", replaced) if not unicodedata.combining(char))
    return unicodedata.normalize("NFC", bare)


def _as_case(spelled: str | None, char: str) -> str:
    if spelled is None:
        return char
    return spelled.capitalize() if char.isupper() else spelled
