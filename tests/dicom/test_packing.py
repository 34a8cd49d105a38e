"""Headers as bytes: the same header comes back, for any table that asks for no more than was kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.dicom.attributes import display_table, table_of
from convkit.dicom.header import Header, read_header
from convkit.dicom.lean import Far, Parsed
from convkit.dicom.packing import MOST_BYTES, Unpacking, described, pack, reads
from tests.builders import enhanced_mr, instance, mosaic, presentation_state, rgb, write, write_as

TABLE = display_table(("PatientName",))
COUNT = len(TABLE.attributes)

UIDS = st.text("0123456789.", max_size=64)
FARS = st.builds(
    Far, st.integers(0, COUNT - 1), st.integers(0, 2**40), st.integers(0, 2**32), st.booleans(), st.binary(max_size=30)
)
HEADERS = st.builds(
    Parsed,
    UIDS,
    UIDS,
    st.dictionaries(st.integers(0, COUNT - 1), st.binary(max_size=40), max_size=30).map(
        lambda found: tuple(found.get(place) for place in range(COUNT))
    ),
    st.sampled_from(["", "PixelData", "FloatPixelData", "DoubleFloatPixelData"]),
    st.one_of(st.none(), st.integers(0, 2**40)),
    st.integers(-1, 2**40),
    st.lists(FARS, max_size=4).map(tuple),
)


@given(HEADERS)
def test_what_was_packed_comes_back(parsed: Parsed) -> None:
    packed = pack(parsed)
    assert packed is not None
    assert Unpacking(described(TABLE), TABLE).parsed(packed) == parsed


@given(HEADERS, st.integers(0, 10**6), st.integers(1, 255))
def test_a_damaged_byte_is_no_header(parsed: Parsed, place: int, change: int) -> None:
    packed = bytearray(pack(parsed) or b"")
    packed[place % len(packed)] ^= change
    with pytest.raises(ValueError, match="no packed header"):
        Unpacking(described(TABLE), TABLE).parsed(bytes(packed))


@given(HEADERS, st.integers(0, 400))
def test_cut_bytes_are_no_header(parsed: Parsed, place: int) -> None:
    packed = pack(parsed) or b""
    if place < len(packed):
        with pytest.raises(ValueError, match="no packed header"):
            Unpacking(described(TABLE), TABLE).parsed(packed[:place])


@pytest.mark.parametrize(
    "dataset",
    [
        instance(),
        instance(syntax="implicit"),
        instance(syntax="big"),
        mosaic(),
        enhanced_mr(),
        rgb(),
        presentation_state(),
    ],
)
def test_headers_of_files_come_back(dataset: object, tmp_path: Path) -> None:
    path = str(write_as(dataset, tmp_path / "x.dcm"))  # type: ignore[arg-type]
    header = read_header(path, TABLE)
    packed = pack(header.parsed)
    assert packed is not None
    assert Unpacking(described(TABLE), TABLE).parsed(packed) == header.parsed


@pytest.mark.parametrize("extra", [(), ("PatientName",)])
def test_a_smaller_table_gets_what_it_would_have_read(extra: tuple[str, ...], tmp_path: Path) -> None:
    (path,) = write([enhanced_mr()], tmp_path)
    table = table_of(extra)
    packed = pack(read_header(str(path), TABLE).parsed)
    assert packed is not None
    expected: Header = read_header(str(path), table)
    assert reads(described(TABLE), table)
    assert Unpacking(described(TABLE), table).parsed(packed) == expected.parsed


def test_a_table_that_asks_for_more_is_not_served() -> None:
    wanted = table_of(("PatientBirthDate",))
    assert not reads(described(TABLE), wanted)
    with pytest.raises(KeyError):
        Unpacking(described(TABLE), wanted)


def test_an_unusually_long_header_is_not_packed() -> None:
    raw = (b"x" * (MOST_BYTES + 1), *(None,) * (COUNT - 1))
    assert pack(Parsed("", "", raw, "", None, 0)) is None
