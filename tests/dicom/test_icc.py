"""ICC profiles keep their colours and lose what they tell of their maker."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms

from convkit.dicom.icc import neutral

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SECRET = b"Zqxgeheim"


def marked(profile: bytes) -> bytes:
    """The profile with a private tag, and marks in its header."""
    (count,) = struct.unpack_from(">I", profile, 128)
    start, body = 132 + 12 * count, bytearray(profile)
    body[48:56] = b"Zqxgehei"
    table = bytearray(body[132:start])
    for place in range(count):
        (offset,) = struct.unpack_from(">I", table, place * 12 + 4)
        struct.pack_into(">I", table, place * 12 + 4, offset + 12)
    table += struct.pack(">4sII", b"priv", len(body) + 12, len(SECRET))
    whole = bytes(body[:128]) + struct.pack(">I", count + 1) + bytes(table) + bytes(body[start:]) + SECRET
    return struct.pack(">I", len(whole)) + whole[4:]


def transformed(profile: bytes) -> np.ndarray:
    """Colours from the profile to another one."""
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(0, 256, (16, 16, 3), np.uint8))
    target = ImageCms.createProfile("LAB")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    return np.asarray(ImageCms.profileToProfile(image, source, target, outputMode="LAB"))


def test_colours_stay() -> None:
    assert np.array_equal(transformed(neutral(SRGB)), transformed(SRGB))


def test_texts_dates_and_private_tags_go() -> None:
    changed = neutral(marked(SRGB))
    assert SECRET not in changed
    assert b"Zqx" not in changed
    assert b"priv" not in changed
    assert changed[24:36] == bytes(12)
    assert np.array_equal(transformed(changed), transformed(SRGB))


def test_the_same_profile_comes_out_of_itself() -> None:
    once = neutral(SRGB)
    assert neutral(once) == once


@pytest.mark.parametrize("profile", [b"", b"garbage", bytes(200), SRGB[:150], SRGB[:131]])
def test_what_is_no_profile_is_left_out(profile: bytes) -> None:
    assert neutral(profile) == b""


@given(st.integers(0, len(SRGB) - 1), st.integers(0, 255))
def test_a_damaged_profile_does_no_harm(place: int, byte: int) -> None:
    damaged = bytearray(SRGB)
    damaged[place] = byte
    assert isinstance(neutral(bytes(damaged)), bytes)
