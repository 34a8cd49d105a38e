"""Images that are made ready while headers are read look exactly as those that are opened."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from pydicom import Dataset

from convkit.dicom.attributes import display_table
from convkit.dicom.display import display_of
from convkit.dicom.header import Header, read_header
from convkit.errors import ConvkitError
from convkit.jobs._pictures.image_file import ImageFile
from convkit.jobs._pictures.prepared import KEYWORDS, MOST_KINDS, Kinds
from convkit.model.display import Display
from tests.builders import enhanced_mr, instance, multi_frame_us, palette, rgb, write


class _Asking(Header):
    """A header that remembers what it is asked."""

    asked: ClassVar[set[str]] = set()

    def raw(self, keyword: str) -> bytes | None:
        self.asked.add(keyword)
        return super().raw(keyword)


def plain(**overrides: Any) -> Dataset:
    return instance(**({"WindowCenter": 40, "WindowWidth": 400} | overrides))


VENDORS = ("SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "UIH", "Canon", "")


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("modality", ["CT", "MR", "PT", "CR", "MG", "US", "NM", "OT"])
def test_nothing_decides_how_a_plain_image_looks_but_the_keywords(modality: str, vendor: str, tmp_path: Path) -> None:
    (path,) = write([plain(Modality=modality, Manufacturer=vendor)], tmp_path)
    header = _Asking(*read_header(str(path), display_table()))
    _Asking.asked.clear()
    display_of(header)
    sequences = {a.keyword for a in header.table.attributes if a.vr == "SQ"}
    far = {a.keyword for a in header.table.attributes if a.is_far}
    assert _Asking.asked - set(KEYWORDS) - sequences - far == set()


def same(one: Display, other: Display) -> bool:
    return all(getattr(one, f.name) == getattr(other, f.name) for f in fields(Display))


def test_a_plain_image_is_kind(tmp_path: Path) -> None:
    (path,) = write([plain()], tmp_path)
    table = display_table()
    header = read_header(str(path), table)
    kind = Kinds(table).of(header)
    assert kind is not None
    opened, made = ImageFile.open(str(path)), ImageFile.plain(str(path), kind, header.parsed.pixel_offset or 0)
    assert same(opened.shown(0).display, made.shown(0).display)
    assert np.array_equal(opened.samples(0), made.samples(0))
    assert made.header.sop_instance_uid == opened.header.sop_instance_uid


@pytest.mark.parametrize(
    "dataset",
    [
        rgb(),
        palette(),
        multi_frame_us(),
        enhanced_mr(),
        plain(syntax="rle"),
        plain(NumberOfFrames=0),
        plain(RescaleSlope=0),
    ],
)
def test_what_is_not_plain_is_opened_when_its_picture_is_made(dataset: Dataset, tmp_path: Path) -> None:
    (path,) = write([dataset], tmp_path)
    table = display_table()
    assert Kinds(table).of(read_header(str(path), table)) is None


def test_images_that_differ_do_not_share_a_window(tmp_path: Path) -> None:
    datasets = [plain(number=n, WindowCenter=n % 3) for n in range(1, 7)]
    table = display_table()
    kinds = Kinds(table)
    for path in write(datasets, tmp_path):
        kind = kinds.of(read_header(str(path), table))
        assert kind is not None
        assert same(kind.shown.display, ImageFile.open(str(path)).shown(0).display)


def test_a_batch_holds_few_kinds(tmp_path: Path) -> None:
    datasets = [plain(number=n, WindowCenter=n) for n in range(1, 3 * MOST_KINDS)]
    table = display_table()
    kinds = Kinds(table)
    kind = [kinds.of(read_header(str(path), table)) for path in write(datasets, tmp_path)]
    assert sum(one is not None for one in kind) == MOST_KINDS


def test_real_images_look_the_same_either_way(data_folder: Path) -> None:
    table = display_table()
    kinds = Kinds(table)
    compared = 0
    for path in sorted((data_folder / "decoding").rglob("*.dcm")):
        try:
            header = read_header(str(path), table)
            kind = kinds.of(header) if header.parsed.pixel_keyword else None
        except ConvkitError:
            continue
        kinds = Kinds(table)
        if kind is not None:
            compared += 1
            opened = ImageFile.open(str(path))
            assert same(kind.shown.display, opened.shown(0).display)
            assert kind.is_burned_in == opened.is_burned_in
    assert compared > 10
