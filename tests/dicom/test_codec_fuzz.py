"""Damaged streams give an error or samples of the right shape, never a crash of this process."""

from __future__ import annotations

import numpy as np
import pytest

from convkit.dicom import syntaxes
from convkit.dicom.codecs import Coded, decode, isolation
from convkit.dicom.codecs.table import SCHEMES
from convkit.errors import PixelError
from convkit.model import values
from convkit.model.frame import PixelLayout
from tests.dicom import streams
from tests.dicom.streams import colour, grey, layout

_J = "1.2.840.10008.1.2.4."
CASES = 100
HEADER_BYTES = 300
"""Damage to what says how to decode does more than damage to what is decoded."""

_GREY, _BYTES = grey("u2", 12), grey("u1", 8)

SOUND: dict[str, tuple[bytes, PixelLayout]] = {
    _J + "50": (streams.baseline(colour()), layout(colour())),
    _J + "51": (streams.extended(_GREY), layout(_GREY, 12)),
    _J + "55": (streams.baseline(_BYTES, progressive=True), layout(_BYTES)),
    _J + "70": (streams.lossless(_GREY, 12), layout(_GREY, 12)),
    _J + "80": (streams.charls(_GREY, 12), layout(_GREY, 12)),
    _J + "90": (streams.jpeg_2000(colour()), layout(colour())),
    syntaxes.RLE: (streams.rle(_GREY), layout(_GREY, 12)),
    syntaxes.DEFLATED_FRAMES: (streams.deflated(_GREY.tobytes()), layout(_GREY, 12)),
}


def damaged(stream: bytes, random: np.random.Generator) -> bytes:
    """A stream with some bytes changed, cut off, taken out or put in."""
    content = bytearray(stream)
    place = int(random.integers(min(len(content), HEADER_BYTES) if random.integers(2) else len(content)))
    match random.integers(4):
        case 0:
            for _ in range(random.integers(1, 4)):
                content[(place + int(random.integers(16))) % len(content)] = int(random.integers(256))
        case 1:
            del content[place:]
        case 2:
            del content[place : place + int(random.integers(1, 40))]
        case _:
            content[place:place] = random.bytes(int(random.integers(1, 20)))
    return bytes(content)


@pytest.mark.parametrize(("syntax", "name"), [(s, plugin.name) for s in SOUND for plugin in SCHEMES[s].plugins])
def test_damaged_streams_give_an_error_or_a_picture(syntax: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation, "ANSWER_S", 3.0)
    scheme = SCHEMES[syntax]
    only = tuple(plugin for plugin in scheme.plugins if plugin.name == name)
    monkeypatch.setitem(SCHEMES, syntax, scheme._replace(plugins=only))
    stream, wanted = SOUND[syntax]
    random = np.random.default_rng(3)
    refused = 0
    for case in range(CASES):
        try:
            samples = decode(damaged(stream, random), Coded(syntax, wanted), where="a.dcm", frame=case)
        except PixelError:
            refused += 1
            continue
        assert samples.shape[:2] == (wanted.rows, wanted.columns)
        assert samples.dtype == values.stored_dtype(wanted.bits_allocated, is_signed=wanted.is_signed)
    assert refused


def test_random_bytes_are_refused() -> None:
    random = np.random.default_rng(4)
    for syntax, (stream, wanted) in SOUND.items():
        for length in (0, 1, 2, 20, 200):
            for start in (0, 4, 20):
                content = stream[:start] + random.bytes(length)
                with pytest.raises(PixelError):
                    decode(content, Coded(syntax, wanted), where="", frame=0)
