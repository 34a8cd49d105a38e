"""The words that a cleaned text may hold: clinical, anatomical, protocol and ordinary ones, no names of people.

Words are compared folded: without case and diacritics. Those that come with convkit lie in ``words/``; long medical
words and compounds are recognised by their parts, so that the lists stay short.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import cache, lru_cache
from itertools import filterfalse
from pathlib import Path
from typing import NamedTuple

from convkit.deid.late import late
from convkit.errors import InputError

_FOLDER = Path(__file__).parent / "words"

_LISTS = (
    *("standard", "protocol", "clinical", "general", "eponyms"),
    *("terms", "diseases", "medicines", "everyday", "languages"),
)
_NAMES_TOO = ("eponyms", "also_names", "frequent_names")

_LEAST_PART = 4
"""Letters of a part of a compound: shorter ones would put surnames together."""

_LONGEST = 48
"""Letters of a word that is taken apart: the longest of reports have about 35."""

_STAGE = late(
    r"(?=[a-z]+\d[a-z0-9]{0,12}$)[acmpry]{0,3}"
    r"(?:t(?:[0-4][a-d]?|is|a|x)(?:n(?:[0-3][a-c]?|x))?(?:m(?:[01][a-d]?|x))?"
    r"|n(?:[0-3][a-c]?|x)(?:m(?:[01][a-d]?|x))?|m(?:[01][a-d]?|x))(?:[glrv][0-3x])*"
)
"""How far a tumour has spread, by the TNM classification of the UICC: ``cT2N1M0``, ``ypT3b``."""

_MEDICINES = late(
    r"cef[a-z]{2,}(?:ime|olin|one|oxin)|[a-z]{2,}(?:azepam|azolam|cicli[bn]|ciclovir|cillin[ae]?|conazole?|coxib|cyclin[ae]?|dipin[ae]?"
    r"|fenac|floxacin[ao]?|gliflozin[ae]?|gliptin[ae]?|glitazone?|glutide?|grelor|mycin[ae]?|nazole|oxetine?|parinux"
    r"|poetin|prazan|prazole?|profene?|rubicin|sartane?|setrone?|taxel|tidine|tinib|trexed|triptane?|vastatin[ae]?"
    r"|(?:ci|li|tu|xi|zu|ti|u|o)mab[e]?|xaban[ae]?)"
)
"""Medicines by the stems of international nonproprietary names (WHO), those that are no endings of surnames."""

_CACHED = 1 << 16

# Letters that Unicode does not take apart (they have no decomposition), as people write them without their marks.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th", "’": "'"}
)


def word_set(text: str) -> frozenset[str]:
    """The words of a table that is written as text."""
    return frozenset(text.split())


def folded(text: str) -> str:
    """A text without case and diacritics: ``Ölçer`` is ``olcer``, ``Łaß`` is ``lass``."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(filterfalse(unicodedata.combining, apart)).casefold().translate(_LETTERS)


class _Words(NamedTuple):
    """What the lists that come with convkit hold, folded."""

    words: AbstractSet[str]
    names_too: AbstractSet[str]
    parts: AbstractSet[str]
    phrases: frozenset[tuple[str, ...]]


class Vocabulary:
    """Words and phrases that may stay.

    Parameters
    ----------
    words : iterable of str
        Beside those that come with convkit.
    phrases : iterable of tuple of str
        Words of a phrase are known where they stand together.
    """

    __slots__ = ("_extra", "_extra_phrases", "_known", "_phrases", "_shipped")

    def __init__(self, words: Iterable[str] = (), phrases: Iterable[tuple[str, ...]] = ()) -> None:
        self._shipped = _shipped()
        self._extra = frozenset(map(folded, words))
        self._extra_phrases = frozenset(phrases)
        self._phrases: dict[str, list[tuple[str, ...]]] = {}
        for phrase in self._shipped.phrases | self._extra_phrases:
            self._phrases.setdefault(phrase[0], []).append(phrase)
        self._known = lru_cache(_CACHED)(self._look_up)

    def __reduce__(self) -> tuple[object, ...]:
        return Vocabulary, (sorted(self._extra), sorted(self._extra_phrases))

    @classmethod
    def load(cls, extra: Iterable[str | Path] = ()) -> Vocabulary:
        """The words that come with convkit, and those of own lists: a word or a phrase a line, ``#`` begins a comment.

        Raises
        ------
        InputError
            An own list cannot be read.
        """
        lines = [line for path in extra for line in _own_lines(path)]
        phrases = [tuple(words_of(line)) for line in lines]
        return cls([one[0] for one in phrases if len(one) == 1], [one for one in phrases if len(one) > 1])

    def knows(self, word: str) -> bool:
        """True where a folded word may stay."""
        return self._known(word)

    def holds(self, word: str) -> bool:
        """True where a folded word is in a list as it is, not put together."""
        return word in self._shipped.words or word in self._extra

    def is_name_too(self, word: str) -> bool:
        """True where a word that may stay is a name of people as well."""
        return word in self._shipped.names_too and word not in self._extra

    def phrase_at(self, words: list[str], start: int) -> int:
        """How many of the folded words from a place on make the longest phrase that may stay; 0 where there is none."""
        candidates = self._phrases.get(words[start], ())
        fits = (len(one) for one in candidates if tuple(words[start : start + len(one)]) == one)
        return max(fits, default=0)

    def _look_up(self, word: str) -> bool:
        if self.holds(word) or (len(word) == 1 and word.isascii()):
            return True
        is_name = self.is_name_too(word) or self.is_name_too(word[:-1])
        if _is_plural(word) and self.holds(word[:-1]) and not is_name:
            return True
        if len(word) > _LONGEST:
            return False
        if not word.isascii() and _is_unspaced(word):
            return _is_chain(word, self._shipped.words | self._extra)
        if _MEDICINES.fullmatch(word) or _STAGE.fullmatch(word):
            return True
        return _is_made(word) or self._is_compound(word)

    def _is_compound(self, word: str) -> bool:
        """True where a word is put together from listed ones: ``kniegelenk``, ``mpragesag``, ``schulterluxation``."""
        for cut in range(3, len(word) - 2):
            first, rest = word[:cut], word[cut:]
            if not self._is_part(first, rest):
                continue
            for link in ("", "s", "n", "en", "o"):  # German and Greek put one between
                second = rest.removeprefix(link) if link else rest
                if (link == "" or second != rest) and (self._is_part(second, first) or self._is_second(second)):
                    return True
        return False

    def _is_second(self, word: str) -> bool:
        return len(word) > 2 * _LEAST_PART and self._is_compound(word)

    def _is_part(self, word: str, other: str) -> bool:
        """True where a word may stand in a compound; short ones only beside long ones."""
        if len(word) < _LEAST_PART and len(other) <= _LEAST_PART:
            return False
        return len(word) > 2 and word in self._shipped.parts


def words_of(text: str) -> list[str]:
    """The folded words of a text."""
    return re.findall(r"[^\W_]+", folded(text))


def _is_plural(word: str) -> bool:
    return len(word) > _LEAST_PART and word.endswith("s")


def _is_unspaced(word: str) -> bool:
    """True for scripts that put no blanks between words: Chinese, Japanese, and Korean compounds."""
    return all("\u1100" <= c <= "\u11ff" or "\u3040" <= c <= "\u9fff" or "\uac00" <= c <= "\ud7a3" for c in word)


def _is_chain(word: str, words: AbstractSet[str]) -> bool:
    """True where a word is a chain of known ones."""
    ends = {0}
    for end in range(1, len(word) + 1):
        if any(start in ends and word[start:end] in words for start in range(max(0, end - 12), end)):
            ends.add(end)
    return len(word) in ends


def _own_lines(path: str | Path) -> list[str]:
    try:
        text = Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise InputError("The list of words cannot be read.", str(path), "", "input.unreadable") from err
    return [line for line in _lines(text) if words_of(line)]


def _lines(text: str) -> list[str]:
    stripped = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in stripped if line]


def _list(name: str) -> list[str]:
    return _lines((_FOLDER / f"{name}.txt").read_text("utf-8"))


@cache
def _shipped() -> _Words:
    words, names_too = _spellings(*_LISTS), _spellings(*_NAMES_TOO)
    parts = {word for word in _spellings("clinical") if len(word) >= _LEAST_PART} | _spellings("protocol")
    parts -= _spellings("eponyms", "also_names")
    return _Words(words, names_too, parts, frozenset(tuple(words_of(phrase)) for phrase in _list("phrases")))


def _spellings(*names: str) -> set[str]:
    """The words of some lists, those with an umlaut also without it: ``früh``, ``frueh``.

    The lists are read at every start: nearly all words are folded as they stand (the files are in lower case), the
    others together.
    """
    words = set("\n".join(line for name in names for line in _list(name)).split())
    others = [word for word in words if not (word.isascii() and word.isalnum())]
    text = "\n".join(others)
    words.difference_update(others)
    words.update(words_of(text), words_of(without_umlauts(text)))
    return words


def without_umlauts(text: str) -> str:
    """A text in small letters with its umlauts written as two letters, as in German and Scandinavian addresses."""
    for mark, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa")):
        text = text.replace(mark, letters)
    return text


def _is_made(word: str) -> bool:
    """True for a medical word of roots and an ending: ``cholangiographies``."""
    endings = tuple(_affixes()["endings"])
    return (word.endswith(endings) or word.removesuffix("s").endswith(endings)) and bool(_made().fullmatch(word))


@cache
def _affixes() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {"roots": [], "endings": []}
    for line in _list("affixes"):
        kind, _, words = line.partition(":")
        table[kind] += folded(words).split()
    return table


@cache
def _made() -> re.Pattern[str]:
    """Medical words by roots and an ending; a short ending needs a long root, else it would make surnames.

    Few words end like one, and to compile this takes longer than all else at the start.
    """
    table = _affixes()
    written = {*table["roots"], *(root.replace("cc", "kz").replace("c", "k") for root in table["roots"])}  # German
    roots = "|".join(sorted(written, key=lambda word: (-len(word), word)))
    long_roots = "|".join(sorted(root for root in written if len(root) > _LEAST_PART))
    endings = sorted({word for word in table["endings"] if len(word) > _LEAST_PART})
    short = sorted({word for word in table["endings"] if len(word) <= _LEAST_PART})
    chain = rf"(?:(?:{roots})[aeio]?)"
    return re.compile(
        rf"{chain}{{1,5}}(?:{'|'.join(endings)})s?"
        rf"|(?=.{{7}})(?:{chain}{{1,4}}(?:{long_roots})|(?:{long_roots}))[aeio]?(?:{'|'.join(short)})s?"
    )
