"""The pages say what the code does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from convkit.model.volume import Volume
from convkit.writers import WRITERS
from convkit.writers.npz import described

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")])


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_reference", REPOSITORY / "docs" / "generate_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_up_to_date(generator):
    page = generator.PAGE.read_text(encoding="utf-8")
    assert page == generator.filled(page), "run: make docs"


def test_the_reference_names_every_member_of_an_archive():
    page = (REPOSITORY / "docs" / "reference.md").read_text(encoding="utf-8")
    section = page.partition("## NumPy archives")[2].partition("\n## ")[0]
    members = described(Volume(np.zeros((1, 1, 1, 1), np.int16), np.eye(4)))
    assert set(re.findall(r"`(\w+)`", section)) == {"array", *members}


def test_the_reference_names_every_format():
    page = (REPOSITORY / "docs" / "reference.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in WRITERS)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_between_pages_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [t for t in targets if not (page.parent / t).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_problem_codes_in_the_pages_exist(page, generator):
    rooms = {code.partition(".")[0] for code in generator.CODES} - {"convkit"}  # convkit.toml is a file
    named = re.findall(r"`([a-z]+\.[a-z-]+)`", page.read_text(encoding="utf-8"))
    assert [n for n in named if n.partition(".")[0] in rooms and n not in generator.CODES] == []
