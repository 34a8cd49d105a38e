"""Text is found and gone, whatever it is drawn on; images without text keep every byte. With real readers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from convkit.deid.pixels import Kind, PixelMode, PixelPolicy, judged
from convkit.deid.pixels.image import image_of
from convkit.deid.pixels.look import CLOSE, extent_of, look
from convkit.deid.pixels.readers import RapidReader, TesseractReader, reader
from tests.builders.burned import anatomy, burned
from tests.deid.pixels.trees import applied, image, inside, tree_of

POLICY = PixelPolicy(PixelMode.OCR)

has_rapid = pytest.mark.usefixtures("_rapid")


@pytest.fixture
def _rapid():
    pytest.importorskip("rapidocr_onnxruntime", reason="the extra ocr is not installed")


def _check_hidden(made, dataset, folder, before):
    """Letters are gone, what lies outside of the boxes is as it was, and nobody finds more."""
    tree = tree_of(dataset, folder)
    verdict = judged(tree, POLICY)
    assert verdict.kind == Kind.CHANGED
    after = applied(tree, verdict, folder)
    mask = inside(verdict.boxes, made.ink.shape)
    assert mask[made.ink].all()
    assert mask.mean() < 0.4
    stored = after.pixel_array
    assert (stored[..., ~mask] == before[..., ~mask]).all() if stored.ndim < 4 else True
    again = image_of(tree_of(after, folder, "again.dcm"))
    assert look(again, extent_of(again), reader, care=CLOSE, known=()).boxes == ()


@has_rapid
@pytest.mark.parametrize("corner", ["top left", "top right", "bottom left", "bottom right"])
def test_text_in_every_corner_is_gone(tmp_path, corner):
    made = burned(anatomy(), corner=corner)
    _check_hidden(made, image(made.pixels), tmp_path, made.pixels)


@has_rapid
@pytest.mark.slow
@pytest.mark.parametrize("size", [10, 12, 20, 32])
@pytest.mark.parametrize("is_smooth", [False, True])
def test_text_of_every_size_is_gone(tmp_path, size, is_smooth):
    made = burned(anatomy(512, 512), size=size, is_smooth=is_smooth)
    _check_hidden(made, image(made.pixels), tmp_path, made.pixels)


@has_rapid
@pytest.mark.slow
@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated", "rle", "jpegls", "jpeg2000"])
def test_text_is_gone_in_every_syntax(tmp_path, syntax):
    made = burned(anatomy(bits=12), value=4095)
    dataset = image(made.pixels, BitsStored=12, HighBit=11, syntax=syntax)
    _check_hidden(made, dataset, tmp_path, made.pixels)


@has_rapid
@pytest.mark.parametrize(("value", "paper"), [(0, None), (4095, None), (0, 4095), (4095, 0)])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_dark_and_bright_text_is_gone_in_both_polarities(tmp_path, value, paper, photometric):
    made = burned(anatomy(bits=12) // 2 + 1200, value=value, paper=paper)
    dataset = image(made.pixels, BitsStored=12, HighBit=11, PhotometricInterpretation=photometric)
    _check_hidden(made, dataset, tmp_path, made.pixels)


@has_rapid
def test_text_in_a_few_values_of_a_wide_range_is_gone(tmp_path):
    pixels = anatomy(bits=12)
    pixels[100, 100] = 60000  # the whole range shows nothing but this
    made = burned(pixels, value=4000)
    _check_hidden(made, image(made.pixels), tmp_path, made.pixels)


@has_rapid
def test_coloured_text_is_gone(tmp_path):
    colours = np.repeat(anatomy()[..., None], 3, axis=2)
    made = burned(colours, value=(255, 220, 0))
    tree = tree_of(image(made.pixels, Modality="US"), tmp_path)
    verdict = judged(tree, POLICY)
    mask = inside(verdict.boxes, made.ink.shape)
    after = applied(tree, verdict, tmp_path).pixel_array
    assert mask[made.ink].all()
    assert (after[~mask] == made.pixels[~mask]).all()
    assert not after[mask].any()


@has_rapid
@pytest.mark.slow
@pytest.mark.parametrize("written_on", [range(12), [7]])
def test_text_in_all_frames_or_in_one_is_gone_from_all(tmp_path, written_on):
    clean = [anatomy(seed=n) for n in range(12)]
    made = [burned(frame) for frame in clean]
    frames = np.stack([made[n].pixels if n in written_on else clean[n] for n in range(12)])
    dataset = image(frames[0], NumberOfFrames=12, Modality="US")
    dataset.PixelData = frames.tobytes()
    tree = tree_of(dataset, tmp_path)
    verdict = judged(tree, POLICY)
    mask = inside(verdict.boxes, frames.shape[1:])
    assert mask[made[0].ink].all()
    after = applied(tree, verdict, tmp_path).pixel_array
    assert (after[:, ~mask] == frames[:, ~mask]).all()
    assert not after[:, mask].any()


@has_rapid
@pytest.mark.slow
def test_small_text_in_a_large_picture_is_gone(tmp_path):
    made = burned(anatomy(1900, 1500), size=16, corner="bottom right")
    _check_hidden(made, image(made.pixels), tmp_path, made.pixels)


@has_rapid
@pytest.mark.parametrize("modality", ["CT", "MR", "CR", "US"])
@pytest.mark.parametrize("bits", [8, 12])
def test_images_without_text_are_copied(tmp_path, modality, bits):
    header = {"Modality": modality, "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]}
    tree = tree_of(image(anatomy(bits=bits, seed=5), **header), tmp_path)
    verdict = judged(tree, POLICY)
    assert (verdict.kind, verdict.looked, verdict.changes) == (Kind.COPIED, True, {})


@has_rapid
def test_text_in_a_plain_slice_is_gone(tmp_path):
    made = burned(anatomy(bits=12), value=4095)
    dataset = image(made.pixels, Modality="CT", ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], BitsStored=12, HighBit=11)
    _check_hidden(made, dataset, tmp_path, made.pixels)


@pytest.mark.skipif(not shutil.which("tesseract"), reason="Tesseract is not on the PATH")
def test_tesseract_finds_what_is_written():
    made = burned(np.zeros((256, 320), np.uint8), size=20)
    words = TesseractReader().words(np.repeat(made.pixels[..., None], 3, axis=2))
    mask = inside([word.box.grown(7).clipped(*made.ink.shape) for word in words], made.ink.shape)
    assert mask[made.ink].mean() > 0.95


@has_rapid
def test_the_reader_is_made_once():
    assert reader() is reader()
    assert isinstance(reader(), RapidReader)


@has_rapid
def test_text_written_upwards_and_downwards_is_found():
    made = burned(np.zeros((256, 320), np.uint8), size=20)
    for turns in (1, 3):
        turned = np.rot90(made.pixels, turns)
        find = partial(reader().words, np.repeat(turned[..., None], 3, axis=2).copy())
        assert sum(word.score > 0.5 for word in find()) >= len(("name", "id", "birth"))


@has_rapid
@pytest.mark.parametrize(
    ("module", "name"), [("convkit.deid.pixels.readers", "RapidReader"), ("convkit.audit._readers", "_RapidReader")]
)
def test_what_reads_text_reports_to_nobody(tmp_path, module, name):
    """onnxruntime queues reports on its use below the home folder and sends them to its maker."""
    code = f"import time; from {module} import {name}; {name}(); time.sleep(1)"
    places = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=os.environ | places, check=True)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
