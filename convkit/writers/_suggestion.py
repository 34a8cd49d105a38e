"""What to say of a name that no format has."""

from __future__ import annotations


def suggestion(given: str, known: list[str]) -> str:
    """The nearest known name, and all of them."""
    import difflib  # noqa: PLC0415 (only for a mistake)

    near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    meant = f"Did you mean {near[0]}? " if near else ""
    return f"{meant}Known are {', '.join(known)}."
