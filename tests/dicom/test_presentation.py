"""Presentation states as they are read: for which images, with which levels, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from convkit.dicom.presentation import presentation_of
from convkit.errors import ConvkitError
from convkit.model.display import Display, LookupTable, VoiFunction, Window
from convkit.model.presentation import (
    Circle,
    GraphicKind,
    PresentationState,
    PresentationView,
    Rectangle,
    Units,
)
from tests.builders import instance, palette, write_as
from tests.builders.packed import made, with_undefined_lengths
from tests.builders.presentations import (
    BLENDING,
    COLOUR,
    PSEUDO_COLOUR,
    annotation,
    area,
    graphic,
    layer,
    reference,
    state,
    table,
    text,
    window,
    with_overlay,
)

IMAGES = [instance(number=1), instance(number=2)]
FIRST, SECOND = (str(image.SOPInstanceUID) for image in IMAGES)


def read(folder: Path, **attributes: Any) -> PresentationState:
    return presentation_of(write_as(state(IMAGES, **attributes), folder / "state.dcm"))


def view(folder: Path, **attributes: Any) -> PresentationView:
    return read(folder, **attributes).view(FIRST)


# --- for which images --------------------------------------------------------------------------------------


def test_state_applies_to_the_images_that_it_refers_to(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert found.applies_to(FIRST)
    assert found.applies_to(SECOND, 7)
    assert not found.applies_to("1.2.3")


def test_state_of_some_frames_applies_to_no_others(tmp_path: Path) -> None:
    series = made(SeriesInstanceUID="1.2", ReferencedImageSequence=[reference(IMAGES[0], 2, 3)])
    found = read(tmp_path, ReferencedSeriesSequence=[series])
    assert [found.applies_to(FIRST, frame) for frame in (1, 2, 3, 4)] == [False, True, True, False]


def test_each_image_has_its_own_window_area_and_drawings(tmp_path: Path) -> None:
    one, two = (reference(image) for image in IMAGES)
    found = read(
        tmp_path,
        SoftcopyVOILUTSequence=[window(1, 10, one), window(2, 20, two)],
        DisplayedAreaSelectionSequence=[
            area(1, 1, 3, 4, ReferencedImageSequence=[one]),
            area(2, 2, 5, 6, ReferencedImageSequence=[two]),
        ],
        GraphicAnnotationSequence=[
            annotation("A", graphic("POINT", [(1, 1)]), references=[two]),
            annotation("A", graphic("POINT", [(2, 2)])),
        ],
    )
    first, second = found.view(FIRST), found.view(SECOND)
    assert (first.voi, second.voi) == ((Window(1, 10),), (Window(2, 20),))
    assert first.area is not None
    assert second.area is not None
    assert (first.area.rectangle, second.area.rectangle) == (Rectangle(1, 1, 3, 4), Rectangle(2, 2, 5, 6))
    assert (len(first.drawings), len(second.drawings)) == (1, 2)


def test_each_frame_has_its_own_window(tmp_path: Path) -> None:
    items = [window(1, 10, reference(IMAGES[0], 1)), window(2, 20, reference(IMAGES[0], 2, 3))]
    found = read(tmp_path, SoftcopyVOILUTSequence=items)
    assert [found.view(FIRST, frame).voi for frame in (1, 3, 4)] == [(Window(1, 10),), (Window(2, 20),), ()]


# --- grey levels -------------------------------------------------------------------------------------------

IMAGE = Display(
    "CT", 1.0, -1024.0, units="HU", voi=(Window(40, 400),), is_inverse=True, padding=(-5, -5), is_signed=True
)


def test_state_without_rescale_window_and_inverse_undoes_those_of_the_image(tmp_path: Path) -> None:
    # PS3.4 N.2.1.2, N.2.1.3: identity, "any ... in the Image shall not be used"
    found = view(tmp_path).over(IMAGE)
    assert (found.slope, found.intercept, found.is_inverse, found.units) == (1, 0, False, "")
    assert found.voi == (Window(-0.5, 65535, VoiFunction.LINEAR_EXACT),)
    assert (found.padding, found.modality, found.is_signed) == ((-5, -5), "CT", True)


def test_identity_shows_the_range_after_the_rescale_of_the_state(tmp_path: Path) -> None:
    found = view(tmp_path, RescaleSlope=-2, RescaleIntercept=10, RescaleType="US").over(Display(bits_stored=8))
    assert found.voi == (Window((10 - 500) / 2, 510, VoiFunction.LINEAR_EXACT),)


def test_levels_of_the_state_take_the_place_of_those_of_the_image(tmp_path: Path) -> None:
    found = view(
        tmp_path,
        RescaleSlope=2,
        RescaleIntercept=-7,
        RescaleType="HU",
        SoftcopyVOILUTSequence=[window(50, 100, VOILUTFunction="SIGMOID", WindowCenterWidthExplanation="BRAIN")],
        PresentationLUTShape="INVERSE",
    ).over(Display())
    assert (found.slope, found.intercept, found.units, found.is_inverse) == (2, -7, "HU", True)
    assert found.voi == (Window(50, 100, VoiFunction.SIGMOID, "BRAIN"),)


@pytest.mark.parametrize(("is_signed", "first"), [(True, -1000), (False, 64536)])
def test_tables_start_below_zero_where_the_image_is_signed(is_signed: bool, first: int, tmp_path: Path) -> None:
    item = made(VOILUTSequence=[table([1, 2, 3], first=64536)])
    (voi,) = view(tmp_path, SoftcopyVOILUTSequence=[item]).over(Display(is_signed=is_signed)).voi
    assert isinstance(voi, LookupTable)
    assert voi.first == first


def test_modality_table_of_the_state_is_read(tmp_path: Path) -> None:
    item = table([3, 2, 1], first=-1 & 0xFFFF)
    item.ModalityLUTType = "OD"
    found = view(tmp_path, ModalityLUTSequence=[item]).over(Display(is_signed=True))
    assert found.modality_table is not None
    assert (found.modality_table.first, found.modality_table.entries.tolist(), found.units) == (-1, [3, 2, 1], "OD")
    assert found.voi == (Window(65535 / 2, 65535, VoiFunction.LINEAR_EXACT),)


def test_presentation_table_of_the_state_is_read(tmp_path: Path) -> None:
    found = view(tmp_path, PresentationLUTShape=None, PresentationLUTSequence=[table([0, 9, 1023], bits=10)])
    levels = found.over(Display())
    assert levels.presentation_table is not None
    assert levels.presentation_table.bits == 10


def test_pixel_shape_of_the_state_counts(tmp_path: Path) -> None:
    spaced = area(1, 1, 7, 6, PresentationPixelSpacing=[0.5, 0.25], PresentationPixelAspectRatio=None)
    assert view(tmp_path, DisplayedAreaSelectionSequence=[spaced]).over(Display(aspect=3)).aspect == 2


def test_state_of_colours_leaves_levels_alone(tmp_path: Path) -> None:
    found = view(tmp_path, SOPClassUID=COLOUR, PresentationLUTShape=None)
    assert found.levels is None
    assert found.over(IMAGE).voi == IMAGE.voi


def test_state_of_pseudo_colour_brings_a_palette(tmp_path: Path) -> None:
    colours = {e.keyword: e.value for e in palette() if "PaletteColor" in e.keyword}
    found = view(tmp_path, SOPClassUID=PSEUDO_COLOUR, PresentationLUTShape=None, **colours)
    assert found.palette is not None
    assert found.palette[[0, 7, 255]].tolist() == [[0, 255, 128], [7, 248, 128], [255, 0, 128]]


# --- shutter and turning -----------------------------------------------------------------------------------


def test_shutter_of_several_shapes_is_read(tmp_path: Path) -> None:
    found = view(
        tmp_path,
        ShutterShape=["RECTANGULAR", "CIRCULAR", "POLYGONAL"],
        ShutterLeftVerticalEdge=1,
        ShutterRightVerticalEdge=5,
        ShutterUpperHorizontalEdge=2,
        ShutterLowerHorizontalEdge=6,
        CenterOfCircularShutter=[3, 4],
        RadiusOfCircularShutter=2,
        VerticesOfThePolygonalShutter=[1, 2, 3, 4, 5, 6],
        ShutterPresentationValue=257,
    ).shutter
    assert found is not None
    assert (found.rectangle, found.circle) == (Rectangle(1, 2, 5, 6), Circle(3, 4, 2))
    assert (found.polygon, found.level) == (((1, 2), (3, 4), (5, 6)), 257)


def test_bitmap_shutter_is_no_drawing(tmp_path: Path) -> None:
    bitmap = np.eye(6, 7, dtype=bool)
    dataset = state(IMAGES, ShutterShape="BITMAP", ShutterOverlayGroup=0x6002, ShutterPresentationValue=0)
    path = write_as(with_overlay(dataset, 0x6002, bitmap, layer="A"), tmp_path / "state.dcm")
    found = presentation_of(path).view(FIRST)
    assert found.shutter is not None
    assert found.shutter.bitmap is not None
    np.testing.assert_array_equal(found.shutter.bitmap.mask, bitmap)
    assert found.drawings == ()


def test_shutter_that_cannot_be_closed_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, ShutterShape="POLYGONAL", VerticesOfThePolygonalShutter=[1, 2])
    assert found.shutter is None
    assert [n.code for n in found.notes] == ["presentation.partly"]


def test_turning_is_read(tmp_path: Path) -> None:
    found = view(tmp_path, ImageRotation=270, ImageHorizontalFlip="Y")
    assert (found.rotation, found.is_flipped) == (270, True)


# --- drawings ----------------------------------------------------------------------------------------------


def test_layers_are_drawn_in_their_order(tmp_path: Path) -> None:
    found = view(
        tmp_path,
        GraphicLayerSequence=[layer("TOP", 2, 100), layer("BOTTOM", 1, 200)],
        GraphicAnnotationSequence=[
            annotation("TOP", graphic("POINT", [(1, 1)])),
            annotation("BOTTOM", graphic("POINT", [(2, 2)])),
        ],
    )
    assert [drawing.layer.level for drawing in found.drawings] == [200, 100]


def test_colours_of_a_layer_give_its_grey(tmp_path: Path) -> None:
    red, retired = (
        layer("LAB", 1, GraphicLayerRecommendedDisplayCIELabValue=[35580, 53663, 50836]),
        layer("RGB", 2, GraphicLayerRecommendedDisplayRGBValue=[0xFFFF, 0xFFFF, 0]),
    )
    items = [annotation(name, graphic("POINT", [(1, 1)])) for name in ("LAB", "RGB")]
    first, second = view(tmp_path, GraphicLayerSequence=[red, retired], GraphicAnnotationSequence=items).drawings
    assert first.layer.colour is not None
    assert first.layer.colour[0] > 250
    assert max(first.layer.colour[1:]) < 5
    assert second.layer.colour == (255, 255, 0)
    assert 0 < first.layer.level < second.layer.level < 65535


def test_graphics_keep_their_points_and_units(tmp_path: Path) -> None:
    items = [
        graphic("ELLIPSE", [(1, 2), (3, 2), (2, 1), (2, 3)], filled="Y"),
        graphic("POLYLINE", [(0.25, 0.5), (0.75, 0.5)], units="DISPLAY"),
    ]
    (drawing,) = view(tmp_path, GraphicAnnotationSequence=[annotation("A", *items)]).drawings
    ellipse, line = drawing.graphics
    assert (ellipse.kind, ellipse.is_filled, ellipse.units) == (GraphicKind.ELLIPSE, True, Units.PIXEL)
    assert ellipse.points == ((1, 2), (3, 2), (2, 1), (2, 3))
    assert (line.units, line.points) == (Units.DISPLAY, ((0.25, 0.5), (0.75, 0.5)))


def test_texts_keep_box_anchor_and_lines(tmp_path: Path) -> None:
    boxed = text("one\r\ntwo", [(1, 2), (3, 4)])
    anchored = text("x", AnchorPoint=[0.5, 0.25], AnchorPointAnnotationUnits="DISPLAY", AnchorPointVisibility="Y")
    found = view(tmp_path, GraphicAnnotationSequence=[annotation("A", boxed, anchored)])
    first, second = found.drawings[0].texts
    assert found.has_text
    assert (first.text, first.box, first.anchor) == ("one\ntwo", ((1, 2), (3, 4)), None)
    assert (second.box, second.anchor, second.anchor_units) == (None, (0.5, 0.25), Units.DISPLAY)
    assert second.is_anchor_visible


def test_overlay_of_the_state_is_drawn_in_its_layer(tmp_path: Path) -> None:
    bitmap = np.eye(6, 7, dtype=bool)
    dataset = state(IMAGES, GraphicLayerSequence=[layer("A", 1, 300)])
    path = write_as(with_overlay(dataset, 0x6000, bitmap, layer="A"), tmp_path / "state.dcm")
    (drawing,) = presentation_of(path).view(SECOND).drawings
    np.testing.assert_array_equal(drawing.bitmaps[0].mask, bitmap)
    assert drawing.layer.level == 300


@pytest.mark.parametrize(
    "item",
    [
        graphic("CIRCLE", [(1, 1)]),
        graphic("SPIRAL", [(1, 1), (2, 2)]),
        graphic("POLYLINE", [(1, 1), (2, 2)], units="MATRIX"),
        graphic("POLYLINE", [(1, float("nan")), (2, 2)]),
        text("nowhere"),
    ],
)
def test_drawing_that_makes_no_sense_is_told(item: Dataset, tmp_path: Path) -> None:
    found = read(tmp_path, GraphicAnnotationSequence=[annotation("A", item, graphic("POINT", [(1, 1)]))])
    assert [n.code for n in found.notes] == ["presentation.partly"]
    assert len(found.drawings[0].item.graphics) == 1


def test_subtraction_of_a_mask_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, MaskSubtractionSequence=[made(MaskOperation="AVG_SUB")])
    assert [n.code for n in found.notes] == ["presentation.partly"]


# --- encodings, and what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", ["explicit", "implicit", "big", "deflated"])
def test_encoding_changes_nothing(syntax: str, tmp_path: Path) -> None:
    found = view(
        tmp_path,
        syntax=syntax,
        SoftcopyVOILUTSequence=[window(50, 100)],
        GraphicAnnotationSequence=[annotation("A", graphic("CIRCLE", [(1, 2), (3, 4)]))],
    )
    assert found.voi == (Window(50, 100),)
    assert found.drawings[0].graphics[0].points == ((1, 2), (3, 4))


def test_lengths_that_are_undefined_change_nothing(tmp_path: Path) -> None:
    dataset = with_undefined_lengths(state(IMAGES, SoftcopyVOILUTSequence=[window(50, 100)]))
    assert presentation_of(write_as(dataset, tmp_path / "state.dcm")).view(SECOND).voi == (Window(50, 100),)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "blending": ({"SOPClassUID": BLENDING}, "presentation.unsupported"),
    "an image": ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "presentation.unsupported"),
    "odd angle": ({"ImageRotation": 45}, "presentation.broken"),
    "slope of zero": ({"RescaleSlope": 0, "RescaleIntercept": 0}, "values.bad-rescale"),
    "short modality table": (
        {"ModalityLUTSequence": [made(LUTDescriptor=[4096, 0, 16], LUTData=b"\1\0")]},
        "values.bad-lut",
    ),
    "window of no width": ({"SoftcopyVOILUTSequence": [window(1, 0)]}, "presentation.broken"),
    "unknown function": ({"SoftcopyVOILUTSequence": [window(1, 5, VOILUTFunction="ODD")]}, "presentation.broken"),
    "reference without UID": (
        {"ReferencedSeriesSequence": [made(ReferencedImageSequence=[made()])]},
        "presentation.broken",
    ),
    "palette missing": ({"SOPClassUID": PSEUDO_COLOUR}, "pixels.palette"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_state_that_would_be_shown_wrong_is_refused(case: str, tmp_path: Path) -> None:
    attributes, code = REFUSED[case]
    with pytest.raises(ConvkitError) as caught:
        read(tmp_path, **attributes)
    assert caught.value.code == code


def test_what_is_not_dicom_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.dcm"
    path.write_bytes(b"no DICOM at all" * 30)
    with pytest.raises(ConvkitError) as caught:
        presentation_of(path)
    assert caught.value.code == "input.not-dicom"


def test_state_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConvkitError) as caught:
        presentation_of(tmp_path / "none.dcm")
    assert caught.value.code == "input.unreadable"


def test_message_of_a_broken_state_tells_no_value(tmp_path: Path) -> None:
    attributes = {"SoftcopyVOILUTSequence": [window(1, 5, VOILUTFunction="SMITH")]}
    with pytest.raises(ConvkitError) as caught:
        read(tmp_path, **attributes)
    assert "SMITH" not in str(caught.value)
