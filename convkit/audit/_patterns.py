"""What an identifier looks like when nothing is known of its owner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from convkit.audit._dates import is_date
from convkit.audit._vocabulary import is_like_a_term
from convkit.audit._words import INSTITUTIONAL, MEANINGFUL, ORDINARY, STREETS
from convkit.audit.finding import Kind

_MAIL = re.compile(
    r"\b[A-Za-z0-9][A-Za-z0-9_.+-]{1,63}@(?:[A-Za-z0-9][A-Za-z0-9-]{1,62}\.){1,8}(?:[a-z]{2,24}|[A-Z]{2,24})(?![A-Za-z])"
)
_SSN = re.compile(r"(?<![\d.-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d.-])")
_PHONE = re.compile(
    r"(?<![\w.-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ ]?\d{3,4}[ .-]?\d{3,5}|\d{3}[-.]\d{3}[-.]\d{4}"
    r"|\+\d{1,3}(?:[ .-]?\d{2,4}){2,5}|\d{3}[ ]\d{3}[ -]\d{4})(?![\w.-])"
)
_CALLED = re.compile(r"(?i:\b(?:phone|tel|telephone|call|fax|mobile|cell)\b)[.:# ]{1,3}(\(?\+?\d[\d ().-]{5,18}\d)")
_LABELLED = re.compile(
    r"(?i:\b(?:mrn|patient ?id|pat ?id|pid|med(?:ical)? ?rec(?:ord)?(?: ?(?:no|number|#))?"
    r"|accession(?: ?(?:no|number|#))?"
    r"|acc ?(?:no|#)|ssn|case ?(?:no|number|#)|chart ?(?:no|number|#)|admission ?(?:no|number|#)|nhs ?(?:no|number)"
    r"|insurance ?(?:no|number|id)))\b[\"':=#. ]{0,5}((?=[A-Za-z/-]{0,6}\d)[A-Za-z0-9][A-Za-z0-9/-]{3,19})"
)
_NAME_PART = r"[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯΑ-Ω][\wÀ-ÿ'’-]+"
_TITLED = re.compile(
    r"(?:\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Doctor|Herr|Frau|Mme)\b\.?|\bDR\b\.?|\b(?:MR|MRS|MS|PROF)\.)[ ^]{1,2}"
    rf"({_NAME_PART}(?:[ ^]{_NAME_PART})?)"
)
_RELATED = re.compile(
    rf"(?i:\b(?:pt|patient|operator|attending|contact))[:.]?[ ^]({_NAME_PART}(?:,?[ ^]{_NAME_PART}){{0,2}})"
)
_ANNOUNCED = re.compile(
    r"(?i:\b(?:patient'?s? name|name:|next of kin|mother|father|wife|husband|son|daughter|seen by|read by|signed by"
    rf"|dictated by|guardian))(?<=[\w:])[:.]?[ ^]({_NAME_PART}(?:,?[ ^]{_NAME_PART}){{0,2}})"
)
_PAIR = re.compile(rf"\b({_NAME_PART}),? ({_NAME_PART})\b")
_WHOLE = re.compile(r"([^\W\d_][\w'’-]{2,})(?:\^|, ?)([^\W\d_][\w'’-]{2,})(?:[\^ ][^\W\d_]?\.?)*")
_STREET = re.compile(r"\b\d{1,5} (?:[A-ZÀ-Þ][a-zà-ÿ'’-]+\.? ){1,3}[A-ZÀ-Þ][a-zà-ÿ'’-]+\b")
_URL = re.compile(r"\b(?:https?|ftp|sftp|dicom|smb|file)://([^\s/\"'<>\\)]{3,255})")
_FOLDER = re.compile(
    r"(?:\b[A-Za-z]:\\{1,2}(?:Users|Documents and Settings)\\{1,2}|/home/|/Users/)([A-Za-z][\w.^-]{1,63})"
)
_PLAIN = re.compile(r"[^\W\d_][\w'’-]*")
_TOKEN = re.compile(r"(?<![\w.])(?=[A-Za-z]{0,6}[-/]?\d)[A-Za-z]{0,6}[-/]?\d[\d/-]{5,17}(?![\w.])")

_PUBLIC_HOSTS = re.compile(
    r"(?:.*\.)?(?:w3\.org|nema\.org|purl\.org|tempuri\.org|schema\.org|json-schema\.org|example\.(?:com|org|net)|github\.com|github\.io"
    r"|doi\.org|adobe\.com|xmlsoap\.org|iso\.org|hl7\.org|ihe\.net|loinc\.org|snomed\.(?:org|info)|unitsofmeasure\.org"
    r"|wikipedia\.org|python\.org|dicomstandard\.org|readthedocs\.io|neuroimaging\.io|openxmlformats\.org|microsoft\.com"
    r"|aiim\.org|color\.org|apache\.org|creativecommons\.org|mozilla\.org|pypi\.org|nifti\.nimh\.nih\.gov)(?::\d+)?$",
    re.IGNORECASE,
)
_SYSTEM_FOLDERS = frozenset({"public", "default", "all users", "shared", "runner", "localhost"})


class Match(NamedTuple):
    """A piece of text that looks like an identifier.

    Attributes
    ----------
    kind : Kind
    text : str
        The value itself, without its label.
    start : int
        Of the value, in characters.
    """

    kind: Kind
    text: str
    start: int


def sure_matches(text: str) -> Iterator[Match]:
    """What can hardly be anything else: mail addresses, numbers with a label, social security numbers, user folders."""
    for found in _MAIL.finditer(text):
        yield Match(Kind.MAIL, found.group(), found.start())
    for found in _SSN.finditer(text):
        yield Match(Kind.SSN, found.group(), found.start())
    for found in _LABELLED.finditer(text):
        yield Match(Kind.ID, found.group(1), found.start(1))
    for found in _FOLDER.finditer(text):
        if found.group(1).lower() not in _SYSTEM_FOLDERS:
            yield Match(Kind.FOLDER, found.group(1), found.start(1))


def text_matches(text: str) -> Iterator[Match]:
    """All that looks like an identifier in a text that is meant to be read."""
    yield from sure_matches(text)
    for found in _PHONE.finditer(text):
        if not _SSN.fullmatch(found.group()):
            yield Match(Kind.PHONE, found.group(), found.start())
    for found in _CALLED.finditer(text):
        yield Match(Kind.PHONE, found.group(1), found.start(1))
    for found in _URL.finditer(text):
        if not _PUBLIC_HOSTS.match(found.group(1)):
            yield Match(Kind.URL, found.group(1), found.start(1))
    for found in _TITLED.finditer(text):
        if any(is_name_like(word) for word in re.split(r"[ ^]", found.group(1))):
            yield Match(Kind.NAME, found.group(1), found.start(1))


def likely_matches(text: str) -> Iterator[Match]:
    """What may be an identifier: good enough to look for elsewhere, not to accuse a text of it."""
    yield from _likely_names(text)
    yield from _names_in_sentences(text)
    for found in _STREET.finditer(text):
        number, *words = found.group().split()
        is_street = len(number) > 1 and words[-1].casefold() in STREETS
        if (is_street or any(is_name_like(word) for word in words)) and words[0].casefold() not in MEANINGFUL:
            yield Match(Kind.ADDRESS, found.group(), found.start())
    for found in _TOKEN.finditer(text):
        if _is_number_of_someone(found.group()) and not is_date(found.group()):
            yield Match(Kind.ID, found.group(), found.start())


def whole_name(text: str) -> tuple[str, ...]:
    """The parts of a value that is as a whole like ``Last, First`` or ``LAST^FIRST``; nothing for any other."""
    found = _WHOLE.fullmatch(text.strip())
    return found.groups() if found and all(is_name_like(part) for part in found.groups()) else ()


def _likely_names(text: str) -> Iterator[Match]:
    """Names behind a word that announces them, and pairs of capitalised words."""
    for found in (*_RELATED.finditer(text), *_ANNOUNCED.finditer(text)):
        words = list(re.finditer(_NAME_PART, found.group(1)))
        if found.re is _ANNOUNCED or any(is_name_like(word.group()) for word in words):
            for word in words:
                if word.group().casefold() not in MEANINGFUL:
                    yield Match(Kind.NAME, word.group(), found.start(1) + word.start())
    for found in _PAIR.finditer(text):
        pair = found.groups()
        if any(is_name_like(word) for word in pair) and not any(_is_no_name(word) for word in pair):
            yield from (Match(Kind.NAME, word, found.start()) for word in pair)


def _is_no_name(word: str) -> bool:
    """True for abbreviations and for words that reports use."""
    return word.isupper() or word.casefold() in MEANINGFUL or is_like_a_term(word)


def _names_in_sentences(text: str) -> Iterator[Match]:
    """Capitalised words within sentences that are otherwise in small letters."""
    words = list(_PLAIN.finditer(text))
    small = sum(word.group()[0].islower() for word in words)
    if small * 2 < len(words):
        return
    for word in words:
        before = text[: word.start()].rstrip()
        is_inside = before and before[-1] not in ".!?:\r\n"
        is_title = word.group()[0].isupper() and word.group()[1:].islower() and len(word.group()) >= 4
        if is_inside and is_title and is_name_like(word.group()) and not is_like_a_term(word.group()):
            yield Match(Kind.NAME, word.group(), word.start())


def _is_number_of_someone(token: str) -> bool:
    """True for six digits or more of which three differ: fillers and round numbers are nobody's."""
    digits = [char for char in token if char.isdigit()]
    return len(digits) >= 6 and len(set(digits)) >= 3


def is_name_like(word: str) -> bool:
    """True for a word that may be somebody's name and hardly anything else."""
    folded = word.casefold().strip("'’-")
    return (
        len(folded) >= 3
        and folded not in ORDINARY
        and folded not in INSTITUTIONAL
        and not any(c.isdigit() for c in word)
    )
