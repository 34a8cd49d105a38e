"""What each action does to the value of one element; sequences are the business of the walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import NamedTuple, Protocol

from convkit.deid import dates
from convkit.deid.charsets import decoded, encoded, padded
from convkit.deid.codes import Code, Requirement
from convkit.deid.dummies import dummy
from convkit.deid.own_values import Kind, kind_of
from convkit.deid.pixels.document import empty_pdf
from convkit.deid.pseudonyms import Key
from convkit.dicom import icc
from convkit.dicom.attributes import keyword_name
from convkit.dicom.tree import Element, Span

TEXT_VRS = frozenset({"LO", "LT", "SH", "ST", "UC", "UT", "UR"})
"""Text in words (PS3.5 6.2); code strings and numbers as text are none."""

IN_WORDS = TEXT_VRS | {"AE", "PN"}
"""Values that may hold words of people."""

NEVER_WORDS = frozenset(("AT", "FD", "FL", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL", "US", "UV"))
"""Numbers and bulk data, which cleaning leaves as they are."""

_NUMERIC = b"0123456789+-.eE \\\0"
"""Characters of numbers in text (DS, IS: PS3.5 6.2)."""

_DIGITS_OF_UIDS = b"0123456789.\\ \0"
_DIGITS_OF_TIMES = b"0123456789.:-\\ \0"

TECHNICAL = frozenset(
    {
        0x00080070,  # Manufacturer
        0x00081090,  # Manufacturer's Model Name
        0x00180024,  # Sequence Name
        0x00181020,  # Software Versions
        0x00181210,  # Convolution Kernel
        0x00181250,  # Receive Coil Name
        0x00181251,  # Transmit Coil Name
        0x00189005,  # Pulse Sequence Name
        0x00080100,  # Code Value
        0x00080102,  # Coding Scheme Designator
        0x00080103,  # Coding Scheme Version
        0x00080119,  # Long Code Value
        0x00080120,  # URN Code Value
    }
)
"""Attributes that machines and makers fill: numbers there are versions, and look like dates and identifiers."""

_WRITTEN_BY_PEOPLE = ("Comment", "Comments", "Explanation", "Notes", "Reason", "Remarks", "Rationale", "Summary")
"""How keywords end of attributes that hold remarks, whatever their value representation."""

_OF_ONE_VALUE = frozenset({"LT", "ST", "UT", "UR"})
"""A backslash is a character there."""

_ICC_PROFILE, _DOCUMENT = 0x00282000, 0x00420011
_PATIENT_NAME, _PATIENT_ID = 0x00100010, 0x00100020

_OLDEST, _OLDEST_YEARS = "090Y", 89
"""Ages over 89 make one class: 45 CFR 164.514(b)(2)(i)(C)."""


class Dates(StrEnum):
    """What becomes of dates that are to be cleaned."""

    SHIFT = "shift"
    KEEP = "keep"
    REMOVE = "remove"


class Cleaning(Protocol):
    """Cleans text in words of one patient."""

    def cleaned(self, text: str) -> str:
        """Keep words that are known to be safe."""
        ...

    def without_own(self, text: str, *, keeps_known: bool = False) -> str:
        """Remove the person's own values where they stand as words; words that nobody knows stay."""
        ...

    def lightly(self, text: str) -> str:
        """Remove the person's own values and what looks like identifiers; words that nobody knows stay."""
        ...


@dataclass(frozen=True, slots=True)
class Acting:
    """What actions need to know.

    Attributes
    ----------
    key : Key
    uid_root : str
    subject : str
        Code of the patient.
    days : int
        By which the dates of the patient move.
    dates : Dates
    keeps_uids : bool
    cleaning : Cleaning
    """

    key: Key
    uid_root: str
    subject: str
    days: int
    dates: Dates
    keeps_uids: bool
    cleaning: Cleaning

    def as_asked(self, code: Code) -> Code:
        """A code of content items by the options for dates and UIDs."""
        if code is Code.SHIFT_DATE:
            return {Dates.SHIFT: code, Dates.KEEP: Code.KEEP, Dates.REMOVE: Code.DUMMY}[self.dates]
        return Code.KEEP if code is Code.UID and self.keeps_uids else code

    def uid(self, original: str) -> str:
        """Another UID."""
        return self.key.uid(original, self.uid_root)


class Given(NamedTuple):
    """What is known of an element beside its value.

    Attributes
    ----------
    vr : str
    charset : bytes
    needed : Requirement
    value : str
        What replaces, where the rule gives something.
    """

    vr: str
    charset: bytes = b""
    needed: Requirement = Requirement.OPTIONAL
    value: str = ""


class Value:
    """The value of an element, and what is asked for it."""

    __slots__ = ("acting", "charset", "element", "given", "needed", "vr")

    def __init__(self, element: Element, acting: Acting, given: Given) -> None:
        self.element = element
        self.acting = acting
        self.vr, self.charset, self.needed, self.given = given

    @property
    def raw(self) -> bytes:
        """Bytes of the value; none where they stay in the file."""
        return b"" if isinstance(self.element.value, Span) else self.element.value

    def each(self, change: Callable[[str], str]) -> bool:
        """Change all values of a text; False where nothing is left of an attribute that may go."""
        text = decoded(self.raw, self.charset)
        parts = [text] if self.vr in _OF_ONE_VALUE else text.split("\\")
        changed = [change(part.strip(" \0")) if part.strip(" \0") else "" for part in parts]
        whole = "\\".join(changed) if any(changed) else ""
        if whole == "\\".join(part.strip(" \0") for part in parts):
            return True  # the very bytes of the file
        return self.put(encoded(whole, self.charset) if whole else b"")

    def put(self, raw: bytes) -> bool:
        """Set the value; where it is empty and may not be, something that says nothing; False where it may go."""
        self.element.value = raw
        if raw or self.needed is Requirement.MAY_BE_EMPTY:
            return True
        if self.needed is Requirement.MUST_HAVE_VALUE:
            self.element.value = dummy(self.vr, b"", self.acting.key)
            return True
        return False


def act(element: Element, code: Code, acting: Acting, given: Given) -> bool:
    """Do what a code says to an element that is no sequence; False where the element goes.

    Its value is changed in place, and stays the same object where nothing is to be changed.
    """
    return _ACTIONS[code](Value(element, acting, given))


def _remove(_value: Value) -> bool:
    return False


def _empty(value: Value) -> bool:
    value.element.value = b""
    return True


def _keep(value: Value) -> bool:
    """As it is; of text in words without the name of the person, whom no device and no institution is called after."""
    is_own = kind_of(value.element.tag) in {Kind.IDENTIFIER, Kind.NAME}  # who keeps these wants them
    if (value.vr in TEXT_VRS or value.vr == "CS") and not is_own:
        return value.each(partial(value.acting.cleaning.without_own, keeps_known=True))
    return True


def _dummy(value: Value) -> bool:
    is_document = value.element.tag == _DOCUMENT
    value.element.value = empty_pdf() if is_document else dummy(value.vr, value.raw, value.acting.key)
    value.element.is_undefined = False
    return True


def _uid(value: Value) -> bool:
    parts = value.raw.strip(b"\0 ").decode("ascii", "replace").split("\\")
    changed = "\\".join(value.acting.uid(part.strip(" \0")) for part in parts)
    value.element.value = padded(changed.encode("ascii", "replace"), b"\0")
    return True


def _clean(value: Value) -> bool:
    """By the kind of the value."""
    if value.vr in TEXT_VRS:
        return _clean_text(value)
    return _BY_VR.get(value.vr, _keep)(value)


def _clean_text(value: Value) -> bool:
    if value.vr in {"PN", "AE"}:
        return value.put(b"")
    return value.each(value.acting.cleaning.cleaned)


def _clean_lightly(value: Value) -> bool:
    """Of what no rule names: words that nobody has listed stay, and numbers of versions where they are usual.

    What people write in whole words (comments, notes, reasons) is cleaned as a description is.
    """
    if value.vr in TEXT_VRS:
        cleaning, tag = value.acting.cleaning, value.element.tag
        if tag in TECHNICAL:
            return value.each(cleaning.without_own)
        return value.each(cleaning.cleaned if keyword_name(tag).endswith(_WRITTEN_BY_PEOPLE) else cleaning.lightly)
    return _BY_VR.get(value.vr, _keep)(value)


def _clean_date(value: Value) -> bool:
    how = value.acting.dates
    if how is Dates.KEEP:
        return True
    return _shift(value) if how is Dates.SHIFT else value.put(b"")


def _clean_time(value: Value) -> bool:
    """A time of day stays where dates move by whole days."""
    if value.raw.translate(None, _DIGITS_OF_TIMES):
        return value.put(b"")  # words where a time should be
    return True if value.acting.dates is not Dates.REMOVE else value.put(b"")


def _clean_bytes(value: Value) -> bool:
    """Binary values stay; colour profiles without their texts."""
    if value.element.tag == _ICC_PROFILE and value.raw:
        return value.put(padded(icc.neutral(value.raw), b"\0"))
    return True


def _clean_number(value: Value) -> bool:
    """A number in text; where there are words instead, nobody knows what they say."""
    return value.put(b"") if value.raw.translate(None, _NUMERIC) else True


def _clean_code(value: Value) -> bool:
    """A code string: capitals, among which a name would pass for a code."""
    return value.each(partial(value.acting.cleaning.without_own, keeps_known=True))


def _clean_uid(value: Value) -> bool:
    """UIDs of classes and the like stay, those of objects do not."""
    name = keyword_name(value.element.tag)
    is_kind = any(word in name for word in _KINDS_OF_UIDS)
    if value.raw.translate(None, _DIGITS_OF_UIDS):
        return value.put(b"")  # words where a UID should be
    return True if is_kind or value.acting.keeps_uids else _uid(value)


_KINDS_OF_UIDS = ("ClassUID", "SyntaxUID", "CodingSchemeUID", "ContextUID", "ContextGroup", "MappingResourceUID")
"""Parts of keywords of UIDs that name a kind of thing."""


def _shift(value: Value) -> bool:
    moved = dates.shifted_moment if value.vr == "DT" else dates.shifted_date
    if value.vr == "TM":
        return True
    return value.each(lambda text: moved(text, value.acting.days))


def _pseudonym(value: Value) -> bool:
    tag, acting = value.element.tag, value.acting
    if tag in {_PATIENT_NAME, _PATIENT_ID}:
        return value.put(encoded(acting.subject, value.charset))
    name = keyword_name(tag) or f"{tag:08X}"
    return value.each(lambda text: acting.key.code(name, text))


def _hash(value: Value) -> bool:
    name = keyword_name(value.element.tag) or f"{value.element.tag:08X}"
    most = 10 ** (9 if value.vr in {"IS", "DS"} else 16)
    return value.each(lambda text: str(int.from_bytes(value.acting.key.digest(name, text), "big") % most))


def _cap_age(value: Value) -> bool:
    return value.each(_capped)


def _capped(age: str) -> str:
    """An age string (AS: number and D, W, M or Y)."""
    number, unit = age[:-1], age[-1:].upper()
    days = {"D": 1 / 365.25, "W": 7 / 365.25, "M": 1 / 12, "Y": 1}.get(unit)
    if days is None or not number.isdigit():
        return ""
    return age if int(number) * days < _OLDEST_YEARS + 1 else _OLDEST


def _replace(value: Value) -> bool:
    return value.put(encoded(value.given, value.charset))


_BY_VR: dict[str, Callable[[Value], bool]] = {
    "AE": lambda value: value.put(b""),
    "AS": _cap_age,
    "CS": _clean_code,
    "DA": _clean_date,
    "DS": _clean_number,
    "DT": _clean_date,
    "IS": _clean_number,
    "OB": _clean_bytes,
    "PN": lambda value: value.put(b""),
    "TM": _clean_time,
    "UI": _clean_uid,
    "UN": _remove,
}
"""Cleaning by value representation; numbers, codes and bulk data say nothing of anybody."""

_ACTIONS: dict[Code, Callable[[Value], bool]] = {
    Code.REMOVE: _remove,
    Code.EMPTY: _empty,
    Code.DUMMY: _dummy,
    Code.KEEP: _keep,
    Code.CLEAN: _clean,
    Code.UID: _uid,
    Code.PSEUDONYM: _pseudonym,
    Code.HASH: _hash,
    Code.SHIFT_DATE: _shift,
    Code.CLEAN_TEXT: _clean_text,
    Code.CLEAN_LIGHTLY: _clean_lightly,
    Code.CAP_AGE: _cap_age,
    Code.REPLACE: _replace,
}
