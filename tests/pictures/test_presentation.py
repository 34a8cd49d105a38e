"""A presentation state on a picture: what is hidden, what is drawn, and how all of it turns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from convkit.model.picture import Picture
from convkit.model.presentation import (
    WHITE,
    Area,
    Bitmap,
    Circle,
    Drawing,
    Graphic,
    GraphicKind,
    Layer,
    Point,
    PresentationView,
    Rectangle,
    Shutter,
    TextObject,
    Units,
)
from convkit.pictures._turning import Turning
from convkit.pictures.presentation import coloured, presented

ROWS, COLUMNS = 40, 60
DEPTHS = {"8 bits": np.uint8, "16 bits": np.uint16, "colour": np.uint8}


def picture(kind: str = "8 bits", level: int = 7, aspect: float = 1.0) -> Picture:
    shape = (ROWS, COLUMNS, 3) if kind == "colour" else (ROWS, COLUMNS)
    return Picture(np.full(shape, level, DEPTHS[kind]), aspect)


def counted() -> Picture:
    """A picture every pixel of which is another level."""
    return Picture(np.arange(ROWS * COLUMNS, dtype=np.uint16).reshape(ROWS, COLUMNS))


def drawn(*graphics: Graphic, kind: str = "8 bits", layer: Layer | None = None, **view: Any) -> NDArray[Any]:
    drawing = Drawing(layer or Layer(), graphics)
    return presented(picture(kind), PresentationView(drawings=(drawing,), **view)).pixels


def line(*points: Point, units: Units = Units.PIXEL) -> Graphic:
    return Graphic(GraphicKind.POLYLINE, points, units)


def lit(pixels: NDArray[Any]) -> set[tuple[int, int]]:
    """(row, column) of pixels that are not the level of `picture`."""
    return {(int(r), int(c)) for r, c in zip(*np.nonzero(pixels != 7)[:2], strict=True)}


# --- nothing, and turning ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", DEPTHS)
def test_empty_view_changes_nothing(kind: str) -> None:
    given_ = picture(kind, aspect=1.5)
    found = presented(given_, PresentationView())
    np.testing.assert_array_equal(found.pixels, given_.pixels)
    assert found.aspect == 1.5


@pytest.mark.parametrize(
    ("rotation", "is_flipped", "corner"),
    [
        # where the top left pixel goes: (row, column) of the picture that comes out
        (0, False, (0, 0)),
        (0, True, (0, -1)),
        (90, False, (0, -1)),
        (90, True, (0, 0)),
        (180, False, (-1, -1)),
        (180, True, (-1, 0)),
        (270, False, (-1, 0)),
        (270, True, (-1, -1)),
    ],
)
def test_picture_turns_clockwise_and_then_flips(rotation: int, is_flipped: bool, corner: tuple[int, int]) -> None:
    found = presented(counted(), PresentationView(rotation=rotation, is_flipped=is_flipped)).pixels
    assert found[corner] == 0
    assert found.shape == ((ROWS, COLUMNS) if rotation in {0, 180} else (COLUMNS, ROWS))


def test_pixel_shape_turns_with_the_picture() -> None:
    assert presented(picture(aspect=2), PresentationView(rotation=90)).aspect == 0.5
    assert presented(picture(aspect=2), PresentationView(rotation=180)).aspect == 2


def test_displayed_area_is_cut_out() -> None:
    view = PresentationView(area=Area(Rectangle(11, 5, 30, 24)), rotation=180)
    np.testing.assert_array_equal(presented(counted(), view).pixels, counted().pixels[4:24, 10:30][::-1, ::-1])
    assert presented(counted(), view, is_cropped=False).pixels.shape == (ROWS, COLUMNS)


@pytest.mark.parametrize(
    ("area", "shape"),
    [
        (Rectangle(-9, -9, COLUMNS + 10, ROWS + 10), (ROWS, COLUMNS)),
        (Rectangle(51, 1, 1_000_000_000, 40), (40, 10)),
        (Rectangle(1000, 1000, 2000, 2000), (ROWS, COLUMNS)),
    ],
)
def test_area_beyond_the_image_ends_with_it(area: Rectangle, shape: tuple[int, int]) -> None:
    assert presented(counted(), PresentationView(area=Area(area))).pixels.shape == shape


rectangles = st.builds(
    lambda x, y, w, h: Rectangle(x, y, min(x + w, COLUMNS), min(y + h, ROWS)),
    st.integers(1, COLUMNS),
    st.integers(1, ROWS),
    st.integers(0, COLUMNS),
    st.integers(0, ROWS),
)


@given(rectangles, st.sampled_from([0, 90, 180, 270]), st.booleans(), st.data())
def test_points_go_where_their_pixels_go(part: Rectangle, rotation: int, is_flipped: bool, data: st.DataObject) -> None:
    turning = Turning((ROWS, COLUMNS), part, part, rotation, is_flipped)
    row = data.draw(st.integers(part.upper - 1, part.lower - 1))
    column = data.draw(st.integers(part.left - 1, part.right - 1))
    turned = turning.applied_to(counted().pixels)
    assert turned.shape == turning.shape
    x, y = turning.point((column + 0.5, row + 0.5), Units.PIXEL)
    assert turned[int(y), int(x)] == counted().pixels[row, column]


@given(rectangles, st.sampled_from([0, 90, 180, 270]), st.booleans())
def test_shares_of_the_display_do_not_turn(part: Rectangle, rotation: int, is_flipped: bool) -> None:
    turning = Turning((ROWS, COLUMNS), part, part, rotation, is_flipped)
    rows, columns = turning.shape
    assert turning.point((0, 0), Units.DISPLAY) == (0, 0)
    assert turning.point((1, 1), Units.DISPLAY) == (columns, rows)


# --- shutter -----------------------------------------------------------------------------------------------


def shown(shutter: Shutter, **options: Any) -> NDArray[np.bool_]:
    found = presented(picture(**options), PresentationView(shutter=shutter)).pixels
    return np.asarray(found == 7)


def test_edges_of_a_rectangle_are_shown() -> None:
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[4:20, 9:50] = True
    np.testing.assert_array_equal(shown(Shutter(Rectangle(10, 5, 50, 20))), expected)


def test_circle_is_round_on_the_screen() -> None:
    flat = shown(Shutter(circle=Circle(20, 30, 10)))
    assert (flat[19].sum(), flat[:, 29].sum()) == (21, 21)
    tall = shown(Shutter(circle=Circle(20, 30, 10)), aspect=2.0)
    assert (tall[19].sum(), tall[:, 29].sum()) == (21, 11)


def test_polygon_shows_what_it_holds() -> None:
    found = shown(Shutter(polygon=((10, 10), (10, 30), (30, 30), (30, 10))))
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[9:30, 9:30] = True
    np.testing.assert_array_equal(found, expected)


def test_several_shapes_leave_the_least() -> None:
    rectangle, circle = Shutter(Rectangle(1, 1, 30, 40)), Shutter(circle=Circle(20, 30, 10))
    both = Shutter(rectangle.rectangle, circle.circle)
    np.testing.assert_array_equal(shown(both), shown(rectangle) & shown(circle))


def test_bitmap_hides_what_it_covers() -> None:
    found = shown(Shutter(bitmap=Bitmap(np.ones((3, 4), bool), row=0, column=58)))
    expected = np.ones((ROWS, COLUMNS), bool)
    expected[:2, 57:] = False
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("kind", "level", "expected"),
    [("8 bits", WHITE, 255), ("8 bits", 0, 0), ("16 bits", 1234, 1234), ("16 bits", WHITE, 65535)],
)
def test_what_is_hidden_has_the_level_of_the_shutter(kind: str, level: int, expected: int) -> None:
    view = PresentationView(shutter=Shutter(Rectangle(2, 2, 5, 5), level=level))
    assert presented(picture(kind), view).pixels[0, 0] == expected


def test_what_is_hidden_of_colours_has_the_colour_of_the_shutter() -> None:
    view = PresentationView(shutter=Shutter(Rectangle(2, 2, 5, 5), level=WHITE, colour=(1, 2, 3)))
    assert presented(picture("colour"), view).pixels[0, 0].tolist() == [1, 2, 3]


def test_shutter_lies_under_graphics() -> None:
    view = PresentationView(
        shutter=Shutter(Rectangle(2, 2, 5, 5)), drawings=(Drawing(Layer(), (line((0, 0), (9, 0)),)),)
    )
    assert presented(picture(), view).pixels[0, 0] == 255


# --- graphics ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "ink"), [("8 bits", 255), ("16 bits", 65535), ("colour", [255, 255, 255])])
def test_line_is_drawn_through_the_pixels_that_its_points_lie_in(kind: str, ink: object) -> None:
    found = drawn(line((3.5, 2.5), (8.9, 2.1)), kind=kind)
    assert lit(found) == {(2, column) for column in range(3, 9)}
    assert found[2, 3].tolist() == ink


def test_level_and_colour_are_those_of_the_layer() -> None:
    layer = Layer(level=257 * 100, colour=(9, 8, 200))
    assert drawn(line((0, 0), (5, 0)), layer=layer)[0, 0] == 100
    assert drawn(line((0, 0), (5, 0)), layer=layer, kind="16 bits")[0, 0] == 25700
    assert drawn(line((0, 0), (5, 0)), layer=layer, kind="colour")[0, 0].tolist() == [9, 8, 200]


def test_later_layers_lie_on_top() -> None:
    first, second = (Drawing(Layer(level=level), (line((0, 0), (5, 0)),)) for level in (257, 514))
    assert presented(picture(), PresentationView(drawings=(first, second))).pixels[0, 0] == 2


def test_circle_goes_through_its_point() -> None:
    found = lit(drawn(Graphic(GraphicKind.CIRCLE, ((30.5, 20.5), (40.5, 20.5)))))
    assert {(20, 40), (20, 20), (10, 30), (30, 30)} <= found
    assert all(abs(np.hypot(row - 20, column - 30) - 10) < 1.5 for row, column in found)


def test_filled_circle_holds_its_centre() -> None:
    points = ((30.5, 20.5), (40.5, 20.5))
    assert (20, 30) in lit(drawn(Graphic(GraphicKind.CIRCLE, points, is_filled=True)))
    assert (20, 30) not in lit(drawn(Graphic(GraphicKind.CIRCLE, points)))


def test_ellipse_goes_through_the_ends_of_its_axes() -> None:
    ends = ((10.5, 20.5), (50.5, 20.5), (30.5, 15.5), (30.5, 25.5))
    found = lit(drawn(Graphic(GraphicKind.ELLIPSE, ends)))
    assert {(20, 10), (20, 50), (15, 30), (25, 30)} <= found
    assert (20, 30) not in found


def test_curve_goes_through_all_its_points() -> None:
    points = ((5.5, 5.5), (20.5, 30.5), (40.5, 10.5), (55.5, 35.5))
    found = lit(drawn(Graphic(GraphicKind.INTERPOLATED, points)))
    assert {(int(y), int(x)) for x, y in points} <= found


def test_point_is_a_cross() -> None:
    found = lit(drawn(Graphic(GraphicKind.POINT, ((20.5, 10.5),))))
    assert {(10, 20), (10, 18), (8, 20), (12, 20)} <= found


def test_filled_line_closes_itself() -> None:
    corners = ((5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0))
    assert (10, 10) in lit(drawn(Graphic(GraphicKind.POLYLINE, corners, is_filled=True)))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("is_flipped", [False, True])
def test_graphics_in_pixels_turn_with_the_image(rotation: int, is_flipped: bool) -> None:
    graphics = (line((3, 2), (40, 7.5), (21, 30)), Graphic(GraphicKind.CIRCLE, ((30, 20), (41.2, 20))))
    upright = drawn(*graphics)
    expected = np.rot90(upright, -rotation // 90)
    expected = expected[:, ::-1] if is_flipped else expected
    np.testing.assert_array_equal(drawn(*graphics, rotation=rotation, is_flipped=is_flipped), expected)


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_graphics_on_the_display_do_not_turn(rotation: int) -> None:
    found = drawn(line((0.0, 0.0), (0.5, 0.0), units=Units.DISPLAY), rotation=rotation)
    assert (0, 0) in lit(found)
    assert {row for row, _ in lit(found)} == {0}


def test_graphics_on_the_display_keep_to_the_displayed_area() -> None:
    area = Area(Rectangle(11, 11, 30, 30))
    graphic = line((0.0, 0.0), (0.5, 0.0), units=Units.DISPLAY)
    assert lit(drawn(graphic, area=area)) == {(0, column) for column in range(11)}
    whole = presented(
        picture(), PresentationView(area=area, drawings=(Drawing(Layer(), (graphic,)),)), is_cropped=False
    )
    assert lit(whole.pixels) == {(10, column) for column in range(10, 21)}


def test_lines_of_a_large_picture_are_wider() -> None:
    large = Picture(np.zeros((2048, 2048), np.uint8))
    found = presented(large, PresentationView(drawings=(Drawing(Layer(), (line((100, 100), (2000, 100)),)),))).pixels
    assert np.count_nonzero(found[:, 1000]) == 4


@pytest.mark.parametrize("far", [1e30, -1e30, 1e7])
def test_points_far_outside_are_harmless(far: float) -> None:
    shapes = [
        line((5, 5), (far, far)),
        Graphic(GraphicKind.CIRCLE, ((5, 5), (far, 5)), is_filled=True),
        Graphic(GraphicKind.INTERPOLATED, ((5, 5), (far, 5), (5, far))),
        Graphic(GraphicKind.POINT, ((far, far),)),
    ]
    assert drawn(*shapes).shape == (ROWS, COLUMNS)


def test_bitmaps_are_drawn_and_turn() -> None:
    bitmap = np.zeros((ROWS, COLUMNS), bool)
    bitmap[3, 5] = True
    view = PresentationView(drawings=(Drawing(Layer(), bitmaps=(Bitmap(bitmap),)),), rotation=90)
    assert lit(presented(picture(), view).pixels) == {(5, ROWS - 1 - 3)}


# --- texts -------------------------------------------------------------------------------------------------


def written(*texts: TextObject, **view: Any) -> set[tuple[int, int]]:
    found = presented(picture(level=7), PresentationView(drawings=(Drawing(Layer(), texts=texts),), **view))
    return lit(found.pixels)


def test_text_starts_in_its_box() -> None:
    found = written(TextObject("I", ((20, 10), (50, 30))))
    assert found
    assert min(row for row, _ in found) >= 9
    assert all(18 <= column < 35 for _, column in found)


def test_text_at_the_right_ends_in_its_box() -> None:
    found = written(TextObject("I", ((20, 10), (50, 30)), alignment="RIGHT"))
    assert all(40 <= column <= 52 for _, column in found)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_text_is_upright_where_its_box_has_turned_to(rotation: int) -> None:
    # the box keeps its size where it is a square; so the text is the same, elsewhere
    upright = written(TextObject("L", ((20, 10), (30, 20))))
    turned = written(TextObject("L", ((20, 10), (30, 20))), rotation=rotation)
    top, left = (min(axis) for axis in zip(*upright, strict=True))
    new_top, new_left = (min(axis) for axis in zip(*turned, strict=True))
    assert {(r - top, c - left) for r, c in upright} == {(r - new_top, c - new_left) for r, c in turned}
    assert (top, left) != (new_top, new_left)


def test_visible_anchor_is_joined_with_its_text() -> None:
    boxed = TextObject("I", ((30, 5), (50, 15)), anchor=(5, 35), is_anchor_visible=True)
    assert (35, 5) in written(boxed)
    hidden = TextObject("I", ((30, 5), (50, 15)), anchor=(5, 35))
    assert (35, 5) not in written(hidden)


def test_text_with_only_an_anchor_lies_beside_it() -> None:
    found = written(TextObject("I", anchor=(10, 20)))
    assert found
    assert all(10 < column < 30 and 10 < row < 32 for row, column in found)


def test_text_can_be_read_on_white() -> None:
    view = PresentationView(drawings=(Drawing(Layer(), texts=(TextObject("H", ((20, 10), (50, 30))),)),))
    found = presented(picture(level=255), view).pixels
    assert found.min() < 50
    assert found.max() == 255


# --- pseudo-colour -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["8 bits", "16 bits"])
def test_grey_levels_spread_over_the_palette(kind: str) -> None:
    palette = np.stack([np.arange(100), 200 - np.arange(100), np.full(100, 5)], axis=1).astype(np.uint8)
    top = int(np.iinfo(DEPTHS[kind]).max)
    grey = Picture(np.array([[0, top // 2, top]], DEPTHS[kind]))
    assert coloured(grey, palette).pixels.tolist() == [[[0, 200, 5], [49, 151, 5], [99, 101, 5]]]


def test_palette_comes_before_graphics() -> None:
    palette = np.full((256, 3), 9, np.uint8)
    drawing = Drawing(Layer(colour=(1, 2, 3)), (line((0, 0), (0, 0)),))
    found = presented(picture(), PresentationView(palette=palette, drawings=(drawing,)))
    assert found.pixels[0, 0].tolist() == [1, 2, 3]
    assert found.pixels[5, 5].tolist() == [9, 9, 9]
