"""Headers of data sets in memory: they say what the header of the same data set in a file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import Dataset as PlainDataset

import tests.builders as build
from convkit.dicom.attributes import TagTable, display_table
from convkit.dicom.header import Header, read_header
from convkit.dicom.in_memory import WHERE, header_of
from convkit.dicom.sequences import items_of
from convkit.dicom.unfold import unfold
from convkit.errors import InputError, UsageError
from tests.builders import kinds, write
from tests.builders.syntaxes import set_syntax

OBJECTS: dict[str, dict[str, Any]] = {
    "CT": {},
    "MR": {"Modality": "MR"},
    "PET": {"Modality": "PT"},
    "padded": {"PixelPaddingValue": -2000},
    "windows": {"WindowCenter": [40, 300.5], "WindowWidth": [400, 2000], "WindowCenterWidthExplanation": ["A", "B"]},
    "numbers of every kind": {
        "DiffusionBValue": 1000.5,
        "AcquisitionMatrix": [0, 64, 64, 0],
        "NominalPercentageOfCardiacPhase": 12.5,
        "EchoTrainLength": 3,
        "TemporalPositionIndex": 70000,
    },
    "another character set": {"SpecificCharacterSet": "ISO_IR 192", "SeriesDescription": "Schädel Größe 頭"},
    "Latin": {"SpecificCharacterSet": "ISO_IR 100", "SeriesDescription": "Schädel"},
    "empty values": {"EchoTime": None, "SeriesDescription": "", "InstanceNumber": ""},
}


def table() -> TagTable:
    return display_table(("PatientName", "ReferencedSOPInstanceUID"))


def content_of(header: Header) -> dict[str, Any]:
    """All that a header says, without padding."""
    content: dict[str, Any] = {"syntax": header.transfer_syntax, "frames": header.frames}
    for attribute in header.table.attributes:
        keyword = attribute.keyword
        if not attribute.is_far:
            content[keyword] = (header.raw(keyword) or b"").strip(b" \0"), header.raw(keyword) is None
        elif header.has_far(keyword):
            value = header.far(keyword)
            content[keyword] = len(items_of(value)) if attribute.vr == "SQ" and value else value and value.data
    return content


@pytest.mark.parametrize("name", OBJECTS)
def test_a_data_set_says_what_its_file_says(name: str, tmp_path: Path) -> None:
    dataset = build.instance(**OBJECTS[name])
    (path,) = write([dataset], tmp_path)
    expected = content_of(read_header(str(path), table()))
    assert content_of(header_of(dataset, table())) == expected
    assert content_of(header_of(dcmread(path), table())) == expected
    assert content_of(header_of(dcmread(path, defer_size=8), table())) == expected


@pytest.mark.parametrize("syntax", ["implicit", "big", "deflated", "rle"])
def test_the_encoding_changes_nothing(syntax: str, tmp_path: Path) -> None:
    dataset = build.instance(
        pixels=np.zeros((32, 32), np.int16), PixelPaddingValue=-2000, ModalityLUTSequence=[table_item()]
    )
    set_syntax(dataset, syntax)
    (path,) = write([dataset], tmp_path)
    expected, found = (content_of(h) for h in (read_header(str(path), table()), header_of(dcmread(path), table())))
    if syntax == "deflated":
        del expected["syntax"], found["syntax"]  # what is in memory has been inflated
    assert found == expected


def table_item() -> Dataset:
    item = Dataset()
    item.LUTDescriptor, item.LUTData, item.ModalityLUTType = [2, 0, 16], bytes(4), "US"
    return item


def test_a_palette_is_held() -> None:
    header = header_of(kinds.palette(), table())
    value = header.far("RedPaletteColorLookupTableData")
    assert value is not None
    assert len(value.data) == 512


def test_private_values_are_found_by_their_creator(tmp_path: Path) -> None:
    dataset = build.instance(Manufacturer="GE MEDICAL SYSTEMS")
    block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x39, "IS", [1000, 8, 0, 0])
    (path,) = write([dataset], tmp_path)
    assert content_of(header_of(dataset, table())) == content_of(read_header(str(path), table()))


def test_an_empty_sequence_is_there_and_empty() -> None:
    header = header_of(build.instance(RadiopharmaceuticalInformationSequence=[]), table())
    assert header.has_far("RadiopharmaceuticalInformationSequence")
    assert items_of(header.far("RadiopharmaceuticalInformationSequence")) == []


def test_frames_of_an_enhanced_object_unfold(tmp_path: Path) -> None:
    dataset = kinds.enhanced_mr(4)
    (path,) = write([dataset], tmp_path)
    ours, theirs = unfold(header_of(dataset, table())), unfold(read_header(str(path), table()))
    assert ours.frames == theirs.frames == 4
    assert [ours.of_frame(n).numbers("ImagePositionPatient") for n in range(4)] == [
        theirs.of_frame(n).numbers("ImagePositionPatient") for n in range(4)
    ]


def test_sequences_of_the_caller_are_left_alone() -> None:
    dataset = build.instance(ModalityLUTSequence=[table_item()])
    vr = dataset.ModalityLUTSequence[0]["LUTDescriptor"].VR
    header_of(dataset, table())
    assert dataset.ModalityLUTSequence[0]["LUTDescriptor"].VR == vr == "US or SS"


def test_what_is_not_asked_for_is_not_looked_at() -> None:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [2, 0, 16], [1, 2]  # which pydicom cannot write
    dataset = build.instance(ModalityLUTSequence=[item])
    with pytest.raises(InputError) as raised:
        header_of(dataset, table())
    assert raised.value.code == "input.broken-header"
    header = header_of(dataset, table(), only=("Rows",))
    assert (header.integer("Rows"), header.integer("Columns")) == (6, None)


def test_the_pixels_are_held_and_the_path_is_a_word() -> None:
    header = header_of(build.instance(), table())
    assert header.path == WHERE
    assert header.held is not None
    assert len(header.held.value) == header.size == 84


def test_a_data_set_without_pixels_holds_none() -> None:
    header = header_of(PlainDataset(), table())
    assert header.held is None
    assert header.parsed.pixel_keyword == ""


def test_what_is_no_data_set_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="not dict"):
        header_of({}, table())
