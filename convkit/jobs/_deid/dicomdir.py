"""A DICOMDIR over new files (PS3.3 Annex F, PS3.10 8). An old one is never copied: it names everybody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from convkit.deid.charsets import padded
from convkit.deid.record import meta_of
from convkit.dicom.syntaxes import EXPLICIT_LITTLE_ENDIAN
from convkit.dicom.tree import Element, Item, Tree, read_tree, written
from convkit.storage.files import kept
from convkit.writers import written_aside

NAME = "DICOMDIR"
_MEDIA_CLASS = "1.2.840.10008.1.3.10"

_CHARSET, _SOP_CLASS, _SOP_INSTANCE, _MODALITY = 0x00080005, 0x00080016, 0x00080018, 0x00080060
_PATIENT_NAME, _PATIENT_ID = 0x00100010, 0x00100020
_STUDY, _SERIES, _STUDY_ID, _SERIES_NUMBER, _INSTANCE_NUMBER = (
    0x0020000D,
    0x0020000E,
    0x00200010,
    0x00200011,
    0x00200013,
)
_STUDY_DATE, _STUDY_TIME, _STUDY_DESCRIPTION, _ACCESSION = 0x00080020, 0x00080030, 0x00081030, 0x00080050

_VRS = {
    _CHARSET: "CS", _MODALITY: "CS", _PATIENT_NAME: "PN", _PATIENT_ID: "LO", _STUDY: "UI", _SERIES: "UI",
    _STUDY_ID: "SH", _SERIES_NUMBER: "IS", _INSTANCE_NUMBER: "IS", _STUDY_DATE: "DA", _STUDY_TIME: "TM",
    _STUDY_DESCRIPTION: "LO", _ACCESSION: "SH",
}  # fmt: skip

_LEVELS = (
    ("PATIENT", (_PATIENT_NAME, _PATIENT_ID), _PATIENT_ID),
    ("STUDY", (_STUDY_DATE, _STUDY_TIME, _ACCESSION, _STUDY_DESCRIPTION, _STUDY, _STUDY_ID), _STUDY),
    ("SERIES", (_MODALITY, _SERIES, _SERIES_NUMBER), _SERIES),
)
"""Type of record, its keys (PS3.3 F.5), and the key that tells one from another."""

_KINDS = (
    ("1.2.840.10008.5.1.4.1.1.88.59", "KEY OBJECT DOC"),
    ("1.2.840.10008.5.1.4.1.1.88.", "SR DOCUMENT"),
    ("1.2.840.10008.5.1.4.1.1.11.", "PRESENTATION"),
    ("1.2.840.10008.5.1.4.1.1.9.", "WAVEFORM"),
    ("1.2.840.10008.5.1.4.1.1.104.", "ENCAP DOC"),
    ("1.2.840.10008.5.1.4.1.1.481.2", "RT DOSE"),
    ("1.2.840.10008.5.1.4.1.1.481.3", "RT STRUCTURE SET"),
    ("1.2.840.10008.5.1.4.1.1.481.5", "RT PLAN"),
    ("1.2.840.10008.5.1.4.1.1.481.8", "RT PLAN"),
    ("1.2.840.10008.5.1.4.1.1.66.1", "REGISTRATION"),
    ("1.2.840.10008.5.1.4.1.1.66.2", "FIDUCIAL"),
    ("1.2.840.10008.5.1.4.1.1.66.3", "REGISTRATION"),
    ("1.2.840.10008.5.1.4.1.1.66.5", "SURFACE"),
    ("1.2.840.10008.5.1.4.1.1.66", "RAW DATA"),
)
"""Beginning of the SOP Class UID, and the type of record (PS3.3 Table F.4-1); all others are images, first match wins.
Segmentations (66.4) are images."""

_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


class Node(NamedTuple):
    """A record and what lies below it."""

    item: Item
    children: list[Node]


def write_directory(root: Path, names: Iterable[str]) -> None:
    """Write the DICOMDIR of some files below a folder.

    Parameters
    ----------
    root : Path
    names : iterable of str
        Relative paths, each part up to eight capital letters and digits (PS3.10 8.2).

    Raises
    ------
    InputError
        A file cannot be read.
    OutputError
        The DICOMDIR cannot be written.
    """
    nodes: list[Node] = []
    places: dict[tuple[bytes, ...], Node] = {}
    for name in sorted(names):
        _add(name, read_tree(kept(str(root / name))), nodes, places)
    elements = _directory(nodes)
    uid = padded(_uid_of(nodes).encode("ascii"), b"\0")
    meta = meta_of(padded(_MEDIA_CLASS.encode("ascii"), b"\0"), uid, EXPLICIT_LITTLE_ENDIAN)
    _place(nodes, Tree(NAME, b"", meta, elements, EXPLICIT_LITTLE_ENDIAN))
    with written_aside(root / NAME) as file:
        for piece in written(Tree(NAME, b"", meta, elements, EXPLICIT_LITTLE_ENDIAN)):
            assert isinstance(piece, bytes)  # noqa: S101 (records have no long values)
            file.write(piece)


def _add(name: str, tree: Tree, nodes: list[Node], places: dict[tuple[bytes, ...], Node]) -> None:
    top = {element.tag: element.value for element in tree.elements if isinstance(element.value, bytes)}
    below: list[Node] = nodes
    path: tuple[bytes, ...] = ()
    for kind, keys, identity in _LEVELS:
        path = (*path, top.get(identity, b""))
        node = places.get(path)
        if node is None:
            node = places[path] = Node(_record(kind, top, keys), [])
            below.append(node)
        below = node.children
    below.append(Node(_record(_kind_of(top), top, (_INSTANCE_NUMBER,), _file(name, top, tree)), []))


def _file(name: str, top: dict[int, bytes], tree: Tree) -> tuple[Element, ...]:
    """What ties a record to its file."""
    return (
        Element(0x00041500, "CS", padded(name.replace("/", "\\").encode("ascii"))),
        Element(0x00041510, "UI", top.get(_SOP_CLASS, b"")),
        Element(0x00041511, "UI", top.get(_SOP_INSTANCE, b"")),
        Element(0x00041512, "UI", padded(tree.transfer_syntax.encode("ascii"), b"\0")),
    )


def _record(kind: str, top: dict[int, bytes], keys: Sequence[int], file: tuple[Element, ...] = ()) -> Item:
    charset = [Element(_CHARSET, "CS", top[_CHARSET])] if top.get(_CHARSET) else []
    return Item([
        Element(_NEXT, "UL", bytes(4)),
        Element(0x00041410, "US", b"\xff\xff"),  # in use
        Element(_LOWER, "UL", bytes(4)),
        Element(0x00041430, "CS", padded(kind.encode("ascii"))),
        *file,
        *charset,
        *(Element(tag, _VRS[tag], top.get(tag, b"")) for tag in sorted(keys)),
    ])  # fmt: skip


def _kind_of(top: dict[int, bytes]) -> str:
    sop_class = top.get(_SOP_CLASS, b"").rstrip(b"\0 ").decode("ascii", "replace")
    if sop_class == _SEGMENTATION:
        return "IMAGE"
    for start, kind in _KINDS:
        if sop_class == start or (start.endswith(".") and sop_class.startswith(start)):
            return kind
    return "IMAGE"


# --- offsets ---------------------------------------------------------------------------------------------

_NEXT, _LOWER = 0x00041400, 0x00041420
_FIRST_ROOT, _LAST_ROOT, _RECORDS = 0x00041200, 0x00041202, 0x00041220


def _directory(nodes: list[Node]) -> list[Element]:
    """The data set of the directory; offsets are zero until `_place` sets them."""
    return [
        Element(0x00041130, "CS", b""),
        Element(_FIRST_ROOT, "UL", bytes(4)),
        Element(_LAST_ROOT, "UL", bytes(4)),
        Element(0x00041212, "US", b"\0\0"),  # no known inconsistencies
        Element(_RECORDS, "SQ", b"", [node.item for node in _in_order(nodes)]),
    ]


def _in_order(nodes: Iterable[Node]) -> Iterable[Node]:
    for node in nodes:
        yield node
        yield from _in_order(node.children)


def _place(nodes: list[Node], tree: Tree) -> None:
    """Set the offsets: of each record, of the next one beside it, and of the first one below it."""
    records = tree.elements[-1]
    items, records.items = records.items or [], []
    position = sum(len(piece) for piece in written(tree) if isinstance(piece, bytes))
    records.items = items
    positions: dict[int, int] = {}
    for item in items:
        positions[id(item)] = position
        position += _length(item)
    _link(nodes, positions)
    _set(tree.elements[1], positions[id(nodes[0].item)] if nodes else 0)
    _set(tree.elements[2], positions[id(nodes[-1].item)] if nodes else 0)


def _length(item: Item) -> int:
    """Bytes of an item in explicit VR; all its elements have short heads."""
    return 8 + sum(8 + len(element.value) for element in item.elements if isinstance(element.value, bytes))


def _link(nodes: list[Node], positions: dict[int, int]) -> None:
    for place, node in enumerate(nodes):
        following = positions[id(nodes[place + 1].item)] if place + 1 < len(nodes) else 0
        lower = positions[id(node.children[0].item)] if node.children else 0
        _set(node.item.elements[0], following)
        _set(node.item.elements[2], lower)
        _link(node.children, positions)


def _set(element: Element, offset: int) -> None:
    element.value = offset.to_bytes(4, "little")


def _uid_of(nodes: Iterable[Node]) -> str:
    """A UID of what the directory lists: the same files, the same directory."""
    content = b"".join(e.value for n in _in_order(nodes) for e in n.item.elements if isinstance(e.value, bytes))
    return f"2.25.{int.from_bytes(hashlib.sha256(content).digest()[:15], 'big')}"
