"""The header of a tree: what a reader would find in the file that is written of it."""

from __future__ import annotations

import io
from importlib import import_module
from typing import cast

from convkit.dicom import lean
from convkit.dicom.attributes import TagTable
from convkit.dicom.header import Header
from convkit.dicom.tree import Tree, written

_PIXEL_GROUP = 0x7FE00000


def header_of_tree(tree: Tree, table: TagTable) -> Header:
    """The header of a tree, which loses its pixels; long values are held.

    Raises
    ------
    InputError
        A value is not encoded as it should be.
    """
    tree.elements = [element for element in tree.elements if element.tag < _PIXEL_GROUP]
    data = b"".join(piece for piece in written(tree) if isinstance(piece, bytes))
    try:
        parsed = lean.parse(io.BytesIO(data), len(data), table)
    except lean.Declined:
        # pydicom takes 0.2 s to import; most trees never need it.
        by_pydicom = import_module("convkit.dicom.in_memory").header_of_bytes
        return cast(Header, by_pydicom(data, table))._replace(path=tree.path)
    far = tuple(
        each._replace(offset=0, length=0, held=data[each.offset : each.offset + each.length]) for each in parsed.far
    )
    return Header(tree.path, len(data), 0, parsed._replace(far=far), table)
