"""Whether the bytes of a value, found somewhere, mean that value.

Long numbers, addresses and mail addresses read like nothing else. A name may be a word, a part of a longer word, or
chance among pixels. So it counts by what it is, where it stands, what stands beside it, and whose file it is in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from convkit.audit._dates import Grade, Spelled
from convkit.audit._search import Hit
from convkit.audit._vocabulary import is_term
from convkit.audit._words import EPONYMS, MAKERS, MONTHS
from convkit.audit._zones import Nature, Zone
from convkit.audit.dossier import Day, Term, Tier
from convkit.audit.finding import Kind

_FOR_ANYBODYS_DATES = frozenset({Nature.TEXT, Nature.PERSON, Nature.BYTES, Nature.DOCUMENT, Nature.NAME})
_FOR_OWN_DATES = _FOR_ANYBODYS_DATES | {Nature.KEPT, Nature.TOKEN}
_WRITTEN = frozenset({Nature.TEXT, Nature.PERSON, Nature.NAME, Nature.KEPT, Nature.TOKEN, Nature.NUMBER, Nature.DATE})
"""Where a digit beside a word ends it; in other bytes it may be a part of some code."""

_OF_DEVICES = frozenset({Nature.KEPT, Nature.MAKER, Nature.MADE})
_READ = frozenset({Nature.TEXT, Nature.PERSON, Nature.NAME, Nature.DOCUMENT})
_SMALL = 4096
"""Bytes of a binary value in which chance writes no word of four letters."""

_LEAST_NUMBER = 6
"""Digits of a number that tells people apart."""

_BESIDE = 24
"""Bytes between two parts of one name: room for a separator, a label or a title in two-byte characters."""

_OF_EPONYM = re.compile(
    rb"['\x92]?s?[ _-]{1,2}(?:disease|syndrome|protocol|sign|test|line|cyst|fracture|lesion|artifact|artefact|ringing"
    rb"|view|method|follow|staging|grade|score|criteria|neuroma|tumou?r|lymphoma|esophagus|sarcoma|thyroid|adrenal"
    rb"|fat|water|t[12]|in[ -]phase|recon|filter|kernel|angle|position|projection|tube|catheter|unit"
    rb"|stage|class|index|node)",
    re.IGNORECASE,
)
"""What follows an eponym that means a thing."""

_CELL_BEFORE, _CELL_AFTER = b"\"',;\t:>=|[\n", b"\"',;\t<|]\r\n"


class Place(NamedTuple):
    """Whose file it is, and what the file declares of itself.

    Attributes
    ----------
    subjects : frozenset of int
        The patient, or the few that it may be; empty where it may be anybody.
    keeps_dates, keeps_uids : bool
        True where the file declares the option of PS3.15 that retains them.
    is_alone : bool
        True where a file is one patient's: names of others in it are words until something says otherwise.
    """

    subjects: frozenset[int] = frozenset()
    keeps_dates: bool = False
    keeps_uids: bool = False
    is_alone: bool = True


class Hits(NamedTuple):
    """All that was found in some bytes.

    Attributes
    ----------
    data : bytes
    hits : sequence of Hit
        In the order of their places.
    terms : sequence of Term
        By the labels of the hits.
    """

    data: bytes
    hits: Sequence[Hit]
    terms: Sequence[Term]


class _Found(NamedTuple):
    """A hit with what surrounds it."""

    term: Term
    zone: Zone
    length: int
    has_left: bool
    has_right: bool
    is_own: bool
    is_anybodys: bool
    is_capitalised: bool

    @property
    def is_bounded(self) -> bool:
        return self.has_left and self.has_right


def counts(among: Hits, index: int, zone: Zone, place: Place) -> bool:
    """True where a hit means the value that it spells."""
    hit, data = among.hits[index], among.data
    term = among.terms[hit.label]
    found = _found(term, hit, data, zone, place)
    if term.kind is Kind.TERM:
        return found.is_bounded and (zone.nature is not Nature.PIXELS or found.length >= 6)
    if _is_in_number(term, hit, data, zone):
        return False
    if zone.nature is Nature.UID:
        return found.is_own and term.tier is Tier.STRONG and found.length >= 8
    if zone.nature is Nature.PIXELS:
        return _counts_among_pixels(found, hit, data)
    if zone.nature is Nature.BINARY:
        return _counts_in_binary(found)
    if zone.nature in {Nature.NUMBER, Nature.DATE}:
        return _counts_as_number(found, hit, data)
    if zone.nature in _OF_DEVICES and not _may_be_of_a_person(found):
        return False
    return _RULES[term.tier](found, among, index)


def _found(term: Term, hit: Hit, data: bytes, zone: Zone, place: Place) -> _Found:
    raw = data[hit.start : hit.end]
    is_wide = term.text.isascii() and b"\0" in raw
    width = 2 if is_wide else 1
    before = data[max(zone.start, hit.start - width, 0) : hit.start].strip(b"\0")
    after = data[hit.end : min(zone.end, hit.end + width)].strip(b"\0")
    is_own = bool(place.subjects & term.subjects)
    has_humps = zone.nature in _READ and term.tier is Tier.WORD
    return _Found(
        term,
        zone,
        len(raw) // width,
        not _is_letter(before, term, zone) or (has_humps and before.islower() and raw[:1].isupper()),
        not _is_letter(after, term, zone) or (has_humps and after.isupper() and raw.strip(b"\0")[-1:].islower()),
        is_own,
        not is_own and not (place.subjects and place.is_alone),
        raw.strip(b"\0")[:1].isupper() or not term.text[:1].isalpha() or not term.text.isascii(),
    )


def _is_letter(char: bytes, term: Term, zone: Zone) -> bool:
    """True where a character beside a hit makes it a part of something longer."""
    if not term.text.isascii():
        return False  # bytes of other characters tell nothing without knowing their encoding
    if term.text[:1].isdigit() and term.text[-1:].isdigit():
        return char.isdigit()
    if zone.nature in _WRITTEN and term.text.isalpha() and char.isdigit():
        return False
    return char.isalnum() or char >= b"\xc0"


def _may_be_of_a_person(found: _Found) -> bool:
    """False for what a device has of its own and may keep: a title, a short number, words of its maker."""
    if found.term.kind is Kind.AE_TITLE:
        return False
    if found.term.kind is Kind.ID and found.length < 8:
        return found.is_own and found.is_bounded and found.length >= _LEAST_NUMBER
    if found.zone.nature is Nature.MAKER and found.term.kind in {Kind.INSTITUTION, Kind.ADDRESS}:
        return False  # makers have institutions that are called like them
    if found.term.tier is not Tier.CAPITALISED or found.zone.nature is Nature.KEPT:
        return True
    folded = found.term.text.lower()
    return folded not in MAKERS if found.zone.nature is Nature.MAKER else not (folded in EPONYMS or is_term(folded))


def day_counts(day: Day, spelled: Spelled, zone: Zone, place: Place) -> bool:
    """True where a date of the originals, found somewhere, means what it spells."""
    if day.kind is Kind.DATE and place.keeps_dates:
        return False
    if place.subjects & day.subjects:
        if zone.nature in _FOR_OWN_DATES:
            return spelled.grade is not Grade.LOOSE or zone.nature in _READ
        return zone.nature is Nature.DATE and day.kind is Kind.BIRTH_DATE and spelled.grade is Grade.SURE
    if place.subjects and place.is_alone:
        return False
    if zone.nature is Nature.BYTES and not spelled.is_apart:
        return False  # a part of some code
    if zone.nature in {Nature.DOCUMENT, Nature.NAME} and spelled.grade is Grade.SHORT:
        return "/" in spelled.text or any(char.isalpha() for char in spelled.text)
    return zone.nature in _FOR_ANYBODYS_DATES and spelled.grade is Grade.SURE


def plain_counts(term: Term, text: str, place: Place, *, is_whole: bool) -> bool:
    """True where letters that stood one by one, or digits in other groups, mean a term."""
    is_own = bool(place.subjects & term.subjects)
    if not is_own and place.subjects and place.is_alone:
        return False
    if text.isdigit():
        return is_own or len(text) >= 9
    if term.tier < Tier.CAPITALISED or (not is_own and term.tier is Tier.CAPITALISED):
        return False
    return is_whole or len(text) >= 6


def _is_in_number(term: Term, hit: Hit, data: bytes, zone: Zone) -> bool:
    """True where digits of a longer number happen to be those of the value."""
    first, last = data[hit.start : hit.start + 1].isdigit(), term.text[-1:].isdigit()
    before, after = data[max(zone.start, hit.start - 1, 0) : hit.start], data[hit.end : min(zone.end, hit.end + 1)]
    return (first and before.isdigit()) or (last and after.isdigit())


def _counts_among_pixels(found: _Found, hit: Hit, data: bytes) -> bool:
    """Chance writes short words into gigabytes: 6 letters in any case about once in 10**12 bytes, bounded."""
    if not found.is_own:
        return found.term.tier is Tier.STRONG and found.length >= 10
    if found.term.tier is Tier.STRONG:
        return found.length >= 8
    around = data[max(0, hit.start - 2) : hit.end + 2]
    readable = all(32 <= byte < 127 or byte == 0 for byte in around)
    return found.term.tier is Tier.WORD and found.is_bounded and readable and found.length >= 6


def _counts_in_binary(found: _Found) -> bool:
    if not found.is_own or found.term.tier < Tier.CAPITALISED:
        return False
    is_small = found.zone.end - found.zone.start <= _SMALL
    return found.is_bounded and found.length >= (4 if is_small else 6 if found.term.tier is Tier.CAPITALISED else 5)


def _counts_as_number(found: _Found, hit: Hit, data: bytes) -> bool:
    """A value of digits must be all of a value; what has letters has nothing to do among numbers and times."""
    if not found.is_own or not found.is_bounded or found.term.tier < Tier.CAPITALISED:
        return False
    if any(char.isalpha() for char in found.term.text):
        return found.length >= 4
    before = data[max(hit.start - 1, found.zone.start) : hit.start]
    after = data[hit.end : hit.end + 1] if hit.end < found.zone.end else b""
    is_alone = before in {b"", b"\\", b" "} and after in {b"", b"\\", b" ", b"\0"}
    digits = data[hit.start : hit.end].decode("latin-1")
    if found.zone.nature is Nature.DATE and _is_moment(digits):
        return False
    return is_alone and found.length >= _LEAST_NUMBER and len(set(digits)) >= 3


def _is_moment(digits: str) -> bool:
    """True for what may be a time or a date: PS3.5 6.2."""
    return bool(re.fullmatch(r"([01]\d|2[0-3])[0-5]\d[0-5]\d|(18|19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01]).*", digits))


def _strong(found: _Found, _among: Hits, _index: int) -> bool:
    return found.length >= (5 if found.is_own or found.is_anybodys else 6)


def _word(found: _Found, among: Hits, index: int) -> bool:
    if not found.term.text.isascii():
        return found.is_own or found.is_anybodys or found.length >= 6
    if found.zone.nature in _OF_DEVICES:
        return found.is_own and found.is_bounded
    if found.term.text.isdigit() and found.length < _LEAST_NUMBER:
        return found.is_own and found.is_bounded and found.zone.nature in _WRITTEN
    if found.is_own or found.is_anybodys:
        return found.is_bounded or _counts_within(found, among.hits[index], among.data)
    return found.is_bounded and _has_neighbour(among, index)


def _counts_within(found: _Found, hit: Hit, data: bytes) -> bool:
    """True for a part of a longer word, if that is no word that one knows."""
    is_begun = found.has_left or found.has_right
    if found.length < 5 or not (is_begun or (found.is_own and found.length >= 6 and found.zone.nature in _READ)):
        return False
    return not is_term(_whole_word(hit, data, found.zone))


def _whole_word(hit: Hit, data: bytes, zone: Zone) -> str:
    start, end = hit.start, hit.end
    while start > zone.start and data[start - 1 : start].isalpha():
        start -= 1
    while end < zone.end and data[end : end + 1].isalpha():
        end += 1
    return data[start:end].decode("latin-1")


def _capitalised(found: _Found, among: Hits, index: int) -> bool:
    hit = among.hits[index]
    if found.zone.nature is Nature.PERSON and (found.is_own or found.is_anybodys) and found.length >= 5:
        return found.has_left or found.has_right
    if not found.is_bounded:
        return False
    if found.is_own:
        if found.term.text.casefold() in EPONYMS and _OF_EPONYM.match(among.data, hit.end):
            return False
        return found.is_capitalised or found.zone.nature is Nature.NAME
    if found.is_anybodys and found.zone.nature in {Nature.PERSON, Nature.NAME}:
        return True
    if found.is_anybodys and found.zone.nature is Nature.TEXT and found.is_capitalised and not _is_word(found.term):
        return True
    return _is_cell(found, hit, among.data) or _has_neighbour(among, index)


def _is_word(term: Term) -> bool:
    """True for a name that is a word of medicine or a month."""
    folded = term.text.lower()
    return folded in EPONYMS or folded in MONTHS or is_term(folded)


def _weak(found: _Found, among: Hits, index: int) -> bool:
    if not found.is_bounded:
        return False
    if found.is_own and found.zone.nature is Nature.BYTES and _has_company(among, index):
        return True
    if found.zone.nature is Nature.PERSON and found.is_own:
        return True
    return found.zone.nature is not Nature.TOKEN and _has_neighbour(among, index)


def _guess(found: _Found, _among: Hits, _index: int) -> bool:
    """A word that stood like a name in a comment: it must stand in such a text again, in the same patient's file."""
    if not (found.is_own and found.is_bounded and found.is_capitalised) or "(0008,01" in found.zone.location:
        return False
    return found.zone.nature in {Nature.TEXT, Nature.PERSON} and not _is_private(found.zone.location)


def _is_private(location: str) -> bool:
    """True for elements of odd groups, whose words are a maker's."""
    last = location.rpartition("/")[2]
    return last[4:5].lower() in {"1", "3", "5", "7", "9", "b", "d", "f"}


_RULES: dict[Tier, Callable[[_Found, Hits, int], bool]] = {
    Tier.GUESS: _guess,
    Tier.STRONG: _strong,
    Tier.WORD: _word,
    Tier.CAPITALISED: _capitalised,
    Tier.WEAK: _weak,
}


def _is_cell(found: _Found, hit: Hit, data: bytes) -> bool:
    """True where a word is all that stands in a cell of a table or a field of JSON."""
    if found.zone.nature is not Nature.DOCUMENT or not found.is_capitalised:
        return False
    before, after = data[max(0, hit.start - 1) : hit.start], data[hit.end : hit.end + 1]
    return (not before or before in _CELL_BEFORE) and (not after or after in _CELL_AFTER)


def _has_neighbour(among: Hits, index: int) -> bool:
    """True where another part of the same person's name is beside it."""
    hits, terms = among.hits, among.terms
    hit = hits[index]
    persons = terms[hit.label].persons
    for step in (-1, 1):
        other = index + step
        while 0 <= other < len(hits) and _gap(hit, hits[other]) <= _BESIDE:
            if _gap(hit, hits[other]) > 0 and persons & terms[hits[other].label].persons:
                return True
            other += step
    return False


def _has_company(among: Hits, index: int) -> bool:
    """True where another value of the same patient is beside it: bytes that hold one may hold more."""
    hit, term = among.hits[index], among.terms[among.hits[index].label]
    for other in (*among.hits[max(0, index - 4) : index], *among.hits[index + 1 : index + 5]):
        near = among.terms[other.label]
        if 0 < _gap(hit, other) <= _BESIDE and near.tier >= Tier.WORD and near.subjects & term.subjects:
            return True
    return False


def _gap(one: Hit, other: Hit) -> int:
    """Bytes between two hits; negative where they overlap."""
    return max(one.start, other.start) - min(one.end, other.end)
