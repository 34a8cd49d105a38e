"""The reader that remembers groups says what a plain one says, whatever it has seen before."""

from __future__ import annotations

import random
from struct import pack, unpack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.dicom.attributes import table_of
from convkit.dicom.functional_groups import GroupReader, Groups
from convkit.dicom.sequences import FarValue
from convkit.errors import InputError
from tests.builders import encoding as enc

TABLE = table_of()

POSITION, ORIENTATION, MEASURES, ECHO, CONTENT, DIFFUSION, DIRECTION = (
    0x00209113,
    0x00209116,
    0x00289110,
    0x00189114,
    0x00209111,
    0x00189117,
    0x00189076,
)
UNWANTED = 0x00409999

Frame = dict[int, list[tuple[int, str, bytes]]]
"""Functional group to the elements of its item."""

decimals = st.sampled_from([b"1", b"-20.5 ", b"1.25\\-3.5\\100", b"0\\0\\12.125 ", b"7", b"-7", b""]).map(enc.even)
doubles = st.sampled_from([0.0, 7.5, 30.25, 1e-3]).map(lambda x: pack("<d", x))


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """A frame whose groups may be there or not, with values of few kinds, so that many repeat and lengths vary."""
    found: Frame = {}
    if draw(st.booleans()):
        found[POSITION] = [(0x00200032, "DS", draw(decimals))]
    if draw(st.booleans()):
        found[ORIENTATION] = [(0x00200037, "DS", draw(decimals))]
    if draw(st.booleans()):
        found[MEASURES] = [(0x00180050, "DS", draw(decimals)), (0x00280030, "DS", draw(decimals))]
    if draw(st.booleans()):
        found[ECHO] = [(0x00189082, "FD", draw(doubles))]
    if draw(st.booleans()):
        found[DIFFUSION] = [(0x00189087, "FD", draw(doubles))]
    if draw(st.booleans()):
        found[UNWANTED] = [(0x00080060, "CS", draw(st.sampled_from([b"MR", b"CT"])))]
    if draw(st.booleans()):
        # Not read (no keyword of the table): lengths change what follows, values change nothing.
        found[CONTENT] = [
            (0x00209056, "SH", draw(decimals)),
            (0x00209128, "UL", draw(st.binary(min_size=4, max_size=4))),
        ]
    return found


def item_of(frame: Frame, *, explicit: bool, lengths: random.Random) -> bytes:
    def chance() -> bool:
        return lengths.random() < 0.3

    parts = []
    for tag in sorted(frame):
        content = b"".join(enc.element(t, vr, value, explicit=explicit) for t, vr, value in frame[tag])
        inner = enc.item(content, undefined=chance())
        parts.append(enc.sequence(tag, [inner], explicit=explicit, undefined=chance()))
    return enc.item(b"".join(parts), undefined=chance())


def expected(frame: Frame) -> dict[str, bytes]:
    """Keyword to raw value, by hand: Effective Echo Time stands as text where Echo Time does."""
    found = {}
    for group, elements in frame.items():
        if group in {UNWANTED, CONTENT}:
            continue
        for tag, _, value in elements:
            if tag == 0x00189082:
                (number,) = unpack("<d", value)
                found["EchoTime"] = repr(number).removesuffix(".0").encode()
            else:
                found[next(a.keyword for a in TABLE.attributes if a.tag == tag and not a.creator)] = value
    return found


def said(groups: Groups) -> dict[str, bytes]:
    ignored = {"TemporalPositionIdentifier", "StackID"}
    named = {TABLE.attributes[p].keyword: v for p, v in groups.standard.items() if p < len(TABLE.attributes)}
    return {k: v for k, v in named.items() if k not in ignored}


@settings(max_examples=300)
@given(content=st.lists(frames(), min_size=1, max_size=12), explicit=st.booleans(), seed=st.integers(0, 9))
def test_what_was_seen_before_changes_no_frame(content: list[Frame], explicit: bool, seed: int) -> None:
    lengths = random.Random(seed)
    data = b"".join(item_of(frame, explicit=explicit, lengths=lengths) for frame in content)
    found = GroupReader(TABLE).read(FarValue(data, explicit))
    assert [said(g) for g in found] == [expected(frame) for frame in content]


SHARED = GroupReader(TABLE)
"""One reader for all examples, as a run has one for all files."""


@settings(max_examples=300)
@given(content=st.lists(frames(), min_size=1, max_size=6), explicit=st.booleans(), seed=st.integers(0, 9))
def test_what_was_seen_in_other_files_changes_no_frame(content: list[Frame], explicit: bool, seed: int) -> None:
    lengths = random.Random(seed)
    data = b"".join(item_of(frame, explicit=explicit, lengths=lengths) for frame in content)
    assert [said(g) for g in SHARED.read(FarValue(data, explicit))] == [expected(frame) for frame in content]


def outcome(reader: GroupReader, data: bytes, *, explicit: bool) -> Any:
    try:
        return [(said(g), g.private) for g in reader.read(FarValue(data, explicit))]
    except InputError as err:
        return err.code


@settings(max_examples=400)
@given(
    content=st.lists(frames(), min_size=2, max_size=6),
    explicit=st.booleans(),
    seed=st.integers(0, 9),
    place=st.floats(0, 1),
    change=st.integers(0, 255),
)
def test_broken_bytes_are_judged_alike_by_a_reader_that_has_seen_the_whole(
    content: list[Frame], explicit: bool, seed: int, place: float, change: int
) -> None:
    lengths = random.Random(seed)
    data = bytearray(b"".join(item_of(frame, explicit=explicit, lengths=lengths) for frame in content))
    reader = GroupReader(TABLE)
    reader.read(FarValue(bytes(data), explicit))
    data[min(int(place * len(data)), len(data) - 1)] = change
    assert outcome(reader, bytes(data), explicit=explicit) == outcome(
        GroupReader(TABLE), bytes(data), explicit=explicit
    )


@pytest.mark.parametrize("explicit", [False, True])
def test_absent_groups_are_no_frames(explicit: bool) -> None:
    assert GroupReader(TABLE).read(None) == []
    assert GroupReader(TABLE).read(FarValue(b"", explicit)) == []


OWNER, STRANGER = b"Philips MR Imaging DD 005 ", b"SOMEBODY ELSE "
PHILIPS = enc.sequence(
    0x2005140F,
    [
        enc.item(
            enc.element(0x00180081, "DS", b"99")
            + enc.element(0x20050010, "LO", enc.even(b"Philips MR Imaging DD 001"))
            + enc.element(0x2005100E, "FL", pack("<f", 0.25))
        )
    ],
)


def owned_by(creator: bytes, block: int = 0x14) -> bytes:
    return enc.item((enc.element(0x20050000 | block, "LO", creator) if creator else b"") + PHILIPS)


@pytest.mark.parametrize(
    ("item", "is_read"),
    [
        (owned_by(OWNER), True),
        (owned_by(STRANGER), False),
        (owned_by(b""), False),
        (owned_by(OWNER, block=0x15), False),
    ],
    ids=["owner", "stranger", "nobody", "owner of another block"],
)
def test_private_group_is_read_for_its_owner_alone(item: bytes, is_read: bool) -> None:
    """Also where the same bytes were read before, for their owner."""
    reader = GroupReader(TABLE)
    groups = reader.read(FarValue(owned_by(OWNER) + item, is_explicit=True))
    named = {TABLE.attributes[place].keyword for place in groups[1].private}
    assert named == ({"EchoTime", "PhilipsScaleSlope"} if is_read else set())
