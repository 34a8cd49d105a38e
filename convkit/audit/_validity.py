"""Faults of a DICOM file: a small validator, made to compare an output with its original, not to teach the standard."""

from __future__ import annotations

import re
from collections.abc import Iterator

from convkit.audit._reader import Element, Reading, dictionary, keyword, tag_text

_FORMS = {  # PS3.5 6.2
    "DA": re.compile(r"(\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])|\d{4}\.\d\d\.\d\d)?$"),
    "TM": re.compile(r"(([01]\d|2[0-3])([0-5]\d([0-5]\d|60)?(\.\d{1,6})?)?|\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?$"),
    "DT": re.compile(r"(\d{4,14}(\.\d{1,6})?([+-]\d{4})?)?$"),
    "AS": re.compile(r"(\d{3}[DWMY])?$"),
    "IS": re.compile(r" *([+-]?\d{1,12})? *$"),
    "DS": re.compile(r" *([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)? *$"),
    "CS": re.compile(r"[A-Z0-9 _]{0,16}$"),
    "UI": re.compile(r"((?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*)?$"),
}
_LONGEST = {"AE": 16, "CS": 16, "DS": 16, "IS": 12, "SH": 16, "LO": 64, "UI": 64, "DT": 26, "TM": 16}
_SIZES = {"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 4, "OW": 2, "OF": 4, "OD": 8, "OL": 4}
_MULTI = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UC", "UI"})

_META = (0x00020002, 0x00020003, 0x00020010, 0x00020012)  # PS3.10 7.1: Type 1
_ALWAYS = (0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00080060)  # PS3.3 C.12.1, C.7.2, C.7.3
_WITH_PIXELS = (0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103)
_DESCRIBED = frozenset(  # Type 1 wherever the attribute is there: PS3.3 C.7.6, C.8, 8.8
    {0x00080008, 0x00200052, 0x00080100, 0x00080102, 0x00080104, 0x00081150, 0x00081155, 0x0040A040, 0x00700080}
    | {0x30060002, 0x300A0002, 0x300A000C, 0x30040002, 0x30040004, 0x3004000A, 0x00620001, 0x0040A491, 0x0040A493}
    | {0x00280030, 0x00200032, 0x00200037, 0x00281052, 0x00281053, 0x00541001, 0x00540400}
)
_MUST_HAVE_ITEMS = frozenset({0x0040A043, 0x52009229, 0x52009230, 0x30060020, 0x300A0070, 0x300A00B0})


def faults(reading: Reading) -> Iterator[str]:
    """Yield each fault as a sentence with the place, item numbers left out; no values."""
    yield from (damage(what, path) for what, path in reading.problems)
    yield from _meta_faults(reading)
    yield from _missing(reading)
    yield from _disorder(reading)
    yield from _group_lengths(reading)
    for element in reading.elements:
        yield from (f"{what} in {_named(element)}" for what in _value_faults(reading, element))


def damage(what: str, path: str) -> str:
    """A problem of reading as a fault."""
    return f"{what} at {_general(path)}" if path else what


def _general(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


def _named(element: Element) -> str:
    word = keyword(element.tag)
    return f"{_general(element.path)} {word}".rstrip()


def _meta_faults(reading: Reading) -> Iterator[str]:
    if not reading.has_preamble:
        yield "The preamble and the DICM mark are missing"
    top = {e.tag: e for e in reading.elements if not e.parent}
    for tag in _META:
        if tag not in top or not reading.text(top[tag]):
            yield f"{tag_text(tag)} {keyword(tag)} is missing"
    for meta, inner in ((0x00020002, 0x00080016), (0x00020003, 0x00080018)):
        if meta in top and inner in top and reading.text(top[meta]) != reading.text(top[inner]):
            yield f"{tag_text(meta)} {keyword(meta)} differs from {keyword(inner)}"


def _missing(reading: Reading) -> Iterator[str]:
    top = {e.tag: e for e in reading.elements if not e.parent}
    if 0x00041220 in top:  # a DICOMDIR has none of these
        return
    wanted = [*_ALWAYS, *(_WITH_PIXELS if 0x7FE00010 in top else ())]
    for tag in wanted:
        if tag not in top or top[tag].end == top[tag].start:
            yield f"{tag_text(tag)} {keyword(tag)} (Type 1) is missing or empty"
    holders = {e.parent.rpartition("[")[0] for e in reading.elements if e.parent}
    for element in reading.elements:
        if element.tag in _DESCRIBED and element.tag not in wanted and element.end == element.start:
            yield f"{_named(element)} (Type 1) is empty"
        if element.tag in _MUST_HAVE_ITEMS and element.path not in holders:
            yield f"{_named(element)} (Type 1) has no items"


def _disorder(reading: Reading) -> Iterator[str]:
    last: dict[str, int] = {}
    for element in reading.elements:
        before = last.get(element.parent, -1)
        if element.tag < before or (element.tag == before and not element.is_fragment):
            yield f"{_named(element)} is out of order or there twice"
        last[element.parent] = element.tag


def _group_lengths(reading: Reading) -> Iterator[str]:
    """Group lengths that are wrong; outside of group 0002 they are retired, and few writers keep them right."""
    top = [e for e in reading.elements if not e.parent and e.tag >> 16 == 2]
    if top and top[0].tag == 0x00020000 and top[0].end - top[0].start == 4:
        told = int.from_bytes(reading.raw(top[0]), "little")
        if top[0].end + told != max(e.end for e in top):
            yield "(0002,0000) FileMetaInformationGroupLength is wrong"


def _value_faults(reading: Reading, element: Element) -> Iterator[str]:
    length = element.end - element.start
    if length % 2:
        yield "Odd length"
    if element.vr in _SIZES and length % _SIZES[element.vr]:
        yield f"Length that does not fit VR {element.vr}"
    entry = dictionary(element.tag)
    if entry and element.vr not in {*entry[0].split(" or "), "UN", "OB", "OW"} and element.tag & 0xFFFF:
        yield f"VR {element.vr} instead of {entry[0]}"
    if element.vr not in _MULTI or length > 1 << 16:
        return
    values = reading.text(element).split("\\") if length else []
    yield from _form_faults(element.vr, values)
    if entry and values and not _multiplicity_fits(len(values), entry[1]):
        yield f"Value multiplicity that is not {entry[1]}"


def _form_faults(vr: str, values: list[str]) -> Iterator[str]:
    for value in values:
        form, longest = _FORMS.get(vr), _LONGEST.get(vr)
        if form and not form.match(value.strip() if vr == "CS" else value.rstrip()):
            yield f"A value that is no {vr}"
        # More bytes than characters are possible where a character set is declared.
        elif longest and len(value) > longest and value.isascii() and "\x1b" not in value:
            yield f"A value longer than {longest} characters"
    if vr == "PN" and any(len(group) > 64 and group.isascii() for v in values for group in v.split("=")):
        yield "A value longer than 64 characters"


def _multiplicity_fits(count: int, told: str) -> bool:
    """PS3.6: 1, 2, 1-3, 1-n, 2-n, 2-2n, 3-3n."""
    low, _, high = told.partition("-")
    if not low.isdigit():
        return True
    if not high:
        return count == int(low)
    if high == "n":
        return count >= int(low)
    if high.endswith("n"):
        return count >= int(low) and count % int(high[:-1] or 1) == 0
    return int(low) <= count <= int(high)
