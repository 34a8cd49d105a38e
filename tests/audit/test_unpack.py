"""Everything that is packed is opened, and what cannot be is told."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib

import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from convkit.audit.dossier import dossier_of
from convkit.audit.finding import Finding
from convkit.audit.scan import scan_bytes

BODY = b"id,name\n1,BlueWhale\n" * 9
TABLE = pa.table({"name": ["BlueWhale"] * 9})


def _findings(data: bytes) -> tuple[Finding, ...]:
    return scan_bytes(data, "x", dossier_of([], ["BlueWhale"])).findings


def _zip(data: bytes, name: str = "x") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def _tar(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("x")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _parquet(compression: str) -> bytes:
    buffer = io.BytesIO()
    parquet.write_table(TABLE, buffer, compression=compression, write_statistics=False)
    return buffer.getvalue()


def _arrow() -> bytes:
    buffer = io.BytesIO()
    feather.write_feather(TABLE, buffer, compression="zstd")
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(BODY),
        gzip.compress(b"nothing") + gzip.compress(BODY),
        bz2.compress(BODY),
        lzma.compress(BODY),
        pa.Codec("zstd").compress(BODY, asbytes=True),
        pa.Codec("lz4").compress(BODY, asbytes=True),
        _zip(BODY),
        _zip(_zip(BODY)),
        _tar(BODY),
        bz2.compress(_tar(_zip(BODY))),
        _parquet("zstd"),
        _parquet("snappy"),
        _arrow(),
        b"%PDF-1.4\nstream\n" + base64.a85encode(zlib.compress(BODY)) + b"~>\nendstream",
    ],
    ids=[
        "gzip", "two gzip", "bzip2", "xz", "zstd", "lz4", "zip", "zip in zip", "tar", "zip in tar.bz2", "parquet zstd",
        "parquet snappy", "arrow", "ascii85 in pdf",
    ],
)  # fmt: skip
def test_values_are_found_in_what_is_packed(data: bytes) -> None:
    assert {finding.code for finding in _findings(data)} == {"check.residual-value"}


def _locked_zip() -> bytes:
    data = bytearray(_zip(BODY))
    data[6] |= 1  # PKWARE APPNOTE 4.4.4: bit 0 says that it is encrypted
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def _deep() -> bytes:
    data = BODY
    for _ in range(7):
        data = _zip(data)
    return data


@pytest.mark.parametrize(
    "data",
    [
        b"7z\xbc\xaf\x27\x1c" + bytes(99),
        b"Rar!\x1a\x07\0" + bytes(99),
        gzip.compress(bytes(range(256)) * 99)[:300],
        b"PK\3\4" + bytes(99),
        _locked_zip(),
        _deep(),
        b"%PDF-1.4\ntrailer<</Encrypt 5 0 R>>",
        _parquet("zstd")[:200] + b"\0" * 99 + b"PAR1",
    ],
    ids=["7z", "rar", "cut gzip", "broken zip", "locked zip", "too deep", "locked pdf", "broken parquet"],
)
def test_what_cannot_be_opened_is_told(data: bytes) -> None:
    assert "check.not-searched" in {finding.code for finding in _findings(data)}


def test_the_name_of_a_member_is_searched() -> None:
    assert "check.residual-value" in {finding.code for finding in _findings(_zip(b"nothing", "BlueWhale.txt"))}
