"""Trees of made data sets, changed ones as data sets again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from pydicom import Dataset, dcmread, dcmwrite

from convkit.deid.pixels import PixelVerdict
from convkit.dicom.tree import Element, Span, Tree, read_tree, written
from tests.builders.burned import anatomy
from tests.builders.instances import instance

Box4 = tuple[int, int, int, int]


def tree_of(dataset: Dataset, folder: Path, name: str = "image.dcm") -> Tree:
    """The tree of a data set, through a file."""
    path = folder / name
    dcmwrite(path, dataset, enforce_file_format=True)
    return read_tree(str(path))


def image(pixels: Any = None, **overrides: Any) -> Dataset:
    """An image of a projection, 256 rows and 320 columns, with anatomy and no text, unless overridden."""
    given: dict[str, Any] = {"Modality": "CR", "ImageType": ["ORIGINAL", "PRIMARY"]}
    return instance(pixels=anatomy() if pixels is None else pixels, **(given | overrides))


def applied(tree: Tree, verdict: PixelVerdict, folder: Path) -> Dataset:
    """The data set that an engine would write."""
    changes = dict(verdict.changes)
    elements = [changes.pop(e.tag, e) for e in tree.elements]
    kept = [e for e in (*elements, *changes.values()) if e is not None]
    syntax = verdict.transfer_syntax or tree.transfer_syntax
    uid = syntax.encode() + b"\0" * (len(syntax) % 2)
    meta = [Element(e.tag, e.vr, uid) if e.tag == 0x00020010 else e for e in tree.meta]
    new = Tree(tree.path, tree.preamble, meta, sorted(kept, key=lambda e: e.tag), syntax)
    path = folder / "out.dcm"
    source = Path(tree.path).read_bytes()
    pieces = (source[p.offset : p.offset + p.length] if isinstance(p, Span) else p for p in written(new))
    path.write_bytes(b"".join(pieces))
    return dcmread(path)


def inside(boxes: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Which pixels lie in boxes, (rows, columns) bool."""
    mask = np.zeros(shape[:2], bool)
    for box in boxes:
        mask[box.top : box.bottom, box.left : box.right] = True
    return mask
