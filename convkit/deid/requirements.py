"""The Type of an attribute where it stands, which decides the slash codes of PS3.15 Table E.1-1.

Facts of PS3.3 about the attributes of that table: by module, by IOD, by SOP Class. Where several modules of an IOD have
an attribute, or nobody knows the IOD, the strictest Type holds, so that what is written stays valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from convkit.deid.codes import Requirement
from convkit.dicom.attributes import tag_of

TABLES = Path(__file__).parent / "tables"
"""Facts of the standard, tab-separated."""

Requirements = Mapping[int, Requirement]
"""Type by tag, where it is 1 or 2."""


def of_object(sop_class_uid: str) -> Requirements:
    """Types of the attributes of a data set.

    Of a SOP Class that is unknown, such as a private one, those of all IODs.
    """
    return _of_iod(_iods().get(sop_class_uid, ""))


def of_item(sequence: int) -> Requirements:
    """The same of the items of a sequence, by its tag; what is unknown is optional."""
    return _items().get(sequence, MappingProxyType({}))


@cache
def _iods() -> dict[str, str]:
    return dict(_rows("sop_classes"))


@cache
def _items() -> dict[int, Requirements]:
    return {_tag(sequence): _parsed(types) for sequence, types in _rows("item_types")}


@cache
def _modules() -> dict[str, Requirements]:
    return {module: _parsed(types) for module, types in _rows("module_types")}


@cache
def _iod_modules() -> dict[str, tuple[str, ...]]:
    return {iod: tuple(modules.split()) for iod, modules in _rows("iod_modules")}


@cache
def _of_iod(iod: str) -> Requirements:
    modules = _iod_modules().get(iod, tuple(_modules()))
    found: dict[int, Requirement] = {}
    for tag, one in (pair for module in modules for pair in _modules()[module].items()):
        found[tag] = min(one, found.get(tag, one))
    return MappingProxyType(found)


def _parsed(types: str) -> Requirements:
    pairs = (word.split("=") for word in types.split())
    return MappingProxyType({_tag(keyword): Requirement(number) for keyword, number in pairs})


def _tag(keyword: str) -> int:
    return tag_of(keyword) or 0  # newer than the dictionary at hand: no element has it


def _rows(name: str) -> list[tuple[str, str]]:
    lines = (TABLES / f"{name}.tsv").read_text("utf-8").splitlines()
    return [(first, rest) for first, _, rest in (line.partition("\t") for line in lines)]
