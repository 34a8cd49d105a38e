"""The protocol in Siemens headers: lines are found wherever it lies, and nothing is read from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import Dataset

from convkit.quirks._siemens_protocol import NONE, Protocol, has_protocol, protocol_of
from tests.builders.csa import csa2
from tests.quirks.siemens import (
    CSA,
    SDS,
    header_of,
    look_alike,
    private,
    protocol,
    v_line,
    xa_classic,
    xa_enhanced,
)

LINES = {"sPat.lAccelFactPE": 3, "tSequenceFileName": '""%SiemensSeq%\\ep2d_bold""'}


@pytest.mark.parametrize(
    "dataset",
    [v_line(LINES), xa_classic({}, LINES), xa_enhanced({}, {}, LINES)],
    ids=["V line", "XA classic", "XA enhanced"],
)
def test_protocol_is_found(dataset: Dataset, tmp_path: Path) -> None:
    found = protocol_of(header_of(dataset, tmp_path))
    assert found.integer("sPat.lAccelFactPE") == 3
    assert found.text("tSequenceFileName") == "%SiemensSeq%\\ep2d_bold"


def test_protocol_of_another_creator_is_none(tmp_path: Path) -> None:
    header = header_of(look_alike(), tmp_path)
    assert not has_protocol(header)
    assert protocol_of(header) == NONE


def test_protocol_is_found_in_a_renumbered_block(tmp_path: Path) -> None:
    dataset = xa_enhanced({("FILLER", 0x01): ("LO", "x")}, {}, LINES)
    block = dataset.SharedFunctionalGroupsSequence[0].private_block(0x0021, SDS)
    assert block.block_start == 0x1000
    assert protocol_of(header_of(dataset, tmp_path)).integer("lAccelFactPE") == 3


def test_later_form_of_the_protocol_counts(tmp_path: Path) -> None:
    older, newer = protocol({"lContrasts": 1}), protocol({"lContrasts": 2})
    dataset = private(v_line(), {(CSA, 0x20): ("OB", csa2(MrProtocol=older, MrPhoenixProtocol=newer))})
    assert protocol_of(header_of(dataset, tmp_path)).integer("lContrasts") == 2


def test_oldest_software_has_the_older_form_alone(tmp_path: Path) -> None:
    dataset = private(v_line(), {(CSA, 0x20): ("OB", csa2(MrProtocol=protocol({"lContrasts": 1})))})
    assert protocol_of(header_of(dataset, tmp_path)).integer("lContrasts") == 1


TEXT = Protocol(
    b"\nlInvContrasts = 2\nlContrasts\t = \t1 # comment\nucMode = 0x10\ndPhaseResolution = 7.5e-1\n"
    b'asList[0].sCoilElementID.tCoilID = ""Head_32""\nasList[1].sCoilElementID.tCoilID = ""Body""\n'
    b"alTE[0] = 5190\nalTE[1] = 7650\nalTE.__attribute__.size = 128\nsName = nothing"
)


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("lContrasts", 1.0),
        ("Contrasts", None),
        ("ucMode", 16.0),
        ("dPhaseResolution", 0.75),
        ("sName", None),
        ("lAbsent", None),
    ],
)
def test_number_of_a_line(key: str, number: float | None) -> None:
    assert TEXT.number(key) == number


def test_line_is_found_by_the_end_of_its_key_and_the_first_counts() -> None:
    assert TEXT.text("sCoilElementID.tCoilID") == "Head_32"


def test_indexed_lines() -> None:
    assert TEXT.indexed("alTE") == {0: 5190.0, 1: 7650.0}
    assert TEXT.indexed("alTI") == {}


def test_fraction_is_no_integer() -> None:
    assert TEXT.integer("dPhaseResolution") is None
