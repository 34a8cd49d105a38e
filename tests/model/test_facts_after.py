"""Facts that name an axis, or have one entry a slice, follow every turn of the volume."""

from __future__ import annotations

from itertools import permutations, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convkit.model import geometry
from convkit.model.geometry import Turn
from convkit.model.volume import FILE_AXES, Volume, facts_after

TURNS = [Turn(a, f) for a in permutations(range(3)) for f in product([False, True], repeat=3)]
SHAPE = (1, 4, 5, 6)
NAMES = ("i", "j", "k", "i-", "j-", "k-")
TIMES = [0.0, 0.5, 0.25, 0.75]

turns = st.sampled_from(TURNS)


def volume(**facts: Any) -> Volume:
    """A volume whose axes have directions of their own, and whose values are the number of their slice."""
    array = np.broadcast_to(np.arange(SHAPE[1], dtype=np.int16)[None, :, None, None], SHAPE).copy()
    affine = np.array([[0, 0, 2.0, 5], [0, 3.0, 0, 6], [4.0, 0, 0, 7], [0, 0, 0, 1]])
    return Volume(array, affine, facts=facts)


def world_of(one: Volume, name: str) -> np.ndarray:
    """Unit vector that an axis name stands for, LPS."""
    step = one.affine_lps[:3, FILE_AXES.index(name[0])]
    return np.round(step / np.linalg.norm(step) * (-1 if name.endswith("-") else 1), 9)


def back(turn: Turn) -> Turn:
    """The turn that undoes another."""
    axes = tuple(turn.axes.index(old) for old in range(3))
    return Turn(axes, tuple(turn.flips[a] for a in axes))  # type: ignore[arg-type]


@given(turn=turns, name=st.sampled_from(NAMES))
def test_phase_encoding_keeps_its_direction_in_the_patient(turn: Turn, name: str) -> None:
    before = volume(PhaseEncodingDirection=name)
    after = before.turned(turn)
    assert np.array_equal(world_of(after, after.facts["PhaseEncodingDirection"]), world_of(before, name))


@given(turn=turns, name=st.sampled_from("ijk"))
def test_phase_encoding_axis_never_gets_a_sign(turn: Turn, name: str) -> None:
    before = volume(PhaseEncodingAxis=name)
    after = before.turned(turn)
    assert after.facts["PhaseEncodingAxis"] in FILE_AXES
    assert abs(world_of(after, after.facts["PhaseEncodingAxis"]) @ world_of(before, name)) == 1


@given(turn=turns)
def test_slice_times_stay_with_their_slices(turn: Turn) -> None:
    after = volume(SliceTiming=TIMES).turned(turn)
    axis = FILE_AXES.index(after.facts.get("SliceEncodingDirection", "k"))
    slices = np.moveaxis(after.array[0], axis, 0)
    assert [TIMES[int(s.flat[0])] for s in slices] == after.facts["SliceTiming"]
    assert all((s == s.flat[0]).all() for s in slices)


@given(turn=turns, name=st.sampled_from(NAMES), axis=st.sampled_from(NAMES))
def test_turn_and_turn_back_changes_nothing(turn: Turn, name: str, axis: str) -> None:
    facts = {"PhaseEncodingDirection": name, "PhaseEncodingAxis": axis[0], "SliceTiming": TIMES, "EchoTime": 0.03}
    again = facts_after(facts_after(facts, turn), back(turn))
    assert {k: v for k, v in again.items() if k != "SliceEncodingDirection"} == facts
    assert again.get("SliceEncodingDirection", "k") == "k"


@given(one=turns, two=turns)
def test_two_turns_are_as_one(one: Turn, two: Turn) -> None:
    facts = {"PhaseEncodingDirection": "j-", "SliceTiming": TIMES, "SliceEncodingDirection": "k"}
    step = volume(**facts).turned(one).turned(two)
    axes = tuple(one.axes[a] for a in two.axes)
    flips = tuple(one.flips[a] != f for a, f in zip(two.axes, two.flips, strict=True))
    assert volume(**facts).turned(Turn(axes, flips)).facts == step.facts  # type: ignore[arg-type]


@pytest.mark.parametrize("letters", ["RAS", "LPS", "SPL", "AIR"])
def test_order_by_letters_carries_the_facts(letters: str) -> None:
    before = volume(PhaseEncodingDirection="j", SliceTiming=TIMES)
    after = before.oriented(letters)
    assert geometry.nearest_letters(after.affine_lps) == letters
    assert np.array_equal(world_of(after, after.facts["PhaseEncodingDirection"]), world_of(before, "j"))


@pytest.mark.parametrize("found", ["", "unknown", "x"])
def test_word_that_names_no_axis_is_left_alone(found: str) -> None:
    assert facts_after({"PhaseEncodingDirection": found}, TURNS[-1])["PhaseEncodingDirection"] == found


def test_other_facts_are_left_alone() -> None:
    facts = {"EchoTime": 0.03, "ImageOrientationPatientDICOM": [1, 0, 0, 0, 1, 0]}
    assert facts_after(facts, TURNS[-1]) == facts
