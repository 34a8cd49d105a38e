"""Where the profiles lie that come with convkit."""

from __future__ import annotations

from pathlib import Path


def profile_path(name: str) -> Path:
    """Path of a profile: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "profiles" / f"{name}.toml"
    return installed if installed.is_file() else package.parent / "profiles" / f"{name}.toml"
