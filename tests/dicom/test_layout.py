"""Headers that are laid out alike: what is remembered of other files never changes what is found in one."""

from __future__ import annotations

from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from convkit.dicom.tree import PIXEL_GROUP, Alike, Element, Layout, Layouts, Tree, encoded, read_alike, read_tree
from convkit.errors import InputError, NotDicomError
from tests.builders import instance
from tests.dicom.test_tree import saved

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]

ANYTHING = st.fixed_dictionaries(
    {
        "SeriesDescription": st.sampled_from(["T1", "T1 AX", "T2"]),
        "ImagePositionPatient": st.lists(st.integers(-99, 99), min_size=3, max_size=3),
        "InstanceNumber": st.integers(1, 999),
    },
    optional={
        "PatientComments": st.text("abc ", min_size=1, max_size=5) | st.sampled_from(["long " * 800, "longer " * 1700]),
        "ReferencedImageSequence": st.integers(0, 3),
        "private": st.binary(min_size=2, max_size=6),
        "behind": st.binary(min_size=2, max_size=6),
    },
)


LONG = np.zeros((256, 256), np.int16)
"""Pixels that stay in the file, so that only its beginning is read."""


def made(place: int, said: dict[str, Any], *, is_long: bool = False) -> Dataset:
    """A slice that says something."""
    said = dict(said) | ({"pixels": LONG} if is_long else {})
    private, behind, references = (said.pop(k, None) for k in ("private", "behind", "ReferencedImageSequence"))
    dataset = instance(number=place, **said)
    if private is not None:
        dataset.private_block(0x0029, "CONVKIT TEST", create=True).add_new(
            0x10, "OB", private + bytes(len(private) % 2)
        )
    if behind is not None:
        dataset.add_new(0xFFFCFFFC, "OB", behind + bytes(len(behind) % 2))
    if references is not None:
        dataset.ReferencedImageSequence = [Dataset() for _ in range(references)]
    return dataset


def codes(elements: list[Element], tree: Tree) -> list[object]:
    return [each.value if each.tag >> 16 == PIXEL_GROUP else encoded(each, tree.coding) for each in elements]


def codes_of_header(elements: list[Element]) -> dict[int, object]:
    return {each.tag: each.value for each in elements if each.items is None}


def check(path: Path, found: Alike, first: dict[Layout, dict[int, bytes]]) -> None:
    """Nothing is said of a file that it does not say itself."""
    whole = read_tree(str(path))
    header = [each for each in whole.elements if each.tag >> 16 < PIXEL_GROUP]
    own = {each.tag: encoded(each, whole.coding) for each in header}
    assert found.transfer_syntax == whole.transfer_syntax
    assert found.layout.tags == tuple(own)
    assert [encoded(e, whole.coding) for e in found.varying] == [own[e.tag] for e in found.varying]
    assert {e.tag for e in found.varying} == found.layout.varying
    assert codes(found.rest, whole) == codes(whole.elements[len(header) :], whole)
    common = {tag: raw for tag, raw in own.items() if tag not in found.layout.varying}
    assert first.setdefault(found.layout, common) == common


@settings(max_examples=30)
@given(
    files=st.lists(ANYTHING, min_size=4, max_size=12),
    syntaxes=st.lists(st.sampled_from(SYNTAXES), min_size=1, max_size=2),
    is_long=st.booleans(),
)
def test_what_is_remembered_never_changes_what_is_found(
    files: list[dict[str, Any]], syntaxes: list[str], is_long: bool
) -> None:
    with TemporaryDirectory() as folder:
        read_all(Path(folder), files, syntaxes, is_long=is_long)


def read_all(folder: Path, files: list[dict[str, Any]], syntaxes: list[str], *, is_long: bool) -> None:
    layouts, first = Layouts(), dict[Layout, dict[int, bytes]]()
    headers = Layouts()
    for place, said in enumerate(files):
        path = saved(made(place + 1, said, is_long=is_long), folder / f"{place}.dcm", syntaxes[place % len(syntaxes)])
        found = read_alike(str(path), layouts)
        header = read_alike(str(path), headers, before_pixels=True)
        if isinstance(found, Alike) and isinstance(header, Alike):
            assert codes_of_header(header.varying) == codes_of_header(found.varying)
            assert header.rest == []
        if isinstance(found, Alike):
            check(path, found, first)
        else:
            whole = read_tree(str(path))
            assert codes(found.elements, found) == codes(whole.elements, whole)


def series(folder: Path, count: int, **more: Any) -> list[str]:
    folder.mkdir(exist_ok=True)
    return [str(saved(instance(number=n, **more), folder / f"{n}.dcm")) for n in range(1, count + 1)]


def test_the_third_slice_of_a_series_is_like_the_others(tmp_path: Path) -> None:
    layouts = Layouts()
    found = [read_alike(path, layouts) for path in series(tmp_path, 5)]
    assert [isinstance(each, Alike) for each in found] == [False, False, True, True, True]
    last = found[-1]
    assert isinstance(last, Alike)
    assert 0x00080018 in last.layout.varying
    assert 0x00080060 not in last.layout.varying


def test_what_differs_for_the_first_time_is_noticed(tmp_path: Path) -> None:
    layouts = Layouts()
    for path in series(tmp_path, 4):
        read_alike(path, layouts)
    dataset = instance(number=9)
    dataset.Modality = "MR"
    other = saved(dataset, tmp_path / "other.dcm")
    found = read_alike(str(other), layouts)
    assert isinstance(found, Tree)
    assert next(each.value for each in found.elements if each.tag == 0x00080060) == b"MR"
    again = read_alike(str(other), layouts)
    assert isinstance(again, Alike)
    assert 0x00080060 in again.layout.varying


def test_a_file_cut_inside_its_pixels_is_still_an_error(tmp_path: Path) -> None:
    layouts = Layouts()
    paths = series(tmp_path, 4)
    for path in paths[:3]:
        read_alike(path, layouts)
    whole = Path(paths[3]).read_bytes()
    Path(paths[3]).write_bytes(whole[:-100])
    with pytest.raises(InputError):
        read_alike(paths[3], layouts)


def test_a_file_without_its_mark_is_still_not_dicom(tmp_path: Path) -> None:
    layouts = Layouts()
    paths = series(tmp_path, 4)
    for path in paths[:3]:
        read_alike(path, layouts)
    whole = Path(paths[3]).read_bytes()
    Path(paths[3]).write_bytes(whole[:128] + b"DICX" + whole[132:])
    with pytest.raises(NotDicomError):
        read_alike(paths[3], layouts)


def test_headers_that_never_come_again_are_given_up(tmp_path: Path) -> None:
    layouts = Layouts()
    for number in range(40):
        dataset = instance(number=number + 1)
        dataset.add_new(0x00400000 + 2 + number, "LO", "x")
        read_alike(str(saved(dataset, tmp_path / "one.dcm")), layouts)
    same = series(tmp_path, 3)
    assert not any(isinstance(read_alike(path, layouts), Alike) for path in same)


def test_each_file_keeps_its_own_transfer_syntax(tmp_path: Path) -> None:
    """One file of another syntax, whose file meta information has one element more, between files of one kind."""
    layouts = Layouts()
    for path in series(tmp_path / "first", 4):
        read_alike(path, layouts)
    other = instance(number=7)
    other.file_meta.SourceApplicationEntityTitle = "ELSEWHERE"
    other.compress(RLELossless, generate_instance_uid=False)
    odd = tmp_path / "odd.dcm"
    other.save_as(odd, enforce_file_format=True)
    read_alike(str(odd), layouts)
    for path in series(tmp_path / "second", 4):
        assert read_alike(path, layouts).transfer_syntax == ExplicitVRLittleEndian


def test_only_as_much_is_read_as_the_headers_before_took(tmp_path: Path) -> None:
    paths = [str(saved(made(n, {}, is_long=True), tmp_path / f"{n}.dcm")) for n in range(1, 5)]
    longer = str(saved(made(9, {"PatientComments": "long " * 2000}, is_long=True), tmp_path / "9.dcm"))
    layouts, counts = Layouts(), []
    for path in (*paths, longer):
        with Counting(path) as file:
            found = read_alike(path, layouts, file)
        counts.append(file.bytes_read)
        if isinstance(found, Alike):
            check(Path(path), found, {})
    assert counts[:2] == [1 << 16, 1 << 16]
    assert counts[2:4] == [layouts_page(paths[0])] * 2
    assert counts[4] > 1 << 16  # one more try with what is usual


def layouts_page(path: str) -> int:
    """Bytes of the pages that a header takes, with some room."""
    at = Path(path).read_bytes().index(b"\xe0\x7f\x10\x00")
    return -(-(at + 256) // 4096) * 4096


class Counting(FileIO):
    """A file that is read as one in an archive is, and counts the bytes."""

    bytes_read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size) or b""
        self.bytes_read += len(found)
        return found
