"""Boxes: cut, merged, and what is outside of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.deid.pixels.box import Box, on_picture, outside

_NUMBERS = st.integers(-3, 14)
_BOXES = st.lists(st.builds(Box, _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS), max_size=5)


def _mask(boxes: tuple[Box, ...], rows: int, columns: int) -> np.ndarray:
    mask = np.zeros((rows, columns), int)
    for box in boxes:
        mask[box.top : box.bottom, box.left : box.right] += 1
    return mask


@given(_BOXES)
def test_every_pixel_is_inside_of_the_boxes_or_in_what_is_outside(boxes):
    kept = on_picture(boxes, 10, 12)
    outer = _mask(outside(boxes, 10, 12), 10, 12)
    assert ((_mask(kept, 10, 12) > 0) == (outer == 0)).all()
    assert outer.max(initial=0) <= 1


def test_a_box_within_another_is_left_out():
    assert on_picture([Box(2, 2, 4, 4), Box(0, 0, 9, 9), Box(5, 5, 5, 8)], 6, 6) == (Box(0, 0, 6, 6),)


@pytest.mark.parametrize(("other", "meets"), [(Box(0, 0, 2, 2), False), (Box(1, 1, 3, 3), True)])
def test_boxes_that_only_touch_do_not_meet(other, meets):
    assert Box(2, 2, 5, 5).meets(other) == meets
