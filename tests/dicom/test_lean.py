"""The lean header reader declines, or gives the answer of pydicom: on random headers and on all files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from struct import pack
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convkit.dicom import full, lean
from convkit.dicom.attributes import CORE, TagTable, table_of
from convkit.dicom.header import FarValue
from convkit.dicom.sequences import Item, items_of
from convkit.errors import InputError
from tests.builders import encoding as enc
from tests.builders import instance, write
from tests.builders.kinds import enhanced_mr, structured_report

TABLE = table_of()


def read_lean(path: str | Path, table: TagTable = TABLE) -> lean.Parsed | None:
    """The lean answer; None where it declines."""
    with io.FileIO(str(path)) as file:
        try:
            return lean.parse(file, Path(path).stat().st_size, table)
        except lean.Declined:
            return None


def read_full(path: str | Path, table: TagTable = TABLE) -> lean.Parsed | None:
    """The full answer; None where pydicom cannot read the file."""
    try:
        return full.parse(str(path), table)
    except (InputError, OSError):
        return None


def unpadded(keyword: str, raw: bytes | None) -> object:
    """A raw value as compared: pydicom decodes the character set while it reads and loses its padding."""
    if keyword != "SpecificCharacterSet" or raw is None:
        return raw
    return [part.strip(b" \0") for part in raw.split(b"\\")]


def differences(one: lean.Parsed, other: lean.Parsed, table: TagTable = TABLE) -> list[str]:
    """What two answers do not agree on, by keyword."""
    names = [a.keyword for a in table.attributes]
    pairs = zip(names, one.raw, other.raw, strict=False)
    found = [f"{n}: {a!r} != {b!r}" for n, a, b in pairs if unpadded(n, a) != unpadded(n, b)]
    fields = ("transfer_syntax", "media_class", "pixel_keyword", "pixel_offset", "pixel_length")
    return found + [
        f"{f}: {getattr(one, f)} != {getattr(other, f)}" for f in fields if getattr(one, f) != getattr(other, f)
    ]


def far_differences(path: str | Path, one: lean.Parsed, other: lean.Parsed, table: TagTable = TABLE) -> list[str]:
    """What two answers do not agree on among the values of which only the place is kept."""
    said = [{table.attributes[f.place].keyword: far_value(path, f) for f in p.far} for p in (one, other)]
    one_sided = said[0].keys() ^ said[1].keys()
    return [*one_sided, *(k for k in said[0].keys() & said[1].keys() if not is_same_far(said[0][k], said[1][k]))]


def far_value(path: str | Path, far: lean.Far) -> FarValue:
    return FarValue(far.held or Path(path).read_bytes()[far.offset : far.offset + far.length], far.is_explicit)


def is_same_far(one: FarValue, other: FarValue) -> bool:
    """True for the same bytes, or where pydicom has read a sequence and it was written anew: the same elements."""
    if one == other:
        return True
    try:
        return tags_of(items_of(one)) == tags_of(items_of(other))
    except InputError:
        return False


def tags_of(items: list[Item]) -> list[set[int]]:
    """Tags of the elements of each item, group lengths apart, which pydicom does not write."""
    return [{e.tag for e in item.elements() if e.tag & 0xFFFF} for item in items]


def assert_same(path: str | Path, table: TagTable = TABLE) -> bool:
    """Lean declines (False) or agrees with pydicom (True)."""
    quick = read_lean(path, table)
    if quick is None:
        return False
    thorough = read_full(path, table)
    assert thorough is not None, "lean answers where pydicom cannot"
    assert differences(quick, thorough, table) == []
    assert far_differences(path, quick, thorough, table) == []
    return True


# --- random headers --------------------------------------------------------------------------------------

WORDS = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 4}
TEXT_VRS = (
    "AE",
    "AS",
    "CS",
    "DA",
    "DS",
    "DT",
    "IS",
    "LO",
    "LT",
    "PN",
    "SH",
    "ST",
    "TM",
    "UI",
    "UC",
    "UR",
    "UT",
)
OTHER_VRS = (*TEXT_VRS, *WORDS, "OB", "OW", "OF", "OD", "OL", "UN")
PADS = (b" ", b"\0", b"")
CHARSETS = (
    b"ISO_IR 100",
    b"ISO_IR 192",
    b"\\ISO 2022 IR 87",
    b"",
    b"ISO 2022 IR 6\\ISO 2022 IR 100",
    b"nonsense",
)
CREATORS = (b"GEMS_PARM_01", b"GEMS_PARM_01 ", b"SIEMENS CSA HEADER", b"gems_parm_01", b"")
KEPT = [a for a in CORE if not a.creator]

text_bytes = st.text("0123456789.-+eE \\^ABCxyz", max_size=40).map(str.encode)
high_bytes = st.binary(max_size=24)
long_sizes = st.sampled_from([15_000, 16_383, 16_384, 40_000, 70_001, 70_002])


@st.composite
def values(draw: st.DrawFn, vr: str) -> bytes:
    """Raw bytes that fit a representation, mostly."""
    if vr in WORDS:
        return draw(st.binary(max_size=4)) * WORDS[vr]
    content = draw(st.one_of(text_bytes, text_bytes, high_bytes))
    return content + (draw(st.sampled_from(PADS)) if len(content) % 2 else b"")


@st.composite
def kept(draw: st.DrawFn, explicit: bool) -> tuple[int, bytes]:
    """An attribute of the table, now and then with another representation than its own."""
    attribute = draw(st.sampled_from(KEPT))
    vr = draw(st.sampled_from([attribute.vr] * 8 + ["UN", "LO", "SH", "CS", "US", "SS", "DS", "OB"]))
    if attribute.vr == "SQ" and vr == "SQ":
        return attribute.tag, draw(sequences(attribute.tag, explicit, depth=1))
    return attribute.tag, enc.element(attribute.tag, vr, draw(values(vr)), explicit=explicit)


@st.composite
def others(draw: st.DrawFn, explicit: bool) -> tuple[int, bytes]:
    """An element that is not in the table: standard or private, short or longer than the window."""
    group = draw(st.sampled_from([0x0008, 0x0010, 0x0018, 0x0020, 0x0028, 0x0029, 0x0040, 0x0051, 0x2001]))
    tag = group << 16 | draw(st.integers(0x0200, 0xFFF0))
    vr = draw(st.sampled_from(OTHER_VRS))
    value = draw(values(vr))
    if draw(st.integers(0, 5)) == 0 and vr in enc.LONG_VRS:
        value = bytes(draw(long_sizes))
    return tag, enc.element(tag, vr, value, explicit=explicit)


@st.composite
def sequences(draw: st.DrawFn, tag: int, explicit: bool, depth: int) -> bytes:
    """A sequence of defined or undefined length, items of either kind, nested up to three levels."""
    vr = draw(st.sampled_from(["SQ", "SQ", "SQ", "UN"]))
    undefined = draw(st.booleans())
    inner = explicit and vr == "SQ"  # PS3.5 6.2.2: a sequence sent as UN is implicit inside
    items = []
    for _ in range(draw(st.integers(0, 2))):
        content = [part for _, part in draw(st.lists(st.one_of(kept_flat(inner), others(inner)), max_size=3))]
        if depth < 3 and draw(st.booleans()):
            content.append(draw(sequences(0x00409096, inner, depth + 1)))
        items.append(enc.item(b"".join(content), undefined=draw(st.booleans())))
    return enc.sequence(tag, items, explicit=explicit, undefined=undefined, vr=vr)


@st.composite
def kept_flat(draw: st.DrawFn, explicit: bool) -> tuple[int, bytes]:
    """An attribute of the table inside an item, where it must not be taken for one of the data set."""
    attribute = draw(st.sampled_from([a for a in KEPT if a.vr != "SQ"]))
    return attribute.tag, enc.element(attribute.tag, attribute.vr, draw(values(attribute.vr)), explicit=explicit)


@st.composite
def nested(draw: st.DrawFn, explicit: bool) -> tuple[int, bytes]:
    tag = draw(st.sampled_from([0x00081115, 0x00081140, 0x00189346, 0x00400275, 0x0029_1020]))
    return tag, draw(sequences(tag, explicit, 1))


@st.composite
def private_blocks(draw: st.DrawFn, explicit: bool) -> list[tuple[int, bytes]]:
    """Groups 0029 and 0043 with a right, a wrong, or no creator, the first with a value of which the place is kept."""
    found = []
    for group in (0x00290000, 0x00430000):
        if draw(st.booleans()):
            creator = enc.even(draw(st.sampled_from(CREATORS)))
            found.append((group | 0x10, enc.element(group | 0x10, "LO", creator, explicit=explicit)))
    vr = draw(st.sampled_from(["OB", "OB", "UN", "LO"]))
    value = draw(st.sampled_from([b"", b"SV10", bytes(40_000 if vr != "LO" else 40)]))
    found.append((0x00291010, enc.element(0x00291010, vr, value, explicit=explicit)))
    vr = draw(st.sampled_from(["SS", "SS", "US", "UN", "LO"]))
    value = draw(st.sampled_from([pack("<h", 1), pack("<4h", 3, 0, 0, 0), b"", b"3 "]))
    return [*found, (0x0043102F, enc.element(0x0043102F, vr, value, explicit=explicit))]


@st.composite
def pixels(draw: st.DrawFn, explicit: bool) -> bytes:
    kind = draw(st.sampled_from(["none", "native", "native", "float", "encapsulated"]))
    if kind == "none":
        return b""
    if kind == "encapsulated" and explicit:
        return enc.encapsulated([draw(st.binary(max_size=6))])
    tag, vr = (0x7FE00008, "OF") if kind == "float" else (0x7FE00010, "OW")
    return enc.element(tag, vr, bytes(4 * draw(st.integers(0, 6))), explicit=explicit)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A whole file: kept and other elements in order, then pixels, then perhaps bytes that do not belong."""
    explicit = draw(st.booleans())
    some = st.one_of(kept(explicit), kept(explicit), others(explicit), nested(explicit))
    parts = dict(draw(st.lists(some, max_size=12)))
    if draw(st.booleans()):
        charset = enc.even(draw(st.sampled_from(CHARSETS)))
        parts[0x00080005] = enc.element(0x00080005, "CS", charset, explicit=explicit)
    if draw(st.booleans()):
        parts |= dict(draw(private_blocks(explicit)))
    body = b"".join(parts[tag] for tag in sorted(parts)) + draw(pixels(explicit))
    body += draw(st.sampled_from([b"", b"", b"", bytes(1), bytes(4), bytes(8), bytes(20), b"\xff\xfe\x01"]))
    syntax = enc.EXPLICIT if explicit else enc.IMPLICIT
    return enc.part10([body], syntax, media_class=draw(st.sampled_from(["", "1.2.840.10008.5.1.4.1.1.4"])))


@settings(max_examples=600)
@given(content=files())
def test_lean_declines_or_agrees_on_random_headers(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "random.dcm"
    path.write_bytes(content)
    assert_same(path)


@settings(max_examples=300)
@given(content=files(), data=st.data())
def test_lean_declines_or_agrees_on_headers_that_are_cut(
    content: bytes, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A cut that falls between two elements cannot be seen by either reader."""
    path = tmp_path_factory.getbasetemp() / "cut.dcm"
    path.write_bytes(content[: data.draw(st.integers(132, len(content)))])
    quick, thorough = read_lean(path), read_full(path)
    if quick is not None and thorough is not None:
        assert differences(quick, thorough) == [], path.read_bytes()[132:]


# --- real files ------------------------------------------------------------------------------------------


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def _bundled() -> Iterator[Path]:
    for folder in (_package("pydicom") / "data", _package("nibabel") / "nicom" / "tests" / "data"):
        yield from sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in {".py", ".pyc", ".gz"})


BUNDLED = list(_bundled())


@pytest.mark.parametrize("path", BUNDLED, ids=lambda p: p.name)
def test_lean_declines_or_agrees_on_a_bundled_file(path: Path) -> None:
    assert_same(path)


def test_lean_answers_for_most_bundled_files() -> None:
    readable = [p for p in BUNDLED if read_full(p) is not None]
    quick = [p for p in readable if read_lean(p) is not None]
    assert len(readable) > 100
    assert len(quick) > 0.75 * len(readable)


def test_lean_declines_or_agrees_on_the_decoding_data(data_folder: Path) -> None:
    folder = data_folder / "decoding"
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}")
    found = sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix not in {".json", ".md"})
    wrong = {}
    for path in found:
        quick, thorough = read_lean(path), read_full(path)
        if quick is not None and (thorough is None or differences(quick, thorough)):
            wrong[path.name] = differences(quick, thorough) if thorough else "pydicom cannot read it"
    assert wrong == {}


def test_extra_keywords_are_read_alike(tmp_path: Path) -> None:
    table = table_of(("PatientName", "WindowCenter", "ReferencedImageSequence"))
    dataset = instance(WindowCenter=[40, 400], ReferencedImageSequence=[])
    path = write([dataset], tmp_path)[0]
    assert assert_same(path, table)
    parsed = read_lean(path, table)
    assert parsed is not None
    assert parsed.raw[table.places["WindowCenter"]] == b"40.0\\400.0"
    assert parsed.raw[table.places["ReferencedImageSequence"]] == b""


# --- single cases ----------------------------------------------------------------------------------------


def _write(path: Path, *elements: bytes, **options: Any) -> Path:
    """A file of these elements and eight bytes of pixels."""
    explicit = options.get("syntax") != enc.IMPLICIT
    path.write_bytes(enc.part10([*elements, enc.element(0x7FE00010, "OW", bytes(8), explicit=explicit)], **options))
    return path


def value_of(path: Path, keyword: str, table: TagTable = TABLE) -> bytes | None:
    parsed = read_lean(path, table)
    assert parsed is not None, "declined"
    return parsed.raw[table.places[keyword]]


@pytest.mark.parametrize("syntax", [enc.EXPLICIT, enc.IMPLICIT])
@pytest.mark.parametrize("undefined", [False, True])
def test_attribute_inside_an_item_is_not_taken(syntax: str, undefined: bool, tmp_path: Path) -> None:
    explicit = syntax == enc.EXPLICIT
    inner = enc.element(0x00200013, "IS", b"7 ", explicit=explicit)
    found = enc.sequence(0x00081140, [enc.item(inner, undefined=undefined)], explicit=explicit, undefined=undefined)
    path = _write(tmp_path / "a", found, enc.element(0x00200013, "IS", b"12", explicit=explicit), syntax=syntax)
    assert value_of(path, "InstanceNumber") == b"12"


@pytest.mark.parametrize("syntax", [enc.EXPLICIT, enc.IMPLICIT])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_vendor_header_that_is_a_sequence_is_no_vendor_header(syntax: str, count: int, tmp_path: Path) -> None:
    explicit = syntax == enc.EXPLICIT
    items = [enc.element(0x00080060, "CS", b"MR", explicit=explicit)] * count
    owner = enc.element(0x00290010, "LO", b"SIEMENS CSA HEADER", explicit=explicit)
    made = enc.sequence(0x00291020, [enc.item(i) for i in items], explicit=explicit, undefined=True, vr="UN")
    path = tmp_path / "a.dcm"
    path.write_bytes(enc.part10([owner, made], syntax))
    assert assert_same(path)


@pytest.mark.parametrize("size", range(16_330, 16_420))
def test_element_across_the_end_of_the_window_is_read(size: int, tmp_path: Path) -> None:
    first = enc.element(0x00091001, "OB", bytes(size - 200))
    path = _write(tmp_path / "a", first, enc.element(0x00200013, "IS", b"12"), enc.element(0x00280010, "US", b"\x40\0"))
    assert value_of(path, "InstanceNumber") == b"12"
    assert value_of(path, "Rows") == b"\x40\0"


def test_value_longer_than_the_window_is_read_whole(tmp_path: Path) -> None:
    long = b"A" * 20_000
    path = _write(tmp_path / "a", enc.element(0x0008103E, "LO", long), enc.element(0x00200013, "IS", b"12"))
    assert value_of(path, "SeriesDescription") == long
    assert value_of(path, "InstanceNumber") == b"12"


@pytest.mark.parametrize(
    ("creator", "kept_value"),
    [(b"GEMS_PARM_01", b"\x01\0"), (b"SOMEBODY ELSE ", None), (None, None)],
)
def test_private_element_is_kept_for_its_creator_only(creator: bytes, kept_value: bytes, tmp_path: Path) -> None:
    elements = [] if creator is None else [enc.element(0x00430010, "LO", creator)]
    path = _write(tmp_path / "a", *elements, enc.element(0x0043102F, "SS", b"\x01\0"))
    assert value_of(path, "GEImageComponent") == kept_value
    assert assert_same(path)


@pytest.mark.parametrize("size", [0, 2, 4, 8, 300])
def test_file_without_pixels_is_answered(size: int, tmp_path: Path) -> None:
    """Whatever the length of its last element; reports and states have no pixels."""
    (tmp_path / "a").write_bytes(
        enc.part10([enc.element(0x00080060, "CS", b"SR"), enc.element(0x0040A123, "PN", b"A" * size)])
    )
    assert value_of(tmp_path / "a", "Modality") == b"SR"
    assert assert_same(tmp_path / "a")


def test_pixel_data_are_located(tmp_path: Path) -> None:
    path = write([instance()], tmp_path)[0]
    parsed = read_lean(path)
    assert parsed is not None
    assert (parsed.pixel_keyword, parsed.pixel_length) == ("PixelData", 84)
    assert path.read_bytes()[parsed.pixel_offset :][:84] == instance().PixelData


def test_undefined_length_of_pixel_data_is_minus_one(tmp_path: Path) -> None:
    path = write([instance(syntax="rle")], tmp_path)[0]
    parsed = read_lean(path)
    assert parsed is not None
    assert parsed.pixel_length == -1


@pytest.mark.parametrize(
    "options", [{"syntax": "big"}, {"syntax": "deflated"}, {"preamble": False}, {"meta": False}], ids=str
)
def test_unusual_start_is_declined(options: dict, tmp_path: Path) -> None:
    path = write([instance(**options)], tmp_path)[0]
    assert read_lean(path) is None
    assert read_full(path) is not None


@pytest.mark.parametrize("build", [enhanced_mr, structured_report])
def test_objects_with_deep_sequences_are_read_alike(build: Any, tmp_path: Path) -> None:
    assert assert_same(write([build()], tmp_path)[0])


def test_every_cut_inside_the_header_is_seen(tmp_path: Path) -> None:
    path = write([instance()], tmp_path)[0]
    content = path.read_bytes()
    whole = read_lean(path)
    assert whole is not None
    assert whole.pixel_offset is not None
    for size in range(400, whole.pixel_offset - 12, 7):
        path.write_bytes(content[:size])
        quick = read_lean(path)
        assert quick is None or quick.pixel_keyword == ""
