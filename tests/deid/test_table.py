"""Every row and every column of PS3.15 Table E.1-1, at the top and nested, against the table itself."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from convkit.deid import requirements
from convkit.deid.actions import Acting, Dates
from convkit.deid.charsets import padded
from convkit.deid.private_elements import Declared
from convkit.deid.profile import Profile
from convkit.deid.pseudonyms import Key
from convkit.deid.walk import Walk
from convkit.dicom.tree import Element, Item
from tests.deid.test_profile import COLUMNS, tags_of

CT, GSPS, SR, RT_PLAN = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "11.1", "88.22", "481.5"))
PRIVATE_CLASS = "1.2.3.4.5"

AROUND = 0x00540016
"""Radiopharmaceutical Information Sequence, which the table does not name; what is in it is optional."""

WITHIN = 0x00540410
"""Patient Orientation Code Sequence, likewise."""

VALUES = {
    "AE": b"SCANNER1", "AS": b"091Y", "CS": b"CODE", "DA": b"20210203", "DS": b"1.5", "DT": b"20210203101112",
    "IS": b"12", "TM": b"101112", "UI": b"1.2.3.4", "UR": b"http://doe.org", "US": b"\1\0", "PN": b"Doe^John",
    **dict.fromkeys(("LO", "LT", "SH", "ST", "UC", "UT"), b"Doe seen"),
}  # fmt: skip
DAYS = -500
SHIFTED = {"DA": b"20190922", "DT": b"20190922101112"}


class FakeCleaning:
    """Cleans as the tests can see it."""

    def cleaned(self, text: str) -> str:
        return text.replace("Doe", "").strip()

    def without_own(self, text: str, *, keeps_known: bool = False) -> str:
        return text if keeps_known else self.cleaned(text)

    def lightly(self, text: str) -> str:
        return self.cleaned(text)


@pytest.fixture(name="table", scope="module")
def _table(data_folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((data_folder / "deid" / "ps3.15_table_e1-1.json").read_text())["attributes"]
    return rows


@pytest.fixture(name="types", scope="module")
def _types(data_folder: Path) -> dict[str, Any]:
    types: dict[str, Any] = json.loads((data_folder / "deid" / "iod_types.json").read_text())
    return types


@cache
def profile(option: str) -> Profile:
    return Profile.load(f"basic+{option}" if option else "basic")


def acting(option: str) -> Acting:
    dates = {"dates": Dates.SHIFT, "full-dates": Dates.KEEP}.get(option, Dates.REMOVE)
    return Acting(Key(b"k" * 32), "2.25", "SUBJECT", DAYS, dates, option == "uids", FakeCleaning())


def walked(element: Element, option: str, sop_class: str) -> Element | None:
    """What is left of an element at the top of an object."""
    walk = Walk(profile(option), acting(option), lambda _keyword: (), Declared(), set())
    return next(iter(walk.data_set([element], requirements.of_object(sop_class))), None)


def walked_within(element: Element, option: str, sequence: int) -> Element | None:
    """What is left of an element in an item in an item."""
    inner = Element(sequence, "SQ", b"", [Item([element])])
    outer = Element(AROUND, "SQ", b"", [Item([inner])])
    found = walked(outer, option, CT)
    assert found is not None
    assert found.items
    around = found.items[0].elements[0]
    assert around.items is not None
    return next(iter(around.items[0].elements), None)


def made(tag: int, vr: str) -> Element:
    """An element with a value that identifies."""
    if vr == "SQ":
        items = [Item([Element(0x00081155, "UI", b"1.2.3.4\0"), Element(0x00104000, "LT", b"Doe seen")])]
        return Element(tag, vr, b"", items)
    return Element(tag, vr, padded(VALUES.get(vr, b"bulk")))


def vr_of_row(row: dict[str, Any], tag: int) -> str:
    return "LO" if tag >> 16 & 1 else str(row["vr"] or "LO").split("/", maxsplit=1)[0].split(" ", maxsplit=1)[0]


def expected(code: str, kind: str) -> str:
    """What a code comes to by the Type, as the table of the README has it."""
    return {
        "X/Z": {"1": "Z", "2": "Z", "3": "X"},
        "X/D": {"1": "D", "2": "D", "3": "X"},
        "Z/D": {"1": "D", "2": "Z", "3": "Z"},
        "X/Z/D": {"1": "D", "2": "Z", "3": "X"},
        "X/Z/U*": {"1": "C", "2": "Z", "3": "X"},
    }.get(code, {}).get(kind, code)


def wrong(code: str, before: Element, after: Element | None, kind: str, option: str) -> str:
    """What is not as the code asks; empty where all is."""
    if code == "X":
        return "" if after is None else "still there"
    if code == "C" and after is None:
        return "" if kind == "3" else "gone, though it has to be there"
    if after is None:
        return "gone"
    if before.vr == "SQ":
        return _wrong_sequence(code, after, option)
    value = bytes(after.value) if isinstance(after.value, bytes) else b"?"
    if code == "Z":
        return "" if value == b"" else "not empty"
    if code == "K":
        return "" if value == padded(VALUES.get(before.vr, b"bulk")) else "changed"
    if code == "U":
        text = value.rstrip(b"\0").decode()
        return "" if re.fullmatch(r"2\.25\.[1-9]\d{1,38}", text) else "no new UID"
    if code == "D":
        return "" if value and b"Doe" not in value and value != padded(VALUES.get(before.vr, b"")) else "no dummy"
    return _wrong_clean(before.vr, value)


def _wrong_clean(vr: str, value: bytes) -> str:
    if vr in SHIFTED:
        return "" if value == padded(SHIFTED[vr]) else "not moved"
    return "says a name" if b"Doe" in value or b"doe" in value else ""


def _wrong_sequence(code: str, after: Element, option: str) -> str:
    items = after.items or []
    if code == "Z":
        return "" if not items else "not empty"
    inside = b"".join(bytes(e.value) for item in items for e in item.elements if isinstance(e.value, bytes))
    if not items:
        return "no item"
    if (b"1.2.3.4\0" in inside) != (option == "uids"):
        return "its UIDs are not as the option has them"
    return "says a name" if b"Doe" in inside else ""


def before_and_after(row: dict[str, Any], tag: int) -> tuple[Element, Element]:
    return made(tag, vr_of_row(row, tag)), made(tag, vr_of_row(row, tag))


@pytest.mark.parametrize("option", ["", *COLUMNS])
@pytest.mark.parametrize("sop_class", [CT, GSPS, SR, RT_PLAN])
def test_every_row_at_the_top_of_an_object(
    table: list[dict[str, Any]], types: dict[str, Any], option: str, sop_class: str
) -> None:
    iod = types["sop_class_iod"][sop_class]
    found = []
    for row, tag in rows_to_test(table):
        code = row["options"].get(COLUMNS.get(option, ""), row["basic"])
        kind = strictest(types, iod, row["keyword"])
        before, element = before_and_after(row, tag)
        mistake = wrong(expected(code, kind), before, walked(element, option, sop_class), kind, option)
        if mistake:
            found.append((row["keyword"] or row["pattern"], code, kind, mistake))
    assert found == []


@pytest.mark.parametrize("option", ["", *COLUMNS])
def test_every_row_within_items(table: list[dict[str, Any]], option: str) -> None:
    found = []
    for row, tag in rows_to_test(table):
        code = row["options"].get(COLUMNS.get(option, ""), row["basic"])
        before, element = before_and_after(row, tag)
        kind = "2" if code == "Z/D" else "3"
        mistake = wrong(expected(code, "3"), before, walked_within(element, option, WITHIN), kind, option)
        if mistake:
            found.append((row["keyword"] or row["pattern"], code, mistake))
    assert found == []


def rows_to_test(table: list[dict[str, Any]]) -> list[tuple[dict[str, Any], int]]:
    """All rows but those of the file meta group and private ones, which are no elements of a data set like others."""
    return [(row, tag) for row in table for tag in tags_of(row) if tag >> 16 != 2 and not tag >> 16 & 1]


def strictest(types: dict[str, Any], iod: str, keyword: str) -> str:
    """The strictest Type of an attribute over the modules of an IOD."""
    found = [types["module_types"].get(module, {}).get(keyword, "3") for module, _ in types["iod_modules"][iod]]
    return min(one[0] for one in found)


def test_the_object_of_an_unknown_class_keeps_what_any_class_must_have() -> None:
    left = walked(made(0x00080022, "DA"), "", PRIVATE_CLASS)  # AcquisitionDate: X/Z, Type 2 somewhere
    assert left is not None
    assert left.value == b""
