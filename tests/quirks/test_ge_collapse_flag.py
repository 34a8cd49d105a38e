"""GE collapse flag: kinds of image, but never the weightings of a diffusion series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from convkit.quirks import corrected_traits
from tests.quirks.ge import B_VALUE, DIFFUSION, FLAG, ge, header_of, look_alike, names


def variant(dataset: Any, folder: Path) -> object:
    return corrected_traits(header_of(dataset, folder), {"variant": None})["variant"]


def test_flag_tells_kinds_apart(tmp_path: Path) -> None:
    assert variant(ge({**names("2dfastpc", "PC"), FLAG: ("SS", 3)}), tmp_path) == 3


@pytest.mark.parametrize(
    "elements",
    [
        {FLAG: ("SS", 14)},
        {FLAG: ("SS", 16)},
        {**DIFFUSION, FLAG: ("SS", 3)},
        {B_VALUE: ("IS", [1000, 8, 0, 0]), FLAG: ("SS", 4)},
    ],
    ids=["unweighted", "tensor", "sequence", "b-value"],
)
def test_weightings_are_no_kinds(elements: Any, tmp_path: Path) -> None:
    assert variant(ge(elements), tmp_path) is None


def test_element_of_another_creator_is_no_flag(tmp_path: Path) -> None:
    assert variant(look_alike({FLAG: ("SS", 3)}), tmp_path) is None
