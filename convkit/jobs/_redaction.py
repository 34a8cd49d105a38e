"""What leaves the tool in words, where a profile says so: the light part, which runs without one load as well."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convkit.dicom.header import Header
from convkit.engine.digest import fingerprint
from convkit.errors import UsageError
from convkit.jobs._names import short_hash
from convkit.model.notes import Note, note

if TYPE_CHECKING:
    from convkit.jobs._deid.redactor import Redactor
    from convkit.jobs._sources import Source


def redactor_of(
    profile: str | None,
    key: Source | None,
    mapping: Source | None,
    *,
    root: Source | None = None,
    is_dry: bool = False,
) -> Redactor | None:
    """What applies a profile to all that leaves; None where none was asked for. `root` is the destination.

    Raises
    ------
    UsageError
        A mistake in the profile or the mapping; a key or a mapping without a profile; a key in the destination.
    InputError
        The key or the mapping cannot be read.
    OutputError
        The key cannot be made.
    """
    if profile is not None:
        # Profiles, tables and pydantic take time to import, and most runs have none.
        kind: type[Redactor] = import_module("convkit.jobs._deid.redactor").Redactor
        return kind.of(profile, key, mapping, root=root, is_dry=is_dry)
    for option, given in (("--key", key), ("--mapping", mapping)):
        if given is not None:
            raise UsageError("There is no profile to use it with.", option, "Name one with --profile.")
    return None


def fingerprint_under(redactor: Redactor | None, *parts: object) -> str:
    """Fingerprint of options; under a profile of it and its key as well, so that nobody can guess what it is of."""
    return fingerprint(*parts) if redactor is None else redactor.fingerprint(*parts)


def not_looked_at(count: int, what: str) -> tuple[Note, ...]:
    """The note that a profile does nothing about pixels, where it matters for so many."""
    if not count:
        return ()
    text = f"Nobody has looked for text in the pixels, and {count} {what} may show who the patient is."
    return (note("deid.pixels-not-looked-at", text),)


def may_show_text(header: Header) -> bool:
    """True where a profile was asked for, and the pixels may hold what it is about."""
    return header.redaction is not None and header.redaction.may_show_text


def patient_of(header: Header) -> str:
    """The patient in names and tables: the code of a profile, else a short hash of the Patient ID."""
    return short_hash(header.text("PatientID")) if header.redaction is None else header.redaction.person
