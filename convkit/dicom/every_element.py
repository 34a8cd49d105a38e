"""All elements of a file that a table can hold: each with the column that it belongs to, whatever they are.

For tables that say all that headers say. Left out are sequences, bulk data, group lengths, private creators, and
private elements of which nobody knows the creator or the value representation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import NamedTuple

from convkit.dicom.attributes import PRIVATE_BLOCKS, keyword_name, private_vr, vr_of
from convkit.dicom.columns import full_vr, is_many
from convkit.dicom.tree import Element, Tree, read_tree, tree_of
from convkit.dicom.typed import Cell, cell, kind_of, unfit
from convkit.errors import ConvkitError
from convkit.model.table import Column

LONGEST = 1 << 12
"""Bytes of a value; a longer one is told as not fitting: a cell is no place for a document."""

_SHORT = 64
"""Bytes of a value that is remembered: longer ones differ, and would fill memory."""

_CHARSET, _PIXEL_REPRESENTATION = 0x00080005, 0x00280103
_WORDS = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8, "AT": 2}
_REPEATING = frozenset({0x50, 0x60})
_TOO_LONG = "<too long>"


class Told(NamedTuple):
    """One element.

    Attributes
    ----------
    column : Column
    cell : Cell
        None where it is empty or does not fit.
    unfitting : str
        ``Keyword=value`` of a value that does not fit; empty otherwise.
    """

    column: Column
    cell: Cell
    unfitting: str = ""


def every_element(path: str) -> Iterator[Told]:
    """Yield the elements of a file that a table can hold, in the order of the file.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    tree = _tree(path)
    is_big = tree.coding.is_big
    top = {element.tag: element for element in tree.elements}
    charset = _plain(top.get(_CHARSET))
    is_signed = _plain(top.get(_PIXEL_REPRESENTATION)).strip(b"\0") == b"\x01"
    creators = _creators(tree)
    coding = Coding(charset, is_signed, is_big)
    for element in tree.elements:
        tag, raw = element.tag, element.value
        if element.items is not None or not raw or not isinstance(raw, bytes):
            continue
        creator = creators.get((tag >> 16) << 8 | tag >> 8 & 0xFF, "") if tag >> 16 & 1 else ""
        # Most elements of a series are the same in all its files.
        told = (_told_before if len(raw) <= _SHORT else _told)(tag, element.vr, creator, raw, coding)
        if told is not None:
            yield told


class Coding(NamedTuple):
    """How the values of a file are to be read."""

    charset: bytes
    is_signed: bool
    is_big: bool


def _told(tag: int, vr: str, creator: str, raw: bytes, coding: Coding) -> Told | None:
    known = _known(tag, vr, creator)
    if known is None:
        return None
    column, full = known
    vr = "SS" if full == "US or SS" and coding.is_signed else full[:2]
    charset = b"" if raw.isascii() else coding.charset
    return _cell_of(column, vr, _little(raw, vr) if coding.is_big else raw, charset)


_told_before = lru_cache(maxsize=1 << 15)(_told)


def _cell_of(column: Column, vr: str, raw: bytes, charset: bytes) -> Told:
    if len(raw) > LONGEST:
        return Told(column, None, f"{column.name}={_TOO_LONG}")
    try:
        return Told(column, cell(raw, vr, charset, is_list=column.is_list))
    except ValueError:
        return Told(column, None, f"{column.name}={unfit(raw, vr, charset)}")


def _tree(path: str) -> Tree:
    """The elements of a file; what only pydicom can read goes through it."""
    try:
        return read_tree(path, before_pixels=True)
    except ConvkitError:
        return tree_of(import_module("convkit.dicom.full").rewritten(path), path)


def _plain(element: Element | None) -> bytes:
    return element.value if element is not None and isinstance(element.value, bytes) else b""


def _creators(tree: Tree) -> dict[int, str]:
    """(Group, block) to the private creator that owns it (PS3.5 7.8.1)."""
    return {
        (element.tag >> 16) << 8 | element.tag & 0xFF: _plain(element).strip(b" \0").decode("latin-1")
        for element in tree.elements
        if element.tag >> 16 & 1 and element.tag & 0xFFFF in PRIVATE_BLOCKS
    }


@lru_cache(maxsize=1 << 15)
def _known(tag: int, vr: str, creator: str) -> tuple[Column, str] | None:
    """The column of an element and its value representation; None where no table holds it."""
    group, number = tag >> 16, tag & 0xFFFF
    if number == 0 or group == 2:
        return None
    if group & 1:
        return _known_private(group, number, vr, creator) if number > PRIVATE_BLOCKS.stop else None
    if not vr_of(tag):
        return None if kind_of(vr) is None else (Column(_tag_name(tag), kind_of(vr), is_list=True), vr)  # type: ignore[arg-type]
    kind = kind_of(vr_of(tag))
    if kind is None:
        return None
    name = _tag_name(tag) if group >> 8 in _REPEATING else keyword_name(tag) or _tag_name(tag)
    return Column(name, kind, is_list=is_many(tag)), full_vr(tag)


def _known_private(group: int, number: int, vr: str, creator: str) -> tuple[Column, str] | None:
    if not creator or '"' in creator or "\\" in creator:
        return None
    vr = private_vr(creator, group, number & 0xFF) or vr
    kind = kind_of(vr)
    if kind is None:
        return None
    return Column(f'({group:04X},"{creator}",{number & 0xFF:02X})', kind, is_list=True), vr


def _tag_name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _little(raw: bytes, vr: str) -> bytes:
    word = _WORDS.get(vr, 1)
    return raw if word == 1 else b"".join(raw[at : at + word][::-1] for at in range(0, len(raw), word))
