"""Arrays that are still in their files: the same planes as those of the array, whoever asks for them, and how."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from convkit.model.geometry import Turn, turn_array
from convkit.model.slabs import slabs
from convkit.model.unread import Unread

SHAPE = (3, 4, 5, 6)
WHOLE = np.arange(np.prod(SHAPE), dtype=np.uint16).reshape(SHAPE) * 181
TURNS = [Turn(axes=(0, 1, 2), flips=flips) for flips in product((False, True), repeat=3)]


def unread(together: int = 1) -> Unread:
    planes = WHOLE.reshape(-1, *SHAPE[2:])

    def read(start: int, out: NDArray[np.uint16]) -> None:
        out[...] = planes[start : start + len(out)]

    return Unread(SHAPE, WHOLE.dtype, read, WHOLE.copy, together=together)


def test_it_looks_like_its_array() -> None:
    one = unread()
    assert (one.shape, one.dtype, one.ndim, len(one)) == (WHOLE.shape, WHOLE.dtype, WHOLE.ndim, len(WHOLE))
    assert (one.count, one.bytes_per_plane) == (12, 60)


def test_numpy_gets_all_of_it() -> None:
    assert np.array_equal(np.asarray(unread()), WHOLE)
    assert np.asarray(unread(), np.float64).dtype == np.float64
    assert np.array_equal(unread()[1, :, 2], WHOLE[1, :, 2])


@pytest.mark.parametrize("turn", [*TURNS, Turn(axes=(2, 0, 1), flips=(True, False, False))], ids=str)
def test_turned_as_its_array_is(turn: Turn) -> None:
    array = turn_array(WHOLE, turn)
    turned = turn_array(unread(), turn)  # type: ignore[type-var]
    assert turned.shape == array.shape
    assert np.array_equal(np.asarray(turned), array)
    assert isinstance(turned, Unread) == (turn.axes == (0, 1, 2) and not turn.flips[0])


@given(st.lists(st.sampled_from([t for t in TURNS if not t.flips[0]]), max_size=4), st.integers(1, 13))
def test_several_turns_are_one_after_the_other(turns: list[Turn], most: int) -> None:
    array, turned = WHOLE, unread()
    for turn in turns:
        array, turned = turn_array(array, turn), turn_array(turned, turn)  # type: ignore[type-var, assignment]
    found = np.concatenate([turned.planes(start, start + most) for start in range(0, turned.count, most)])
    assert np.array_equal(found.reshape(SHAPE), array)


@given(st.integers(1, 10_000), st.integers(1, 5))
def test_parts_follow_each_other_and_cut_nothing_that_is_read_together(most_bytes: int, together: int) -> None:
    one = unread(together)
    starts = one.starts(most_bytes)
    assert starts.step % together == 0
    assert [p for s in starts for p in range(s, min(s + starts.step, one.count))] == list(range(one.count))


def test_another_type_of_the_same_size_is_the_same_bytes() -> None:
    assert np.array_equal(np.asarray(unread().view(np.int16)), WHOLE.view(np.int16))


def test_slabs_are_planes() -> None:
    found = list(slabs(unread()))  # type: ignore[arg-type]
    assert np.array_equal(np.concatenate(found).reshape(SHAPE), WHOLE)
