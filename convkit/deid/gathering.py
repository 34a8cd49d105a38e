"""What one object says of a person, gathered from all its elements at any depth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from convkit.deid.charsets import decoded
from convkit.deid.own_values import Kind, OwnValues, kinds
from convkit.dicom.tree import Element, Tree

CHARSET = 0x00080005


def own_values_of(tree: Tree) -> OwnValues:
    """Names, identifiers, dates, addresses and the like of a file, as they stand there."""
    return OwnValues.of(pairs(tree.elements, b""))


def pairs(elements: Iterable[Element], charset: bytes) -> Iterator[tuple[Kind, str]]:
    """Yield what elements say of a person; the character set is one that was said before them."""
    known = kinds()
    for each in elements:
        if each.items is not None:
            for item in each.items:
                yield from pairs(item.elements, charset)
        elif each.tag == CHARSET and isinstance(each.value, bytes):
            charset = each.value.strip(b"\0 ")  # an item's own comes first among its elements, too
        else:
            kind = known.get(each.tag) or (Kind.NAME if each.vr == "PN" else None)
            if kind is not None and each.value and isinstance(each.value, bytes):
                yield kind, decoded(each.value, charset)
