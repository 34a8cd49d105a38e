"""Which elements a rule of a profile is for, as it is written and as it is looked up."""

from __future__ import annotations

import re
from typing import NamedTuple

from convkit.deid.fitting import VRS
from convkit.dicom.attributes import keyword_name, nearest_hint, tag_of
from convkit.errors import UsageError

PRIVATE = "private"
"""The selector of all private attributes."""

_PRIVATE_ELEMENT = re.compile(r'\(([0-9A-Fa-f]{4}),\s*"([^"\\]{1,64})"\s*,\s*([0-9A-Fa-f]{2}|xx)\)')
_VR = re.compile(r"vr:([A-Z]{2})")

ANY_NUMBER = -1
"""In the place of the last two digits of a private element: all of its block."""

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
    vr : str
        All attributes of a value representation are meant that no other rule names.
    creator : str
        Private elements of this creator are meant: `value` is their group, `mask` the last two digits or `ANY_NUMBER`.
    path : tuple of int
        Tags of the sequences around, the outermost first: only there the tag is meant.
    """

    value: int = 0
    mask: int = 0xFFFFFFFF
    is_private: bool = False
    keyword: str = ""
    vr: str = ""
    creator: str = ""
    path: tuple[int, ...] = ()

    @property
    def is_tag(self) -> bool:
        """True where one tag is meant, wherever it stands."""
        is_special = self.is_private or self.vr or self.creator or self.path
        return not is_special and self.mask == 0xFFFFFFFF

    def covers(self, tag: int) -> bool:
        """True where a tag is meant."""
        return bool(tag >> 16 & 1) if self.is_private else tag & self.mask == self.value


def selector(text: str) -> Selector:
    """The selector that a text is.

    A keyword, a tag such as ``(0010,0010)``, a mask such as ``(60xx,3000)``, or ``private``. A tag may be followed by
    its keyword, for people; where the dictionary knows it, both must agree. In a mask ``x`` stands for any digit, and
    a repeating group is even (PS3.5 7.6).

    ``(0019,"SIEMENS MR HEADER",0C)`` is a private element by its creator, with ``xx`` all of them; ``vr:PN`` all
    attributes of a value representation; ``RequestAttributesSequence/StudyID`` an attribute in the items of a sequence.

    Raises
    ------
    UsageError
        It is none.
    """
    if text == PRIVATE:
        return Selector(is_private=True)
    special = _special(text)
    if special is not None:
        return special
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
    return Selector(value, mask, keyword=keyword or keyword_name(value) if mask == 0xFFFFFFFF else "")


def _special(text: str) -> Selector | None:
    """The selector of a path, a private element or a value representation; None where the text is none of them."""
    if "/" in text:
        *around, last = (selector(part) for part in text.split("/"))
        if not all(one.is_tag for one in (*around, last)):
            raise UsageError("A path is of keywords and tags.", text)
        return last._replace(path=tuple(one.value for one in around), keyword="")
    special = _PRIVATE_ELEMENT.fullmatch(text)
    if special is not None:
        group, creator, number = special.groups()
        if not int(group, 16) & 1:
            raise UsageError("The group of a private element is odd.", text)
        return Selector(int(group, 16), ANY_NUMBER if number == "xx" else int(number, 16), creator=creator.strip())
    of_vr = _VR.fullmatch(text)
    if of_vr is not None:
        if of_vr[1] not in VRS:
            raise UsageError(f"{of_vr[1]} is no value representation.", text)
        return Selector(vr=of_vr[1])
    return None


def _tag_of(keyword: str) -> int:
    tag = tag_of(keyword)
    if tag is None:
        raise UsageError(f"{keyword!r} is no DICOM keyword, tag or mask.", keyword, nearest_hint(keyword, [PRIVATE]))
    return tag
