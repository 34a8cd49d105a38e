"""What a column shows: keywords, private elements by their creator, paths into sequences; and all there is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.errors import InvalidDicomError
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from convkit.dicom._quiet import quiet_pydicom
from convkit.dicom.attributes import table_of
from convkit.dicom.columns import shown, split
from convkit.dicom.every_element import every_element
from convkit.dicom.header import read_header
from convkit.errors import ConvkitError, UsageError
from convkit.model.table import Kind
from tests.builders import instance, write_as

CREATOR = "ACME 1.1"


def told(dataset: Dataset, column: str, folder: Path) -> tuple[Any, list[str]]:
    """The cell of a column for a file of this data set, and what did not fit."""
    path = write_as(dataset, folder / "x.dcm")
    one = shown(column)
    unfitting: list[str] = []
    return one.cell(read_header(str(path), table_of((one.keyword,))), unfitting), unfitting


def with_block(group: int = 0x0019, creator: str = CREATOR, **elements: tuple[str, Any]) -> Dataset:
    dataset = instance()
    block = dataset.private_block(group, creator, create=True)
    for name, (vr, value) in elements.items():
        block.add_new(int(name[1:], 16), vr, value)
    return dataset


def with_dose(*doses: Any) -> Dataset:
    items = []
    for dose in doses:
        item = Dataset()
        if dose is not None:
            item.RadionuclideTotalDose = dose
        code = Dataset()
        code.CodeValue = "C-111A1"
        item.RadionuclideCodeSequence = [code]
        items.append(item)
    return instance(Modality="PT", RadiopharmaceuticalInformationSequence=items)


# --- keywords --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "kind", "is_list"),
    [
        ("StudyDate", Kind.DATE, False),
        ("KVP", Kind.NUMBER, False),
        ("InstanceNumber", Kind.INTEGER, False),
        ("PixelSpacing", Kind.NUMBER, True),
        ("ImageType", Kind.TEXT, True),
        ("PatientComments", Kind.TEXT, False),
        ("SmallestImagePixelValue", Kind.INTEGER, False),
    ],
)
def test_type_is_that_of_the_standard(column: str, kind: Kind, is_list: bool) -> None:
    assert (shown(column).column.kind, shown(column).column.is_list) == (kind, is_list)


def test_values_are_typed(tmp_path: Path) -> None:
    assert told(instance(StudyDate="20200102"), "StudyDate", tmp_path) == (date(2020, 1, 2), [])
    assert told(instance(PixelSpacing=[0.5, 0.25]), "PixelSpacing", tmp_path) == ([0.5, 0.25], [])


def test_a_value_that_does_not_fit_is_told(tmp_path: Path) -> None:
    assert told(instance(PatientBirthDate="19991332"), "PatientBirthDate", tmp_path) == (
        None,
        ["PatientBirthDate=19991332"],
    )


@pytest.mark.parametrize(("sign", "value"), [(0, 65535), (1, -1)])
def test_pixel_representation_tells_the_sign(sign: int, value: int, tmp_path: Path) -> None:
    dataset = instance(PixelRepresentation=sign)
    dataset.add_new("PixelPaddingValue", "SS" if sign else "US", value)
    assert told(dataset, "PixelPaddingValue", tmp_path) == (value, [])


@pytest.mark.parametrize("column", ["Kvp", "KVPX", "", "PixelData", "ReferencedImageSequence", "(0018,0060)x"])
def test_unknown_column_is_a_usage_error(column: str) -> None:
    with pytest.raises(UsageError):
        shown(column)


# --- private elements ------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", [0x0019, 0x0029])
@pytest.mark.parametrize("others", [0, 2])
def test_private_element_is_found_in_whichever_block_its_creator_has(others: int, group: int, tmp_path: Path) -> None:
    dataset = instance()
    for number in range(others):
        dataset.private_block(group, f"OTHER {number}", create=True).add_new(0x0C, "DS", "9")
    dataset.private_block(group, CREATOR, create=True).add_new(0x0C, "DS", "1.5")
    assert told(dataset, f'({group:04X},"{CREATOR}",0C):DS', tmp_path) == ([1.5], [])


def test_private_element_of_another_creator_is_not_taken(tmp_path: Path) -> None:
    dataset = with_block(creator="SOMEBODY", x0C=("DS", "1.5"))
    assert told(dataset, f'(0019,"{CREATOR}",0C):DS', tmp_path) == (None, [])


def test_known_private_element_needs_no_representation(tmp_path: Path) -> None:
    dataset = with_block(creator="SIEMENS MR HEADER", x0C=("IS", "1000"))
    assert told(dataset, '(0019,"SIEMENS MR HEADER",0C)', tmp_path) == ([1000], [])
    assert told(dataset, "SiemensBValue", tmp_path) == ([1000], [])


def test_unknown_private_element_needs_its_representation() -> None:
    with pytest.raises(UsageError, match=":DS"):
        shown(f'(0019,"{CREATOR}",0C)')


@pytest.mark.parametrize("column", ['(0018,"X",0C):DS', '(0019,"X",0C):SQ', '(0019,"X",0C):ZZ', '(0019,"X",xx)'])
def test_wrong_private_column_is_a_usage_error(column: str) -> None:
    with pytest.raises(UsageError):
        shown(column)


def test_columns_are_split_outside_of_quotes() -> None:
    text = 'KVP, (0019,"SIEMENS MR HEADER",0C),A/B,(0019,"X, (y)",0C):DS,,StudyDate'
    assert split(text) == ("KVP", '(0019,"SIEMENS MR HEADER",0C)', "A/B", '(0019,"X, (y)",0C):DS', "StudyDate")


# --- paths into sequences --------------------------------------------------------------------------------

DOSE = "RadiopharmaceuticalInformationSequence/RadionuclideTotalDose"


@pytest.mark.parametrize(
    ("doses", "value"), [((), None), ((370000000,), [3.7e8]), ((1, 2), [1.0, 2.0]), ((1, None, 3), [1.0, 3.0])]
)
def test_a_path_gives_the_values_of_all_items(doses: tuple[Any, ...], value: Any, tmp_path: Path) -> None:
    assert told(with_dose(*doses), DOSE, tmp_path) == (value, [])


def test_a_path_goes_as_deep_as_it_says(tmp_path: Path) -> None:
    column = "RadiopharmaceuticalInformationSequence/RadionuclideCodeSequence/CodeValue"
    assert told(with_dose(1, 2), column, tmp_path) == (["C-111A1", "C-111A1"], [])


def test_a_sequence_that_is_no_core_attribute_is_read(tmp_path: Path) -> None:
    item = Dataset()
    item.CodeMeaning = "Head"
    dataset = instance(AnatomicRegionSequence=[item])
    assert told(dataset, "AnatomicRegionSequence/CodeMeaning", tmp_path) == (["Head"], [])
    assert told(instance(), "AnatomicRegionSequence/CodeMeaning", tmp_path) == (None, [])


@pytest.mark.parametrize("column", ["KVP/CodeMeaning", "AnatomicRegionSequence/Nothing", "X/CodeMeaning", "A/"])
def test_wrong_path_is_a_usage_error(column: str) -> None:
    with pytest.raises(UsageError):
        shown(column)


# --- all elements ----------------------------------------------------------------------------------------


def all_of(dataset: Dataset, folder: Path) -> dict[str, Any]:
    path = write_as(dataset, folder / "all.dcm")
    return {one.column.name: one.cell for one in every_element(str(path))}


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_every_element_is_told_in_any_syntax(syntax: str, tmp_path: Path) -> None:
    found = all_of(instance(syntax=syntax, StudyDate="20200102", ImageType=["ORIGINAL", "PRIMARY"]), tmp_path)
    assert found["StudyDate"] == date(2020, 1, 2)
    assert found["ImageType"] == ["ORIGINAL", "PRIMARY"]
    assert found["Rows"] == 6
    assert found["PixelSpacing"] == [0.8, 0.7]
    assert not {"PixelData", "TransferSyntaxUID"} & found.keys()


@pytest.mark.parametrize(("preamble", "meta"), [(True, False), (False, True), (False, False)])
def test_every_element_of_a_file_without_preamble_or_meta(preamble: bool, meta: bool, tmp_path: Path) -> None:
    found = all_of(instance(preamble=preamble, meta=meta, syntax="implicit"), tmp_path)
    assert (found["Rows"], found["PixelSpacing"]) == (6, [0.8, 0.7])


def test_private_elements_are_told_with_their_creator(tmp_path: Path) -> None:
    found = all_of(with_block(x0C=("DS", ["1.5", "2"]), x0D=("OB", b"bulk"), x0E=("LO", "text")), tmp_path)
    assert found[f'(0019,"{CREATOR}",0C)'] == [1.5, 2.0]
    assert found[f'(0019,"{CREATOR}",0E)'] == ["text"]
    assert f'(0019,"{CREATOR}",0D)' not in found


def test_a_value_too_long_for_a_cell_is_told(tmp_path: Path) -> None:
    path = write_as(instance(PatientComments="x" * 9000), tmp_path / "x.dcm")
    assert [one.unfitting for one in every_element(str(path)) if one.unfitting] == ["PatientComments=<too long>"]


# --- real files, held against pydicom --------------------------------------------------------------------


def plain(value: Any) -> list[Any]:
    """A value of pydicom as a list of texts and numbers."""
    parts = list(value) if isinstance(value, (list, MultiValue)) else [value]
    return [part for part in map(_plain, parts) if part not in {"", None}]


def _plain(part: Any) -> Any:
    if isinstance(part, BaseTag):
        return f"({part.group:04X},{part.element:04X})"
    if isinstance(part, (int, float)) and not isinstance(part, bool):
        return float(part)
    return str(part).strip(" \0") if part is not None else None


def ours(one: Any) -> list[Any]:
    """A cell of ours in the same form."""
    parts = one if isinstance(one, list) else [one]
    told = [part.strftime("%Y%m%d") if isinstance(part, date) else part for part in parts if part not in {None, ""}]
    return [float(part) if isinstance(part, (int, float)) else part for part in told]


def test_cells_of_real_files_are_what_pydicom_reads(data_folder: Path) -> None:
    compared = 0
    for path in sorted(p for p in data_folder.rglob("*") if p.is_file())[::3]:
        try:
            cells = list(every_element(str(path)))
            with quiet_pydicom():
                dataset = dcmread(path, force=True, stop_before_pixels=True)
        except (ConvkitError, InvalidDicomError):
            continue
        for column, cell, _ in cells:
            if cell is None or column.kind is Kind.TIME or column.name.startswith("(") or column.name not in dataset:
                continue
            with quiet_pydicom():
                expected = plain(dataset[column.name].value)
            if column.kind is Kind.DATE:
                expected = [part.replace(".", "") for part in expected]  # of ACR-NEMA
            if expected != ours(cell) and not any("\N{REPLACEMENT CHARACTER}" in str(part) for part in ours(cell)):
                assert [str(part).rstrip() for part in expected] == [str(p).rstrip() for p in ours(cell)], (
                    path,
                    column,
                )
            compared += 1
    assert compared > 1000
