"""What identifies people in the originals: every value that the audit will look for in the outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from convkit.audit._attributes import is_device, is_free, is_text, meaning
from convkit.audit._dates import Grade, dates_in
from convkit.audit._dciodvfy import with_dciodvfy
from convkit.audit._names import name_forms
from convkit.audit._patterns import is_name_like, likely_matches, sure_matches, text_matches, whole_name
from convkit.audit._reader import PIXEL_DATA, Element, Reading, keyword, looks_like_dicom, read
from convkit.audit._text import Decoder, decoded, is_line, is_readable, runs, unwidened
from convkit.audit._unpack import pieces
from convkit.audit._words import INSTITUTIONAL, ORDINARY
from convkit.audit.finding import Kind
from convkit.audit.instance import Instance, instance_of

_COMMENTS = re.compile(r".*(Comments|History|Remarks|Reason.*|Allergies|Alerts|Needs|State|Arrangements|Text.*)$")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_DEVICE_WORD = re.compile(r"[^\W_][\w'’-]{2,}")
_GENERIC_TITLES = frozenset(
    {"ANY-SCP", "ANYSCP", "STORESCP", "STORESCU", "PACS", "DCMTK", "PYNETDICOM", "ORTHANC", "UNKNOWN"}
)
_LONGEST_COMMENT = 10240
"""Characters: the longest LT; what is longer is a log or a protocol."""

_SHORT = 3
"""Letters of a name that is believed only where it stands as one."""

_LONGEST_BINARY = 1 << 18
"""Bytes of a binary value that is read for text: longer ones are tables and pictures."""


class Value(NamedTuple):
    """Something that identifies.

    Attributes
    ----------
    text : str
    kind : Kind
    person : str
        The whole name that a part of a name belongs to; empty for others.
    is_sure : bool
        False for what only looks like an identifier in a free text.
    """

    text: str
    kind: Kind
    person: str = ""
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Original:
    """What the originals tell by one file.

    Attributes
    ----------
    instance : Instance or None
        None for files that are no DICOM.
    values : frozenset of Value
    technical : frozenset of str
        Words, in small letters, that stand with devices and codes.
    """

    instance: Instance | None
    values: frozenset[Value]
    technical: frozenset[str] = frozenset()


def read_original(path: Path, where: str) -> Original:
    """What one original tells.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    original = original_of(path.read_bytes(), where)
    if original.instance is None:
        return original
    return replace(original, instance=with_dciodvfy(original.instance, path))


def original_of(data: bytes, where: str) -> Original:
    """What the bytes of an original tell."""
    if data[:3] == b"\x1f\x8b\x08" and where.endswith(".gz"):
        data = next((piece.data for piece in pieces(data) if piece.data), data)
    if looks_like_dicom(data):
        return _of_dicom(read(data), where)
    data = unwidened(data)
    if is_readable(data):
        return Original(None, frozenset(_of_free_text(decoded(data), is_comment=True)))
    return Original(None, frozenset(_of_packed(data)))


def _of_dicom(reading: Reading, where: str) -> Original:
    decoder = Decoder(reading)
    values: set[Value] = set()
    technical: set[str] = set()
    for element in reading.elements:
        if element.end <= element.start or element.vr == "SQ" or element.tag in PIXEL_DATA:
            continue
        if is_device(element) or element.vr == "CS":
            technical.update(word.lower() for word in _DEVICE_WORD.findall(reading.text(element)))
        values.update(_of_element(reading, element, decoder))
    values.update(_of_gaps(reading))
    return Original(instance_of(where, reading), frozenset(values), frozenset(technical))


def _of_element(reading: Reading, element: Element, decoder: Decoder) -> Iterator[Value]:
    kind = meaning(element)
    if kind is Kind.UID:
        return  # kept by place in the instance
    if kind in {Kind.DATE, Kind.BIRTH_DATE}:
        for each in reading.text(element).split("\\"):
            yield from (Value(day.when.isoformat(), kind) for day in dates_in(each[:8]))
    elif element.vr not in {"UN", "OB"} and (is_text(element) or element.vr in {"AE", "CS"}):
        yield from _of_text(element, decoder.text(element), kind)
    elif element.vr in {"UN", "OB", "OW"} and element.end - element.start <= _LONGEST_BINARY:
        raw = reading.raw(element)
        if element.vr == "UN" and kind is None and is_line(raw):
            yield from _of_text_of_nobody(decoder.text(element), is_comment=False, is_private=True)
        yield from _of_binary(raw, kind)


def _of_text(element: Element, text: str, kind: Kind | None) -> Iterator[Value]:
    if kind is not None:
        for each in text.split("\\") if text else ():
            yield from _of_meaning(each.strip(), kind)
    elif is_free(element) or element.is_private:
        for part in text.split("\\") if element.is_private or "^" in text else ():
            yield from (Value(word, Kind.NAME, part, len(word) > _SHORT) for word in whole_name(part))
        is_comment = _is_comment(element) and len(text) <= _LONGEST_COMMENT
        yield from _of_text_of_nobody(text, is_comment=is_comment, is_private=element.is_private)
    elif is_text(element):
        yield from (Value(m.text, m.kind) for m in sure_matches(text))


def _of_text_of_nobody(text: str, *, is_comment: bool, is_private: bool) -> Iterator[Value]:
    """Values within text that has no meaning of its own."""
    if not is_private:
        yield from _of_free_text(text, is_comment=is_comment)
        return
    # Numbers in private text are measurements, counters and versions more often than anybody's.
    sure = {day.when.isoformat() for day in dates_in(text) if day.grade is Grade.SURE}
    for value in _of_free_text(text, is_comment=is_comment):
        if value.text in sure if value.kind is Kind.DATE else not (value.kind is Kind.ID and value.text.isdigit()):
            yield value


def _is_comment(element: Element) -> bool:
    return element.vr in {"LT", "ST", "UT"} or bool(_COMMENTS.match(keyword(element.tag)))


def _of_meaning(text: str, kind: Kind) -> Iterator[Value]:
    """Values of an attribute that identifies by its meaning."""
    if kind is Kind.NAME:
        yield from (Value(form, Kind.NAME, text) for form in name_forms(text))
    elif kind is Kind.AE_TITLE:
        if text.upper() not in _GENERIC_TITLES:
            yield Value(text, kind)
    elif kind in {Kind.INSTITUTION, Kind.ADDRESS}:
        yield Value(text, kind)
        yield from (Value(m.text, m.kind) for m in text_matches(text))
        for part in re.split(r"[,;\r\n]+", text):
            if len(part.strip()) >= 5:
                yield Value(part.strip(), kind)
        if kind is Kind.INSTITUTION:
            for word in _WORD.findall(text):
                if len(word) >= 4 and word.casefold() not in INSTITUTIONAL:
                    yield Value(word, kind)
    else:
        yield Value(text, kind)
        yield from _of_free_text(text, is_comment=False)


def _of_free_text(text: str, *, is_comment: bool, with_numbers: bool = True) -> Iterator[Value]:
    """Values within a text; `with_numbers` takes numbers without a label, too, and dates with two digits of a year."""
    for found in text_matches(text):
        if found.kind is Kind.URL:
            continue  # found by its pattern, wherever it is
        if found.kind is Kind.NAME:
            words = re.split(r"[ ^]", found.text)
            yield from (Value(word, Kind.NAME, found.text) for word in words if is_name_like(word))
            # After a title even an ordinary word is a name; it is looked for with care.
            yield from (Value(word, Kind.NAME, found.text) for word in words if word.casefold() in ORDINARY)
        else:
            yield Value(found.text, found.kind)
    for day in dates_in(text):
        if with_numbers or day.grade is Grade.SURE:
            yield Value(day.when.isoformat(), Kind.DATE)
    for found in likely_matches(text):
        if (is_comment or found.kind is not Kind.NAME) and (with_numbers or found.kind is not Kind.ID):
            yield Value(found.text, found.kind, is_sure=found.kind is not Kind.NAME)


def _of_binary(raw: bytes, kind: Kind | None) -> Iterator[Value]:
    for _, text in runs(raw):
        if kind is not None:
            yield from _of_meaning(text.strip(), kind)
        yield from (Value(m.text, m.kind) for m in sure_matches(text))
    yield from _of_packed(raw)


def _of_packed(raw: bytes, depth: int = 0) -> Iterator[Value]:
    for piece in pieces(raw, depth):
        if looks_like_dicom(piece.data):
            yield from _of_dicom(read(piece.data), "").values
        elif is_readable(piece.data):
            is_page = piece.how == "stream"  # of a PDF; other packed text is written by programs for programs
            yield from _of_free_text(decoded(piece.data), is_comment=is_page, with_numbers=is_page)
        else:
            yield from _of_packed(piece.data, depth + 1)


def _of_gaps(reading: Reading) -> Iterator[Value]:
    """Preamble and trailing bytes."""
    for raw in (reading.data[:128] if reading.has_preamble else b"", reading.data[reading.end :]):
        for _, text in runs(raw):
            yield from (
                Value(m.text, m.kind) for m in (*text_matches(text), *likely_matches(text)) if m.kind is not Kind.NAME
            )
