"""Siemens MR headers in memory: CSA headers, protocols, and images of the V and XA lines that carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.sequence import Sequence as Items

from convkit.dicom.header import Header, read_header
from convkit.dicom.unfold import unfold
from convkit.quirks import unfold as unfold_vendor
from convkit.quirks._quirk import Extent, FactsQuirk
from tests.builders import instance, write
from tests.builders.csa import csa2
from tests.builders.kinds import enhanced_mr, mosaic

CSA, HEADER, SDS, SDI = "SIEMENS CSA HEADER", "SIEMENS MR HEADER", "SIEMENS MR SDS 01", "SIEMENS MR SDI 02"
GROUPS = {CSA: 0x0029, SDS: 0x0021, SDI: 0x0021}

Private = Mapping[tuple[str, int], tuple[str, Any]]
"""(Creator, low byte) to (value representation, value); group 0019 where the creator has several."""


def protocol(lines: Mapping[str, object]) -> str:
    """The text of a protocol with these lines."""
    body = "".join(f"{key}\t = \t{value}\n" for key, value in lines.items())
    return f"<XProtocol>\n### ASCCONV BEGIN object=MrProtDataImpl@MrProtocolData ###\n{body}### ASCCONV END ###\n"


def v_line(
    lines: Mapping[str, object] | None = None, image: Mapping[str, str | Sequence[str]] | None = None, **overrides: Any
) -> Dataset:
    """An image of the V line with a CSA image header and, if lines are given, a protocol."""
    given: dict[str, Any] = {"Modality": "MR", "Manufacturer": "SIEMENS", "InPlanePhaseEncodingDirection": "COL"}
    dataset = instance(**(given | overrides))
    return with_csa(dataset, lines, image)


def v_mosaic(
    lines: Mapping[str, object] | None = None,
    image: Mapping[str, str | Sequence[str]] | None = None,
    tiles: int = 4,
    **overrides: Any,
) -> Dataset:
    """A mosaic with CSA headers."""
    return with_csa(mosaic(tiles, **overrides), lines, image)


def with_csa(
    dataset: Dataset, lines: Mapping[str, object] | None, image: Mapping[str, str | Sequence[str]] | None
) -> Dataset:
    private(dataset, {(CSA, 0x10): ("OB", csa2(**(image or {"UsedPatientWeight": "70"})))})
    if lines is not None:
        private(dataset, {(CSA, 0x20): ("OB", csa2(MrPhoenixProtocol=protocol(lines)))})
    return dataset


def xa_classic(elements: Private, lines: Mapping[str, object] | None = None, **overrides: Any) -> Dataset:
    """A classic image of the XA line."""
    given: dict[str, Any] = {
        "Modality": "MR",
        "Manufacturer": "Siemens Healthineers",
        "InPlanePhaseEncodingDirection": "COL",
    }
    dataset = private(instance(**(given | overrides)), {(SDI, 0x75): ("CS", ["ORIGINAL", "PRIMARY", "M", "NONE"])})
    if lines is not None:
        private(dataset, {(SDS, 0x19): ("OB", protocol(lines).encode())})
    return private(dataset, elements)


def xa_enhanced(
    shared: Private, frames: Private, lines: Mapping[str, object] | None = None, **overrides: Any
) -> Dataset:
    """An enhanced object of the XA line: private elements in private groups of the functional groups."""
    dataset = enhanced_mr(3, **({"Manufacturer": "Siemens Healthineers"} | overrides))
    inner = {**shared, (SDS, 0x19): ("OB", protocol(lines).encode())} if lines is not None else shared
    _nest(dataset.SharedFunctionalGroupsSequence[0], SDS, inner)
    for item in dataset.PerFrameFunctionalGroupsSequence:
        _nest(item, SDI, {(SDI, 0x75): ("CS", ["ORIGINAL", "PRIMARY", "M", "NONE"]), **frames})
    return dataset


def _nest(item: Dataset, creator: str, elements: Private) -> None:
    private(item, {(creator, 0xFE): ("SQ", Items([private(Dataset(), elements)]))})


def private(dataset: Dataset, elements: Private) -> Dataset:
    """The data set with private elements, each in the block of its creator."""
    for (creator, element), (vr, value) in elements.items():
        group = GROUPS.get(creator, 0x0019)
        dataset.private_block(group, creator, create=True).add_new(element, vr, value)
    return dataset


def whole_header(dataset: Dataset, folder: Path) -> Header:
    """The header of an object with a row for each of its frames."""
    (path,) = write([dataset], folder)
    header = unfold_vendor(read_header(str(path)))
    return header if header.frames > 1 else unfold(header)


def header_of(dataset: Dataset, folder: Path) -> Header:
    """The header of the first frame, as the facts are read from it."""
    return whole_header(dataset, folder).of_frame(0)


def facts(quirk: FactsQuirk, dataset: Dataset, folder: Path) -> dict[str, Any] | None:
    """What a quirk says of an image; None where it does not apply."""
    header = header_of(dataset, folder)
    return dict(quirk.facts(header, Extent(1, 1))) if quirk.applies(header) else None


def look_alike(**overrides: Any) -> Dataset:
    """An image of another maker whose private elements have the same numbers under another creator."""
    given: dict[str, Any] = {"Modality": "MR", "Manufacturer": "ACME", "InPlanePhaseEncodingDirection": "COL"}
    dataset = instance(**(given | overrides))
    text = protocol({"sPat.lAccelFactPE": 2, "sKSpace.ucPhasePartialFourier": 4}).encode()
    for group, element, vr, value in (
        (0x0021, 0x1C, "IS", 1),
        (0x0021, 0x53, "FD", 20.0),
        (0x0021, 0x75, "CS", ["ORIGINAL", "PRIMARY"]),
        (0x0021, 0x19, "OB", text),
        (0x0021, 0x04, "DS", 3.5),
        (0x0019, 0x28, "FD", 20.0),
        (0x0019, 0x29, "FD", [0.0, 100.0]),
        (0x0029, 0x10, "OB", csa2(PhaseEncodingDirectionPositive="1", MosaicRefAcqTimes=("0", "100"))),
        (0x0029, 0x20, "OB", csa2(MrPhoenixProtocol=text.decode())),
    ):
        dataset.private_block(group, "ACME PRIVATE", create=True).add_new(element, vr, value)
    return dataset
