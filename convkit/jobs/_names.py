"""File names from templates: planned before the first byte is written, safe everywhere, never colliding.

A template holds Python format fields over DICOM keywords, ``{SeriesNumber:03d}_{SeriesDescription}``, and the fields of
`OWN_FIELDS`. dcm2niix's ``%`` letters are understood too. What identifies a person needs permission.
"""

from __future__ import annotations

import hashlib
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Any

from convkit.deid.shipped import folder
from convkit.dicom.attributes import is_keyword, nearest_hint
from convkit.errors import UsageError

OWN_FIELDS = {
    "patient": "short hash of the Patient ID",
    "study": "short hash of the Study Instance UID",
    "series": "short hash of the Series Instance UID",
    "instance": "short hash of the SOP Instance UID",
    "split": "what tells this volume apart from the others of its series",
}

PICTURE_FIELDS = {
    "view": "what the picture shows, such as _axial; nothing for stored images",
    "picture": "Instance Number, or the place in the series, and the frame: 0012, 0012_f003",
}
"""Further fields for the names of pictures."""

DIGITS = 6
"""Hexadecimal digits of a hash in a name; a tie that is left takes all of them."""

LONGEST_PART = 120
"""Characters of one folder or file name; file systems allow 255 bytes, suffixes and temporary names included."""

MOST_FOLDERS = 20
"""Folders of a template: their names alone may be long, and a path has 4096 bytes at most."""

_LETTERS = {
    "a": "ReceiveCoilName",
    "d": "SeriesDescription",
    "e": "EchoNumbers",
    "g": "AccessionNumber",
    "i": "PatientID",
    "j": "SeriesInstanceUID",
    "k": "StudyInstanceUID",
    "m": "Manufacturer",
    "n": "PatientName",
    "o": "SOPInstanceUID",
    "p": "ProtocolName",
    "r": "InstanceNumber",
    "s": "SeriesNumber",
    "t": "StudyDate",
    "u": "AcquisitionNumber",
    "v": "Manufacturer",
    "x": "StudyID",
    "z": "SequenceName",
}
"""dcm2niix's letters, as far as one DICOM keyword answers each."""

_TELLING = frozenset({"ProtocolName", "SeriesDescription"})
"""What names may hold although the Basic Profile removes it: it names the protocol, and without it a folder of volumes
could not be read."""

_SELECTOR = re.compile(r'^"\([0-9A-F]{4},[0-9A-F]{4}\) (\w+)"', re.MULTILINE)
"""A line of a profile that comes with convkit: tag and keyword."""

_RESERVED = frozenset({"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10)})
_UNSAFE = re.compile(r"[^\w.+=@-]+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template.

    Attributes
    ----------
    text : str
        With Python format fields only.
    fields : tuple of str
        Every field that it uses.
    """

    text: str
    fields: tuple[str, ...]

    @property
    def keywords(self) -> tuple[str, ...]:
        """The DICOM keywords among the fields."""
        return tuple(f for f in self.fields if f not in OWN_FIELDS and f not in PICTURE_FIELDS)


def template(
    text: str,
    *,
    phi_in_names: bool = False,
    must_hold: Sequence[str] = (),
    own: Mapping[str, str] = OWN_FIELDS,
    keeps: Callable[[str], bool] | None = None,
) -> Template:
    """Check a template.

    Parameters
    ----------
    text : str
    phi_in_names : bool
        Allow fields that identify a person, a place, a device or a moment (those of ``profiles/basic.toml``).
    must_hold : fields
        Those that are appended where the template leaves them out.
    own : mapping
        Fields that are no DICOM keywords, with their meaning.
    keeps : callable of keyword, or None
        True for what a profile leaves as it is: of the fields that identify, these alone need `phi_in_names` then.

    Raises
    ------
    UsageError
        An unknown field, a wrong format, a field that needs `phi_in_names`, or nothing left of the template.
    """
    if not isinstance(text, str):
        raise UsageError("The name template is no text.", "--filename")
    python = _from_letters(text)
    if not python.strip("/ ."):
        raise UsageError("The name template is empty.", "--filename")
    if python.count("/") > MOST_FOLDERS:
        raise UsageError(f"The name template has more than {MOST_FOLDERS} folders.", "--filename")
    try:
        pieces = [piece for piece in Formatter().parse(python) if piece[1] is not None]
    except ValueError as err:
        raise UsageError(f"The name template is not well formed: {err}.", "--filename") from err
    fields = [str(name) for _, name, _, _ in pieces]
    for field, (_, _, spec, conversion) in zip(fields, pieces, strict=True):
        _check_field(field, own, is_allowed=phi_in_names or (keeps is not None and not keeps(field)))
        if conversion:
            raise UsageError(f"The field {{{field}}} has a conversion (!{conversion}).", "--filename", "Leave it out.")
        if re.search(r"\d{3}|[{}]", spec or ""):
            raise UsageError(f"The format of {{{field}}} is too wide or nested.", "--filename")
    for field in must_hold:
        if field not in fields:
            python, fields = f"{python}{{{field}}}", [*fields, field]
    checked = Template(python, tuple(dict.fromkeys(fields)))
    _try(checked)
    return checked


def _check_field(field: str, own: Mapping[str, str], *, is_allowed: bool) -> None:
    if field in own:
        return
    if not field.isidentifier() or not is_keyword(field):
        raise UsageError(
            f"The name template has an unknown field {{{field}}}.",
            "--filename",
            nearest_hint(field, own) or f"Fields are DICOM keywords and {', '.join(own)}.",
        )
    if field in _identifying() and not is_allowed:
        raise UsageError(
            f"The field {{{field}}} may identify a person, so it does not belong into a file name.",
            "--filename",
            "Allow it with --phi-in-names, or use {study} or {series}.",
        )


def identifies(keyword: str) -> bool:
    """True for what the Basic Profile does not leave as it is, but for the names of protocols."""
    return keyword in _identifying()


@cache
def _identifying() -> frozenset[str]:
    """Keywords of all that the Basic Profile does not leave as it is.

    Only its selectors are looked for, because every run does so, and parsing it all takes ten milliseconds.
    """
    return frozenset(_SELECTOR.findall((folder() / "basic.toml").read_text("utf-8"))) - _TELLING


def _from_letters(text: str) -> str:
    """dcm2niix's letters as format fields; a percent sign that starts no letter is an error."""
    if "%" not in text:
        return text

    def field(match: re.Match[str]) -> str:
        digits, letter = match.group(1), match.group(2)
        if letter == "%":
            return "%"
        if letter not in _LETTERS:
            raise UsageError(
                f"%{letter} is not a letter of the name template.",
                "--filename",
                f"Known letters are {', '.join(sorted(_LETTERS))}; or write {{Keyword}}.",
            )
        return f"{{{_LETTERS[letter]}{f':0{int(digits)}d' if digits else ''}}}"

    return re.sub(r"%(\d?)(.?)", field, text)


def _try(checked: Template) -> None:
    try:
        name = fill(checked, dict.fromkeys(checked.fields, _SAMPLE))
    except (ValueError, TypeError, AttributeError) as err:
        raise UsageError(f"The name template cannot be filled: {err}.", "--filename") from err
    if not name:
        raise UsageError("The name template gives an empty name.", "--filename")


class _Value:
    """A value for a format field: a number where a number is asked for, text otherwise; absent gives nothing."""

    def __init__(self, value: Any) -> None:
        self.value = value[0] if isinstance(value, list) and value else value

    def __format__(self, spec: str) -> str:
        if self.value is None or self.value == []:
            return ""
        if not spec:
            return str(self.value)
        if spec[-1] in "bcdoxXn":
            return format(int(float(self.value)), spec) if _is_number(self.value) else str(self.value)
        if spec[-1] in "eEfFgG%":
            return format(float(self.value), spec) if _is_number(self.value) else str(self.value)
        return format(str(self.value), spec)


_SAMPLE = 1


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError, OverflowError):
        return False


def fill(checked: Template, values: Mapping[str, Any]) -> str:
    """The relative path that the template gives, POSIX separators, each part safe on every file system.

    Values never bring a separator in: a slash in a description becomes an underscore.
    """
    parts = []
    for part in checked.text.split("/"):
        filled = Formatter().vformat(part, (), {k: _Cleaned(v) for k, v in values.items()})
        parts.append(safe_part(filled))
    if not parts[-1]:
        parts[-1] = "unnamed"
    return "/".join(p for p in parts if p)


class _Cleaned(_Value):
    """A value whose text is made safe before the template's own characters join it."""

    def __format__(self, spec: str) -> str:
        return _UNSAFE.sub("_", unicodedata.normalize("NFC", super().__format__(spec)))


def safe_part(text: str) -> str:
    """One folder or file name without what some file system forbids; empty stays empty."""
    cleaned = _UNSAFE.sub("_", unicodedata.normalize("NFC", text)).strip("._ ")
    cleaned = re.sub(r"_{2,}", "_", cleaned)
    while len(cleaned.encode()) > LONGEST_PART:
        cleaned = cleaned[: -max(1, (len(cleaned.encode()) - LONGEST_PART) // 4)].strip("._ ")
    return f"_{cleaned}" if cleaned.lower().partition(".")[0] in _RESERVED else cleaned


def short_hash(text: str, digits: int = DIGITS) -> str:
    """First hexadecimal digits of a hash of a UID; ``unknown`` where there is none."""
    return "unknown" if not text else hashlib.sha256(text.encode()).hexdigest()[:digits]


def without_ties(names: Sequence[str], identities: Sequence[Sequence[str]]) -> list[str]:
    """Names in which no two are equal, also on file systems that ignore case.

    Parameters
    ----------
    names : relative paths
    identities : for each name the texts that tell it apart, the most telling first
        Where names are equal, a hash of the first text (the Series Instance UID) is appended; where that leaves a tie,
        a longer one of all texts.

    Returns
    -------
    names : list of str, in the order given; the result does not depend on that order.
    """
    result = list(names)
    for telling, digits in ((1, DIGITS), (None, 64)):
        for place in _tied(result):
            text = "\0".join(identities[place][:telling])
            result[place] = f"{names[place] or 'unnamed'}_{short_hash(text, digits)}"
    for count, place in enumerate(_tied(result), 1):
        result[place] = f"{result[place]}_{count}"
    return result


def _tied(names: Sequence[str]) -> list[int]:
    """Places of names that another one equals, case ignored, and of empty ones."""
    folded = [unicodedata.normalize("NFC", n).casefold() for n in names]
    counts: dict[str, int] = {}
    for name in folded:
        counts[name] = counts.get(name, 0) + 1
    return [i for i, name in enumerate(folded) if counts[name] > 1 or not name]
