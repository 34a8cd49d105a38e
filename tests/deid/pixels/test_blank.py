"""Boxes are blank in what is written, and everything else is as it was, in every way that samples are stored."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.pixels import convert_color_space

from convkit.deid.pixels import Box, Kind, PixelMode, PixelPolicy, judged
from tests.builders.burned import anatomy
from tests.builders.syntaxes import SYNTAXES
from tests.deid.pixels.trees import applied, image, inside, tree_of

BOXES = (Box(10, 21, 30, 90), Box(200, 300, 256, 320))
POLICY = PixelPolicy(PixelMode.REGIONS, boxes=BOXES)


def _blanked(dataset, folder):
    tree = tree_of(dataset, folder)
    verdict = judged(tree, POLICY)
    assert verdict.kind == Kind.CHANGED
    return applied(tree, verdict, folder)


def _check(before, after, black):
    mask = inside(BOXES, before.shape[-2:] if before.ndim == 2 else before.shape)
    assert (after[~mask] == before[~mask]).all()
    assert (after[mask] == black).all()


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_grey_images_are_blank_in_the_boxes_alone(tmp_path, syntax, bits):
    pixels = anatomy(bits=bits)
    header = {"BitsStored": bits, "HighBit": bits - 1}
    after = _blanked(image(pixels, syntax=syntax, **header), tmp_path)
    _check(pixels, after.pixel_array, 0)
    is_native = not SYNTAXES[syntax].is_encapsulated
    assert after.file_meta.TransferSyntaxUID == (SYNTAXES[syntax] if is_native else SYNTAXES["explicit"])


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle", "jpegls", "jpeg2000"])
def test_colour_images_are_black_in_the_boxes_alone(tmp_path, syntax):
    pixels = np.stack([anatomy(seed=n) for n in range(3)], axis=2)
    dataset = image(pixels, syntax=syntax)
    after = _blanked(dataset, tmp_path)
    _check(pixels, after.pixel_array, 0)
    assert after.PhotometricInterpretation == "RGB"


def test_full_range_ybr_is_black_in_its_own_colours(tmp_path):
    rgb = np.stack([anatomy(seed=n) for n in range(3)], axis=2)
    ybr = convert_color_space(rgb, "RGB", "YBR_FULL")
    after = _blanked(image(ybr, PhotometricInterpretation="YBR_FULL"), tmp_path)
    stored = np.frombuffer(after.PixelData, np.uint8).reshape(ybr.shape)
    _check(ybr, stored, [0, 128, 128])


def test_planes_of_colour_stay_planes(tmp_path):
    pixels = np.stack([anatomy(seed=n) for n in range(3)], axis=2)
    dataset = image(pixels)
    dataset.PlanarConfiguration = 1
    dataset.PixelData = np.ascontiguousarray(pixels.transpose(2, 0, 1)).tobytes()
    after = _blanked(dataset, tmp_path)
    assert after.PlanarConfiguration == 1
    _check(pixels, after.pixel_array, 0)


def test_shared_chrominance_is_blank_in_whole_pairs(tmp_path):
    rows, columns = 256, 320
    half = np.random.default_rng(1).integers(0, 255, (rows, columns // 2, 4), np.uint8)
    dataset = image(np.zeros((rows, columns, 3), np.uint8), PhotometricInterpretation="YBR_FULL_422")
    dataset.PixelData = half.tobytes()
    after = np.frombuffer(_blanked(dataset, tmp_path).PixelData, np.uint8).reshape(half.shape)
    mask = inside([Box(10, 10, 30, 45), Box(200, 150, 256, 160)], half.shape)
    assert (after[mask] == [0, 0, 128, 128]).all()
    assert (after[~mask] == half[~mask]).all()


def test_inverse_images_are_blank_at_their_highest_value(tmp_path):
    pixels = anatomy(bits=12)
    after = _blanked(image(pixels, PhotometricInterpretation="MONOCHROME1", BitsStored=12, HighBit=11), tmp_path)
    _check(pixels, after.pixel_array, pixels.max())


def test_signed_images_are_blank_at_the_lower_end_of_their_window(tmp_path):
    pixels = anatomy(bits=12).astype(np.int16) - 500
    header = {"RescaleSlope": 1, "RescaleIntercept": -24, "WindowCenter": -524, "WindowWidth": 2000}
    after = _blanked(image(pixels, **header), tmp_path)
    _check(pixels, after.pixel_array, -1500)


def test_palette_images_take_the_darkest_entry(tmp_path):
    pixels = anatomy()
    dataset = image(pixels, PhotometricInterpretation="PALETTE COLOR")
    ramp = np.roll(np.arange(256, dtype=np.uint16) << 8, 7)
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", ramp.tobytes())
    _check(pixels, _blanked(dataset, tmp_path).pixel_array, 7)


def test_single_bits_are_blank_across_borders_of_bytes(tmp_path):
    bits = np.random.default_rng(2).integers(0, 2, (3, 256, 321), np.uint8)
    dataset = image(np.zeros((256, 321), np.uint8), Columns=321, NumberOfFrames=3, Modality="OT")
    dataset.BitsAllocated = dataset.BitsStored = 1
    dataset.HighBit = 0
    packed = np.packbits(bits.ravel(), bitorder="little").tobytes()
    dataset.PixelData = packed + bytes(len(packed) % 2)
    after = _blanked(dataset, tmp_path).pixel_array
    for frame in range(3):
        _check(bits[frame], after[frame], 0)


def test_all_frames_are_blank_and_long_pixels_come_from_the_file(tmp_path):
    frames = np.stack([anatomy(bits=16, seed=n) for n in range(8)])
    dataset = image(frames[0], NumberOfFrames=8)
    dataset.PixelData = frames.tobytes()
    after = _blanked(dataset, tmp_path).pixel_array
    for frame in range(8):
        _check(frames[frame], after[frame], 0)


def test_bits_above_the_stored_ones_stay_outside_of_the_boxes(tmp_path):
    pixels = anatomy(bits=12) | 0x8000
    dataset = image(pixels, BitsStored=12, HighBit=11)
    after = np.frombuffer(_blanked(dataset, tmp_path).PixelData, "<u2").reshape(pixels.shape)
    mask = inside(BOXES, pixels.shape)
    assert (after[~mask] == pixels[~mask]).all()
    assert (after[mask] == 0).all()
