"""The tree of raw elements: what is read is written again byte for byte, and nothing hides in it."""

from __future__ import annotations

import io
import shutil
import subprocess
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from struct import pack
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from convkit.dicom.tree import MOST_DEPTH, Element, Item, Span, Tree, read_tree, written
from convkit.dicom.tree.reading import FIRST_BYTES
from convkit.dicom.tree.writing import _deflated
from convkit.errors import ConvkitError, InputError, NotDicomError
from tests.builders import enhanced_mr, instance, multi_frame_us, palette, rgb, structured_report, write

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]


def content(tree: Tree) -> bytes:
    """The file that a tree is written as."""
    pieces = []
    for piece in written(tree):
        if isinstance(piece, Span):
            with Path(tree.path).open("rb") as file:
                file.seek(piece.offset)
                pieces.append(file.read(piece.length))
        else:
            pieces.append(piece)
    return b"".join(pieces)


def saved(dataset: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """A file in a transfer syntax."""
    fresh = Dataset()  # without memory of another encoding
    fresh.update(dataset)
    fresh.file_meta = FileMetaDataset()
    fresh.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    fresh.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
    fresh.file_meta.TransferSyntaxUID = syntax
    fresh.save_as(path, enforce_file_format=True)
    return path


def nested(depth: int, *, is_undefined: bool = False) -> Dataset:
    """Sequences within sequences, a name in the last."""
    inner = Dataset()
    inner.PatientName = "Deep^Down"
    for _ in range(depth):
        outer = Dataset()
        outer.ReferencedImageSequence = [inner]
        outer["ReferencedImageSequence"].is_undefined_length = is_undefined
        inner.is_undefined_length_sequence_item = is_undefined
        inner = outer
    return inner


def all_elements(elements: list[Element]) -> list[Element]:
    found = []
    for element in elements:
        found.append(element)
        for item in element.items or []:
            found += all_elements(item.elements)
    return found


# --- the same bytes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda s: s.name)
@pytest.mark.parametrize("kind", [instance, rgb, palette, multi_frame_us, enhanced_mr, structured_report])
def test_a_file_is_written_as_it_was_read(tmp_path: Path, kind: Any, syntax: str) -> None:
    made = kind()
    path = saved(made if isinstance(made, Dataset) else made[0], tmp_path / "a.dcm", syntax)
    tree = read_tree(str(path))
    if syntax == DeflatedExplicitVRLittleEndian:  # another deflater may find other bytes
        assert dcmread(io.BytesIO(content(tree))) == dcmread(path)
    else:
        assert content(tree) == path.read_bytes()


@pytest.mark.parametrize("is_undefined", [False, True])
@pytest.mark.parametrize("syntax", SYNTAXES[:3], ids=lambda s: s.name)
def test_sequences_keep_the_kind_of_their_length(tmp_path: Path, syntax: str, is_undefined: bool) -> None:
    path = saved(nested(5, is_undefined=is_undefined), tmp_path / "a.dcm", syntax)
    tree = read_tree(str(path))
    assert content(tree) == path.read_bytes()
    assert [e.tag for e in all_elements(tree.elements)][-1] == 0x00100010


def test_fragments_are_kept_as_they_are(tmp_path: Path) -> None:
    dataset = instance()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(RLELossless)
    path = tmp_path / "a.dcm"
    dataset.save_as(path, enforce_file_format=True)
    tree = read_tree(str(path))
    assert content(tree) == path.read_bytes()
    assert tree.elements[-1].is_undefined


@pytest.mark.parametrize("syntax", SYNTAXES[:3], ids=lambda s: s.name)
def test_long_pixels_stay_in_the_file_and_what_follows_is_read(tmp_path: Path, syntax: str) -> None:
    dataset = instance(pixels=np.arange(1024 * 1024, dtype=np.int16).reshape(1024, 1024))
    dataset.add_new(0xFFFCFFFC, "OB", bytes(100))
    path = saved(dataset, tmp_path / "a.dcm", syntax)
    tree = read_tree(str(path))
    spans = [e for e in tree.elements if isinstance(e.value, Span)]
    assert [(e.tag, e.value.length) for e in spans if isinstance(e.value, Span)] == [
        (0x7FE00010, dataset.Rows * dataset.Columns * 2)
    ]
    assert tree.elements[-1].tag == 0xFFFCFFFC
    assert content(tree) == path.read_bytes()


def test_all_real_files_that_can_be_read_are_written_alike(data_folder: Path) -> None:
    alike = other = 0
    for path in sorted((data_folder / "deid" / "corpus" / "in").rglob("*")):
        if path.is_file() and path.read_bytes()[128:132] == b"DICM":
            tree = read_tree(str(path))
            if tree.transfer_syntax == DeflatedExplicitVRLittleEndian:  # another deflater may find other bytes
                is_alike = dcmread(io.BytesIO(content(tree))) == dcmread(path)
            else:
                is_alike = content(tree) == path.read_bytes()
            alike, other = alike + is_alike, other + (not is_alike)
    assert alike > 100
    assert other == 0


# --- nothing hides ---------------------------------------------------------------------------------------


def item_bytes(dataset: Dataset) -> bytes:
    """A data set as an item under implicit VR."""
    from pydicom.filebase import DicomBytesIO  # noqa: PLC0415
    from pydicom.filewriter import write_dataset  # noqa: PLC0415

    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = True, True
    write_dataset(file, dataset)
    inside = file.getvalue()
    return pack("<HHI", 0xFFFE, 0xE000, len(inside)) + inside


@pytest.mark.parametrize("tag", [0x00081140, 0x00091010, 0x00291234])
@pytest.mark.parametrize("syntax", SYNTAXES[:2], ids=lambda s: s.name)
def test_a_sequence_in_un_is_walked(tmp_path: Path, tag: int, syntax: str) -> None:
    hidden = Dataset()
    hidden.PatientName = "Hidden^Name"
    dataset = instance()
    private = tag | 0x00010000  # pydicom writes no standard sequence as UN
    dataset.add_new(private, "UN", item_bytes(hidden))
    path = saved(dataset, tmp_path / "a.dcm", syntax)
    path.write_bytes(path.read_bytes().replace(pack("<HH", private >> 16, private & 0xFFFF),
                                               pack("<HH", tag >> 16, tag & 0xFFFF)))  # fmt: skip
    tree = read_tree(str(path))
    (element,) = [e for e in tree.elements if e.tag == tag]
    assert [e.tag for item in element.items or [] for e in item.elements] == [0x00100010]
    assert content(tree) == path.read_bytes()


def test_private_bytes_that_only_begin_like_a_sequence_stay_bytes(tmp_path: Path) -> None:
    dataset = instance()
    dataset.add_new(0x00291010, "UN", b"\xfe\xff\x00\xe0" + b"no sequence at all")
    tree = read_tree(str(saved(dataset, tmp_path / "a.dcm")))
    (element,) = [e for e in tree.elements if e.tag == 0x00291010]
    assert element.items is None


def test_reserved_bytes_are_not_passed_on(tmp_path: Path) -> None:
    path = saved(structured_report(), tmp_path / "a.dcm")
    data = bytearray(path.read_bytes())
    at = data.index(b"SQ\0\0")
    data[at + 2 : at + 4] = b"ZQ"
    path.write_bytes(data)
    assert b"SQZQ" not in content(read_tree(str(path)))


def test_the_length_of_the_meta_information_is_counted_anew(tmp_path: Path) -> None:
    path = saved(instance(), tmp_path / "a.dcm")
    tree = read_tree(str(path))
    tree.meta.append(Element(0x00020016, "AE", b"CONVKIT "))
    (tmp_path / "b.dcm").write_bytes(content(tree))
    again = dcmread(tmp_path / "b.dcm")
    assert again.file_meta.SourceApplicationEntityTitle == "CONVKIT"
    assert again == dcmread(path)


def test_a_changed_item_is_written_with_its_new_length(tmp_path: Path) -> None:
    path = saved(nested(3), tmp_path / "a.dcm")
    tree = read_tree(str(path))
    all_elements(tree.elements)[-1].value = b"Another^Longer^Name "
    (tmp_path / "b.dcm").write_bytes(content(tree))
    inner = dcmread(tmp_path / "b.dcm")
    for _ in range(3):
        inner = inner.ReferencedImageSequence[0]
    assert inner.PatientName == "Another^Longer^Name"


# --- bad input -------------------------------------------------------------------------------------------


def test_what_is_no_dicom_is_said(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text" * 100)
    with pytest.raises(NotDicomError):
        read_tree(str(tmp_path / "a"))
    with pytest.raises(InputError):
        read_tree(str(tmp_path / "absent"))


@pytest.mark.parametrize("syntax", SYNTAXES, ids=lambda s: s.name)
def test_a_file_cut_anywhere_is_refused_or_holds_whole_elements(tmp_path: Path, syntax: str) -> None:
    path = saved(nested(3), tmp_path / "a.dcm", syntax)
    data = path.read_bytes()
    for length in range(132, len(data)):
        (tmp_path / "cut").write_bytes(data[:length])
        try:
            tree = read_tree(str(tmp_path / "cut"))
        except ConvkitError:
            continue
        assert length > 300 or tree.elements == []
        assert all(e.tag >> 16 in {2, 8} for e in (*tree.meta, *tree.elements))


def test_bottomless_sequences_are_refused(tmp_path: Path) -> None:
    read_tree(str(saved(nested(MOST_DEPTH - 1), tmp_path / "a.dcm")))
    with pytest.raises(InputError, match="nested"):
        read_tree(str(saved(nested(MOST_DEPTH + 1), tmp_path / "b.dcm")))


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("noise")
    data = saved(instance(), folder / "a.dcm").read_bytes()
    (folder / "b.dcm").write_bytes(data[:340] + noise)
    with suppress(ConvkitError):
        content(read_tree(str(folder / "b.dcm")))


tags = st.integers(0x00091010, 0x000910FF)
plain = st.builds(lambda tag, value: Element(tag, "OB", value + bytes(len(value) % 2)), tags, st.binary(max_size=20))


def sequence(tag: int, inner: list[Element], *, is_undefined: bool) -> Element:
    return Element(tag, "SQ", b"", [Item(inner, is_undefined=is_undefined)], is_undefined=is_undefined)


def sequences(inner: st.SearchStrategy[Element]) -> st.SearchStrategy[Element]:
    return st.builds(lambda tag, some, kind: sequence(tag, some, is_undefined=kind), tags, st.lists(inner, max_size=3),
                     st.booleans())  # fmt: skip


@given(st.lists(st.recursive(plain, sequences, max_leaves=6), max_size=4))
def test_any_tree_comes_back(tmp_path_factory: pytest.TempPathFactory, elements: list[Element]) -> None:
    path = tmp_path_factory.mktemp("tree") / "a.dcm"
    meta = [Element(0x00020010, "UI", b"1.2.840.10008.1.2.1\0")]
    first = content(Tree("", b"", meta, elements, ExplicitVRLittleEndian))
    path.write_bytes(first)
    assert content(read_tree(str(path))) == first


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy is not installed")
def test_what_a_validator_says_of_a_deflated_file_is_no_matter_of_luck(tmp_path: Path) -> None:
    """It takes packed bytes for elements; by what it said of copies, some had errors that their originals had not."""
    said, random = set(), np.random.default_rng(1)
    for number in range(40):
        pixels = random.integers(0, 40 * number + 2, (4 + 2 * number, 16)).astype(np.int16)
        source = saved(instance(number=number, pixels=pixels), tmp_path / "a.dcm", SYNTAXES[3])
        copy = tmp_path / "b.dcm"
        copy.write_bytes(content(read_tree(str(source))))
        done = subprocess.run(["dciodvfy", str(copy)], capture_output=True, check=False)
        lines = (done.stdout + done.stderr).decode("latin-1").splitlines()
        said.add("\n".join(line for line in lines if line.startswith("Error")))
        assert dcmread(copy).PixelData == dcmread(source).PixelData
    assert len(said) == 1


def test_a_deflated_file_may_hold_next_to_nothing(tmp_path: Path) -> None:
    for count in (0, 1, 4, 7, 8, 9, 70000):
        packed = _deflated(bytes(count))
        assert zlib.decompress(packed, -zlib.MAX_WBITS) == bytes(count)


@pytest.mark.parametrize("length", [5, 100_000, 1_000_000])
def test_what_a_file_is_filled_up_with_is_looked_at_and_not_held(length: int, tmp_path: Path) -> None:
    (path,) = write([instance()], tmp_path)
    tags = [each.tag for each in read_tree(str(path)).elements]
    with path.open("ab") as file:
        file.write(bytes(length))
    held = _held_by(lambda: [each.tag for each in read_tree(str(path)).elements] == tags)
    assert held < 10 * FIRST_BYTES
    with path.open("ab") as file:
        file.write(b"\x01")
    with pytest.raises(InputError):
        read_tree(str(path))


def _held_by(work: Callable[[], bool]) -> int:
    tracemalloc.start()
    try:
        assert work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_deflated_data_set_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = write([instance(syntax="deflated", PatientComments="x" * 10_000)], tmp_path)
    read_tree(str(path))
    monkeypatch.setattr("convkit.dicom.deflated._MOST_BYTES", 5000)
    with pytest.raises(InputError) as caught:
        read_tree(str(path))
    assert caught.value.code == "pixels.too-large"
