"""What a profile, a key and a mapping make together: the same for every job that takes them."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from convkit.deid.deidentifier import Recipe
from convkit.deid.profile import Profile
from convkit.deid.pseudonyms import Key
from convkit.errors import InputError, UsageError
from convkit.jobs._sources import Source, checked_path
from convkit.model.notes import Note, note

_HEADINGS = frozenset({"patientid", "patient", "original", "id", "subject"})
"""How a first line begins that only names the columns."""

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")


class Asked(NamedTuple):
    """What was asked for, checked.

    Attributes
    ----------
    recipe : Recipe
    notes : tuple of Note
        What is to be said of the key.
    """

    recipe: Recipe
    notes: tuple[Note, ...]


def recipe_of(  # noqa: PLR0913 (one parameter an option of the command)
    profile: str,
    key: Source | None,
    mapping: Source | None,
    *,
    root: Source | None = None,
    uid_root: str = "2.25",
    is_dry: bool = False,
) -> Asked:
    """The recipe, all of it checked; a key that is missing is made last, and not by a dry run.

    Parameters
    ----------
    profile : str
    key, mapping : path or None
    root : path or None
        The destination.
    uid_root : str
    is_dry : bool

    Raises
    ------
    UsageError
        A mistake in the profile or the mapping; the key lies in the destination.
    InputError
        The key or the mapping cannot be read.
    OutputError
        The key cannot be made.
    """
    if not isinstance(profile, str):
        raise UsageError("A profile is a name or a path.", "--profile")
    subjects = tuple(_mapping(None if mapping is None else checked_path(mapping, "--mapping")).items())
    key = None if key is None else checked_path(key, "--key")
    if key is not None and root is not None and Path(root).resolve() in Path(key).resolve().parents:
        raise UsageError("The key lies in the destination.", "--key", "Keep it apart from what is shared.")
    loaded = Profile.load(profile)  # a mistake in it is told before a key is made
    notes = _key_notes(key, is_dry=is_dry)
    return Asked(Recipe.of(profile, loaded, _key(key, is_dry=is_dry), subjects, uid_root), notes)


def _key_notes(key: str | None, *, is_dry: bool) -> tuple[Note, ...]:
    """What is to be said of the key before it is made or read."""
    if key is None:
        return (note("deid.one-way"),)
    return () if is_dry or Path(key).exists() else (note("deid.key-made", where=key),)


def _key(path: str | None, *, is_dry: bool) -> Key:
    """The key of the run; a dry run makes no file for one."""
    if path is None or (is_dry and not Path(path).exists()):
        return Key.new()
    return Key.of_file(path)


def _mapping(path: Source | None) -> Mapping[str, str]:
    """Codes that were given for patients.

    Raises
    ------
    InputError
        The file cannot be read, or is no table of two columns; a code stands for two patients.
    """
    if path is None:
        return {}
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in csv.reader(file) if any(row)]
    except (OSError, UnicodeDecodeError, csv.Error) as err:
        raise InputError("The mapping cannot be read.", os.fspath(path), "", "input.unreadable") from err
    found: dict[str, str] = {}
    for number, row in enumerate(rows, 1):
        if number == 1 and row[0].strip().lower().replace(" ", "").replace("_", "") in _HEADINGS:
            continue
        if len(row) < 2 or not row[0].strip() or not row[1].strip():
            raise UsageError(
                "A line is not Patient ID and code.", f"{path}:{number}", "Write two columns with a comma."
            )
        patient, code = row[0].strip(), row[1].strip()
        if not _CODE.fullmatch(code):
            what = "A code is not of letters, digits, dots, dashes and underscores, up to 16."
            raise UsageError(what, f"{path}:{number}", "It becomes the name of a folder.")
        if code in {row[0].strip() for row in rows}:
            raise UsageError("A code is a Patient ID.", f"{path}:{number}", "Give a code that says nothing of anybody.")
        if found.get(patient, code) != code or any(p != patient and c == code for p, c in found.items()):
            raise UsageError("A code stands for two patients, or a patient has two.", f"{path}:{number}")
        found[patient] = code
    return found
