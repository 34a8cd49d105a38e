"""The spellings in which values of a patient are looked for: folded, without anything but letters and digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from convkit.deid.own_values import Kind, OwnValues
from convkit.deid.vocabulary import Vocabulary, without_umlauts, word_set, words_of

LEAST_INSIDE = 4
"""Letters of a name that is looked for inside longer words; shorter ones count as whole words alone."""

_LEAST_NUMBER = 4
"""Digits of an identifier that is looked for without a word before it: 1 and 100 are numbers of many things."""

_LEAST_CORE = 5
"""Digits of an identifier that are looked for without its letters: MRN0012345 may be written 12345."""

_LEAST_PHONE = 6
"""Digits of a telephone number: shorter ones are extensions."""

PLACEHOLDERS = word_set(
    "anonymous anonymized anonymised anonym anon unknown none null nil na patient phantom test qa qc dummy noname"
    " volunteer subject unnamed deidentified removed empty undefined tech technologist admin user service healthy demo"
    " sample example acr nema bottle research physicist name"
)
"""Words in the place of a name that say that there is none; words of the vocabulary beside them are none either."""

_TITLES = word_set(
    "dr dres prof professor doctor med mr mrs ms miss mister frau herr hr fr mme mlle monsieur madame m sr sra srta don"
    " dona senor senora dott dottore dottssa dottoressa sig sigra dhr mevr pt md do phd rn rt jr ii iii iv esq bsc msc"
    " ir ing dipl pd priv doz lady sir rev np pa operator physician radiologist"
)

PARTICLES = word_set(
    "van von der den de del della di da dos das du la le les el al bin ibn ben abu ter ten zu zum zur af av y e i o"
    " san st ste lo li mc mac"
)
"""Small words of names, which are ordinary words, too."""

INSTITUTION_WORDS = word_set(
    "hospital hospitals clinic clinics medical center centre university regional memorial general community county"
    " institute institut instituto istituto institution health healthcare system radiology radiologie radiologia"
    " imaging associates group department dept school college faculty laboratory lab trust foundation klinik kliniken"
    " klinikum krankenhaus spital hopital ospedale azienda ziekenhuis szpital centro zentrum praxis his ris pacs"
    " universitatsklinikum universitatsspital medicine services national international"
)
"""Words around the name of a house; they go with it."""


_LEAST_NATIONAL = 8
"""Digits of a number with an area code."""


class Needles(NamedTuple):
    """What to look for.

    Attributes
    ----------
    inside : tuple of str
        Anywhere, the longest first.
    whole : frozenset of str
        As whole words.
    runs : tuple of str
        Several words with nothing before and after, the longest first.
    initials : frozenset of str
        First letters of names.
    numbers : frozenset of str
        Short numbers that stand alone.
    days : frozenset of (int, int)
        Month and day of dates.
    """

    inside: tuple[str, ...]
    whole: frozenset[str]
    runs: tuple[str, ...]
    initials: frozenset[str]
    numbers: frozenset[str]
    days: frozenset[tuple[int, int]]


def needles_of(own: OwnValues, vocabulary: Vocabulary) -> Needles:
    """All spellings of values."""
    names = {name for text in own.texts(Kind.NAME) for name in _names(text, vocabulary)}
    whole = {name for name in names if len(name) < LEAST_INSIDE and not _is_dense(name)}
    identifiers = {code for text in own.texts(Kind.IDENTIFIER) for code in _codes(text, vocabulary)}
    phones = {number for text in own.texts(Kind.PHONE) for number in _phones(text)}
    houses = own.texts(Kind.INSTITUTION, Kind.ADDRESS)
    runs = {run for text in houses for run in _runs(text, vocabulary)}
    inside = (
        (names - whole) | {code for code in identifiers if len(code) > _LEAST_NUMBER or not code.isdigit()} | phones
    )
    inside |= {word for text in houses for word in _unknown(text, vocabulary)}
    return Needles(
        tuple(sorted(inside - whole, key=lambda word: (-len(word), word))),
        frozenset(whole),
        tuple(sorted(runs, key=lambda word: (-len(word), word))),
        frozenset(letter for text in own.texts(Kind.NAME) for letter in _initials(text)),
        frozenset(code for code in identifiers if len(code) <= _LEAST_NUMBER and code.isdigit()),
        frozenset(day for text in own.texts(Kind.DATE) for day in _days(text)),
    )


def _is_dense(name: str) -> bool:
    """True for scripts in which two characters make a name."""
    return len(name) > 1 and all(c >= "\u1100" for c in name)


def _is_character(name: str) -> bool:
    """True for one Chinese character, as most family names of China are."""
    return len(name) == 1 and "\u4e00" <= name <= "\u9fff"


def _names(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the parts of a person name (PS3.5 6.2.1.2), of all groups, and those that are written together."""
    yield from _dense_names(text)
    words = [word for spelling in _spelled(text) for word in words_of(spelling)]
    is_placeholder = any(word in PLACEHOLDERS for word in words)
    for spelling in _spelled(text):
        for component in re.split(r"[\^=,]+", spelling):
            whole = words_of(component)
            parts = {"".join(words_of(part)) for part in component.split()} | set(whole) | {"".join(whole)}
            for name in sorted(parts):
                bare = (
                    name in _TITLES or name in PLACEHOLDERS or name.isdigit() or (name in PARTICLES and len(whole) > 1)
                )
                if (
                    (len(name) > 1 or _is_character(name))
                    and not bare
                    and not (is_placeholder and vocabulary.knows(name))
                ):
                    yield name


def _dense_names(text: str) -> Iterator[str]:
    """Yield family and given name together, in scripts in which a family name may be one character."""
    for group in text.split("="):
        parts = ["".join(words_of(part)) for part in group.split("^")[:2]]
        if len(parts) == 2 and all(parts) and _is_dense("".join(parts)):
            yield from ("".join(parts), "".join(reversed(parts)))


def _initials(text: str) -> Iterator[str]:
    """Yield the first letters of all parts of a name."""
    for word in words_of(text):
        if word not in _TITLES or len(word) == 1:
            yield word[0]


def _spelled(text: str) -> set[str]:
    """A name with its umlauts as one letter and as two, whichever way it is written."""
    small = text.lower()
    two = without_umlauts(small)
    one = re.sub(r"(?<=\w)(?:a(?=e)|o(?=e)|u(?=e))e(?=\w)", lambda found: found[0][0], small)
    return {small, two, one}


def _codes(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    code = "".join(words_of(text))
    if code.isdigit():
        bare = code.lstrip("0")
        if len(bare) >= _LEAST_NUMBER or (len(code) > len(bare) and len(code) >= _LEAST_NUMBER - 1):
            yield code
        if len(bare) >= _LEAST_CORE:
            yield bare
    elif len(code) >= _LEAST_NUMBER and not vocabulary.knows(code) and not all(map(vocabulary.knows, words_of(text))):
        yield code
    for core in re.findall(r"\d+", code):
        if len(core.lstrip("0")) >= _LEAST_CORE:
            yield core.lstrip("0")


def _phones(text: str) -> Iterator[str]:
    for number in re.split(r"[^\d\s().+/\-]+", text):
        digits = "".join(re.findall(r"\d", number))
        if len(digits) >= _LEAST_PHONE:
            yield digits
            yield digits.lstrip("0")
            # Without the code of a country, one to three digits, or with the 0 that stands for it at home.
            yield from (digits.lstrip("0")[cut:] for cut in (1, 2, 3) if len(digits) - cut > _LEAST_NATIONAL)


def _runs(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the name of a house whole, and without what says only that it is one."""
    for part in re.split(r"[,;\^\n\r]+", text):
        words = words_of(part)
        while words and words[-1] in INSTITUTION_WORDS:
            if len(words) > 1:
                yield "".join(words)
            words.pop()
        if len(words) > 1 and not all(map(str.isdigit, words)):
            yield "".join(words)
        if len(words) == 1 and vocabulary.is_name_too(words[0]) and len(words[0]) >= LEAST_INSIDE:
            yield words[0]


def _unknown(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    for word in words_of(text):
        if word.isdigit() and len(word) >= _LEAST_CORE:
            yield word
        is_known = word.isdigit() or vocabulary.knows(word) or word in INSTITUTION_WORDS
        if len(word) > LEAST_INSIDE and not is_known:
            yield word


def _days(text: str) -> Iterator[tuple[int, int]]:
    found = re.match(r"\d{4}[.\-/]?(\d\d)[.\-/]?(\d\d)", text)
    if found:
        yield int(found[1]), int(found[2])
