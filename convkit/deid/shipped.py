"""Where the profiles lie that come with convkit."""

from __future__ import annotations

from pathlib import Path


def folder() -> Path:
    """Folder of all profiles: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "profiles"
    return installed if installed.is_dir() else package.parent / "profiles"
