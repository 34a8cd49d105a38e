"""What a quirk is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from convkit.dicom.header import Header
from convkit.model.notes import Note


@dataclass(frozen=True, slots=True)
class SetAsideQuirk:
    """An object that must not be converted by the plain rules.

    Attributes
    ----------
    name : str
    why : str
        Citation: standard, conformance statement, issue or data set.
    applies : predicate on a header
    note : what to tell the user
    """

    name: str
    why: str
    applies: Callable[[Header], bool]
    note: Callable[[Header], Note]


@dataclass(frozen=True, slots=True)
class TraitsQuirk:
    """A vendor's own way to say what tells volumes apart.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    keywords : tuple of str
        Every attribute that `applies` and `fix` read.
    applies : predicate on a header
    fix : (header, traits by name) to corrected traits
    """

    name: str
    why: str
    keywords: tuple[str, ...]
    applies: Callable[[Header], bool]
    fix: Callable[[Header, Mapping[str, Any]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class ValuesQuirk:
    """A vendor's own rescale.

    Attributes
    ----------
    name : str
    why : str
        Citation.
    keywords : tuple of str
        Every attribute that `applies` and `fix` read, the rescale apart.
    applies : predicate on a header
    fix : (header, slope, intercept of the header) to the slope and intercept to use
    note : what to tell the user
    """

    name: str
    why: str
    keywords: tuple[str, ...]
    applies: Callable[[Header], bool]
    fix: Callable[[Header, float, float], tuple[float, float]]
    note: Callable[[Header], Note]
