"""Which elements a rule of a profile is for, as it is written and as it is looked up."""

from __future__ import annotations

import re
from typing import NamedTuple

from convkit.dicom.attributes import nearest_hint, tag_of
from convkit.errors import UsageError

PRIVATE = "private"
"""The selector of all private attributes."""

_TAG = re.compile(r"\(([0-9A-Fa-fxX]{4}),([0-9A-Fa-fxX]{4})\)(?:\s+([A-Za-z0-9]+))?")


class Selector(NamedTuple):
    """What a rule is for.

    Attributes
    ----------
    value, mask : int
        A tag is meant where ``tag & mask == value``.
    is_private : bool
        All private attributes are meant, whatever their tag.
    keyword : str
        Of one attribute of the standard; empty for others.
    """

    value: int = 0
    mask: int = 0xFFFFFFFF
    is_private: bool = False
    keyword: str = ""

    @property
    def is_tag(self) -> bool:
        """True where one tag is meant."""
        return not self.is_private and self.mask == 0xFFFFFFFF

    def covers(self, tag: int) -> bool:
        """True where a tag is meant."""
        return bool(tag >> 16 & 1) if self.is_private else tag & self.mask == self.value


def selector(text: str) -> Selector:
    """The selector that a text is.

    A keyword, a tag such as ``(0010,0010)``, a mask such as ``(60xx,3000)``, or ``private``. A tag may be followed by
    its keyword, for people; where the dictionary knows it, both must agree. In a mask ``x`` stands for any digit, and
    a repeating group is even (PS3.5 7.6).

    Raises
    ------
    UsageError
        It is none.
    """
    if text == PRIVATE:
        return Selector(is_private=True)
    found = _TAG.fullmatch(text)
    if found is None:
        return Selector(_tag_of(text), keyword=text)
    group, number, keyword = found.groups()
    digits = f"{group}{number}".lower()
    value = int(digits.replace("x", "0"), 16)
    mask = int("".join("0" if digit == "x" else "f" for digit in digits), 16)
    if "x" in digits[:4]:
        mask |= 0x00010000  # repeating groups are even; odd ones are private
    if keyword and tag_of(keyword) not in {None, value}:
        raise UsageError(f"The tag of {keyword} is another one than {text.split(maxsplit=1)[0]}.", text)
    return Selector(value, mask, keyword=keyword or _keyword(value) if mask == 0xFFFFFFFF else "")


def _tag_of(keyword: str) -> int:
    tag = tag_of(keyword)
    if tag is None:
        raise UsageError(f"{keyword!r} is no DICOM keyword, tag or mask.", keyword, nearest_hint(keyword, [PRIVATE]))
    return tag


def _keyword(tag: int) -> str:
    from pydicom.datadict import keyword_for_tag  # noqa: PLC0415 (0.2 s, for profiles alone)

    return keyword_for_tag(tag)
