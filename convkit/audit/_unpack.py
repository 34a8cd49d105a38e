"""What is packed inside bytes: gzip, bzip2, xz, Zstandard, zip, tar, tables, base64, hex, PNG text, PDF streams.

What nobody here can open is told, too, as a piece that is sealed: it must not pass for searched.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from convkit.audit._columnar import is_columnar, rows_of, unpacked_by_arrow

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
_HEX = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[ :]?){8,}(?![0-9A-Fa-f])")
_PDF_STREAM = re.compile(rb"stream\r?\n(.{8,}?)\r?\n?endstream", re.DOTALL)
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = b"\x1f\x8b\x08"

_XZ, _BZIP2, _ZSTD, _LZ4 = b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"
_BY_ARROW = {_ZSTD: "zstd", _LZ4: "lz4"}
_SEALED = {
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!\x1a\x07": "RAR",
    b"MSCF": "cabinet",
    b"\x1f\x9d": "compress",
    b"\x1f\xa0": "compress",
    b"LZIP": "lzip",
    b"ORC": "ORC",
    b"Salted__": "OpenSSL",
    b"age-encryption.org": "age",
    b"-----BEGIN PGP MESSAGE": "PGP",
}
"""What a file begins with that is packed or locked in a way that nobody here can open."""

_MOST = 1 << 30
"""Bytes out of one packed piece: a made file must not exhaust the memory."""

_MOST_INNER = 1 << 27
"""The same for pieces found within others."""

_DEEPEST = 4
"""Layers of packing that are opened."""


Raw = bytes | memoryview


class Piece(NamedTuple):
    """Something that was packed.

    Attributes
    ----------
    how : str
        ``gzip``, ``base64``, ``member NAME`` ...
    start : int
        Where it lay, in bytes.
    data : bytes
    is_file : bool
        True for a file in its own right, such as the member of an archive.
    sealed : str
        Why it could not be opened, or not to its end; empty where it was.
    """

    how: str
    start: int
    data: bytes
    is_file: bool
    sealed: str = ""


def is_packed(data: bytes) -> bool:
    """True for an archive, table or picture that is opened as a whole."""
    heads = (_GZIP, _XZ, _ZSTD, _LZ4, b"PK\x03\x04", b"\x89PNG")
    return data.startswith(heads) or _is_bzip2(data) or data[257:262] == b"ustar" or is_columnar(data)


def _is_bzip2(data: bytes) -> bool:
    return data[:3] == _BZIP2 and data[4:10] == b"1AY&SY"


def pieces(data: bytes, depth: int = 0) -> Iterator[Piece]:
    """Yield what is packed in some bytes, one layer of it."""
    if depth >= _DEEPEST:
        if is_packed(data):
            yield Piece("archive", 0, b"", is_file=False, sealed="It is packed too many times")
        return
    if is_packed(data):
        yield from _whole(data)
    else:
        yield from _embedded(data, depth)


def sealed_by(data: bytes) -> str:
    """The name of what packed or locked a file so that nobody here can open it; nothing for any other."""
    if data.startswith(b"ORC") and not data.endswith(b"ORC"):
        return ""
    return next((name for head, name in _SEALED.items() if data.startswith(head)), "")


def _whole(data: bytes) -> Iterator[Piece]:
    """What is packed in a file that is packed as a whole."""
    if data[:4] == b"PK\x03\x04":
        yield from _zip_members(data)
    elif data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png_text(data)
    elif data[:3] == _GZIP:
        yield from _streams("gzip", data, lambda: zlib.decompressobj(31))
    elif _is_bzip2(data):
        yield from _streams("bzip2", data, bz2.BZ2Decompressor)
    elif data.startswith(_XZ):
        yield from _streams("xz", data, lzma.LZMADecompressor)
    elif data[:4] in _BY_ARROW:
        how = _BY_ARROW[data[:4]]
        yield _opened(how, lambda: unpacked_by_arrow(data, how, _MOST))
    elif is_columnar(data):
        yield _opened("table", lambda: rows_of(data, _MOST))
    elif data[257:262] == b"ustar":
        yield from _tar_members(data)


def _opened(how: str, unpack: Callable[[], bytes]) -> Piece:
    """A piece that a library of its own opens."""
    try:
        return Piece(how, 0, unpack(), is_file=True)
    except (ImportError, OSError, ValueError, MemoryError) as error:
        why = "pyarrow is not installed" if isinstance(error, ImportError) else "it is damaged or too large"
        return Piece(how, 0, b"", is_file=False, sealed=f"It is packed as {how}, and {why}")


def _streams(how: str, data: bytes, new: Callable[[], Any]) -> Iterator[Piece]:
    """All streams of a compressed file, one behind the other, as one piece."""
    parts: list[bytes] = []
    rest, left, sealed = data, _MOST, ""
    while rest[:3] == data[:3] and not sealed:
        stream = new()
        try:
            parts.append(stream.decompress(rest, left))
        except (zlib.error, OSError, EOFError, lzma.LZMAError, ValueError):
            parts.append(_what_can_be_inflated(rest, 31) if how == "gzip" else b"")
            sealed = "It is damaged"
        left -= len(parts[-1])
        if not (sealed or stream.eof):
            sealed = "It is too large to be unpacked" if left <= 0 else "It ends too early"
        rest = stream.unused_data
    yield Piece(how, 0, b"".join(parts), is_file=True, sealed=sealed)


def _embedded(data: bytes, depth: int) -> Iterator[Piece]:  # noqa: C901 (one loop a way of packing)
    if data[:5] == b"%PDF-" and b"/Encrypt" in data:
        yield Piece("PDF", 0, b"", is_file=False, sealed="It is locked")
    for found in _PDF_STREAM.finditer(data):
        packed = _from_ascii85(found.group(1)) or found.group(1)
        yield from _inflated("stream", found.start(1), packed, 15, is_file=False, most=_MOST_INNER)
        if packed is not found.group(1):
            yield Piece("stream", found.start(1), packed, is_file=False)
    view = memoryview(data)  # slices of it cost nothing, however often chance writes the mark of a stream
    begin = data.find(_GZIP, 1)
    while begin > 0:
        yield from _inflated("gzip", begin, view[begin:], 31, is_file=False, most=_MOST_INNER)
        begin = data.find(_GZIP, begin + 1)
    for found in _ZLIB.finditer(data):
        if len(data) - found.start() > 16 and _begins_a_stream(view[found.start() :]):
            yield from _inflated("deflate", found.start(), view[found.start() :], 15, is_file=False, most=_MOST_INNER)
    begin = data.find(b"PK\x03\x04", 1)
    if begin > 0:
        yield from _zip_members(data[begin:], begin)
    for found in _HEX.finditer(data):
        decoded = _from_hex(found.group())
        if decoded:
            yield Piece("hex", found.start(), decoded, is_file=False)
    if depth < _DEEPEST - 1:
        for found in _BASE64.finditer(data):
            decoded = _from_base64(found.group())
            if decoded:
                yield Piece("base64", found.start(), decoded, is_file=False)


def _begins_a_stream(data: memoryview) -> bool:
    """True where the first bytes can be inflated to something."""
    try:
        return len(zlib.decompressobj().decompress(data[:512], 64)) > 3
    except zlib.error:
        return False


def _inflated(  # noqa: PLR0913 (the fields of a piece, and how to get it)
    how: str, start: int, data: Raw, bits: int, *, is_file: bool, most: int
) -> Iterator[Piece]:
    stream = zlib.decompressobj(bits)
    try:
        inflated = stream.decompress(data, most)
    except zlib.error:
        inflated = _what_can_be_inflated(data, bits)
    if len(inflated) >= 4:
        yield Piece(how, start, inflated, is_file=is_file)


def _what_can_be_inflated(data: Raw, bits: int) -> bytes:
    """The part before the damage; nothing where it is no stream at all."""
    stream = zlib.decompressobj(bits)
    parts: list[bytes] = []
    with suppress(zlib.error):
        for begin in range(0, min(len(data), 1 << 20), 256):
            parts.append(stream.decompress(data[begin : begin + 256], _MOST_INNER))  # noqa: PERF401 (kept on an error)
    return b"".join(parts)


def _zip_members(data: bytes, start: int = 0) -> Iterator[Piece]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, OSError, ValueError):
        if start == 0:
            yield Piece("zip", 0, b"", is_file=False, sealed="It is damaged")
        return
    for member in archive.infolist():
        content, sealed = _zip_member(archive, member)
        yield Piece(f"member {member.filename}", start, content, is_file=True, sealed=sealed)


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[bytes, str]:
    """(content, why it could not be opened)."""
    if member.is_dir():
        return b"", ""
    if member.flag_bits & 1:
        return b"", "It is locked"
    try:
        with archive.open(member) as file:
            content = file.read(_MOST + 1)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error):
        return b"", "It is damaged, or packed in an unknown way"
    return content[:_MOST], "It is too large to be unpacked" if len(content) > _MOST else ""


def _tar_members(data: bytes) -> Iterator[Piece]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                yield Piece(f"member {member.name}", 0, file.read() if file else b"", is_file=True)
                if member.linkname:
                    yield Piece(f"member {member.linkname}", 0, b"", is_file=True)
    except (tarfile.TarError, OSError, EOFError, ValueError):
        yield Piece("tar", 0, b"", is_file=False, sealed="It is damaged")


def _png_text(data: bytes) -> Iterator[Piece]:
    position = 8
    while position + 8 <= len(data):
        size, name = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        body = data[position + 8 : position + 8 + size]
        if name in {b"zTXt", b"iTXt", b"iCCP"}:
            for at in range(body.find(b"\0") + 1, min(len(body), body.find(b"\0") + 64)):
                if body[at : at + 1] == b"\x78":  # the header of zlib, behind keyword, flags and language
                    yield from _inflated(name.decode(), position, body[at:], 15, is_file=False, most=_MOST_INNER)
        if name == b"eXIf":
            yield Piece("eXIf", position, body, is_file=False)
        position += 12 + size


def _from_base64(text: bytes) -> bytes:
    joined = re.sub(rb"[\r\n=]", b"", text).replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(joined[: len(joined) // 4 * 4] + (b"" if len(joined) % 4 < 2 else _tail(joined)))
    except (binascii.Error, ValueError):
        return b""


def _tail(joined: bytes) -> bytes:
    """The last, incomplete group with its padding."""
    rest = joined[len(joined) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest))


def _from_ascii85(text: bytes) -> bytes:
    """A stream of a PDF that is written in ASCII85; nothing for any other: ISO 32000-1 7.4.3."""
    written = text.strip()
    if not written.endswith(b"~>"):
        return b""
    try:
        return base64.a85decode(written.removesuffix(b"~>"), ignorechars=b" \t\n\r\v\0\f")
    except ValueError:
        return b""


def _from_hex(text: bytes) -> bytes:
    joined = re.sub(rb"[ :]", b"", text)
    try:
        return binascii.unhexlify(joined[: len(joined) // 2 * 2])
    except (binascii.Error, ValueError):
        return b""
