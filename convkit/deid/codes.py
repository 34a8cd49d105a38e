"""Actions: the codes of PS3.15 Table E.1-1a and a few of our own, and which of several holds for one attribute."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Code(StrEnum):
    """What is asked for an attribute; the slash codes let its Type in the IOD decide, words are not the standard's."""

    REMOVE = "X"
    EMPTY = "Z"
    DUMMY = "D"
    KEEP = "K"
    CLEAN = "C"
    UID = "U"
    REMOVE_OR_EMPTY = "X/Z"
    REMOVE_OR_DUMMY = "X/D"
    EMPTY_OR_DUMMY = "Z/D"
    REMOVE_EMPTY_OR_DUMMY = "X/Z/D"
    REMOVE_EMPTY_OR_UIDS = "X/Z/U*"
    PSEUDONYM = "pseudonym"
    HASH = "hash"
    SHIFT_DATE = "shift-date"
    CLEAN_TEXT = "clean-text"
    CLEAN_LIGHTLY = "clean-lightly"
    CAP_AGE = "cap-age"
    REPLACE = "replace"


WORDS = {"remove": "X", "empty": "Z", "dummy": "D", "keep": "K", "clean": "C", "uid": "U"}
"""Words that a profile may write for codes of the standard."""


class Requirement(StrEnum):
    """The Type of an attribute in its module (PS3.5 7.4); conditional ones are taken for what they are if they hold."""

    MUST_HAVE_VALUE = "1"
    MAY_BE_EMPTY = "2"
    OPTIONAL = "3"


class Meaning(NamedTuple):
    """A code in words, and what it comes to by Type 1, 2 and 3."""

    words: str
    required: Code
    empty: Code
    optional: Code


def _same(words: str, code: Code) -> Meaning:
    return Meaning(words, code, code, code)


MEANINGS: dict[Code, Meaning] = {
    Code.REMOVE: _same("removed", Code.REMOVE),
    Code.EMPTY: _same("emptied", Code.EMPTY),
    Code.DUMMY: _same("replaced by a value that says nothing", Code.DUMMY),
    Code.KEEP: _same("kept; items of a sequence are cleaned", Code.KEEP),
    Code.CLEAN: _same("cleaned of what identifies", Code.CLEAN),
    Code.UID: _same("replaced by another UID, the same everywhere", Code.UID),
    Code.REMOVE_OR_EMPTY: Meaning("removed, or emptied where it must be there", Code.EMPTY, Code.EMPTY, Code.REMOVE),
    Code.REMOVE_OR_DUMMY: Meaning(
        "removed, or replaced by a value that says nothing where it must have one", Code.DUMMY, Code.DUMMY, Code.REMOVE
    ),
    Code.EMPTY_OR_DUMMY: Meaning(
        "emptied, or replaced by a value that says nothing where it must have one", Code.DUMMY, Code.EMPTY, Code.EMPTY
    ),
    Code.REMOVE_EMPTY_OR_DUMMY: Meaning(
        "removed, emptied where it must be there, replaced where it must have a value",
        Code.DUMMY,
        Code.EMPTY,
        Code.REMOVE,
    ),
    Code.REMOVE_EMPTY_OR_UIDS: Meaning(
        "removed, emptied where it must be there, kept with other UIDs where it must have items",
        Code.CLEAN,
        Code.EMPTY,
        Code.REMOVE,
    ),
    Code.PSEUDONYM: _same("replaced by a code that is derived from it with the key", Code.PSEUDONYM),
    Code.HASH: _same("replaced by a number that is derived from it with the key", Code.HASH),
    Code.SHIFT_DATE: _same("moved by the days of its patient", Code.SHIFT_DATE),
    Code.CLEAN_TEXT: _same("cleaned of words that are not known to be safe", Code.CLEAN_TEXT),
    Code.CLEAN_LIGHTLY: _same("cleaned of what identifies; words that nobody knows stay", Code.CLEAN_LIGHTLY),
    Code.CAP_AGE: _same("kept up to 89 years", Code.CAP_AGE),
    Code.REPLACE: _same("replaced by a given value", Code.REPLACE),
}


def resolved(code: Code, requirement: Requirement) -> Code:
    """What a code comes to for an attribute of a Type: X, Z, D, K, C, U, or a word of our own."""
    meaning = MEANINGS[code]
    return {
        Requirement.MUST_HAVE_VALUE: meaning.required,
        Requirement.MAY_BE_EMPTY: meaning.empty,
        Requirement.OPTIONAL: meaning.optional,
    }[requirement]


def combined(before: Code, option: Code) -> Code:
    """The code of an attribute for which two parts of a profile speak, the second an option.

    An option wins over what it is an option of. Where one option retains an attribute and another cleans it, what is
    kept is cleaned: (0010,0042), (0010,2110) and (0038,0500) of the standard have both columns filled.
    """
    return Code.CLEAN if {before, option} == {Code.CLEAN, Code.KEEP} else option
