"""Planes in patient space, and the colours of labels."""

from __future__ import annotations

import numpy as np
import pytest

from convkit.model.labels import PALETTE, LabelImage, Plane, colour_of, nearest

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def test_plane_of_an_image_steps_down_by_the_row_spacing() -> None:
    plane = Plane.of_image((1, 2, 3), AXIAL, (0.8, 0.7), (6, 7))
    assert plane == Plane((1, 2, 3), (0, 0.8, 0), (0.7, 0, 0), 6, 7)


def test_plane_of_a_slice_is_that_of_the_image() -> None:
    affine = np.array([[0, 0, 0.7, 1], [0, 0.8, 0, 2], [3, 0, 0, 3], [0, 0, 0, 1]])
    assert Plane.of_slice(affine, 2, 6, 7) == Plane.of_image((1, 2, 9), AXIAL, (0.8, 0.7), (6, 7))


@pytest.mark.parametrize(
    ("position", "orientation", "spacing"),
    [((), AXIAL, (1, 1)), ((0, 0, 0), (), (1, 1)), ((0, 0, 0), AXIAL, (1,)), ((0, 0, 0), AXIAL, (0, 1))],
)
def test_numbers_that_make_no_plane_give_none(
    position: tuple[float, ...], orientation: tuple[float, ...], spacing: tuple[float, ...]
) -> None:
    assert Plane.of_image(position, orientation, spacing, (6, 7)) is None


def test_pixels_along_a_direction_have_their_coordinate() -> None:
    plane = Plane((1, 2, 3), (0, 0.8, 0), (0.7, 0, 0), 6, 7)
    assert plane.along(np.array([1.0, 0, 0])) == pytest.approx((1 + 0.7 * np.arange(7))[np.newaxis])
    assert plane.along(np.array([0, 0, 2.0])) == pytest.approx(np.array([[6.0]]))
    both = 1 + 2 + 0.8 * np.arange(6)[:, np.newaxis] + 0.7 * np.arange(7)
    assert plane.along(np.array([1.0, 1.0, 0])) == pytest.approx(both)
    assert plane.corners_lps()[3] == pytest.approx((1 + 6 * 0.7, 2 + 5 * 0.8, 3))
    assert plane.normal_lps == pytest.approx((0, 0, 1))


def test_part_of_a_plane_lies_where_its_pixels_lay() -> None:
    plane = Plane((1, 2, 3), (0.1, 0.8, 0), (0.7, 0, 0.2), 6, 7)
    part = plane.part(slice(2, 5), slice(3, 7))
    vector = np.array([1.0, 2.0, 3.0])
    assert (part.rows, part.columns) == (3, 4)
    assert part.along(vector) == pytest.approx(plane.along(vector)[2:5, 3:7])


def test_a_sample_between_two_takes_the_later_one_whatever_the_last_digits() -> None:
    assert nearest(np.array([0.5, 0.5 - 1e-9, 0.5 + 1e-9, 1.5, -0.5, -0.51])).tolist() == [1, 1, 1, 2, 0, -1]


def test_palette_is_taken_in_turn() -> None:
    assert colour_of(1) == PALETTE[0]
    assert colour_of(len(PALETTE) + 1) == PALETTE[0]
    assert len(set(PALETTE)) == len(PALETTE)


def test_label_image_holds_integers_that_nobody_changes() -> None:
    image = LabelImage(np.zeros((1, 2, 3), np.uint8), np.eye(4))
    with pytest.raises(ValueError, match="read-only"):
        image.array[0] = 1
    with pytest.raises(ValueError, match="integers"):
        LabelImage(np.zeros((1, 2, 3)), np.eye(4))  # type: ignore[arg-type]
