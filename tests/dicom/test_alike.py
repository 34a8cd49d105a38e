"""A header that is laid out as others before is told as a walk tells it: what was read before changes no answer."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset, Sequence, dcmwrite

from convkit.dicom import lean
from convkit.dicom.attributes import TagTable, display_table, table_of
from tests.builders import instance, mosaic, rgb, series, ultrasound

TABLE = display_table(("PatientName", '(0019,"ACME",0C):DS'))
CORE = table_of()


def encoded(dataset: Dataset) -> bytes:
    out = io.BytesIO()
    dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()


def told(data: bytes, table: TagTable = TABLE) -> Any:
    """What the reader answers, or how it declines."""
    try:
        return lean.parse(io.BytesIO(data), len(data), table)
    except lean.Declined as err:
        return type(err)


def walked(data: bytes, table: TagTable = TABLE) -> Any:
    """The same where nothing was read before."""
    before, lean._LAYOUTS = lean._LAYOUTS, {}
    try:
        return told(data, table)
    finally:
        lean._LAYOUTS = before


def check(files: Iterable[bytes], table: TagTable = TABLE) -> int:
    """Read files one after the other; returns how many were known."""
    lean._LAYOUTS.clear()
    known = 0
    for data in files:
        own = lean._layouts_of(table)
        balance = own._balance
        assert told(data, table) == walked(data, table)
        known += own._balance > balance
    return known


def one(number: int, **changes: Any) -> Dataset:
    """One of a series that differs in what files of a series differ in, with private elements and sequences."""
    dataset = instance(number=number, **{"Modality": "MR", "ImageComments": "x" * (number % 7)} | changes)
    block = dataset.private_block(0x0019, "ACME", create=True)
    block.add_new(0x0C, "DS", str(number / 8))
    block.add_new(0x0D, "OB", bytes(number % 5 * 2))
    dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", bytes(20 * number))
    item = Dataset()
    item.ReferencedSOPInstanceUID = f"1.2.3.{number}"
    dataset.ReferencedImageSequence = Sequence([item])
    dose = Dataset()
    dose.RadionuclideTotalDose = 5
    dataset.RadiopharmaceuticalInformationSequence = Sequence([dose])
    return dataset


def test_files_of_a_series_are_known_from_the_third_on() -> None:
    assert check(encoded(one(number)) for number in range(1, 30)) >= 20


def test_long_headers_are_known_beyond_what_is_read_at_a_time() -> None:
    files = []
    for number in range(1, 12):
        dataset = one(number)
        block = dataset.private_block(0x0051, "BULK", create=True)
        block.add_new(0x10, "OB", bytes(60_000))
        block.add_new(0x11, "OB", random.Random(number).randbytes(40_000))
        block.add_new(0x12, "LO", f"after {number}")
        files.append(encoded(dataset))
    assert check(files) >= 7


@pytest.mark.parametrize("undefined", [True, False])
def test_sequences_of_undefined_length_are_known_where_they_do_not_differ(undefined: bool) -> None:
    files = []
    for number in range(1, 12):
        dataset = one(number)
        dataset["RadiopharmaceuticalInformationSequence"].is_undefined_length = undefined
        dataset.RadiopharmaceuticalInformationSequence[0].is_undefined_length_sequence_item = undefined
        files.append(encoded(dataset))
    assert check(files) >= 7


def test_mingled_series_are_known() -> None:
    sets = [series(series=1, slices=8), series(series=2, modality="MR", slices=8), [mosaic(number=n) for n in range(8)]]
    files = [encoded(dataset) for group in zip(*sets, strict=True) for dataset in group]
    assert check(files) >= 8
    assert check(files, CORE) >= 8


def test_other_kinds_are_told_as_they_are() -> None:
    check(encoded(dataset) for n in range(4) for dataset in (rgb(number=n), ultrasound(number=n), instance(number=n)))


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle"])
def test_syntaxes_are_told_apart(syntax: str) -> None:
    files = [encoded(one(number)) for number in range(1, 6)]
    others = [encoded(instance(number=number, syntax=syntax)) for number in range(1, 6)]
    check([*files, *others, *files])


def test_a_creator_that_changes_is_told() -> None:
    """The same elements under another creator are other elements."""
    files = []
    for number in range(1, 20):
        dataset = instance(number=number)
        dataset.private_block(0x0019, "ACME" if number % 5 else "OTHER", create=True).add_new(0x0C, "DS", str(number))
        files.append(encoded(dataset))
    check(files)


def test_a_creator_of_two_blocks_is_told() -> None:
    files = []
    for number in range(1, 12):
        dataset = instance(number=number)
        dataset.add_new(0x00190010, "LO", "ACME")
        dataset.add_new(0x00190011, "LO", "ACME")
        if number % 2:
            dataset.add_new(0x0019100C, "DS", str(number))
        dataset.add_new(0x0019110C, "DS", str(-number))
        files.append(encoded(dataset))
    check(files)


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "PatientName": st.text("ABC^", max_size=9),
        "InstanceNumber": st.integers(0, 10**5),
        "ImageComments": st.text("xy ", max_size=5000),
        "EchoTime": st.one_of(st.none(), st.floats(0, 99).map(lambda v: f"{v:.6g}")),
        "ImageType": st.lists(st.sampled_from(["ORIGINAL", "M", "P"]), max_size=4),
        "SmallestImagePixelValue": st.integers(0, 999),
        "StudyDate": st.sampled_from(["20200101", "", None]),
        "KVP": st.sampled_from(["120", "80", None]),
        "RedPaletteColorLookupTableData": st.binary(max_size=60).map(lambda v: v + v),
        "ICCProfile": st.binary(max_size=60).map(lambda v: v + v),
        "WindowCenter": st.lists(st.integers(-99, 99), max_size=3),
    },
)


@settings(max_examples=30)
@given(st.lists(VALUES, min_size=3, max_size=12))
def test_whatever_differs_the_answer_is_that_of_a_walk(changes: list[dict[str, Any]]) -> None:
    check(encoded(one(number, **each)) for number, each in enumerate(changes, 1))


@settings(max_examples=150)
@given(st.data())
def test_damage_is_told_as_a_walk_tells_it(data: st.DataObject) -> None:
    """Files cut anywhere, or with any bytes changed, after their layout was learned."""
    whole = [encoded(one(number)) for number in range(1, 5)]
    lean._LAYOUTS.clear()
    for each in whole:
        told(each)
    spoilt = bytearray(data.draw(st.sampled_from(whole)))
    for _ in range(data.draw(st.integers(0, 3))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(spoilt[: data.draw(st.integers(0, len(spoilt)))]) if data.draw(st.booleans()) else bytes(spoilt)
    assert told(content) == walked(content)


def test_real_files_are_told_alike(data_folder: Path) -> None:
    """All of them twice, so that the second time some are known."""
    files = [path.read_bytes()[: 1 << 22] for path in sorted(data_folder.rglob("*")) if path.is_file()]
    check(each for each in files for _ in range(3))
