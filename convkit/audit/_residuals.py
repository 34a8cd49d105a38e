"""Everything of the originals that is in some bytes: as it was, in other encodings and spellings, and in disguise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from convkit.audit._disguises import Disguises, Plain, disguises
from convkit.audit._judge import Hits, Place, counts, day_counts, plain_counts
from convkit.audit._vocabulary import is_term
from convkit.audit._zones import Nature, Zone, Zones
from convkit.audit.dossier import Dossier
from convkit.audit.finding import Kind

_UID = re.compile(rb"[0-2](?:\.\d+){2,}")
_LONG_UID = 16
"""Characters that chance does not write among pixels."""

_UNWRITTEN = frozenset({Nature.PIXELS, Nature.BINARY, Nature.UID, Nature.NUMBER})
_FOR_SHORT_NAMES = frozenset({Nature.PERSON, Nature.TEXT, Nature.KEPT, Nature.NAME})
_SHORTEST = 3
"""Bytes of a value that may hold a name."""

_LONGEST_HEADER = 12
"""Bytes of the header of an element: what is longer and belongs to none is something else."""


class Residual(NamedTuple):
    """A value of the originals that was found.

    Attributes
    ----------
    kind : Kind
    text : str
        As the originals spell it.
    start : int
        Where, in bytes.
    """

    kind: Kind
    text: str
    start: int


def residuals(data: bytes, zones: Zones, place: Place, dossier: Dossier) -> Iterator[Residual]:
    """Yield every value of the originals that is in some bytes."""
    among = Hits(data, sorted(dossier.search.hits(data)), dossier.terms)
    for index, hit in enumerate(among.hits):
        if counts(among, index, zones.at(hit.start), place):
            term = dossier.terms[hit.label]
            yield Residual(term.kind, term.text, hit.start)
    for zone in _written(zones, len(data)):
        yield from _disguised(disguises(data[zone.start : zone.end]), zone, place, dossier)
    if dossier.uids and not place.keeps_uids:
        yield from _original_uids(data, zones, dossier)


def _written(zones: Zones, length: int) -> Iterator[Zone]:
    """The stretches in which people or programs write text."""
    for zone in zones.zones:
        if zone.nature not in _UNWRITTEN and zone.end - zone.start >= _SHORTEST:
            yield zone
    for start, end in zones.gaps(length):
        if end - start > _LONGEST_HEADER:
            yield zones.at(start)._replace(start=start, end=end)


def _disguised(found: Disguises, zone: Zone, place: Place, dossier: Dossier) -> Iterator[Residual]:
    for spelled, start, _ in found.dates:
        for day in dossier.dates.get(spelled.when, ()):
            if day_counts(day, spelled, zone, place):
                yield Residual(day.kind, spelled.when.isoformat(), zone.start + start)
    if zone.nature is Nature.DATE:
        return
    for plain, label in _plain_terms(found, dossier):
        term = dossier.terms[label]
        if plain_counts(term, plain.text, place, is_whole=plain.is_whole):
            yield Residual(term.kind, term.text, zone.start + plain.start)
    for plain in found.short:
        if zone.nature in _FOR_SHORT_NAMES and dossier.short.get(plain.text, frozenset()) & place.subjects:
            yield Residual(Kind.NAME, plain.text, zone.start + plain.start)


def _plain_terms(found: Disguises, dossier: Dossier) -> Iterator[tuple[Plain, int]]:
    """Yield (text in plain writing, label of a term that it may mean)."""
    for plain in found.numbers:
        yield from ((plain, label) for label in dossier.digits.get(plain.text, ()))
    for plain in found.words:
        if is_term(plain.text):
            continue
        for hit in dossier.search.hits(plain.text.encode("latin-1")):
            if hit.end - hit.start == len(plain.text) or not plain.is_whole:
                whole = plain._replace(is_whole=hit.end - hit.start == len(plain.text))
                yield whole, hit.label


def _original_uids(data: bytes, zones: Zones, dossier: Dossier) -> Iterator[Residual]:
    for found in _UID.finditer(data):
        uid = found.group().decode("ascii")
        if uid in dossier.uids:
            zone = zones.at(found.start())
            if zone.nature is not Nature.PIXELS or len(uid) >= _LONG_UID:
                yield Residual(Kind.UID, uid, found.start())
