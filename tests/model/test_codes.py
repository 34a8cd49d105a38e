"""The list of problem codes and the code that uses it hold each other to the same answer."""

from __future__ import annotations

import re
from pathlib import Path

from convkit.model.notes import CODES

SOURCES = [p for p in (Path(__file__).parents[2] / "convkit").rglob("*.py") if p.name != "notes.py"]
TEXT = "".join(p.read_text(encoding="utf-8") for p in SOURCES)
ROOTS = {code.partition(".")[0] for code in CODES}


def test_every_code_is_used() -> None:
    assert [code for code in CODES if f'"{code}"' not in TEXT] == []


def test_every_code_that_is_used_is_defined() -> None:
    used = set(re.findall(rf'"((?:{"|".join(sorted(ROOTS - {"convkit"}))})\.[a-z-]+)"', TEXT))
    assert used - CODES.keys() == set()
