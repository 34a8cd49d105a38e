"""Overlays, icons and documents beside the pixels."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.sequence import Sequence

from convkit.deid.pixels import (
    blank_icon,
    empty_pdf,
    is_document,
    is_video,
    overlay_groups,
    overlay_has_content,
    without_embedded_overlays,
)
from tests.builders.burned import anatomy
from tests.deid.pixels.trees import image, tree_of

_PDF = "1.2.840.10008.5.1.4.1.1.104.1"


def _with_overlay(dataset, bits, group=0x6000):
    dataset.add_new(group << 16 | 0x0010, "US", 256)
    dataset.add_new(group << 16 | 0x0011, "US", 320)
    dataset.add_new(group << 16 | 0x0102, "US", 0)
    if bits is not None:
        dataset.add_new(group << 16 | 0x3000, "OW", bits)
    return dataset


@pytest.mark.parametrize(("bits", "has"), [(bytes(10240), False), (bytes(10239) + b"\1", True)])
def test_an_overlay_has_content_where_a_bit_is_set(tmp_path, bits, has):
    tree = tree_of(_with_overlay(image(), bits, 0x6002), tmp_path)
    assert overlay_groups(tree) == (0x6002,)
    assert overlay_has_content(tree, 0x6002) == has


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
def test_overlays_in_unused_bits_are_cleared(tmp_path, syntax):
    pixels = anatomy(bits=12)
    marked = pixels.copy()
    marked[5:9, 7:60] |= 0x1000
    dataset = _with_overlay(image(marked, BitsStored=12, HighBit=11, syntax=syntax), None)
    dataset[0x60000102].value = 12
    tree = tree_of(dataset, tmp_path)
    assert overlay_has_content(tree, 0x6000)
    element = next(e for e in tree.elements if e.tag == 0x7FE00010)
    cleared = without_embedded_overlays(tree, element)
    kind = ">u2" if syntax == "big" else "<u2"
    assert (np.frombuffer(cleared.value, kind).reshape(pixels.shape) == pixels).all()


def test_samples_without_further_bits_are_left_alone(tmp_path):
    tree = tree_of(image(anatomy(bits=12), BitsStored=12, HighBit=11), tmp_path)
    assert without_embedded_overlays(tree, next(e for e in tree.elements if e.tag == 0x7FE00010)) is None


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big"])
def test_an_icon_becomes_black(tmp_path, syntax):
    item = Dataset()
    item.SamplesPerPixel, item.PhotometricInterpretation = 1, "MONOCHROME2"
    item.Rows, item.Columns = 32, 31
    item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = 8, 8, 7, 0
    item.add_new(0x7FE00010, "OB", bytes(range(248)) * 4)
    tree = tree_of(image(IconImageSequence=Sequence([item]), syntax=syntax), tmp_path)
    icon = blank_icon(tree, next(e for e in tree.elements if e.tag == 0x00880200))
    there = {e.tag: e.value for e in icon.items[0].elements}
    assert there[0x7FE00010] == bytes(992)
    order = "big" if syntax == "big" else "little"
    assert [int.from_bytes(there[tag], order) for tag in (0x00280010, 0x00280011, 0x00280100)] == [32, 31, 8]


def test_documents_are_told_by_class_or_content(tmp_path):
    by_class = image(SOPClassUID=_PDF)
    by_content = image(EncapsulatedDocument=b"%PDF")
    trees = [tree_of(d, tmp_path, f"{n}.dcm") for n, d in enumerate((by_class, by_content, image()))]
    assert [is_document(tree) for tree in trees] == [True, True, False]
    assert not any(is_video(tree) for tree in trees)


def test_the_empty_pdf_says_its_title_and_where_its_objects_are():
    content = empty_pdf("Removed (by é)")
    assert content == empty_pdf("Removed (by é)")
    assert len(content) % 2 == 0
    assert rb"(Removed \(by ?\)) Tj" in content
    start = int(content.split(b"startxref\n")[1].split(b"\n")[0])
    assert content[start : start + 4] == b"xref"
    places = [int(line[:10]) for line in content[start:].split(b"\n")[3:9]]
    assert [content[place:].split(b" ")[0] for place in places] == [b"%d" % n for n in range(1, 7)]
