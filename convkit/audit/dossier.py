"""What all originals together tell: the terms to look for, whose they are, and which output belongs to whom."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple, TypeVar

from convkit.audit._search import Hit, Search
from convkit.audit._spellings import patterns, spellings
from convkit.audit._vocabulary import is_term
from convkit.audit._words import MEANINGFUL, is_ordinary
from convkit.audit.finding import Kind
from convkit.audit.instance import Instance
from convkit.audit.originals import Original

K = TypeVar("K")

_DATES = frozenset({Kind.DATE, Kind.BIRTH_DATE})


_VOTES, _TELLING = 2, 5
"""Values of one patient alone, and their characters, that tell whose file it is."""

_SEVERAL = 4
"""Patients; a family and their physician make three."""

_OTHERS = 2
"""Patients with whose devices a word stands that is not theirs: it is a word of devices then."""

_FEW = 8
"""Patients that one output may be of, when it resembles originals of several."""

_NOBODYS = {-1}
"""The patients of what stands in files that are no DICOM."""

_LEAST_DIGITS = 6
"""Of a number that tells people apart."""


class Tier(IntEnum):
    """How much it takes to believe that a term was meant."""

    WEAK = 0  # an ordinary word, or very short
    GUESS = 1  # stood like a name in a comment
    CAPITALISED = 2  # a surname that is an English word
    WORD = 3  # a name, a short number
    STRONG = 4  # nothing else reads like it


class Term(NamedTuple):
    """One value to look for.

    Attributes
    ----------
    text : str
    kind : Kind
    tier : Tier
    persons : frozenset of int
        Whose name it is a part of; names of one person beside each other are believed.
    subjects : frozenset of int
        Patients in whose originals it was found.
    """

    text: str
    kind: Kind
    tier: Tier
    persons: frozenset[int]
    subjects: frozenset[int]


class Day(NamedTuple):
    """What a date of the originals was, and whose."""

    kind: Kind
    subjects: frozenset[int]


@dataclass(frozen=True)
class Dossier:
    """All that the outputs are held against.

    Attributes
    ----------
    terms : tuple of Term
    originals : tuple of Instance
    subjects : tuple of int
        The patient of each original.
    dates : mapping of date to tuple of Day
    short : mapping of str to frozenset of int
        Names of three letters, in small letters, and whose they are: too short for `search`.
    uids : frozenset of str
        Every UID of the originals that names a thing.
    files : int
        How many originals there are, of any kind.
    """

    terms: tuple[Term, ...] = ()
    originals: tuple[Instance, ...] = ()
    subjects: tuple[int, ...] = ()
    dates: Mapping[date, tuple[Day, ...]] = field(default_factory=dict)
    short: Mapping[str, frozenset[int]] = field(default_factory=dict)
    uids: frozenset[str] = frozenset()
    files: int = 0

    @property
    def has_originals(self) -> bool:
        """False where there is only a list of terms, or nothing."""
        return self.files > 0

    @property
    def knows_something(self) -> bool:
        """False where the originals tell nothing that could be looked for."""
        return bool(self.terms or self.dates or self.short or self.uids)

    @cached_property
    def search(self) -> Search:
        """Finds the terms; the label of a hit is the index of the term."""
        return Search(
            (pattern, index)
            for index, term in enumerate(self.terms)
            for pattern in patterns(spellings(term.text, term.kind))
        )

    @cached_property
    def digits(self) -> dict[str, list[int]]:
        """Terms that are numbers, by their digits alone: a phone number also without what stands for its country."""
        found: dict[str, list[int]] = {}
        for index, term in enumerate(self.terms):
            for digits in _digits_of(term):
                found.setdefault(digits, []).append(index)
        return found

    @cached_property
    def _by_sop(self) -> dict[str, list[int]]:
        return _indexed((o.get("sop"), i) for i, o in enumerate(self.originals))

    @cached_property
    def _by_digest(self) -> dict[str, list[int]]:
        return _indexed((o.digest, i) for i, o in enumerate(self.originals))

    @cached_property
    def _by_shape(self) -> dict[tuple[str, ...], list[int]]:
        return _indexed((o.shape if o.get("number") else None, i) for i, o in enumerate(self.originals))

    @cached_property
    def _by_technique(self) -> dict[str, list[int]]:
        return _indexed((o.technique, i) for i, o in enumerate(self.originals))

    @cached_property
    def _by_number(self) -> dict[tuple[str, ...], list[int]]:
        return _indexed(((o.get("modality"), o.get("number")), i) for i, o in enumerate(self.originals))

    def match(self, output: Instance) -> int | None:
        """The original that an output was made from: by UID, pixels, number or technique; None if unsure."""
        for candidates in self._candidates(output):
            if len(candidates) == 1:
                return candidates[0]
            for same in ("number", "shape"):
                alike = [i for i in candidates if _told(self.originals[i], same) == _told(output, same)]
                if len(alike) == 1:
                    return alike[0]
        return None

    def subjects_of(self, output: Instance) -> frozenset[int]:
        """The patients whose originals an output resembles; none where it resembles many or nobody's."""
        for candidates in self._candidates(output):
            subjects = frozenset(self.subjects[i] for i in candidates)
            if subjects:
                return subjects if len(subjects) <= _FEW else frozenset()
        return frozenset()

    def _candidates(self, output: Instance) -> Iterator[list[int]]:
        yield self._by_sop.get(output.get("sop"), [])
        yield self._by_digest.get(output.digest, [])
        yield self._by_shape.get(output.shape, [])
        yield self._by_technique.get(output.technique, [])
        yield self._by_number.get((output.get("modality"), output.get("number")), [])

    def likely_subject(self, hits: Iterable[Hit]) -> int | None:
        """The patient whose values alone are in some bytes, where no original matches; None where that is unsure."""
        votes: Counter[int] = Counter()
        for label in {hit.label for hit in hits}:
            term = self.terms[label]
            if term.tier >= Tier.WORD and len(term.subjects) == 1 and len(term.text) >= _TELLING:
                votes.update(term.subjects)
        best = votes.most_common(2)
        if not best or best[0][1] < _VOTES or (len(best) > 1 and best[1][1] * 2 > best[0][1]):
            return None
        return best[0][0] if best[0][0] >= 0 else None


def _told(instance: Instance, what: str) -> object:
    return instance.shape if what == "shape" else instance.get(what)


def _indexed(pairs: Iterable[tuple[K | None, int]]) -> dict[K, list[int]]:
    found: dict[K, list[int]] = {}
    for key, index in pairs:
        if key:
            found.setdefault(key, []).append(index)
    return found


def dossier_of(originals: Sequence[Original], terms: Sequence[str] = ()) -> Dossier:
    """The dossier of some originals, and of terms that the user gave."""
    instances = [original.instance for original in originals if original.instance is not None]
    subjects = _subjects(instances)
    gathered = _Gathered()
    number = 0
    for original in originals:
        subject = -1  # nobody known
        if original.instance is not None:
            subject, number = subjects[number], number + 1
        gathered.add(original, subject)
    made = [*gathered.terms(), *(Term(text, Kind.TERM, Tier.STRONG, frozenset(), frozenset()) for text in terms)]
    return Dossier(
        tuple(term for term in made if _is_usable(term) and not _is_vocabulary(term)),
        tuple(instances),
        tuple(subjects),
        gathered.dates(),
        {term.text.casefold(): term.subjects for term in made if _is_short_name(term)},
        frozenset(uid for each in instances for several in each.uids.values() for uid in several),
        files=len(originals),
    )


class _Gathered:
    """The values of all originals, each once."""

    def __init__(self) -> None:
        self._persons: dict[str, int] = {}
        self._values: dict[tuple[str, Kind], tuple[set[int], set[int], bool, str]] = {}
        self._technical: dict[str, set[int]] = {}

    def add(self, original: Original, subject: int) -> None:
        """Take in what one original tells of a patient."""
        for word in original.technical:
            self._technical.setdefault(word, set()).add(subject)
        for value in sorted(original.values):
            key = (value.text.lower(), value.kind)
            of_persons, of_subjects, sure, text = self._values.get(key, (set(), set(), False, value.text))
            if value.person:
                of_persons.add(self._persons.setdefault(value.person.casefold(), len(self._persons)))
            of_subjects.add(subject)
            self._values[key] = (of_persons, of_subjects, sure or value.is_sure, min(text, value.text))

    def terms(self) -> Iterator[Term]:
        """Yield all but dates."""
        for (folded, kind), (of_persons, of_subjects, sure, text) in sorted(self._values.items()):
            if kind in _DATES or (kind is Kind.ID and of_subjects == _NOBODYS and folded in self._technical):
                continue  # a number of a device, told by a file that stands beside the images
            is_technical = self._is_technical(folded, kind, of_subjects)
            tier = _tier(text, kind, is_technical=is_technical, is_sure=sure)
            yield Term(text, kind, tier, frozenset(of_persons), frozenset(of_subjects))

    def _is_technical(self, folded: str, kind: Kind, own: set[int]) -> bool:
        """True for a word of devices and codes: the same word elsewhere is no name.

        A name that stands with the devices of its own patient alone was written there by somebody.
        """
        told = self._technical.get(folded, set())
        return bool(told) if kind is Kind.AE_TITLE else len(told - own) >= _OTHERS

    def dates(self) -> dict[date, tuple[Day, ...]]:
        """All dates and whose they are."""
        found: dict[date, list[Day]] = {}
        for (_, kind), (_, of_subjects, _, text) in sorted(self._values.items()):
            if kind in _DATES:
                found.setdefault(date.fromisoformat(text), []).append(Day(kind, frozenset(of_subjects)))
        return {when: tuple(days) for when, days in found.items()}


def _subjects(instances: Sequence[Instance]) -> list[int]:
    """A number for the patient of each instance; a study has one patient, whatever its files say."""
    by_study: dict[str, int] = {}
    by_patient: dict[str, int] = {}
    numbers = []
    for index, each in enumerate(instances):
        patient, study = each.get("patient"), each.get("study")
        number = by_patient.get(patient) if patient else by_study.get(study)
        if number is None:
            number = index
        if patient:
            by_patient[patient] = number
        by_study.setdefault(study, number)
        numbers.append(number)
    return numbers


def _tier(text: str, kind: Kind, *, is_technical: bool, is_sure: bool) -> Tier:  # noqa: C901 (a table of cases)
    folded = text.casefold()
    if kind in {Kind.MAIL, Kind.SSN}:
        return Tier.STRONG
    if kind is Kind.PHONE:
        return Tier.STRONG if len(re.sub(r"\D", "", text)) >= 7 else Tier.WEAK
    if len(text) < 4 and text.isascii():
        return Tier.WEAK if is_sure else Tier.GUESS
    is_word = text.replace("-", "").replace("'", "").isalpha()
    if is_word and (folded in MEANINGFUL or is_technical):
        return Tier.WEAK
    if not text.isascii():
        return Tier.WORD if len(text) >= 2 else Tier.WEAK
    if not is_sure:
        return Tier.GUESS
    if is_word and is_ordinary(text):
        return Tier.CAPITALISED
    if is_word:
        return Tier.WORD
    if kind is Kind.AE_TITLE and is_technical:
        return Tier.WEAK
    words = text.split()
    if len(words) > 1 and len(text) >= 8:
        return Tier.STRONG if not all(is_ordinary(word) for word in words) else Tier.CAPITALISED
    has_digits = sum(char.isdigit() for char in text) >= 4
    return Tier.STRONG if has_digits and len(text) >= 6 else Tier.WORD


def _is_vocabulary(term: Term) -> bool:
    """True for what several patients share: a guess is a word then, and a number tells none of them apart."""
    return (term.tier is Tier.GUESS or term.kind is Kind.ID) and len(term.subjects) >= _SEVERAL


def _is_usable(term: Term) -> bool:
    """False for what nothing could be told from: initials, numbers of one or two digits, a mere word as a number."""
    if term.kind is Kind.TERM:
        return True
    if term.text.isascii() and len(term.text) < 4:
        return False
    if term.kind is Kind.ID and term.text.isalpha():
        return not is_ordinary(term.text)
    if not any(char.isalnum() for char in term.text):
        return False
    return not (term.kind in {Kind.AE_TITLE, Kind.PHONE} and term.tier is Tier.WEAK)


def _is_short_name(term: Term) -> bool:
    """True for names of three letters that are no words."""
    is_name = term.kind is Kind.NAME and len(term.text) == 3 and term.text.isascii() and term.text.isalpha()
    return is_name and term.tier is Tier.WEAK and not is_ordinary(term.text) and not is_term(term.text)


def _digits_of(term: Term) -> Iterator[str]:
    digits = re.sub(r"\D", "", term.text)
    if term.kind not in {Kind.ID, Kind.SSN, Kind.PHONE} or len(digits) < _LEAST_DIGITS or term.tier <= Tier.GUESS:
        return
    if sum(char.isalpha() for char in term.text) > 4:
        return
    yield digits
    if term.kind is Kind.PHONE and len(digits) > 10:
        yield digits[-10:]
    if term.kind is Kind.ID and digits[0] == "0" and len(digits.lstrip("0")) >= _LEAST_DIGITS:
        yield digits.lstrip("0")  # as a program writes it that takes it for a number
