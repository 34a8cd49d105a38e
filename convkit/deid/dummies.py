"""Values that say nothing: of the right VR, so that a file stays valid where an attribute must have one (action D)."""

from __future__ import annotations

from convkit.deid.charsets import padded
from convkit.deid.pseudonyms import Key

TEXT = "REMOVED"
DATE = "19000101"
"""Older than any image, so that nobody takes it for a date."""

_DUMMIES = {
    "AE": TEXT,
    "AS": "000Y",
    "CS": TEXT,
    "DA": DATE,
    "DS": "0",
    "DT": f"{DATE}000000",
    "IS": "0",
    "LO": TEXT,
    "LT": TEXT,
    "PN": TEXT,
    "SH": TEXT,
    "ST": TEXT,
    "TM": "000000",
    "UC": TEXT,
    "UR": "urn:removed",
    "UT": TEXT,
}
_SIZES = {"AT": 4, "FD": 8, "FL": 4, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "SL": 4, "SV": 8, "UL": 4, "UV": 8}


def dummy(vr: str, original: bytes, key: Key) -> bytes:
    """A value that says nothing, of even length; numbers are zero, a UID is derived from the original."""
    if vr == "UI":
        text = original.rstrip(b"\0 ").decode("ascii", "replace")
        return padded(key.uid(text or "none").encode("ascii"), b"\0")
    known = _DUMMIES.get(vr)
    return bytes(_SIZES.get(vr, 2)) if known is None else padded(known.encode("ascii"))
