"""Reading one header: values, fallbacks, and a coded error for every kind of bad file."""

from __future__ import annotations

import os
import pickle
import zlib
from pathlib import Path
from struct import pack

import pytest

from convkit.dicom.attributes import table_of
from convkit.dicom.header import Header, read_header
from convkit.errors import InputError, NotDicomError
from tests.builders import encoding as enc
from tests.builders import instance, truncate, write
from tests.builders.uids import instance_uid, series_uid, study_uid

PNG = b"\x89PNG\r\n\x1a\n" + pack(">I", 13) + b"IHDR" + bytes(200)


def header_of(folder: Path, **overrides: object) -> Header:
    return read_header(str(write([instance(**overrides)], folder)[0]))


# --- values ----------------------------------------------------------------------------------------------


def test_values_are_decoded_when_asked(tmp_path: Path) -> None:
    header = header_of(tmp_path, SeriesDescription="Jérôme", SpecificCharacterSet="ISO_IR 192")
    assert header.text("SeriesDescription") == "Jérôme"
    assert header.texts("ImageType") == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert header.numbers("PixelSpacing") == (0.8, 0.7)
    assert header.number("KVP") == 120
    assert header.integer("Rows") == 6
    assert header.plain("InstanceNumber") == 1


def test_absent_attribute_is_empty_not_an_error(tmp_path: Path) -> None:
    header = header_of(tmp_path, EchoTime=None)
    assert header.raw("EchoTime") is None
    assert not header.has("EchoTime")
    assert (header.text("EchoTime"), header.texts("EchoTime"), header.numbers("EchoTime")) == ("", (), ())
    assert header.number("EchoTime") is header.integer("EchoTime") is header.plain("EchoTime") is None


def test_blank_attribute_has_no_value(tmp_path: Path) -> None:
    assert not header_of(tmp_path, KVP="").has("KVP")


def test_empty_sequence_is_there(tmp_path: Path) -> None:
    assert header_of(tmp_path, ModalityLUTSequence=[]).has("ModalityLUTSequence")


def test_uids_and_file_facts(tmp_path: Path) -> None:
    header = header_of(tmp_path)
    assert header.sop_instance_uid == instance_uid()
    assert header.series_instance_uid == series_uid()
    assert header.study_instance_uid == study_uid()
    assert header.size == Path(header.path).stat().st_size
    assert header.modified_ns == Path(header.path).stat().st_mtime_ns


def test_class_comes_from_the_meta_header_where_the_data_set_lacks_it(tmp_path: Path) -> None:
    content = enc.part10([enc.element(0x00080060, "CS", b"CT")] * 1 + [bytes(0)], media_class="1.2.3")
    (tmp_path / "a").write_bytes(content)
    assert read_header(str(tmp_path / "a")).sop_class_uid == "1.2.3"


def test_header_survives_pickling(tmp_path: Path) -> None:
    header = header_of(tmp_path)
    assert pickle.loads(pickle.dumps(header)) == header


def test_padding_value_of_the_other_sign_is_read(tmp_path: Path) -> None:
    header = header_of(tmp_path, PixelPaddingValue=-1000)
    assert header.raw("PixelPaddingValue") == pack("<h", -1000)


# --- unusual encodings -----------------------------------------------------------------------------------

STARTS = [
    {"syntax": "implicit"},
    {"syntax": "big"},
    {"syntax": "deflated"},
    {"preamble": False},
    {"meta": False},
    {"preamble": False, "meta": False},
    {"preamble": False, "meta": False, "syntax": "implicit"},
    {"preamble": False, "meta": False, "syntax": "big"},
]


@pytest.mark.parametrize("options", STARTS, ids=str)
def test_every_encoding_gives_the_same_values(options: dict, tmp_path: Path) -> None:
    plain = header_of(tmp_path / "plain", PixelPaddingValue=-1000)
    other = header_of(tmp_path / "other", PixelPaddingValue=-1000, **options)
    assert [a and a.rstrip(b" \0") for a in other.parsed.raw] == [a and a.rstrip(b" \0") for a in plain.parsed.raw]
    assert other.parsed.pixel_keyword == "PixelData"


@pytest.mark.parametrize("options", [o for o in STARTS if o.get("syntax") != "deflated"], ids=str)
def test_pixels_are_found_in_every_encoding(options: dict, tmp_path: Path) -> None:
    dataset = instance(**options)
    path = write([dataset], tmp_path)[0]
    parsed = read_header(str(path)).parsed
    assert path.read_bytes()[parsed.pixel_offset :][: parsed.pixel_length] == dataset.PixelData


def test_pixels_of_a_deflated_file_have_no_place(tmp_path: Path) -> None:
    assert header_of(tmp_path, syntax="deflated").parsed.pixel_offset is None


@pytest.mark.parametrize(
    ("options", "syntax"),
    [
        ({"preamble": False, "meta": False, "syntax": "implicit"}, enc.IMPLICIT),
        ({"preamble": False, "meta": False}, enc.EXPLICIT),
        ({"preamble": False, "meta": False, "syntax": "big"}, enc.BIG_ENDIAN),
    ],
)
def test_syntax_is_guessed_from_the_encoding_without_meta(options: dict, syntax: str, tmp_path: Path) -> None:
    assert header_of(tmp_path, **options).transfer_syntax == syntax


# --- bad files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"hello world\n" * 50, PNG, bytes(4000), b"\x02", bytes(128) + b"DICM", b"PK\x03\x04" + bytes(500)],
    ids=["empty", "text", "png", "zeros", "one byte", "preamble only", "zip"],
)
def test_file_that_is_not_dicom_is_refused_with_a_code(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(NotDicomError) as caught:
        read_header(str(path))
    assert caught.value.code == "input.not-dicom"
    assert caught.value.where == str(path)


def test_meta_header_alone_is_not_an_image(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(enc.part10([]))
    with pytest.raises(InputError):
        read_header(str(tmp_path / "x"))


@pytest.mark.parametrize("syntax", ["explicit", "implicit"])
def test_file_cut_inside_a_value_is_refused_with_a_code(syntax: str, tmp_path: Path) -> None:
    path = write([instance(syntax=syntax, SeriesDescription="A" * 40, ProtocolName="B" * 40)], tmp_path)[0]
    truncate(path, path.read_bytes().index(b"B" * 40) + 20)
    with pytest.raises(InputError) as caught:
        read_header(str(path))
    assert caught.value.code == "input.cut-header"


def test_file_cut_inside_its_meta_header_is_refused(tmp_path: Path) -> None:
    path = truncate(write([instance()], tmp_path)[0], 180)
    with pytest.raises(InputError):
        read_header(str(path))


@pytest.mark.parametrize("syntax", [enc.EXPLICIT, enc.IMPLICIT, enc.BIG_ENDIAN])
def test_file_cut_inside_a_sequence_is_not_called_unreadable(syntax: str, tmp_path: Path) -> None:
    """pydicom raises OSError for it, which must not be taken for one of the disk."""
    explicit = syntax != enc.IMPLICIT
    first = enc.element(0x00080060, "CS", b"CT", explicit=explicit)
    found = enc.sequence(0x00081140, [], explicit=explicit, undefined=True)[:-8]
    content = enc.part10([first, found], syntax)
    if syntax == enc.BIG_ENDIAN:
        content = enc.part10(
            [_big(0x00080060, b"CS", b"CT"), pack(">HH2sHI", 8, 0x1140, b"SQ", 0, enc.UNDEFINED)], syntax
        )
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_header(str(tmp_path / "x"))
    assert caught.value.code in {"input.cut-header", "input.broken-header"}


def _big(tag: int, vr: bytes, value: bytes) -> bytes:
    return pack(">HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


@pytest.mark.parametrize(("declared", "explicit"), [(enc.IMPLICIT, True), (enc.EXPLICIT, False)])
def test_file_that_declares_the_wrong_encoding_is_read(declared: str, explicit: bool, tmp_path: Path) -> None:
    """pydicom looks at the first element and reads on; such files are common."""
    elements = [
        enc.element(0x00080060, "CS", b"CT", explicit=explicit),
        enc.element(0x7FE00010, "OW", bytes(8), explicit=explicit),
    ]
    (tmp_path / "x").write_bytes(enc.part10(elements, declared))
    assert read_header(str(tmp_path / "x")).text("Modality") == "CT"


def test_deflated_stream_that_is_damaged_is_refused(tmp_path: Path) -> None:
    stream = bytearray(zlib.compress(enc.element(0x00080060, "CS", b"CT") * 50)[2:-4])
    stream[3] ^= 0xFF
    (tmp_path / "x").write_bytes(enc.part10([bytes(stream)], enc.DEFLATED))
    with pytest.raises(InputError):
        read_header(str(tmp_path / "x"))


def test_absent_file_is_refused_with_a_code(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_header(str(tmp_path / "nothing"))
    assert caught.value.code == "input.unreadable"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission_is_refused_with_a_code(tmp_path: Path) -> None:
    path = write([instance()], tmp_path)[0]
    path.chmod(0)
    with pytest.raises(InputError) as caught:
        read_header(str(path))
    assert caught.value.code == "input.unreadable"


def test_message_holds_no_value_of_an_attribute(tmp_path: Path) -> None:
    path = write([instance(PatientID="SECRET")], tmp_path)[0]
    truncate(path, path.read_bytes().index(b"SECRET") + 3)
    with pytest.raises(InputError) as caught:
        read_header(str(path))
    assert "SEC" not in str(caught.value)


def test_pydicom_says_nothing_about_values_on_its_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its warnings quote what they warn about, and without a handler they reach stderr."""
    content = enc.part10([_big(0x00080005, b"CS", b"SMITH^JOHN"), _big(0x00080060, b"CS", b"CT")], enc.BIG_ENDIAN)
    (tmp_path / "x").write_bytes(content)
    read_header(str(tmp_path / "x"), table_of())
    assert "SMITH" not in caplog.text


@pytest.mark.parametrize("raw", [b"1.2.3\0", b" 1.2.3 ", b"", b"1.2.\xe93", b"\x1b$B1.2", b"1.2\0\0"])
def test_a_uid_is_the_text_of_its_attribute_even_where_it_is_none(raw: bytes, tmp_path: Path) -> None:
    header = header_of(tmp_path, SpecificCharacterSet="ISO_IR 100")
    places = header.table.places
    for keyword, uid in (
        ("SOPInstanceUID", "sop_instance_uid"),
        ("SeriesInstanceUID", "series_instance_uid"),
        ("StudyInstanceUID", "study_instance_uid"),
    ):
        changed = header.with_shared({places[keyword]: raw})
        assert getattr(changed, uid) == changed.text(keyword)
