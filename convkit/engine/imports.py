"""Imports that take long."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType


def import_large(name: str) -> ModuleType:
    """Import a module with all that it brings, without looking for garbage, of which there is none: a tenth faster."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return import_module(name)
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Let modules that are not loaded be as if not installed: for a process of our own that has no use for them."""
    modules: dict[str, ModuleType | None] = sys.modules  # type: ignore[assignment]  # None makes an import fail
    names = tuple(name for name in names if name not in modules)
    modules.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del modules[name]
