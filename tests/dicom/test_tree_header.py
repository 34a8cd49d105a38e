"""The header of a tree is that of the file that is written of it, in every encoding."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from convkit.dicom.attributes import table_of
from convkit.dicom.header import Header, Redaction, read_header
from convkit.dicom.tree import read_tree
from convkit.dicom.tree_header import header_of_tree
from convkit.dicom.unfold import unfold
from tests.builders import enhanced_mr, instance, write
from tests.dicom.test_tree import saved
from tests.quirks.siemens import v_line

TABLE = table_of(("PatientName", "StationName"))


def values(header: Header) -> dict[str, object]:
    return {a.keyword: header.plain(a.keyword) for a in TABLE.attributes if a.vr not in {"SQ", "OB"}}


@pytest.mark.parametrize(
    "syntax",
    [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian],
)
def test_a_header_says_what_that_of_the_file_says(syntax: str, tmp_path: Path) -> None:
    dataset = instance(PatientName="Müller^Ä", SpecificCharacterSet="ISO_IR 100", StationName="ST")
    path = str(saved(dataset, tmp_path / "x.dcm", syntax))
    found = header_of_tree(read_tree(path, before_pixels=True), TABLE)
    assert values(found) == values(read_header(path, TABLE))
    assert found.text("PatientName") == "Müller^Ä"


def test_long_values_are_held(tmp_path: Path) -> None:
    (path,) = write([v_line({"sKSpace.lBaseResolution": 64})], tmp_path)
    far = header_of_tree(read_tree(str(path)), TABLE).far("SiemensCSASeriesHeader")
    Path(path).unlink()
    assert far is not None
    assert b"sKSpace.lBaseResolution" in far.data


def test_functional_groups_are_unfolded_as_those_of_the_file(tmp_path: Path) -> None:
    (path,) = write([enhanced_mr()], tmp_path)
    told, own = unfold(header_of_tree(read_tree(str(path)), TABLE)), unfold(read_header(str(path), TABLE))
    assert told.frames == own.frames > 1
    assert [values(told.of_frame(n)) for n in range(own.frames)] == [values(own.of_frame(n)) for n in range(own.frames)]


def test_a_frame_of_an_object_that_its_copy_cannot_tell_apart_is_told_as_the_object(tmp_path: Path) -> None:
    (path,) = write([enhanced_mr()], tmp_path)
    own = unfold(read_header(str(path), TABLE))
    whole = header_of_tree(read_tree(str(path)), TABLE)
    frame = own._replace(redaction=Redaction(whole, "CODE")).of_frame(1)
    assert frame.redacted.text("SeriesDescription") == own.text("SeriesDescription")
    assert frame.redacted.unfolded is None


def test_a_measured_header_takes_the_elements_of_makers_alone_from_the_original(tmp_path: Path) -> None:
    (path,) = write([v_line({"sKSpace.lBaseResolution": 64}, SeriesDescription="Gentry")], tmp_path)
    own = read_header(str(path), TABLE)
    told = header_of_tree(read_tree(str(path), without_private=True), TABLE)
    raw = list(told.parsed.raw)
    raw[TABLE.places["SeriesDescription"]] = b"clean"
    told = told._replace(parsed=told.parsed._replace(raw=tuple(raw)))
    places = frozenset({TABLE.places["SiemensCSASeriesHeader"]})
    measured = own._replace(redaction=Redaction(told, "CODE", places)).measured
    far = measured.far("SiemensCSASeriesHeader")
    assert far is not None
    assert b"sKSpace" in far.data
    assert measured.text("SeriesDescription") == "clean"
