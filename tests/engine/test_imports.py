"""Modules that are as if not installed for a while."""

from __future__ import annotations

import importlib
import json
import sys

import pytest

from convkit.engine.imports import hidden


def test_hidden_module_is_not_there_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with hidden("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").__name__ == "colorsys"


def test_loaded_module_is_not_hidden() -> None:
    with hidden("json"):
        assert importlib.import_module("json") is json
    assert sys.modules["json"] is json
