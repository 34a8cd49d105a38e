"""Where pixels lie: layouts that cannot be, and promises that are not kept."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from convkit.dicom import full
from convkit.dicom.attributes import table_of
from convkit.dicom.pixel_source import check_complete, has_another_frame
from convkit.errors import InputError, PixelError
from convkit.model.frame import PixelLayout, PixelSource
from tests.builders.encoding import DEFLATED, part10

RLE = "1.2.840.10008.1.2.5"
EXPLICIT = "1.2.840.10008.1.2.1"


def source(syntax: str = EXPLICIT, *, length: int, frames: int = 1, rows: int = 10, **layout: object) -> PixelSource:
    laid = PixelLayout(rows, 10, 1, 8, 8, 7, is_signed=False, photometric="MONOCHROME2", is_planar=False)
    return PixelSource("a.dcm", 1000, length, syntax, laid._replace(**layout), frames)


def code_of(checked: PixelSource, size: int) -> str:
    try:
        check_complete(checked, size)
    except PixelError as err:
        return err.code
    return ""


@pytest.mark.parametrize(("length", "code"), [(100, ""), (99, "pixels.truncated"), (200, "header.inconsistent")])
def test_native_pixels_are_as_long_as_they_must_be(length: int, code: str) -> None:
    assert code_of(source(length=length), 1000 + length) == code


def test_the_file_must_hold_what_the_element_says() -> None:
    assert code_of(source(length=100), 1099) == "pixels.truncated"


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_PARTIAL_422"])
@pytest.mark.parametrize(("length", "code"), [(200, ""), (300, ""), (198, "pixels.truncated")])
def test_shared_chrominance_takes_a_third_less(photometric: str, length: int, code: str) -> None:
    assert code_of(source(length=length, samples=3, photometric=photometric), 9999) == code


def test_a_frame_more_is_seen() -> None:
    assert has_another_frame(source(length=400, frames=3))
    assert not has_another_frame(source(length=399, frames=3))


@pytest.mark.parametrize(
    ("rows", "length", "code"),
    [
        (60_000, 5000, "pixels.too-large"),
        (60_000, 10_000_000, ""),  # as a slide is compressed
        (1000, 10, ""),  # an empty picture
    ],
)
def test_a_size_that_no_codec_gives_is_refused(rows: int, length: int, code: str) -> None:
    assert code_of(source(RLE, length=length, rows=rows, columns=60_000), 1000 + length) == code


def test_a_bomb_is_refused_with_its_size() -> None:
    with pytest.raises(PixelError, match="3600000000 bytes"):
        check_complete(source(RLE, length=5000, rows=60_000, columns=60_000), 6000)


def test_compressed_pixels_behind_the_end_are_missing() -> None:
    assert code_of(source(RLE, length=-1), 1000) == "pixels.truncated"


def test_a_deflated_file_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convkit.dicom.deflated._MOST_BYTES", 1 << 20)
    stream = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    (path := tmp_path / "a").write_bytes(part10([stream.compress(bytes(3 << 20)) + stream.flush()], DEFLATED))
    with pytest.raises(InputError) as raised:
        full.parse(str(path), table_of())
    assert raised.value.code == "pixels.too-large"
