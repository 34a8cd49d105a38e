"""What is packed inside bytes: deflate, gzip, zip, tar, base64, hex, PNG text, PDF streams."""

from __future__ import annotations

import base64
import binascii
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
_HEX = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}[ :]?){8,}(?![0-9A-Fa-f])")
_PDF_STREAM = re.compile(rb"stream\r?\n(.{8,}?)\r?\n?endstream", re.DOTALL)
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_GZIP = b"\x1f\x8b\x08"

_MOST = 1 << 31
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
    """

    how: str
    start: int
    data: bytes
    is_file: bool


def is_packed(data: bytes) -> bool:
    """True for an archive or picture that is opened as a whole."""
    return data[:3] == _GZIP or data[:4] == b"PK\x03\x04" or data[257:262] == b"ustar" or data[:4] == b"\x89PNG"


def pieces(data: bytes, depth: int = 0) -> Iterator[Piece]:
    """Yield what is packed in some bytes, one layer of it."""
    if depth >= _DEEPEST:
        return
    if data[:3] == _GZIP:
        yield from _inflated("gzip", 0, data, 31, is_file=True, most=_MOST)
        return
    if data[:4] == b"PK\x03\x04":
        yield from _zip_members(data)
        return
    if data[257:262] == b"ustar":
        yield from _tar_members(data)
        return
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        yield from _png_text(data)
        return
    yield from _embedded(data, depth)


def _embedded(data: bytes, depth: int) -> Iterator[Piece]:  # noqa: C901 (one loop a way of packing)
    for found in _PDF_STREAM.finditer(data):
        yield from _inflated("stream", found.start(1), found.group(1), 15, is_file=False, most=_MOST_INNER)
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
        for member in archive.infolist():
            content = b"" if member.is_dir() or member.file_size > _MOST else archive.read(member)
            yield Piece(f"member {member.filename}", start, content, is_file=True)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error):
        return


def _tar_members(data: bytes) -> Iterator[Piece]:
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isfile() else None
                yield Piece(f"member {member.name}", 0, file.read() if file else b"", is_file=True)
    except (tarfile.TarError, OSError, EOFError, ValueError):
        return


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


def _from_hex(text: bytes) -> bytes:
    joined = re.sub(rb"[ :]", b"", text)
    try:
        return binascii.unhexlify(joined[: len(joined) // 2 * 2])
    except (binascii.Error, ValueError):
        return b""
