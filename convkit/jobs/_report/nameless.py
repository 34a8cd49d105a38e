"""Patient IDs that stand for nobody: empty ones, and the placeholders that programs and people write in their place."""

from __future__ import annotations

import re

_WORDS = frozenset({
    "anon", "anonymous", "anonymised", "anonymized", "anonymousid", "anonymouspatient", "deidentified", "removed",
    "redacted", "unknown", "unk", "unspecified", "undefined", "notavailable", "notspecified", "notprovided", "na",
    "none", "null", "nil", "nan", "empty", "noid", "nopatientid", "nopatient", "id", "patient", "patientid", "default",
    "dummy", "placeholder", "test", "testpatient", "x", "xx", "xxx", "xxxx",
})  # fmt: skip
"""In lower case, without blanks and marks."""

_MARKS = re.compile(r"[\W_]+")


def is_nameless(patient_id: str) -> bool:
    """True for an identifier that is none: empty, nothing but zeros or marks, or a word such as ANON.

    Examples
    --------
    >>> [is_nameless(text) for text in ("", "000", "N/A", "ANON", "ANON7", "10")]
    [True, True, True, True, False, False]
    """
    bare = _MARKS.sub("", patient_id.casefold())
    return not bare.strip("0") or bare in _WORDS
