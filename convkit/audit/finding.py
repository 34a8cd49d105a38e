"""What an audit finds, without the value that it found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """The class of a value that identifies, or of a rule that is broken."""

    NAME = "name"
    ID = "id"
    SSN = "ssn"
    BIRTH_DATE = "birth-date"
    DATE = "date"
    AGE = "age"
    PHONE = "phone"
    MAIL = "mail"
    ADDRESS = "address"
    INSTITUTION = "institution"
    AE_TITLE = "ae-title"
    UID = "uid"
    URL = "url"
    FOLDER = "folder"
    TERM = "term"
    TEXT = "text"
    STRUCTURE = "structure"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that an audit found.

    Attributes
    ----------
    where : str
        The output file, relative to the audited folder.
    location : str
        Tag path such as ``(0040,0275)[0]/(0032,1060)``, ``byte 1024``, ``name``, or the member of an archive.
    code : str
        ``check.residual-value``, ``check.pattern``, ... from `convkit.model.notes.CODES`.
    kind : Kind
    text : str
        What is wrong, where the code does not say it; never a value.
    count : int
        How many times it was found there.
    value : str or None
        What was found, as the original spells it; None unless values were asked for.
    """

    where: str
    location: str
    code: str
    kind: Kind
    text: str = ""
    count: int = 1
    value: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The finding as a JSON object; ``value`` is there only if values were asked for."""
        fields: dict[str, Any] = {
            "code": self.code,
            "where": self.where,
            "location": self.location,
            "kind": str(self.kind),
            "text": self.text,
            "count": self.count,
        }
        return fields if self.value is None else {**fields, "value": self.value}


def merged(findings: list[Finding], *, show_values: bool) -> list[Finding]:
    """The findings in order, each place and kind once; without their values unless these are to be shown."""
    counts: dict[Finding, int] = {}
    for each in findings:
        key = replace(each, count=1, value=each.value if show_values else None)
        counts[key] = counts.get(key, 0) + each.count
    found = [replace(key, count=count) for key, count in counts.items()]
    return sorted(found, key=lambda f: (f.where, f.location, f.code, f.kind, f.text, f.value or ""))
