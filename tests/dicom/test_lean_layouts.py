"""Headers that are compared with those before give what the walk gives: on random series and on real ones."""

from __future__ import annotations

import io
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.dicom import lean, lean_layouts
from convkit.dicom.attributes import TagTable, table_of
from tests.builders import encoding as enc
from tests.builders import series, write
from tests.dicom.test_lean import BUNDLED, kept, nested, others, pixels, private_blocks

TABLE = table_of()


def walked(content: bytes, table: TagTable = TABLE) -> lean.Parsed | type[Exception]:
    try:
        return lean.parse(io.BytesIO(content), len(content), table)
    except lean.Declined as err:
        return type(err)


class Reader:
    """Reads one file after the other, as a process does that starts with nothing in mind."""

    def __init__(self, table: TagTable = TABLE) -> None:
        self._table = table
        lean_layouts._layouts_of.cache_clear()

    def read(self, content: bytes) -> lean.Parsed | type[Exception]:
        try:
            return lean_layouts.parse_alike(io.BytesIO(content), len(content), self._table)
        except lean.Declined as err:
            return type(err)

    @property
    def hits(self) -> int:
        return sum(layout.uses for layout in lean_layouts._layouts_of(self._table)._recent)


@st.composite
def alike(draw: st.DrawFn) -> list[bytes]:
    """Files of one make: most elements the same in all, some not, now and then one missing, added, cut or damaged."""
    explicit = draw(st.sampled_from([True, True, True, False]))
    some = st.one_of(kept(explicit), kept(explicit), others(explicit), nested(explicit))
    shared = dict(draw(st.lists(some, min_size=2, max_size=12)))
    if draw(st.booleans()):
        shared |= dict(draw(private_blocks(explicit)))
    own = draw(st.lists(st.sampled_from(sorted(shared)), max_size=3))
    files = []
    for _ in range(draw(st.integers(3, 9))):
        parts = dict(shared)
        for tag in own:
            same_tag = st.one_of(kept(explicit), others(explicit), nested(explicit)).map(lambda made: made[1])
            parts[tag] = parts[tag] if draw(st.integers(0, 3)) else draw(same_tag)
        if draw(st.integers(0, 5)) == 0:
            parts |= dict([draw(some)])
        if draw(st.integers(0, 5)) == 0:
            parts.pop(draw(st.sampled_from(sorted(parts))), None)
        if draw(st.integers(0, 5)) == 0:
            parts |= dict(draw(private_blocks(explicit)))
        body = b"".join(parts[tag] for tag in sorted(parts)) + draw(pixels(explicit))
        media_class = draw(st.sampled_from(["1.2.840.10008.5.1.4.1.1.4"] * 4 + [""]))
        whole = bytearray(enc.part10([body], enc.EXPLICIT if explicit else enc.IMPLICIT, media_class=media_class))
        if draw(st.integers(0, 7)) == 0:
            whole[draw(st.integers(132, len(whole) - 1))] ^= 1 << draw(st.integers(0, 7))
        files.append(bytes(whole[: draw(st.integers(132, len(whole)))] if draw(st.integers(0, 7)) == 0 else whole))
    return files


@settings(max_examples=800)
@given(contents=alike())
def test_what_is_compared_reads_as_what_is_walked(contents: list[bytes]) -> None:
    reader = Reader()
    assert [reader.read(content) for content in contents] == [walked(content) for content in contents]


def test_the_slices_of_a_series_are_compared(tmp_path: Path) -> None:
    reader = Reader()
    contents = [Path(path).read_bytes() for path in write(series(slices=40), tmp_path)]
    assert [reader.read(content) for content in contents] == [walked(content) for content in contents]
    assert reader.hits > 30


def test_series_that_lie_mingled_are_compared(tmp_path: Path) -> None:
    reader = Reader()
    parts = [
        [Path(p).read_bytes() for p in write(series(series=n, slices=30, modality=m), tmp_path / str(n))]
        for n, m in ((1, "CT"), (2, "MR"), (3, "CT"))
    ]
    contents = [content for row in zip(*parts, strict=True) for content in row]
    assert [reader.read(content) for content in contents] == [walked(content) for content in contents]
    assert reader.hits > 60


def test_values_that_the_files_share_are_held_once(tmp_path: Path) -> None:
    reader = Reader()
    paths = write(series(slices=10), tmp_path)
    found = [reader.read(Path(path).read_bytes()) for path in paths]
    assert all(isinstance(one, lean.Parsed) for one in found)
    place = TABLE.places["SeriesInstanceUID"]
    assert len({id(one.raw[place]) for one in found[-5:] if isinstance(one, lean.Parsed)}) == 1


def test_real_files_in_every_order_are_read_alike(data_folder: Path) -> None:
    paths = [*BUNDLED, *sorted(p for p in (data_folder / "decoding").rglob("*") if p.suffix not in {".json", ".md"})]
    contents = [path.read_bytes() for path in paths if path.is_file()]
    reader = Reader()
    for content in [one for one, _ in groupby(sorted([*contents, *contents], key=len))] * 2:
        assert reader.read(content) == walked(content)


@pytest.mark.parametrize("change", ["TransferSyntaxUID", "MediaStorageSOPClassUID"])
def test_what_decides_on_the_rest_is_never_passed_over(change: str, tmp_path: Path) -> None:
    reader = Reader()
    contents = [Path(path).read_bytes() for path in write(series(slices=12), tmp_path)]
    before = {"TransferSyntaxUID": b"1.2.840.10008.1.2.1\0", "MediaStorageSOPClassUID": b"1.2.840.10008.5.1.4.1.1.2\0"}
    after = {"TransferSyntaxUID": b"1.2.840.10008.1.2.2\0", "MediaStorageSOPClassUID": b"1.2.840.10008.5.1.4.1.1.4\0"}
    assert before[change] in contents[0]
    contents[6] = contents[6].replace(before[change], after[change], 1)
    assert [reader.read(content) for content in contents] == [walked(content) for content in contents]


def file_of(*elements: bytes) -> bytes:
    """A file of elements, some text that makes it a header like others, and pixels."""
    shared = [enc.element(0x00080060, "CS", b"MR"), enc.element(0x00080070, "LO", b"SIEMENS ")]
    return enc.part10([*shared, *elements, enc.element(0x7FE00010, "OW", bytes(8))])


def number(value: int) -> bytes:
    return enc.element(0x00200013, "IS", enc.even(str(value).encode()))


def owner(group: int, name: bytes) -> bytes:
    return enc.element(group << 16 | 0x10, "LO", enc.even(name))


def component(value: int, vr: str = "SS") -> bytes:
    return enc.element(0x0043102F, vr, value.to_bytes(2, "little"))


PRIVATE = {
    "values that differ": [file_of(number(n), owner(0x43, b"GEMS_PARM_01"), component(n)) for n in range(12)],
    "values of another kind": [
        file_of(number(n), owner(0x43, b"GEMS_PARM_01"), component(n, ("SS", "UN")[n % 2])) for n in range(12)
    ],
    "owners that differ": [
        file_of(number(n), owner(0x43, (b"GEMS_PARM_01", b"GEMS_PARM_02")[n // 3 % 2]), component(n)) for n in range(12)
    ],
    "an element behind all others": [
        file_of(number(n), owner(0x43, b"GEMS_PARM_01"), *([component(n)] if n % 4 == 3 else [])) for n in range(12)
    ],
    "long values whose place is kept": [
        file_of(
            number(n),
            owner(0x29, b"SIEMENS CSA HEADER"),
            enc.element(0x00291010, "OB", bytes([n]) * (20_000 + 2 * n)),
            enc.element(0x00291020, "OB", b"SV10" * (3 if n % 2 else 900)),
        )
        for n in range(12)
    ],
    "sequences of undefined length that differ": [
        file_of(
            enc.sequence(0x00081115, [enc.item(number(7))], undefined=True),
            enc.sequence(0x00081140, [enc.item(number(n) * n, undefined=True)], undefined=True),
            number(n),
        )
        for n in range(12)
    ],
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_what_others_own_is_told_apart(kind: str) -> None:
    reader = Reader()
    assert [reader.read(content) for content in PRIVATE[kind]] == [walked(content) for content in PRIVATE[kind]]
    assert reader.hits > 2 or kind == "owners that differ"


def test_after_many_files_that_are_like_none_it_still_learns() -> None:
    reader = Reader()
    strangers = [
        file_of(*(enc.element(0x00180000 | tag, "SH", b"x ") for tag in range(2, 40) if n >> tag % 8 & 1))
        for n in range(200)
    ]
    assert [reader.read(content) for content in strangers] == [walked(content) for content in strangers]
    for n in range(120):
        reader.read(file_of(number(n)))
    assert reader.hits > 50
