"""GE MR headers in memory: images with private elements, protocol data blocks, user define data."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path
from struct import pack, pack_into
from typing import Any

from pydicom import Dataset

from convkit.dicom.header import Header, read_header
from convkit.dicom.unfold import unfold
from convkit.quirks import unfold as unfold_vendor
from convkit.quirks._quirk import Extent, FactsQuirk
from tests.builders import instance, series, write

ACQUISITION, RELATION, SERIES, IMAGE, PARAMETERS = (
    "GEMS_ACQU_01",
    "GEMS_RELA_01",
    "GEMS_SERS_01",
    "GEMS_IMAG_01",
    "GEMS_PARM_01",
)
_GROUPS = {ACQUISITION: 0x0019, RELATION: 0x0021, SERIES: 0x0025, IMAGE: 0x0027, PARAMETERS: 0x0043}

NAME, INTERNAL_NAME = (ACQUISITION, 0x9C), (ACQUISITION, 0x9E)
SHARES, MULTIBAND, SPACING, DELAY = (PARAMETERS, 0x83), (PARAMETERS, 0xB6), (PARAMETERS, 0x2C), (PARAMETERS, 0x7C)
B_VALUE, FLAG = (PARAMETERS, 0x39), (PARAMETERS, 0x30)
BLOCK, USER_DEFINE = (SERIES, 0x1B), (PARAMETERS, 0x2A)

Private = Mapping[tuple[str, int], tuple[str, Any]]
"""(Creator, low byte) to (value representation, value)."""


def with_private(dataset: Dataset, elements: Private, *, creator: str = "") -> Dataset:
    """The data set with private elements, in place; with `creator`, all under that foreign name."""
    for (owner, element), (vr, value) in elements.items():
        dataset.private_block(_GROUPS[owner], creator or owner, create=True).add_new(element, vr, value)
    return dataset


def ge(elements: Private | None = None, **overrides: Any) -> Dataset:
    """An MR image of GE."""
    given: dict[str, Any] = {
        "Modality": "MR",
        "Manufacturer": "GE MEDICAL SYSTEMS",
        "InPlanePhaseEncodingDirection": "COL",
        "SoftwareVersions": ["27", "LX", "MR Software release:DV26.0_R01_1725.a"],
        "RepetitionTime": 1200,
    }
    return with_private(instance(**(given | overrides)), elements or {})


def look_alike(elements: Private, **overrides: Any) -> Dataset:
    """An image of another maker whose private elements have the same numbers under another creator."""
    given: dict[str, Any] = {"Modality": "MR", "Manufacturer": "ACME", "InPlanePhaseEncodingDirection": "COL"}
    return with_private(instance(**(given | overrides)), elements, creator="ACME PRIVATE")


def names(name: str, internal: str = "") -> Private:
    """Names of a pulse sequence."""
    return {NAME: ("LO", name), INTERNAL_NAME: ("LO", internal or "EPI")}


REAL_TIME: Private = {**names("epiRT"), DELAY: ("FL", 0.0)}
MULTI_PHASE = names("epi")
DIFFUSION = names("epi2", "EPI2")


def block(**lines: object) -> tuple[str, bytes]:
    """A protocol data block with these lines."""
    packed = gzip.compress("".join(f'{k} "{v}"\n' for k, v in lines.items()).encode(), mtime=0)
    data = pack("<I", len(packed)) + packed
    return "OB", data + bytes(len(data) % 2)


def user_define(*, version: float = 24.0, is_epi: bool = True, is_flipped: bool = False, order: int = 0) -> bytes:
    """User define data, as a raw-data header whose fields start at 64."""
    data = bytearray(1024)
    moved = 0x4C if version >= 25.002 else 0
    pack_into("<H", data, 24, 64)
    pack_into("<f", data, 64, version)
    pack_into("<H", data, 64 + moved + 0x3A, 0x0840 if is_epi else 0)
    pack_into("<H", data, 64 + moved + 0x30, 0x000C if is_flipped else 0x0008)
    pack_into("<h", data, 64 + (0x0354 if moved else 0x0394), order)
    return bytes(data)


def header_of(dataset: Dataset, folder: Path) -> Header:
    """Header of the first frame, unfolded as a run does."""
    (path,) = write([dataset], folder)
    return unfold_vendor(unfold(read_header(str(path)))).of_frame(0)


def facts(quirk: FactsQuirk, dataset: Dataset, folder: Path, extent: Extent | None = None) -> dict[str, Any] | None:
    """What a quirk says of an image; None where it does not apply."""
    header = header_of(dataset, folder)
    return dict(quirk.facts(header, extent or Extent(1, 1))) if quirk.applies(header) else None


def two_volumes_at_one_place() -> list[Dataset]:
    """Two volumes of five slices that nothing of the standard tells apart."""
    return series(
        modality="MR",
        volumes=2,
        Manufacturer="GE MEDICAL SYSTEMS",
        TemporalPositionIdentifier=None,
        NumberOfTemporalPositions=None,
        ImageType=["ORIGINAL", "PRIMARY", "OTHER"],
    )
