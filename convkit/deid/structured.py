"""Content items of structured reports by their concept (PS3.15 Table E.3.4-1).

The same action codes as for attributes, by concept name and value type. A concept that the table does not name, also
one by a retired SNOMED code (SRT, SNM3, 99SDM), is cleaned by its value type.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from convkit.deid.codes import Code, combined
from convkit.deid.requirements import TABLES


class Concept(NamedTuple):
    """A coded concept name, and the type of its value.

    Attributes
    ----------
    scheme, code : str
        Coding Scheme Designator and Code Value.
    value_type : str
        Such as TEXT or PNAME (PS3.3 C.17.3.2.1).
    """

    scheme: str
    code: str
    value_type: str


def code_of(concept: Concept, options: Iterable[str]) -> Code | None:
    """The action code of a content item under some options; None where the table does not name its concept."""
    row = _table().get(concept)
    if row is None:
        return None
    basic, by_option = row
    found: Code | None = None
    for option in options:
        if option in by_option:
            found = by_option[option] if found is None else combined(found, by_option[option])
    return found or basic


@cache
def _table() -> dict[Concept, tuple[Code, dict[str, Code]]]:
    found: dict[Concept, tuple[Code, dict[str, Code]]] = {}
    for line in (TABLES / "structured_content.tsv").read_text("utf-8").splitlines():
        scheme, code, value_type, basic, options, _ = line.split("\t")
        pairs = (word.split("=") for word in options.split())
        found[Concept(scheme, code, value_type)] = Code(basic), {name: Code(value) for name, value in pairs}
    return found


CONCEPT_NAME, VALUE_TYPE = 0x0040A043, 0x0040A040
ITEM_IDENTIFIER = 0x0040DB73
CODE_VALUE, SCHEME = 0x00080100, 0x00080102

_TEXT, _PERSON, _DATE, _TIME, _MOMENT, _UID = 0x0040A160, 0x0040A123, 0x0040A121, 0x0040A122, 0x0040A120, 0x0040A124

VALUES = {
    _TEXT: Code.CLEAN_TEXT,
    _PERSON: Code.DUMMY,
    _DATE: Code.SHIFT_DATE,
    _TIME: Code.SHIFT_DATE,
    _MOMENT: Code.SHIFT_DATE,
    _UID: Code.UID,
}
"""What becomes of the value of a content item whose concept is kept, by the attribute that holds it (PS3.3 C.17.3)."""

NEVER_KEPT = frozenset({_PERSON})

IN_WORDS = frozenset({"TEXT", "PNAME", "DATE", "TIME", "DATETIME"})
"""Value types whose values can be dummies; references and codes are walked."""
