"""Sequences: every encoding gives the same items, and broken bytes give a coded error, never another."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.dicom.header import FarValue
from convkit.dicom.sequences import Item, items_of
from convkit.errors import InputError
from tests.builders import encoding as enc

Tree = list[dict[int, Any]]
"""Items; each element is bytes, or the items of a sequence."""

SEQUENCES = (0x00081140, 0x00189117, 0x52009230, 0x2005140F)
VALUES = {0x00080060: "CS", 0x00180081: "DS", 0x00189087: "FD", 0x00200032: "DS", 0x00211019: "OB", 0x7FE00010: "OW"}

values = st.dictionaries(st.sampled_from(sorted(VALUES)), st.binary(max_size=8).map(lambda b: b * 2), max_size=3)


def items(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    nested = st.dictionaries(st.sampled_from(SEQUENCES), inner, max_size=2)
    return st.lists(st.builds(lambda v, n: {**v, **n}, values, nested), max_size=3)


trees = st.recursive(st.lists(values, max_size=2), items, max_leaves=6)


def encoded(tree: Tree, *, explicit: bool, lengths: random.Random) -> bytes:
    """The items of a tree, each sequence and item of defined or undefined length by chance."""
    return b"".join(
        enc.item(_elements(item, explicit=explicit, lengths=lengths), undefined=lengths.random() < 0.5) for item in tree
    )


def _elements(item: dict[int, Any], *, explicit: bool, lengths: random.Random) -> bytes:
    parts = []
    for tag in sorted(item):
        if isinstance(item[tag], bytes):
            parts.append(enc.element(tag, VALUES[tag], item[tag], explicit=explicit))
            continue
        as_unknown = explicit and lengths.random() < 0.3  # PS3.5 6.2.2: implicit inside
        content = encoded(item[tag], explicit=explicit and not as_unknown, lengths=lengths)
        vr, undefined = "UN" if as_unknown else "SQ", lengths.random() < 0.5
        parts.append(enc.sequence(tag, [content], explicit=explicit, undefined=undefined, vr=vr))
    return b"".join(parts)


def decoded(found: list[Item]) -> Tree:
    return [
        {e.tag: decoded(list(i.inside(e))) if e.tag in SEQUENCES else i.value(e) for e in i.elements()} for i in found
    ]


@given(tree=trees, explicit=st.booleans(), seed=st.integers(0, 1000))
def test_items_are_found_in_every_encoding(tree: Tree, explicit: bool, seed: int) -> None:
    data = encoded(tree, explicit=explicit, lengths=random.Random(seed))
    assert decoded(items_of(FarValue(data, explicit))) == tree


@settings(max_examples=300)
@given(tree=trees, explicit=st.booleans(), place=st.floats(0, 1), change=st.integers(0, 255), cut=st.booleans())
def test_broken_bytes_give_items_or_a_coded_error(
    tree: Tree, explicit: bool, place: float, change: int, cut: bool
) -> None:
    data = bytearray(encoded(tree, explicit=explicit, lengths=random.Random(1)))
    at = int(place * len(data))
    if cut:
        del data[at:]
    elif at < len(data):
        data[at] = change
    try:
        decoded(items_of(FarValue(bytes(data), explicit)))
    except InputError as err:
        assert err.code == "input.broken-header"  # noqa: PT017 (both endings are right)


def test_find_and_items_tell_what_is_absent() -> None:
    inner = enc.item(enc.element(0x00080060, "CS", b"MR"))
    (item,) = items_of(FarValue(enc.item(enc.sequence(0x00081140, [inner])), is_explicit=True))
    assert item.find(0x00080060) is None
    assert item.items(0x00081115) == []
    assert [i.find(0x00080060) for i in item.items(0x00081140)] == [b"MR"]


def test_absent_sequence_has_no_items() -> None:
    assert items_of(None) == []


@pytest.mark.parametrize("undefined", [False, True])
def test_deep_nesting_is_walked_without_recursion(undefined: bool) -> None:
    inner = b""
    for _ in range(3000):
        inner = enc.sequence(0x00081140, [enc.item(inner, undefined=undefined)], undefined=undefined)
    (item,) = items_of(FarValue(enc.item(inner, undefined=True), is_explicit=True))
    assert [e.tag for e in item.elements()] == [0x00081140]
