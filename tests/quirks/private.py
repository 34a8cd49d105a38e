"""Images with private elements in memory, and their headers as quirks get them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydicom import Dataset

from convkit.dicom.header import Header, read_header
from convkit.dicom.unfold import unfold
from convkit.quirks import unfold as unfold_vendor
from tests.builders import instance, write

IMAGING, MR_1, MR_5, MR_6 = (
    "Philips Imaging DD 001",
    "Philips MR Imaging DD 001",
    "Philips MR Imaging DD 005",
    "Philips MR Imaging DD 006",
)
UIH = "Image Private Header"
_GROUPS = {IMAGING: 0x2001, MR_1: 0x2005, MR_5: 0x2005, MR_6: 0x2005, UIH: 0x0065}

Private = Mapping[tuple[str, int], tuple[str, Any]]
"""(Creator, low byte) to (value representation, value)."""


def with_private(dataset: Dataset, elements: Private, *, creator: str = "") -> Dataset:
    """The data set with private elements, in place; with `creator`, all under that foreign name."""
    for (owner, element), (vr, value) in elements.items():
        block = dataset.private_block(_GROUPS[owner], creator or owner, create=True)
        block.add_new(element, vr, value)
    return dataset


def mr(elements: Private | None = None, *, creator: str = "", **overrides: Any) -> Dataset:
    """An MR image with private elements."""
    return with_private(instance(**{"Modality": "MR"} | overrides), elements or {}, creator=creator)


def header_of(dataset: Dataset, folder: Path) -> Header:
    """Header of the first frame, unfolded as a run does."""
    (path,) = write([dataset], folder / "one")
    return unfold_vendor(unfold(read_header(str(path)))).of_frame(0)


def philips_diffusion(b_value: float, direction: tuple[float, float, float]) -> Private:
    """What a Philips image tells of its weighting."""
    components = {(MR_1, 0xB0 + place): ("FL", part) for place, part in enumerate(direction)}
    return {(IMAGING, 0x03): ("FL", b_value), (IMAGING, 0x08): ("IS", "1"), **components}
