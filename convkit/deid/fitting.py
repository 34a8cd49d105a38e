"""Which actions are for which value representation (PS3.5 6.2): a rule that makes invalid objects is a mistake."""

from __future__ import annotations

import re

from convkit.deid.codes import Code

_WORDS = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
_NUMBERS = frozenset({"DS", "IS"})
VRS = frozenset(
    "AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV".split()  # noqa: SIM905 (a list of them takes a page)
)

_FOR = {
    Code.SHIFT_DATE: frozenset({"DA", "DT", "TM"}),
    Code.CAP_AGE: frozenset({"AS"}),
    Code.PSEUDONYM: _WORDS,
    Code.HASH: _WORDS | _NUMBERS,
    Code.CLEAN_TEXT: _WORDS,
    Code.UID: frozenset({"UI"}),
}
"""Own actions that are for some representations only."""

_VALUES = {
    **dict.fromkeys(_WORDS, r"[^\x00-\x1f]*"),
    "CS": r"[A-Z0-9_ \\]*",
    "AS": r"\d{3}[DWMY]|",
    "DA": r"\d{8}|",
    "DT": r"\d{4,14}(\.\d{1,6})?([+-]\d{4})?|",
    "TM": r"\d{2,6}(\.\d{1,6})?|",
    "DS": r"[-+0-9.eE \\]*",
    "IS": r"[-+0-9 \\]*",
    "UI": r"[0-9.\\]*",
}
"""What a given value looks like; other representations are no text, so nothing can be given for them."""


def misfit(code: Code, value: str, vr: str) -> str:
    """Why an action is not for a value representation; empty where it is, and where nobody knows the representation."""
    if not vr:
        return ""
    if code is Code.REPLACE:
        pattern = _VALUES.get(vr)
        return "" if pattern and re.fullmatch(pattern, value) else f"The value is none of {vr}."
    allowed = _FOR.get(code)
    return "" if allowed is None or vr in allowed else f"{code} is not for {vr}."
