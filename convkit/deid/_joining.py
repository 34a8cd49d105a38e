"""What is left of a text when places are cut out, joined so that it reads well."""

from __future__ import annotations

import re
from collections.abc import Iterable

from convkit.deid._text_patterns import Cut
from convkit.deid.late import late

_MARK = "\0"
_BETWEEN = r"[\s\-,;:/|^_+&@#=~*.'’\\]"
_LINKS = frozenset("_^-/+&='’\\")
"""What links two words; beside a blank it has lost one of them."""

_ANY = rf"(?:{_BETWEEN}|\0)*"
_EMPTY = late(rf"[(\[{{<]{_ANY}\0{_ANY}[)\]}}>]|\"{_ANY}\0{_ANY}\"")
_LED_TO = late(rf"(?:(?:^|[\s,(]+)(?:for|by|at|under|of|from|with|to|in|on))+(?=[\s,:]*\0{_ANY}(?:$|[)\]\n]))")
"""Small words that led to a cut at the end, and to nothing else."""

_GAP = late(rf"({_BETWEEN}*)\0({_ANY})")


def joined(text: str, cuts: Iterable[Cut]) -> str:
    """A text without the cuts: no doubled blanks, no dangling separators, no empty brackets."""
    found: list[str] = []
    at = 0
    for start, end in sorted(cuts):
        if start >= at:
            found += text[at:start], _MARK
        at = max(at, end)
    marked = "".join(found) + text[at:]
    while True:
        emptied = _EMPTY.sub(_MARK, marked)
        if emptied == marked:
            return _GAP.sub(_bridge, _LED_TO.sub("", marked))
        marked = emptied


def _bridge(match: re.Match[str]) -> str:
    """What stands between the words before and after cuts."""
    text = match.string
    left, _, rest = match[0].partition(_MARK)
    *between, right = rest.split(_MARK)
    is_first = match.start() == 0 or text[match.start() - 1] in "([{"
    is_last = match.end() == len(text) or text[match.end()] in ")]}"
    if is_first or is_last:
        return "." if not is_first and (left.startswith(".") or right.strip() == ".") else ""
    if "\n" in left or "\n" in right:
        return left if "\n" in left else right
    kept = left if left.strip() else right or left
    if not kept:
        return " " if any(map(str.strip, between)) or "".join(between) else ""
    has_blank = any(map(str.isspace, left + right))
    if has_blank and kept in _LINKS:
        return " "
    return f"{kept} " if has_blank and not kept[-1].isspace() else kept
