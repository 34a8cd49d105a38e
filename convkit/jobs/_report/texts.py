"""Texts as a report tells them where no profile decides: descriptions lose what may be a name, a number or a date.

They are cleaned as `deid` cleans them (PS3.15 E.3.6), but nobody's values are known: words that no list holds go. Codes
and what machines and makers write of themselves stay.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from convkit.deid.actions import TECHNICAL
from convkit.deid.own_values import OwnValues
from convkit.deid.text import Cleaner
from convkit.deid.vocabulary import Vocabulary
from convkit.dicom.attributes import tag_of, vr_of
from convkit.jobs._report.facts import SeriesFacts

_WRITTEN = frozenset({"LO", "SH", "ST", "LT", "UC", "UT"})
"""Value representations of texts that people write, too."""


def without_names(facts: SeriesFacts) -> SeriesFacts:
    """A series as it may be told."""
    number, blank, text = facts.title.partition(" ")
    if not number.isdecimal():
        number, blank, text = "", "", facts.title
    return facts._replace(
        title=f"{number}{blank}{description(text)}".strip(),
        cells={name: _cell(name, cell) for name, cell in facts.cells.items()},
        member=facts.member._replace(protocol=description(facts.member.protocol)),
    )


def _cell(name: str, cell: Any) -> Any:
    if not _is_written(name):
        return cell
    if isinstance(cell, list):
        return [left for each in cell if (left := description(each))] or None
    return description(cell) or None if isinstance(cell, str) else cell


@cache
def _is_written(name: str) -> bool:
    tag = tag_of(name.rpartition("/")[2])
    return tag is not None and tag not in TECHNICAL and vr_of(tag) in _WRITTEN


@cache
def _cleaner() -> Cleaner:
    return Cleaner(OwnValues(), Vocabulary.load())


def label(text: str) -> str:
    """A label as it may be told: one word may be any code, several are cleaned as a description is."""
    is_one_word = len(text.split()) == 1
    return _cleaner().lightly(text).strip() if is_one_word else description(text)


def description(text: str) -> str:
    """A description as it may be told."""
    return _cleaner().cleaned(text).strip()
