"""Small code streams: what no library that is at hand can write is written here."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import jpeg_ls
import numpy as np
from numpy.typing import NDArray
from openjpeg.utils import encode_array
from PIL import Image
from rle.rle import encode_frame

from convkit.model.frame import PixelLayout

Picture = NDArray[Any]


def layout(picture: Picture, bits_stored: int = 0, photometric: str = "") -> PixelLayout:
    """The layout of a picture, (rows, columns) or (rows, columns, 3)."""
    allocated = picture.dtype.itemsize * 8
    samples = 3 if picture.ndim == 3 else 1
    stored = bits_stored or allocated
    return PixelLayout(
        picture.shape[0],
        picture.shape[1],
        samples,
        allocated,
        stored,
        stored - 1,
        is_signed=picture.dtype.kind == "i",
        photometric=photometric or ("RGB" if samples == 3 else "MONOCHROME2"),
        is_planar=False,
    )


def grey(dtype: str, bits: int, shape: tuple[int, int] = (40, 48)) -> Picture:
    """A smooth picture with some noise over the range of so many bits."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    noise = np.random.default_rng(7).normal(0, 0.01, shape)
    unit = np.clip(0.5 + 0.4 * np.sin(columns / 5) * np.cos(rows / 4) + noise, 0, 1)
    values = np.round(unit * ((1 << bits) - 1))
    return (values - (1 << bits - 1) if dtype.startswith("i") else values).astype(dtype)


def colour(shape: tuple[int, int] = (40, 48)) -> Picture:
    plane = grey("u1", 8, shape)
    return np.stack([plane, plane[::-1], plane[:, ::-1]], -1)


def baseline(picture: Picture, **options: Any) -> bytes:
    """JPEG of 8 bits."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=95, **options)
    return file.getvalue()


def rle(picture: Picture) -> bytes:
    samples = 3 if picture.ndim == 3 else 1
    planes = picture if samples == 1 else picture.transpose(2, 0, 1)
    rows, columns = picture.shape[:2]
    interleaved = np.ascontiguousarray(planes if samples == 1 else planes.transpose(1, 2, 0))
    return bytes(encode_frame(interleaved.tobytes(), rows, columns, samples, picture.dtype.itemsize * 8, "<"))


def charls(picture: Picture, bits: int = 0, *, near: int = 0, by_plane: bool = False) -> bytes:
    rows, columns = picture.shape[:2]
    samples = 3 if picture.ndim == 3 else 1
    bits = bits or picture.dtype.itemsize * 8
    unsigned = picture.view(f"u{picture.dtype.itemsize}") & ((1 << bits) - 1)
    if by_plane:
        unsigned = np.ascontiguousarray(unsigned.transpose(2, 0, 1))
    mode = None if samples == 1 else 0 if by_plane else 2
    return bytes(jpeg_ls.encode_buffer(unsigned.tobytes(), rows, columns, samples, bits, near, mode))


def jpeg_2000(picture: Picture, bits: int = 0, *, use_mct: bool = True) -> bytes:
    kind = 1 if picture.ndim == 3 else 0
    stored = bits or picture.dtype.itemsize * 8
    return bytes(encode_array(picture, bits_stored=stored, photometric_interpretation=kind, use_mct=use_mct))


def deflated(content: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(content) + stream.flush()


def lossless(picture: Picture, bits: int) -> bytes:
    """JPEG Lossless, first-order prediction (ISO/IEC 10918-1 H.1.2), with Huffman codes of five bits."""
    plane = (picture.astype(np.int64) & ((1 << bits) - 1)).astype(np.int64)
    guess = np.empty_like(plane)
    guess[:, 1:] = plane[:, :-1]
    guess[1:, 0] = plane[:-1, 0]
    guess[0, 0] = 1 << bits - 1
    differences = (plane - guess + 32768) % 65536 - 32768
    code = [f"{_size(int(d)):05b}" + _extra(int(d)) for d in differences.ravel()]
    tables = _huffman(0, 5, range(17))
    return _jpeg(0xC3, picture, bits, tables=tables, scan=b"\x01\x00\x00", code="".join(code))


def extended(picture: Picture, bits: int = 12) -> bytes:
    """JPEG Extended, sequential (ISO/IEC 10918-1 F.1), hardly quantized; sides must be multiples of 8."""
    order = sorted(((u, v) for u in range(8) for v in range(8)), key=_zigzag)
    frequency, place = np.mgrid[:8, :8]
    basis = np.cos((2 * place + 1) * frequency * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    symbols = [0x00, 0xF0, *(run << 4 | size for run in range(16) for size in range(1, 15))]
    codes = {symbol: f"{index:08b}" for index, symbol in enumerate(symbols)}
    code: list[str] = []
    before = 0
    for top in range(0, picture.shape[0], 8):
        for left in range(0, picture.shape[1], 8):
            block = picture[top : top + 8, left : left + 8].astype(float) - (1 << bits - 1)
            terms = np.round(basis @ block @ basis.T).astype(int)
            line = [int(terms[u, v]) for u, v in order]
            code += [f"{_size(line[0] - before):05b}", _extra(line[0] - before)]
            before = line[0]
            code.append(_alternating(line[1:], codes))
    quantization = b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    tables = quantization + _huffman(0, 5, range(16)) + _huffman(0x10, 8, symbols)
    return _jpeg(0xC1, picture, bits, tables=tables, scan=b"\x00\x3f\x00", code="".join(code))


def _zigzag(place: tuple[int, int]) -> tuple[int, int]:
    u, v = place
    return u + v, (u if (u + v) % 2 else v)


def _alternating(terms: list[int], codes: dict[int, str]) -> str:
    code, run = "", 0
    last = max((index for index, term in enumerate(terms) if term), default=-1)
    for term in terms[: last + 1]:
        if not term:
            run += 1
            continue
        code += codes[0xF0] * (run // 16) + codes[(run % 16) << 4 | _size(term)] + _extra(term)
        run = 0
    return code + (codes[0] if last < len(terms) - 1 else "")


def _size(difference: int) -> int:
    return 16 if difference == -32768 else abs(difference).bit_length()


def _extra(difference: int) -> str:
    size = _size(difference)
    if size in {0, 16}:
        return ""
    return f"{difference if difference > 0 else difference + (1 << size) - 1:0{size}b}"


def _huffman(identifier: int, length: int, symbols: Any) -> bytes:
    """Segment DHT of codes that all have one length."""
    counts = [0] * 16
    counts[length - 1] = len(symbols)
    return b"\xff\xc4" + struct.pack(">H", 19 + len(symbols)) + bytes([identifier, *counts, *symbols])


def _jpeg(marker: int, picture: Picture, bits: int, *, tables: bytes, scan: bytes, code: str) -> bytes:
    rows, columns = picture.shape
    code += "1" * (-len(code) % 8)
    coded = int(code, 2).to_bytes(len(code) // 8, "big").replace(b"\xff", b"\xff\x00")
    frame = struct.pack(">HBHHB", 11, bits, rows, columns, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8" + tables + bytes([0xFF, marker]) + frame
        + b"\xff\xda\x00\x08\x01\x01\x00" + scan + coded + b"\xff\xd9"
    )  # fmt: skip


Writer = Callable[[Picture], bytes]
