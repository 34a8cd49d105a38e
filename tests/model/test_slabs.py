"""Arrays a slab at a time, in memory or in a file."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.model import slabs as module
from convkit.model.slabs import ends, is_in_a_file, let_go, slabs
from convkit.series.room import IN_MEMORY, Room


@given(shape=st.lists(st.integers(1, 7), min_size=1, max_size=5), most=st.integers(1, 600))
def test_slabs_are_the_array_in_order(shape: list[int], most: int) -> None:
    array = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SLAB_BYTES", most)
        found = list(slabs(array))
        assert ends(array) == (array.min(), array.max())
    assert np.array_equal(np.concatenate([slab.reshape(-1) for slab in found]), array.reshape(-1))
    assert all(slab.base is not None or slab is array for slab in found)
    assert all(slab.nbytes <= max(most, shape[-1] * 4) for slab in found)


def test_not_a_number_is_seen_by_the_ends() -> None:
    assert np.isnan(ends(np.array([[1.0, np.nan], [2.0, 3.0]]))).all()


def test_a_large_array_lies_in_a_file_and_keeps_what_was_written() -> None:
    array = Room(1000).empty((2, 300), np.dtype(np.int16))
    assert is_in_a_file(array)
    array[...] = np.arange(600).reshape(2, 300)
    let_go(array[1])
    assert np.array_equal(array.reshape(-1), np.arange(600))
    assert is_in_a_file(array[1, ::-1].view(np.uint16))


def test_a_small_array_lies_in_memory() -> None:
    assert not is_in_a_file(Room(1000).empty((500,), np.dtype(np.int16)))
    assert not is_in_a_file(IN_MEMORY.empty((5000,), np.dtype(np.int16)))
