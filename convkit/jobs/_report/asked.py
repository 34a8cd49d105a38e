"""What a report is asked to tell, checked; and what it may tell where no profile decides.

Without a profile a report tells no direct identifier: no attribute that the Basic Profile of PS3.15 Annex E does not
leave as it is, but for descriptions of protocols (as everywhere in convkit) and for what it takes many people to make a
statement of: sex, age, size and weight. Of dates it tells the year, of an age of 90 and more that it is 90. Elements of
makers are told where they are numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from convkit.dicom.attributes import is_private
from convkit.dicom.columns import shown
from convkit.errors import UsageError
from convkit.jobs._names import identifies
from convkit.jobs._report.defaults import DEFAULT, OWN
from convkit.model.table import Column, Kind

PRIVATE = "private"
"""Name of what holds where no profile is named."""

OF_MANY = frozenset({"PatientSex", "PatientAge", "PatientSize", "PatientWeight"})
"""Attributes of people that say nothing of one of them among many."""

DAYS = frozenset({"StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"})
"""Days of an examination, of which the year is told."""

OLDEST = 90
"""Years from which on an age is told as this (45 CFR 164.514(b)(2)(i)(C): ages over 89 are put together)."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of each series. Sent to the workers.

    Attributes
    ----------
    columns : tuple of str
        Names in the order of the report; keywords and those of `OWN`.
    is_default : bool
        True where nobody has chosen them.
    on : str
        Keyword by which labels are joined; empty where there are none.
    is_private : bool
        No profile decides on what may be told; then texts are cleaned.
    """

    columns: tuple[str, ...]
    is_default: bool
    on: str = ""
    is_private: bool = False

    @property
    def keywords(self) -> tuple[str, ...]:
        """The columns that are of headers."""
        return tuple(name for name in self.columns if name not in OWN)

    @property
    def read(self) -> tuple[str, ...]:
        """Keywords that a reader must keep."""
        more = (self.on,) if self.on and self.on not in JOINED_BY_HASH else ()
        return tuple(dict.fromkeys((*(shown(name).keyword for name in self.keywords), *more)))


JOINED_BY_HASH = ("patient", "study", "series")
"""What labels may be joined by beside keywords: short hashes, as tables of convkit have them."""


def wanted(
    columns: Sequence[str], by: str, on: str, label_columns: Iterable[str], *, is_private_report: bool
) -> Wanted:
    """What to read of each series.

    Parameters
    ----------
    columns : names, none for the default ones
    by : str
        Column of the facets; empty for none.
    on : str
        Of the labels.
    label_columns : names
        Columns that the labels bring; `by` may be one.
    is_private_report : bool
        No profile decides on what may be told.

    Raises
    ------
    UsageError
        A column is not known, or tells who somebody is.
    """
    chosen = tuple(dict.fromkeys(columns)) or DEFAULT
    if by and by not in set(label_columns):
        chosen = tuple(dict.fromkeys((*chosen, by)))
    for name in chosen:
        option = "--by" if name == by and name not in columns else "--columns"
        with _blamed_on(option):
            column_of(name)
        if is_private_report and not may_be_told(name):
            hint = "Leave it out, or name a --profile: then the report tells what copies by convkit deid would."
            raise UsageError(f"{name} may identify a person, so a report does not tell it.", option, hint)
    if on and on not in JOINED_BY_HASH:
        with _blamed_on("--on"):
            shown(on)
    return Wanted(chosen, not columns, on, is_private_report)


@contextmanager
def _blamed_on(option: str) -> Iterator[None]:
    """Whatever is wrong with a name is wrong with this option."""
    try:
        yield
    except UsageError as err:
        raise UsageError(err.what, option, err.hint, *([err.code] if err.code else [])) from err


def column_of(name: str) -> Column:
    """The column of a name.

    Raises
    ------
    UsageError
        It is not known.
    """
    return OWN[name] if name in OWN else shown(name).column


def is_column(name: str) -> bool:
    """True for the name of a column of headers."""
    try:
        column_of(name)
    except UsageError:
        return False
    return True


def may_be_told(name: str) -> bool:
    """True where a report without a profile tells a column."""
    if name in OWN or name in OF_MANY or name in DAYS:
        return True
    column = column_of(name)
    if is_private(name):
        return column.kind in {Kind.INTEGER, Kind.NUMBER}
    return not any(identifies(part) for part in name.split("/"))
