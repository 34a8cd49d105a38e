"""The volume: read-only, turned without moving a value, picklable."""

from __future__ import annotations

import math
import pickle
from itertools import permutations, product

import numpy as np
import pytest

from convkit.model.geometry import Turn
from convkit.model.notes import CODES, note
from convkit.model.volume import MappingState, Split, ValueMapping, Volume

TURNS = [Turn(a, f) for a in permutations(range(3)) for f in product([False, True], repeat=3)]
SHAPE = (2, 3, 4, 5)
AFFINE = np.array([[0.1, 0, 0.7, -20], [0.2, 0.8, 0, -30], [3, 0.1, 0, -40], [0, 0, 0, 1]], float)
PER_SLICE = ValueMapping((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (0.0, 10.0, 20.0, 30.0, 40.0, 50.0), MappingState.APPLIED)


def volume(**changes: object) -> Volume:
    """Two volumes of three slices; each slice's source is named by its volume and slice."""
    given = {
        "array": np.arange(math.prod(SHAPE), dtype=np.int16).reshape(SHAPE),
        "affine_lps": AFFINE.copy(),
        "sources": (("v0s0", "v0s1", "v0s2"), ("v1s0", "v1s1", "v1s2")),
    }
    return Volume(**(given | changes))


def world_of(one: Volume) -> dict[tuple[float, ...], tuple[int, ...]]:
    """Values of all volumes by position, rounded to 1e-6 mm."""
    found = {}
    for index in np.ndindex(one.shape[1:4]):
        position = one.affine_lps[:3, :3] @ index + one.affine_lps[:3, 3]
        found[tuple(np.round(position, 6) + 0.0)] = tuple(one.array[(slice(None), *index)].tolist())
    return found


# --- what it holds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["array", "affine_lps", "invented"])
def test_arrays_are_read_only(name: str) -> None:
    held = getattr(volume(invented=np.zeros(SHAPE, bool)), name)
    with pytest.raises(ValueError, match="read-only"):
        held[0] = 1


@pytest.mark.parametrize("shape", [(2, 3), (3, 4, 5), (1, 1, 3, 4, 5, 3)])
def test_array_of_another_rank_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="-D"):
        volume(array=np.zeros(shape))


def test_fields_cannot_be_set() -> None:
    with pytest.raises(AttributeError):
        volume().units = "HU"


def test_shape_spacing_letters() -> None:
    one = volume(affine_lps=np.array([[0, 0, 0.7, 0], [0, 0.8, 0, 0], [3, 0, 0, 0], [0, 0, 0, 1]], float))
    assert one.shape == SHAPE
    assert one.spacing == (3.0, 0.8, 0.7)
    assert one.letters == "LPS"
    assert not one.is_colour
    assert volume(array=np.zeros((*SHAPE, 3), np.uint8)).is_colour


def test_ras_affine_has_x_and_y_turned() -> None:
    assert np.array_equal(volume().affine_ras, np.diag([-1.0, -1, 1, 1]) @ AFFINE)


# --- values ----------------------------------------------------------------------------------------------


def test_numpy_gets_real_values_while_the_rescale_is_pending() -> None:
    one = volume(mapping=ValueMapping((1.0,), (-1024.0,)))
    assert np.array_equal(np.asarray(one), one.array.astype(int) - 1024)


@pytest.mark.parametrize("state", [MappingState.APPLIED, MappingState.IGNORED])
def test_numpy_gets_the_array_when_nothing_is_pending(state: MappingState) -> None:
    one = volume(mapping=ValueMapping((2.0,), (5.0,), state))
    assert np.array_equal(np.asarray(one), one.array)


def test_numpy_gets_the_type_it_asks_for() -> None:
    assert np.asarray(volume(), dtype=np.float32).dtype == np.float32


def test_copy_can_be_written_and_leaves_the_volume_alone() -> None:
    one = volume()
    mine = np.array(one)
    mine[:] = 7
    assert one.array[0, 0, 0, 1] == 1


def test_slopes_that_differ_between_slices_are_never_pending() -> None:
    with pytest.raises(ValueError, match="never pending"):
        ValueMapping((1.0, 2.0), (0.0, 0.0))


@pytest.mark.parametrize(
    ("mapping", "slope"), [(ValueMapping((2.0,), (3.0,)), 2.0), (PER_SLICE, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])]
)
def test_mapping_as_json(mapping: ValueMapping, slope: object) -> None:
    assert mapping.to_json()["RescaleSlope"] == slope
    assert mapping.to_json()["State"] == str(mapping.state)


# --- turning ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_turned_volume_keeps_each_value_where_it_was(turn: Turn) -> None:
    assert world_of(volume().turned(turn)) == world_of(volume())


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_sources_follow_the_slices(turn: Turn) -> None:
    """Each source still names the slice whose values it gave."""
    turned = volume().turned(turn)
    slices = np.moveaxis(turned.array, turned.source_axis + 1, 1)
    for v, names in enumerate(turned.sources):
        for s, name in enumerate(names):
            original = volume().array[v, int(name[-1])]
            assert sorted(slices[v, s].ravel().tolist()) == sorted(original.ravel().tolist())


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_slopes_follow_the_slices(turn: Turn) -> None:
    turned = volume(mapping=PER_SLICE).turned(turn)
    names = [name for volume_sources in turned.sources for name in volume_sources]
    by_name = dict(zip([n for s in volume().sources for n in s], PER_SLICE.slopes, strict=True))
    assert turned.mapping.slopes == tuple(by_name[n] for n in names)


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_turning_twice_is_turning_once_by_both(turn: Turn) -> None:
    there = volume(mapping=PER_SLICE).turned(turn)
    back = Turn(tuple(turn.axes.index(a) for a in range(3)), tuple(turn.flips[turn.axes.index(a)] for a in range(3)))
    again = there.turned(back)
    assert np.array_equal(again.array, volume().array)
    assert np.allclose(again.affine_lps, AFFINE)
    assert (again.sources, again.source_axis, again.mapping) == (volume().sources, 0, PER_SLICE)


def test_flipped_slices_reverse_the_sources() -> None:
    turned = volume().turned(Turn((0, 1, 2), (True, False, False)))
    assert turned.sources == (("v0s2", "v0s1", "v0s0"), ("v1s2", "v1s1", "v1s0"))


def test_flipped_rows_leave_the_sources() -> None:
    assert volume().turned(Turn((0, 1, 2), (False, True, True))).sources == volume().sources


def test_invented_voxels_turn_with_the_array() -> None:
    invented = np.zeros(SHAPE, bool)
    invented[0, 0, 1, 2] = True
    turned = volume(invented=invented).turned(Turn((2, 1, 0), (True, False, True)))
    assert turned.array[turned.invented].tolist() == volume().array[0, 0, 1, 2:3].tolist()


def test_identity_gives_the_volume_itself() -> None:
    one = volume()
    assert one.turned(Turn((0, 1, 2), (False, False, False))) is one


@pytest.mark.parametrize("letters", ["RAS", "LPS", "SRP", "IAR"])
def test_oriented_volume_has_the_letters(letters: str) -> None:
    one = volume().oriented(letters)
    assert one.letters == letters
    assert world_of(one) == world_of(volume())


# --- passing on ------------------------------------------------------------------------------------------


def test_volume_survives_pickling() -> None:
    one = volume(
        mapping=PER_SLICE,
        split=Split("_echo-2", ("Echo Time differs",)),
        notes=(note(next(iter(CODES))),),
        facts={"EchoTime": 0.03},
    )
    two = pickle.loads(pickle.dumps(one))
    assert np.array_equal(two.array, one.array)
    assert np.array_equal(two.affine_lps, one.affine_lps)
    assert (two.mapping, two.split, two.notes, two.sources) == (
        one.mapping,
        one.split,
        one.notes,
        one.sources,
    )
    assert dict(two.facts) == {"EchoTime": 0.03}
    assert not two.array.flags.writeable


def test_default_volume_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(volume())).units == ""


def test_further_notes_are_added_at_the_end() -> None:
    codes = list(CODES)[:2]
    one = volume(notes=(note(codes[0]),)).with_notes(note(codes[1]))
    assert [n.code for n in one.notes] == codes
