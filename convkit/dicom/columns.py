r"""What a column of a table shows of a header, as it is written: a keyword, a private element, a path into sequences.

``KVP``; ``(0019,"SIEMENS MR HEADER",0C)``, a private element by its creator, with ``:DS`` behind it where no dictionary
knows its value representation; ``RadiopharmaceuticalInformationSequence/RadionuclideTotalDose``, the values of an
attribute in all items of a sequence, always a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from convkit.dicom import dictionary
from convkit.dicom.attributes import (
    CORE,
    Attribute,
    is_keyword,
    is_private,
    nearest_hint,
    private_attribute,
    tag_of,
    vr_of,
)
from convkit.dicom.header import Header
from convkit.dicom.sequences import Item, items_of
from convkit.dicom.typed import Cell, cell, kind_of, unfit
from convkit.errors import InputError, UsageError
from convkit.model.table import Column, Kind

_TAG = re.compile(r"\(([0-9A-Fa-f]{4}),([0-9A-Fa-f]{4})\)")
_EITHER_SIGN = "US or SS"
_SIGNED = 1
_BROKEN = "<cannot be parsed>"


class Shown(NamedTuple):
    """What a column shows.

    Attributes
    ----------
    column : Column
    keyword : str
        Of the attribute that a reader must keep; of a path that of the outermost sequence.
    vr : str
    path : tuple of int
        Of a path the tags inside the outermost sequence; empty for an attribute at the top.
    """

    column: Column
    keyword: str
    vr: str
    path: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Of the column."""
        return self.column.name

    def cell(self, header: Header, unfitting: list[str]) -> Cell:
        """The cell for a header; None where there is nothing. What does not fit goes to `unfitting` and is None."""
        if self.keyword not in header.table.places:
            return None
        if self.path:
            return self._inside(header, unfitting)
        raw = header.raw(self.keyword)
        if not raw:
            return None
        vr = "SS" if self.vr == _EITHER_SIGN and header.integer("PixelRepresentation") == _SIGNED else self.vr
        charset = b"" if raw.isascii() else header.charset
        return self._fitting(raw, vr[:2], charset, unfitting, is_list=self.column.is_list)

    def _fitting(self, raw: bytes, vr: str, charset: bytes, unfitting: list[str], *, is_list: bool) -> Cell:
        try:
            return cell(raw, vr, charset, is_list=is_list)
        except ValueError:
            unfitting.append(f"{self.name}={unfit(raw, vr, charset)}")
            return None

    def _inside(self, header: Header, unfitting: list[str]) -> Cell:
        found: list[Cell] = []
        try:
            far = header.far(self.keyword)
            raws = list(_raws(items_of(far), self.path)) if far is not None else []
        except InputError:
            unfitting.append(f"{self.name}={_BROKEN}")
            return None
        for raw in raws:
            found += self._fitting(raw, self.vr[:2], header.charset, unfitting, is_list=True) or ()
        return found or None


def _raws(items: Sequence[Item], path: Sequence[int]) -> Iterator[bytes]:
    for item in items:
        if len(path) > 1:
            yield from _raws(item.items(path[0]), path[1:])
        else:
            raw = item.find(path[0])
            if raw:
                yield raw


@cache
def shown(text: str) -> Shown:
    """What a column shows.

    Raises
    ------
    UsageError
        It is not known, or no table can hold it.
    """
    if not isinstance(text, str) or not text:
        raise UsageError("A column is a text, and not an empty one.", "--columns", "Write a DICOM keyword.")
    if is_private(text):
        return _private(text)
    if "/" in text:
        return _path(text)
    if not is_keyword(text):
        raise UsageError(f"{text!r} is not a DICOM keyword.", "--columns", nearest_hint(text))
    own = next((a for a in CORE if a.keyword == text and a.creator), None)
    if own is not None:  # a private element under our own name
        return Shown(Column(text, _kind(text, own.vr), is_list=True), text, own.vr)
    tag = tag_of(text)
    assert tag is not None  # noqa: S101 (it is a keyword of the dictionary, or one of ours)
    return Shown(column_of(tag, text, "--columns"), text, full_vr(tag))


def column_of(tag: int, name: str, option: str = "") -> Column:
    """The column of an attribute of the standard.

    Raises
    ------
    UsageError
        No table can hold it.
    """
    return Column(name, _kind(name, vr_of(tag), option), is_list=is_many(tag))


def is_many(tag: int) -> bool:
    """True where an attribute of the standard may have several values (PS3.6)."""
    entry = dictionary.entry_of(tag)
    return entry is not None and entry.multiplicity != "1" and entry.vr not in {"LT", "ST", "UT", "UR"}


def full_vr(tag: int) -> str:
    """Value representation by the data dictionary; ``US or SS`` where Pixel Representation decides."""
    entry = dictionary.entry_of(tag)
    return _EITHER_SIGN if entry is not None and entry.vr.startswith(_EITHER_SIGN) else vr_of(tag)


def split(text: str) -> tuple[str, ...]:
    """Columns from a text with commas between them; those in parentheses or quotes are no such."""
    parts = re.findall(r'(?:[^,("]|\([^)"]*(?:"[^"]*"[^)"]*)*\)|"[^"]*"|[("])+', text)
    return tuple(part.strip() for part in parts if part.strip())


def _kind(name: str, vr: str, option: str = "--columns") -> Kind:
    kind = kind_of(vr)
    if kind is None:
        what = "a sequence" if vr == "SQ" else "bulk data"
        hint = f"Name what is in it, as in {name}/CodeMeaning." if vr == "SQ" else ""
        raise UsageError(f"{name} is {what}, which no table holds.", option, hint)
    return kind


def _path(text: str) -> Shown:
    outer, *inside = text.split("/")
    if not is_keyword(outer) or vr_of(tag_of(outer) or 0) != "SQ":
        raise UsageError(f"{outer!r} is not the keyword of a sequence.", "--columns", nearest_hint(outer))
    tags = [_inner_tag(part, text) for part in inside]
    if any(vr_of(tag) != "SQ" for tag in tags[:-1]):
        raise UsageError("All but the last of a path are sequences.", "--columns", "")
    return Shown(Column(text, _kind(text, vr_of(tags[-1])), is_list=True), outer, vr_of(tags[-1]), tuple(tags))


def _inner_tag(part: str, text: str) -> int:
    found = _TAG.fullmatch(part)
    tag = int(found[1] + found[2], 16) if found else tag_of(part)
    if tag is None or not vr_of(tag):
        raise UsageError(f"{part!r} in {text!r} is not a DICOM keyword.", "--columns", nearest_hint(part))
    return tag


def _private(text: str) -> Shown:
    """Always a list: no standard promises that a maker writes one value."""
    attribute = private_attribute(text)
    known = _known(attribute)
    keyword, vr = (text, attribute.vr) if known is None else (known.keyword, known.vr)
    return Shown(Column(text, _kind(text, vr), is_list=True), keyword, vr)


def _known(attribute: Attribute) -> Attribute | None:
    """The same element where every reader keeps it."""
    return next((a for a in CORE if (a.tag, a.creator) == (attribute.tag, attribute.creator)), None)
