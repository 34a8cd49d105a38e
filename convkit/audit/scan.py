"""One output file: what of the originals is left in it, and what looks like an identifier."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from convkit.audit._dates import dates_in
from convkit.audit._dciodvfy import with_dciodvfy
from convkit.audit._judge import Place
from convkit.audit._numbers import numbers_in
from convkit.audit._patterns import Match, sure_matches, text_matches
from convkit.audit._pictures import Shown, UndecodableError, frames_of_dicom, frames_of_file, is_picture
from convkit.audit._reader import Element, Reading, looks_like_dicom, read
from convkit.audit._residuals import residuals
from convkit.audit._text import Decoder, decoded, is_readable, runs, unwidened
from convkit.audit._unpack import Piece, is_packed, pieces, sealed_by
from convkit.audit._validity import damage
from convkit.audit._words import PSEUDONYMS
from convkit.audit._zones import Nature, Zone, Zones, dicom_zones, file_zones
from convkit.audit.burned_in import reader, text_in_pixels
from convkit.audit.dossier import Dossier
from convkit.audit.finding import Finding, Kind
from convkit.audit.instance import Instance, instance_of
from convkit.model.notes import Note, note

RESIDUAL, PATTERN, UNREADABLE = "check.residual-value", "check.pattern", "check.unreadable"
NOT_SEARCHED = "check.not-searched"
_BURNED = {"residual": RESIDUAL, "pattern": PATTERN, "text": "check.text-in-pixels"}

Frames = Callable[[bytes], tuple[int, Iterator[Shown]]]

_DATED = re.compile(
    r"birth|dob\b|born|admi(?:t|ssion)|discharge|stud(?:y|ies)|scan|exam|acqui|content|visit|surgery|died|death",
    re.IGNORECASE,
)
"""A date in a log or table means a person only where the line says what happened on it."""

_PATIENT_ID = 0x00100020
_LONGEST_HEADER = 12
"""Bytes of the header of an element: what is longer and belongs to none is something else."""

_OLDEST_AGE = 90  # 45 CFR 164.514(b)(2)(i)(C): all ages over 89 may be told as 90
_MOST_UNPACKED = 1 << 33
"""Bytes out of one file: an archive may be made to unpack for days."""

_LONGEST_LINES = 1 << 24
"""Characters of a document that are read for patterns in one go."""


@dataclass(frozen=True, slots=True)
class FileAudit:
    """What one output file told.

    Attributes
    ----------
    where : str
    findings : tuple of Finding
        With their values; who shows them leaves these out.
    instances : tuple of Instance
        The DICOM files in it: one, or those in an archive.
    notes : tuple of Note
    """

    where: str
    findings: tuple[Finding, ...] = ()
    instances: tuple[Instance, ...] = ()
    notes: tuple[Note, ...] = ()


def scan_file(path: Path, where: str, dossier: Dossier, *, reads_pixels: bool = False) -> FileAudit:
    """Audit one file.

    `reads_pixels` looks for text in pixels, too.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    audit = scan_bytes(path.read_bytes(), where, dossier, reads_pixels=reads_pixels)
    if not dossier.originals or len(audit.instances) != 1:
        return audit
    return replace(audit, instances=(with_dciodvfy(audit.instances[0], path),))


def scan_bytes(data: bytes, where: str, dossier: Dossier, *, reads_pixels: bool = False) -> FileAudit:
    """Audit the bytes of a file, and its name."""
    scan = _Scan(dossier, where, reads_pixels=reads_pixels)
    subjects = scan.content(data, "", 0)
    scan.name(where, "name", subjects)
    return FileAudit(where, tuple(scan.without_doubles()), tuple(scan.instances), tuple(scan.notes))


class _Scan:
    """The audit of one file, archives included."""

    def __init__(self, dossier: Dossier, where: str, *, reads_pixels: bool) -> None:
        self.dossier = dossier
        self.where = where
        self.findings: list[Finding] = []
        self.instances: list[Instance] = []
        self.notes: list[Note] = []
        self._left = _MOST_UNPACKED
        self._reads_pixels = reads_pixels

    def without_doubles(self) -> Iterator[Finding]:
        """The findings; a pattern where a value of the originals was found is the same thing told twice."""
        known = {(f.location, f.kind) for f in self.findings if f.code == RESIDUAL}
        return (f for f in self.findings if f.code != PATTERN or (f.location, f.kind) not in known)

    def content(self, data: bytes, prefix: str, depth: int) -> frozenset[int]:
        """Audit some bytes, and what is packed in them; the patients that they may belong to, where known."""
        if looks_like_dicom(data):
            return self._dicom(data, prefix, depth)
        data = unwidened(data)
        readable = is_readable(data)
        zones = Zones([Zone(0, len(data), Nature.DOCUMENT, f"{prefix}text")]) if readable else file_zones(data, prefix)
        self._residuals(data, zones, Place())
        if readable:
            self._document(data, prefix)
        else:
            for start, end in zones.gaps(len(data)):
                self._runs(data[start:end], f"{prefix}bytes")
        if self._reads_pixels and is_picture(data):
            self._look(frames_of_file, data, prefix, Place())
        sealed = sealed_by(data)
        if sealed:
            self._add(NOT_SEARCHED, f"{prefix}file", Kind.STRUCTURE, text=f"It is packed or locked by {sealed}")
        if is_packed(data) or readable:
            self._packed(data, prefix, depth, Place())
        else:
            self._packed_between(data, zones, prefix, depth, Place())
        return frozenset()

    def name(self, name: str, location: str, subjects: frozenset[int]) -> None:
        """Audit the name of a file with its folders."""
        raw = name.encode("utf-8", "surrogateescape")
        zones = Zones([Zone(0, len(raw), Nature.NAME, location)])
        self._residuals(raw, zones, Place(subjects, is_alone=False))
        self._add_matches(sure_matches(name), location)

    # --- DICOM -------------------------------------------------------------------------------------------

    def _dicom(self, data: bytes, prefix: str, depth: int) -> frozenset[int]:
        reading = read(data)
        instance = instance_of(f"{self.where}{f'!{prefix.strip()}' if prefix else ''}", reading)
        self.instances.append(instance)
        index = None if instance.is_directory else self.dossier.match(instance)
        subjects = self._subjects(instance, index, reading)
        place = Place(subjects, keeps_dates=instance.keeps_dates, keeps_uids=instance.keeps_uids)
        known = self.dossier.originals[index].faults if index is not None else {}
        for what, path in reading.problems:
            if damage(what, path) not in known:
                self._add(UNREADABLE, f"{prefix}{path or 'file'}", Kind.STRUCTURE, text=what)
        zones = dicom_zones(reading)
        self._residuals(reading.data, zones, place, prefix)
        if index is not None:
            self._unchanged(instance, self.dossier.originals[index], prefix)
        else:
            self._dates_of(instance, subjects, prefix)
        for location, term in numbers_in(reading, self.dossier, place):
            self._add(RESIDUAL, prefix + location, term.kind, value=term.text)
        self._elements(reading, zones, prefix)
        self._packed_between(reading.data, zones, prefix, depth, place)
        if self._reads_pixels:
            self._look(frames_of_dicom, data, prefix, place)
        return subjects

    def _subjects(self, instance: Instance, index: int | None, reading: Reading) -> frozenset[int]:
        """Whose file it is; nobody's in particular for the index of a medium."""
        if instance.is_directory:
            return frozenset()
        if index is not None:
            return frozenset({self.dossier.subjects[index]})
        likely = self.dossier.likely_subject(self.dossier.search.hits(reading.data))
        return frozenset({likely}) if likely is not None else self.dossier.subjects_of(instance)

    def _dates_of(self, output: Instance, subjects: frozenset[int], prefix: str) -> None:
        """Dates of an output whose original is not known: those that its patient has, or anybody for an index."""
        for path, value in output.dates.items() if not output.keeps_dates else ():
            when = _day(value)
            for day in self.dossier.dates.get(when, ()) if when else ():
                if output.is_directory or subjects & day.subjects:
                    self._add(RESIDUAL, prefix + path, day.kind, value=_iso(value))

    def _unchanged(self, output: Instance, original: Instance, prefix: str) -> None:
        """Dates and numbers that stand where they stood, too short or too common to be looked for elsewhere."""
        if not output.keeps_dates:
            for path, value in output.dates.items():
                if original.dates.get(path) == value:
                    self._add(RESIDUAL, prefix + path, Kind.DATE, value=_iso(value))
        if output.birth_date and output.birth_date == original.birth_date:
            self._add(RESIDUAL, f"{prefix}(0010,0030)", Kind.BIRTH_DATE, value=output.birth_date)
        patient = output.get("patient")
        if patient and patient == original.get("patient") and len(patient) < 6:
            self._add(RESIDUAL, f"{prefix}(0010,0020)", Kind.ID, value=patient)

    def _elements(self, reading: Reading, zones: Zones, prefix: str) -> None:
        """Look for patterns: in texts by all of them, in other bytes by the sure ones."""
        decoder = Decoder(reading)
        for element in reading.elements:
            if element.end > element.start and element.vr != "SQ":
                self._element(reading, element, decoder, zones.at(element.start).nature, prefix + element.path)
        for start, end in zones.gaps(reading.end):
            if end - start > _LONGEST_HEADER:
                self._runs(reading.data[start:end], f"{prefix}byte {start}")
        for zone in zones.zones:
            if zone.location in {"preamble", "trailing bytes"} or zone.location.endswith(("comment", "padding")):
                self._runs(reading.data[zone.start : zone.end], prefix + zone.location)

    def _element(self, reading: Reading, element: Element, decoder: Decoder, nature: Nature, location: str) -> None:
        if element.tag == _PATIENT_ID:
            self._patient_id(reading.text(element), location)
        if nature is Nature.PERSON:
            self._person(decoder.text(element), location)
        elif nature is Nature.TEXT:
            self._text(decoder.text(element), location)
        elif nature is Nature.BYTES:
            self._runs(reading.raw(element), location)
        elif element.vr == "AS":
            self._age(reading.text(element), location)

    def _person(self, text: str, location: str) -> None:
        """A name that no pseudonym looks like. With originals at hand it is theirs, or nobody's."""
        codes = {instance.get("patient") for instance in self.instances}  # who is called like an ID is called by a code
        if not self.dossier.has_originals and not is_pseudonym(text) and text not in codes:
            self._add(PATTERN, location, Kind.NAME, value=text)

    def _text(self, text: str, location: str) -> None:
        self._add_matches(text_matches(text), location)
        if not self.dossier.has_originals:
            for found in dates_in(text):
                self._add(PATTERN, location, Kind.DATE, value=found.text)

    def _patient_id(self, text: str, location: str) -> None:
        """Eight digits, or MRN and digits: numbers that hospitals give."""
        if not self.dossier.has_originals and re.fullmatch(r"(?i)(?:mrn|h|p|pat|id)?[- ]?\d{5,10}", text):
            self._add(PATTERN, location, Kind.ID, value=text)

    def _age(self, text: str, location: str) -> None:
        found = re.fullmatch(r"(\d{3})Y", text)
        if found and int(found.group(1)) > _OLDEST_AGE:
            self._add(PATTERN, location, Kind.AGE, value=text)

    # --- pixels -----------------------------------------------------------------------------------------

    def _look(self, frames_of: Frames, data: bytes, prefix: str, place: Place) -> None:
        """Read the text in the pixels."""
        looked = 0
        try:
            count, frames = frames_of(data)
            for shown in frames:
                looked += 1
                for burned in text_in_pixels(reader().lines(shown.picture), self.dossier, place):
                    self._add(_BURNED[burned.how], prefix + shown.location, burned.kind, value=burned.text)
        except UndecodableError as error:
            text = f"The pixels cannot be decoded ({error}), so that nobody can see what is in them."
            self.notes.append(note("check.pixels-not-read", text, where=self.where))
            return
        if looked < count:
            text = f"{count - looked} of {count} frames were not looked at."
            self.notes.append(note("check.pixels-not-read", text, where=self.where))

    # --- bytes -------------------------------------------------------------------------------------------

    def _packed_between(self, data: bytes, zones: Zones, prefix: str, depth: int, place: Place) -> None:
        """What is packed in all but pixels."""
        for start, end in _packable(zones, len(data)):
            for piece in pieces(data[start:end], depth):
                location = zones.at(start + piece.start).location
                self._piece(piece, f"{prefix}{location} ", depth, place)

    def _packed(self, data: bytes, prefix: str, depth: int, place: Place) -> None:
        for piece in pieces(data, depth):
            self._piece(piece, prefix, depth, place)
            if self._left < 0:
                return

    def _piece(self, piece: Piece, prefix: str, depth: int, place: Place) -> None:
        inner = f"{prefix}{piece.how} "
        if piece.how.startswith("member "):
            self.name(piece.how[7:], inner.rstrip(), frozenset())
        self._left -= len(piece.data)
        if piece.sealed or self._left < 0:
            why = piece.sealed or "More is packed in this file than would ever be read"
            self._add(NOT_SEARCHED, inner.rstrip(), Kind.STRUCTURE, text=why)
        if self._left < 0:
            return
        if piece.is_file:
            self.content(piece.data, inner, depth + 1)
            return
        readable = is_readable(piece.data)
        nature = Nature.DOCUMENT if readable and not place.subjects else Nature.BYTES
        self._residuals(piece.data, Zones([Zone(0, len(piece.data), nature, inner.rstrip())]), place)
        if readable or piece.how not in {"base64", "hex"}:
            self._runs(piece.data, inner.rstrip())
        self._packed(piece.data, inner, depth + 1, place)

    def _document(self, data: bytes, prefix: str) -> None:
        text = decoded(data)
        for number, line in enumerate(text.splitlines(), 1):
            location = f"{prefix}line {number}"
            self._add_matches(text_matches(line[:_LONGEST_LINES]), location)
            if not self.dossier.has_originals and _DATED.search(line):
                for found in dates_in(line):
                    self._add(PATTERN, location, Kind.DATE, value=found.text)

    def _runs(self, raw: bytes, location: str) -> None:
        for _, text in runs(raw):
            self._add_matches(sure_matches(text), location)

    def _residuals(self, data: bytes, zones: Zones, place: Place, prefix: str = "") -> None:
        """Everything of the originals that is in some bytes."""
        for found in residuals(data, zones, place, self.dossier):
            location = _located(zones.at(found.start), data, found.start)
            self._add(RESIDUAL, prefix + location, found.kind, value=found.text)

    # --- findings ----------------------------------------------------------------------------------------

    def _add_matches(self, matches: Iterator[Match], location: str) -> None:
        for found in matches:
            self._add(PATTERN, location, found.kind, value=found.text)

    def _add(self, code: str, location: str, kind: Kind, *, text: str = "", value: str | None = None) -> None:
        self.findings.append(Finding(self.where, location, code, kind, text, 1, value))


def _located(zone: Zone, data: bytes, start: int) -> str:
    """The place for people: documents have lines."""
    if zone.nature is not Nature.DOCUMENT or not zone.location.endswith("text"):
        return zone.location
    line = data.count(b"\n", 0, start) + 1
    return f"{zone.location[:-4]}line {line}"


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _iso(digits: str) -> str:
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}"


def _packable(zones: Zones, length: int) -> Iterator[tuple[int, int]]:
    """Stretches in which something may be packed: all but pixels."""
    position = 0
    for zone in zones.zones:
        if zone.nature is Nature.PIXELS:
            if zone.start > position:
                yield position, zone.start
            position = max(position, zone.end)
    if position < length:
        yield position, length


def is_pseudonym(name: str) -> bool:
    """True for a name that nobody has: empty, with digits, or a word that says so."""
    words = [word for word in re.split(r"[\s^=,._-]+", name.casefold()) if word]
    if not words or any(char.isdigit() for char in name):
        return True
    return any(word in PSEUDONYMS for word in words) or all(len(word) == 1 for word in words)


def unreadable(where: str, error: Exception) -> FileAudit:
    """What is told of a file that could not be audited."""
    finding = Finding(where, "file", UNREADABLE, Kind.STRUCTURE, f"The file cannot be read ({type(error).__name__})")
    return FileAudit(where, (finding,))
