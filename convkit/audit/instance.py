"""What the audit keeps of a DICOM file to compare it with others: identities, references, dates, faults."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from convkit.audit._attributes import meaning
from convkit.audit._reader import PIXEL_DATA, Element, Reading
from convkit.audit._validity import faults
from convkit.audit.finding import Kind

_FULL_DATES, _RETAIN_UIDS = "113106", "113110"  # CID 7050
_WELL_KNOWN = "1.2.840.10008."  # PS3.6 A: UIDs of the standard itself

_IN_SPACE = frozenset({0x00200032, 0x00200037, 0x00201041})
_ENOUGH = 4
"""Numbers that tell one picture from another of the same kind."""

_KEPT = {
    0x00020010: "syntax",
    0x00080016: "sop_class",
    0x00080018: "sop",
    0x0020000D: "study",
    0x0020000E: "series",
    0x00200052: "frame_of_reference",
    0x00100020: "patient",
    0x00200013: "number",
    0x00080060: "modality",
    0x00280010: "rows",
    0x00280011: "columns",
}


@dataclass(frozen=True, slots=True)
class Instance:
    """One DICOM file as the audit sees it.

    Attributes
    ----------
    path : str
        Relative to the folder that was named.
    identity : mapping of str to str
        ``syntax`` (transfer syntax), ``sop_class``, ``sop``, ``study``,
        ``series``, ``frame_of_reference``, ``patient``, ``number``, ``modality``,
        ``rows``, ``columns``; what is not there is absent.
    digest : str
        Of the pixel data, empty where there are none.
    technique : str
        Digest of how and where the picture was taken; empty where too little is told.
    uids : mapping of path to tuple of str
        Every UID that names a thing, by its place.
    dates : mapping of path to str
        Eight digits of every date, by its place; the birth date is left out.
    birth_date : str
    faults : mapping of str to int
        What is invalid, and how often.
    methods : frozenset of str
        Codes of the de-identification options that the file declares.
    longitudinal : str
        Longitudinal Temporal Information Modified.
    files : tuple of (str, str)
        What a DICOMDIR references: path and SOP Instance UID.
    """

    path: str
    identity: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    technique: str = ""
    uids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Mapping[str, str] = field(default_factory=dict)
    birth_date: str = ""
    faults: Mapping[str, int] = field(default_factory=dict)
    methods: frozenset[str] = frozenset()
    longitudinal: str = ""
    files: tuple[tuple[str, str], ...] = ()
    is_directory: bool = False

    @property
    def keeps_dates(self) -> bool:
        """True where the file declares that dates are as they were: PS3.15 E.3.6."""
        return self.longitudinal == "UNMODIFIED" or _FULL_DATES in self.methods

    @property
    def keeps_uids(self) -> bool:
        """True where the file declares that UIDs are as they were: PS3.15 E.3.9."""
        return _RETAIN_UIDS in self.methods

    def get(self, name: str) -> str:
        """A part of the identity, or nothing."""
        return self.identity.get(name, "")

    @property
    def shape(self) -> tuple[str, ...]:
        """What a de-identified copy has in common with its original."""
        return tuple(self.get(name) for name in ("sop_class", "modality", "number", "rows", "columns"))


def instance_of(path: str, reading: Reading) -> Instance:  # noqa: C901 (one branch an attribute)
    """What is kept of a file."""
    identity: dict[str, str] = {}
    uids: dict[str, tuple[str, ...]] = {}
    dates: dict[str, str] = {}
    birth_date, longitudinal = "", ""
    methods: set[str] = set()
    digest = hashlib.sha256()
    has_pixels = False
    for element in reading.elements:
        if element.tag in PIXEL_DATA and not element.parent:
            digest.update(memoryview(reading.data)[element.start : element.end])
            has_pixels = True
        elif not element.parent and element.tag in _KEPT:
            identity[_KEPT[element.tag]] = _plain(reading, element)
        elif element.tag == 0x00100030:
            birth_date = birth_date or reading.text(element)
        elif element.tag == 0x00280303:
            longitudinal = reading.text(element)
        elif element.tag == 0x00080100 and element.parent.startswith("(0012,0064)"):
            methods.add(reading.text(element))
        kind = None if element.is_private and element.vr not in {"DA", "DT"} else meaning(element)
        if kind is Kind.UID and element.tag >> 16 != 4:
            found = tuple(u for u in reading.text(element).split("\\") if u and not u.startswith(_WELL_KNOWN))
            if found:
                uids[element.path] = found
        elif kind is Kind.DATE:
            value = reading.text(element)[:8]
            if len(value) == 8 and value.isdigit():
                dates[element.path] = value
    files = _referenced(reading)
    return Instance(
        path,
        identity,
        digest.hexdigest() if has_pixels else "",
        _technique(reading),
        uids,
        dates,
        birth_date,
        Counter(faults(reading)),
        frozenset(methods),
        longitudinal,
        files,
        any(each.tag == 0x00041220 for each in reading.elements),
    )


def _technique(reading: Reading) -> str:
    """Digest of the numbers of the acquisition and the place in space: no tool has a reason to change these."""
    told = [
        (element.tag, reading.text(element))
        for element in reading.elements
        if not element.parent
        and element.vr in {"DS", "IS"}
        and element.end > element.start
        and (element.tag >> 16 in {0x18, 0x28} or element.tag in _IN_SPACE)
    ]
    return hashlib.sha256(repr(sorted(told)).encode()).hexdigest() if len(told) >= _ENOUGH else ""


def _plain(reading: Reading, element: Element) -> str:
    raw = reading.raw(element)
    if element.vr == "US" and len(raw) == 2:
        return str(int.from_bytes(raw, "big" if reading.is_big_endian else "little"))
    return raw.decode("latin-1").strip(" \0")


def _referenced(reading: Reading) -> tuple[tuple[str, str], ...]:
    """(path, SOP Instance UID) of the records of a DICOMDIR: PS3.3 F.3."""
    paths = {e.parent: reading.text(e).replace("\\", "/") for e in reading.elements if e.tag == 0x00041500}
    uids = {e.parent: reading.text(e) for e in reading.elements if e.tag == 0x00041511}
    return tuple((path, uids.get(parent, "")) for parent, path in paths.items() if path)
