"""Stacks to volumes: bits, mapping, data types, notes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from convkit.dicom.pixels import read_into
from convkit.errors import PixelError, ValueRangeError
from convkit.model.volume import MappingState, Volume
from convkit.series.choices import Values
from convkit.series.frames import frames_of
from convkit.series.leads import leads_of
from convkit.series.load import load
from convkit.series.options import LoadOptions, StackOptions
from convkit.series.plan import plan_series
from convkit.series.stack import Stack
from tests.builders import cr, multi_frame_us, rgb, series
from tests.builders.instances import set_pixels
from tests.builders.oracle import stored_values
from tests.series.frames import headers_of, series_of


def loaded(datasets: list[Dataset], folder: Path, **options: Any) -> Volume:
    one = series_of(datasets, folder)
    (stack,) = plan_series(one, StackOptions())
    assert isinstance(stack, Stack)
    return load(stack, leads_of(one, stack), LoadOptions(**options))


def stored(datasets: list[Dataset]) -> np.ndarray:
    return np.stack([stored_values(d) for d in datasets])[None]


# --- bits ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "recipe",
    [
        {"dtype": "int16"},
        {"dtype": "uint16"},
        {"dtype": "uint16", "bits_stored": 12, "junk": True},
        {"dtype": "int16", "bits_stored": 12, "junk": True},
        {"dtype": "uint8"},
        {"dtype": "int8"},
        {"dtype": "uint32"},
        {"dtype": "int32"},
        {"dtype": "uint16", "bits_stored": 10, "junk": True, "syntax": "big"},
    ],
    ids=str,
)
def test_stored_values_are_the_stored_bits(recipe: dict[str, Any], tmp_path: Path) -> None:
    datasets = series(**recipe)
    assert np.array_equal(loaded(datasets, tmp_path).array, stored(datasets))


def test_bits_that_do_not_start_at_the_bottom_are_moved_down(tmp_path: Path) -> None:
    datasets = series(dtype="uint16", bits_stored=12)
    for dataset in datasets:
        dataset.PixelData = (np.frombuffer(dataset.PixelData, "<u2") << 4).tobytes()
        dataset.HighBit = 15
    assert np.array_equal(loaded(datasets, tmp_path).array, stored(series(dtype="uint16", bits_stored=12)))


def test_bits_stored_may_differ_from_slice_to_slice(tmp_path: Path) -> None:
    datasets = series(dtype="uint16", bits_stored=12, junk=True)
    datasets[1].BitsStored, datasets[1].HighBit = 8, 7
    assert np.array_equal(loaded(datasets, tmp_path).array, stored(datasets))


@pytest.mark.parametrize("sign", [0, 1])
def test_extremes_of_sixteen_bits_survive(sign: int, tmp_path: Path) -> None:
    dtype = np.dtype("int16" if sign else "uint16")
    info = np.iinfo(dtype)
    pixels = np.full((6, 7), info.min, dtype)
    pixels[0, 0] = info.max
    volume = loaded([cr(pixels=pixels, BitsStored=16, HighBit=15)], tmp_path)
    assert (volume.array.min(), volume.array.max()) == (info.min, info.max)


def test_junk_is_said_and_clean_bits_are_not(tmp_path: Path) -> None:
    noted = {n.code for n in loaded(series(dtype="uint16", bits_stored=12, junk=True), tmp_path / "a").notes}
    clean = {n.code for n in loaded(series(dtype="uint16", bits_stored=12), tmp_path / "b").notes}
    assert "pixels.junk-bits" in noted
    assert "pixels.junk-bits" not in clean


def test_colour_is_three_bytes(tmp_path: Path) -> None:
    volume = loaded([rgb(1)], tmp_path)
    assert (volume.shape, volume.dtype) == ((1, 1, 6, 7, 3), np.dtype("uint8"))


# --- mapping ---------------------------------------------------------------------------------------------


def test_uniform_rescale_is_pending(tmp_path: Path) -> None:
    mapping = loaded(series(slope=2, intercept=-5), tmp_path).mapping
    assert (mapping.slopes, mapping.intercepts, mapping.state) == ((2,), (-5,), MappingState.PENDING)


def test_rescale_that_is_asked_for_is_applied_in_the_smallest_type(tmp_path: Path) -> None:
    volume = loaded(series(slope=2, intercept=-5), tmp_path, values=Values.RESCALED)
    assert volume.mapping.state is MappingState.APPLIED
    assert volume.dtype.kind == "i"
    assert np.array_equal(volume.array, stored(series()) * 2 - 5)


def test_broken_slope_gives_float32(tmp_path: Path) -> None:
    assert loaded(series(slope=0.1), tmp_path, values=Values.RESCALED).dtype == np.float32


def test_slopes_per_slice_are_applied_even_where_auto_was_asked(tmp_path: Path) -> None:
    slopes = (0.5, 1, 1.5, 2, 2.5)
    datasets = series(slope=slopes, intercept=3, dtype="uint16")
    volume = loaded(datasets, tmp_path)
    expected = stored(datasets) * np.array(slopes)[None, :, None, None] + 3
    assert volume.dtype == np.float32
    assert np.array_equal(volume.array, expected.astype(np.float32))
    assert volume.mapping.slopes == slopes
    assert volume.mapping.state is MappingState.APPLIED


def test_slopes_per_slice_of_32_bits_give_float64(tmp_path: Path) -> None:
    datasets = series(slope=(1, 1, 1, 1, 0.5), dtype="int32")
    assert loaded(datasets, tmp_path).dtype == np.float64


def test_stored_values_ignore_every_rescale(tmp_path: Path) -> None:
    datasets = series(slope=(1, 2, 3, 4, 5))
    volume = loaded(datasets, tmp_path, values=Values.STORED)
    assert np.array_equal(volume.array, stored(datasets))
    assert (volume.mapping.state, volume.units) == (MappingState.IGNORED, "")


def test_slopes_that_differ_in_writing_alone_are_one(tmp_path: Path) -> None:
    volume = loaded(series(RescaleSlope=lambda p: ("1", "1.0", "1.00", "1e0", "+1")[p.slice]), tmp_path)
    assert volume.mapping.is_uniform


# --- types -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int16", "int32", "float32", "float64"])
def test_cast_keeps_every_value(dtype: str, tmp_path: Path) -> None:
    datasets = series()
    volume = loaded(datasets, tmp_path, dtype=dtype)
    assert volume.dtype == dtype
    assert np.array_equal(volume.array, stored(datasets))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int8"])
def test_cast_that_would_lose_a_value_is_refused(dtype: str, tmp_path: Path) -> None:
    with pytest.raises(ValueRangeError) as caught:
        loaded(series(slices=8), tmp_path, dtype=dtype)
    assert caught.value.code == "values.dtype-too-small"


# --- the rest --------------------------------------------------------------------------------------------


def test_padding_is_said(tmp_path: Path) -> None:
    datasets = series(PixelPaddingValue=-21)
    for dataset in datasets:
        dataset["PixelPaddingValue"].VR = "SS"
    assert "values.padding" in {n.code for n in loaded(datasets, tmp_path).notes}


def test_step_in_time_is_the_repetition_time(tmp_path: Path) -> None:
    assert loaded(series(modality="MR", volumes=2, RepetitionTime=1500), tmp_path / "a").step_s == 1.5
    assert loaded(series(modality="MR", RepetitionTime=1500), tmp_path / "b").step_s is None


def test_file_that_shrank_since_it_was_planned_is_a_pixel_error(tmp_path: Path) -> None:
    one = series_of(series(), tmp_path)
    (stack,) = plan_series(one, StackOptions())
    assert isinstance(stack, Stack)
    path = Path(one.images[2].path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(PixelError) as caught:
        load(stack, leads_of(one, stack), LoadOptions())
    assert caught.value.code == "input.changed"


def test_broken_compressed_data_are_a_pixel_error(tmp_path: Path) -> None:
    datasets = series(syntax="jpegls", rows=32, columns=33, slices=2)
    one = series_of(datasets, tmp_path)
    (stack,) = plan_series(one, StackOptions())
    assert isinstance(stack, Stack)
    path = Path(one.images[1].path)
    whole = path.read_bytes()
    start = whole.index(b"\xff\xd8")
    before = path.stat()
    path.write_bytes(whole[:start] + bytes(len(whole) - start - 8) + whole[-8:])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(PixelError) as caught:
        load(stack, leads_of(one, stack), LoadOptions())
    assert caught.value.code == "pixels.undecodable"
    assert caught.value.where == str(path)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_read_the_same_values(threads: int, tmp_path: Path) -> None:
    """One object that is large enough to be read in parts, 17 MB."""
    frames, size = 33, 512
    pixels = np.arange(frames * size * size, dtype=np.uint32).astype(np.uint16).reshape(frames * size, size)
    dataset = multi_frame_us(frames)
    set_pixels(dataset, pixels)
    dataset.Rows, dataset.NumberOfFrames = size, frames
    headers = headers_of([dataset], tmp_path)
    found, problems = frames_of(headers)
    assert problems == []
    out = np.empty((frames, size, size), np.uint16)
    read_into(found[::-1] if threads == 3 else found, out, threads=threads)
    expected = pixels.reshape(frames, size, size)
    assert np.array_equal(out, expected[::-1] if threads == 3 else expected)
