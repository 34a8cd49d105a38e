"""Makers have one name in the sidecar; a name that is not known stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from convkit.quirks.manufacturer_names import QUIRK
from tests.builders import instance
from tests.quirks.siemens import facts


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("SIEMENS", "Siemens"),
        ("Siemens Healthineers", "Siemens"),
        ("GE MEDICAL SYSTEMS", "GE"),
        ("Philips Medical Systems", "Philips"),
        ("CANON_MEC", "Canon"),
        ("UIH", "UIH"),
    ],
)
def test_name_of_a_maker(given: str, name: str, tmp_path: Path) -> None:
    assert facts(QUIRK, instance(Manufacturer=given), tmp_path) == {"Manufacturer": name}


@pytest.mark.parametrize("given", ["ACME", "GENERIC SCANNERS", "Geneva Imaging", None])
def test_other_names_stay(given: str | None, tmp_path: Path) -> None:
    assert facts(QUIRK, instance(Manufacturer=given), tmp_path) is None
