"""render, values and Volume.window: one image in memory, of a path, a data set or a volume."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

import convkit
from convkit import UnsupportedError, UsageError
from tests.builders import instance, multi_frame_us, palette, rgb, segmentation, series, write, ybr_full

GREY = np.arange(42, dtype=np.int16).reshape(6, 7) * 20


def square(**overrides: object) -> Dataset:
    return instance(pixels=GREY, **({"PixelSpacing": [0.7, 0.7]} | overrides))


# --- values ------------------------------------------------------------------------------------------------


def test_values_of_a_ct_are_hounsfield_units() -> None:
    values = convkit.values(square())
    assert values.dtype == np.int16
    assert np.array_equal(values, GREY - 1024)


def test_values_are_the_same_from_a_path_and_from_a_data_set(tmp_path: Path) -> None:
    dataset = square(RescaleSlope=0.5)
    (path,) = write([dataset], tmp_path)
    assert np.array_equal(convkit.values(path), convkit.values(dataset))
    assert np.array_equal(convkit.values(str(path)), apply_modality_lut(dataset.pixel_array, dataset))


def test_values_go_through_a_modality_lut() -> None:
    table = Dataset()
    table.LUTDescriptor = [0, 0, 16]
    table.LUTData = (np.arange(65536) // 2).astype("<u2").tobytes()
    table["LUTData"].VR = "OW"
    table.ModalityLUTType = "US"
    dataset = square(RescaleSlope=None, RescaleIntercept=None, ModalityLUTSequence=Sequence([table]))
    assert np.array_equal(convkit.values(dataset), apply_modality_lut(dataset.pixel_array, dataset))


def test_values_have_an_axis_for_frames_where_there_are_several() -> None:
    dataset = multi_frame_us(frames=3)
    assert convkit.values(dataset).shape == (3, *convkit.values(dataset, 1).shape)
    assert np.array_equal(convkit.values(dataset)[1], convkit.values(dataset, 1))


def test_colours_have_no_values() -> None:
    with pytest.raises(UnsupportedError):
        convkit.values(rgb())


@pytest.mark.parametrize("frame", [-1, 1, 99])
def test_a_frame_that_is_not_there_is_refused(frame: int) -> None:
    with pytest.raises(convkit.ConvkitError):
        convkit.values(square(), frame)


@pytest.mark.parametrize("frame", [1, -1, 10**30, "0", 0.5, [0], True])
def test_what_is_no_frame_is_wrong_usage(frame: object) -> None:
    for function in (convkit.values, lambda source, frame: convkit.render(source, frame=frame)):
        with pytest.raises(UsageError):
            function(square(), frame)


def test_a_data_set_without_pixels_says_so() -> None:
    dataset = square()
    del dataset.PixelData
    with pytest.raises(convkit.MissingAttributeError) as caught:
        convkit.render(dataset)
    assert caught.value.code == "pixels.missing"


@pytest.mark.parametrize("options", [{"window": None}, {"window": (40, 400)}, {"size": "9"}, {"size": 1.5}])
def test_options_of_a_wrong_type_are_wrong_usage(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        convkit.render(square(), **options)


@pytest.mark.parametrize("source", [None, 7, b"bytes", ["a"]])
def test_what_is_no_image_is_refused(source: object) -> None:
    with pytest.raises(UsageError):
        convkit.values(source)


# --- render ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
def test_a_rendered_image_has_the_levels_of_pydicom(function: str) -> None:
    dataset = square(WindowCenter=-600, WindowWidth=300, VOILUTFunction=function)
    shown = apply_voi_lut(apply_modality_lut(dataset.pixel_array, dataset), dataset)
    low, high = -1024 - 32768, -1024 + 32767  # pydicom scales to the range that the stored bits have after rescale
    expected = (shown - low) / (high - low) * 255
    assert np.abs(np.asarray(convkit.render(dataset, window="file"), float) - expected).max() <= 1


def test_render_gives_pillow_images_of_the_kind_that_fits() -> None:
    assert convkit.render(square()).mode == "L"
    assert convkit.render(square(), bits=16).mode == "I;16"
    for dataset in (rgb(), ybr_full(), palette()):
        assert convkit.render(dataset).mode == "RGB"


def test_render_leaves_the_data_set_alone() -> None:
    dataset = square(WindowCenter=40, WindowWidth=400)
    before = deepcopy(dataset)
    convkit.render(dataset, size=50, letters=True, scale_bar=True)
    assert dataset == before


def test_render_takes_a_frame() -> None:
    dataset = multi_frame_us(frames=3)
    assert np.asarray(convkit.render(dataset, frame=2)).shape == np.asarray(convkit.render(dataset)).shape


def test_a_segmentation_can_be_rendered() -> None:
    assert isinstance(convkit.render(segmentation(), window="full"), Image.Image)


def test_an_unknown_window_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="lung"):
        convkit.render(square(), window="lungs")


# --- volumes -----------------------------------------------------------------------------------------------


@pytest.fixture(name="volume")
def _volume(tmp_path: Path) -> convkit.Volume:
    write(series(slices=5, rows=16, columns=20, slope=1, intercept=-1024), tmp_path)
    return convkit.read(tmp_path)


def test_a_volume_is_windowed_whole(volume: convkit.Volume) -> None:
    levels = volume.window("-1000/200")
    assert levels.shape == volume.shape
    assert levels.dtype == np.uint8
    values = np.asarray(volume, float)
    assert (levels[values <= -1100.5] == 0).all()
    assert (levels[values > -900.5] == 255).all()


def test_a_volume_renders_its_middle_plane(volume: convkit.Volume) -> None:
    middle = convkit.render(volume, aspect=False)
    assert middle.size == (20, 16)
    assert np.array_equal(np.asarray(middle), np.asarray(convkit.render(volume, frame=2, aspect=False)))


@pytest.mark.parametrize("view", ["three", "mosaic", "mip"])
def test_a_volume_renders_other_views(volume: convkit.Volume, view: str) -> None:
    assert convkit.render(volume, view=view).size[0] > 20


@pytest.mark.parametrize("options", [{"view": "native"}, {"frame": 5}, {"frame": -1}, {"view": "sideways"}])
def test_what_a_volume_has_not_is_refused(volume: convkit.Volume, options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        convkit.render(volume, **options)


def test_a_data_set_has_no_view_of_a_volume() -> None:
    with pytest.raises(UsageError):
        convkit.render(square(), view="three")
