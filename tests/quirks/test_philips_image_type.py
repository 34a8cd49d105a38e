"""Philips: the complex component in a private element."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.philips_image_type import QUIRK
from convkit.series.traits import PLACES, read_traits
from tests.quirks.private import MR_1, header_of, mr

PLAIN = ["ORIGINAL", "PRIMARY", "OTHER"]


@pytest.mark.parametrize(("said", "component"), [("M", "mag"), ("P", "phase"), ("R", "real"), ("I", "imag")])
def test_component_is_told_by_the_private_element(said: str, component: str, tmp_path: Path) -> None:
    header = header_of(mr({(MR_1, 0x11): ("CS", said)}, ImageType=PLAIN), tmp_path)
    assert read_traits(header)[PLACES["component"]] == component


def test_component_of_the_image_type_is_kept(tmp_path: Path) -> None:
    header = header_of(mr({(MR_1, 0x11): ("CS", "M")}, ImageType=[*PLAIN, "P"]), tmp_path)
    assert read_traits(header)[PLACES["component"]] == "phase"


@pytest.mark.parametrize(("said", "creator"), [("B0", ""), ("P", "SOMEBODY ELSE")])
def test_other_value_or_creator_tells_none(said: str, creator: str, tmp_path: Path) -> None:
    header = header_of(mr({(MR_1, 0x11): ("CS", said)}, creator=creator, ImageType=PLAIN), tmp_path)
    assert not QUIRK.applies(header)
    assert read_traits(header)[PLACES["component"]] is None
