"""A DICOM file as a tree of raw elements that can be changed and written again: every byte of it has a place.

For de-identification, where nothing may pass that no rule has seen. Values stay the bytes of the file, in its encoding;
sequences become items at any depth, also those that hide in UN or under implicit VR. Long pixel data stay in the file
and are copied from there. What is written holds nothing but the tree: reserved bytes are zero, lengths counted anew.
"""

from __future__ import annotations

from convkit.dicom.tree.layout import MOST_LAYOUTS, Layout, Layouts
from convkit.dicom.tree.nodes import PIXEL_DATA, PIXEL_GROUP, Coding, Element, Item, Span, Tree
from convkit.dicom.tree.reading import Alike, read_alike, read_tree, tree_of
from convkit.dicom.tree.walk import MOST_DEPTH
from convkit.dicom.tree.writing import beginning, encoded, pieces_of, written

__all__ = [
    "MOST_DEPTH",
    "MOST_LAYOUTS",
    "PIXEL_DATA",
    "PIXEL_GROUP",
    "Alike",
    "Coding",
    "Element",
    "Item",
    "Layout",
    "Layouts",
    "Span",
    "Tree",
    "beginning",
    "encoded",
    "pieces_of",
    "read_alike",
    "read_tree",
    "tree_of",
    "written",
]
