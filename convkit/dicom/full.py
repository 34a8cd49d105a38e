"""The full header reader: pydicom, for every file that the lean reader declines."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import partial
from io import BytesIO
from struct import pack
from typing import Any

from pydicom import config, dcmread, dcmwrite
from pydicom.charset import convert_encodings, encode_string
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_sequence_item
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian

from convkit.dicom import values
from convkit.dicom._quiet import quiet_pydicom
from convkit.dicom.attributes import PRIVATE_BLOCKS, Attribute, TagTable
from convkit.dicom.deflated import check_inflated, may_be_too_large
from convkit.dicom.lean import (
    LONGEST_PRIVATE,
    UNDEFINED,
    WINDOW,
    Declined,
    Far,
    Parsed,
    file_meta,
    is_same_kind,
    starts_with_an_element,
)
from convkit.dicom.syntaxes import DEFLATED, EXPLICIT_LITTLE_ENDIAN, IMPLICIT_LITTLE_ENDIAN
from convkit.errors import InputError, NotDicomError
from convkit.model.frame import HeldPixels
from convkit.storage import files

_DEFER_BYTES = 1 << 16
_PIXELS = {0x7FE00008: "FloatPixelData", 0x7FE00009: "DoubleFloatPixelData", 0x7FE00010: "PixelData"}
_PIXEL_GROUP = 0x7FE0
_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
_WORDS = {"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "AT": 2}


def parse(path: str, table: TagTable) -> Parsed:
    """Read a header with pydicom.

    Raises
    ------
    NotDicomError
        The file does not look like DICOM.
    InputError
        The header cannot be parsed.
    """
    try:
        with quiet_pydicom():
            return _parse(path, table)
    except (InputError, OSError) as err:
        if isinstance(err, OSError) and err.errno is None:
            raise _broken(path, err) from err  # pydicom's word for a file that ends too soon
        raise
    except Exception as err:
        raise _broken(path, err) from err  # pydicom raises many kinds on broken files; each is the file's fault


def rewritten(path: str) -> bytes:
    """The header of a file that is unusual, as a usual one: explicit VR little endian, without pixels.

    Raises
    ------
    NotDicomError, InputError
        As `parse`.
    """
    out = io.BytesIO()
    try:
        with quiet_pydicom():
            dataset = _read(path)
            plain = Dataset({tag: dataset[tag] for tag in list(dataset.keys()) if tag.group != _PIXEL_GROUP})
            plain.file_meta = FileMetaDataset()
            plain.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            dcmwrite(out, plain, implicit_vr=False, little_endian=True)
    except NotDicomError:
        raise
    except Exception as err:
        raise _broken(path, err) from err  # pydicom raises many kinds on broken files; each is the file's fault
    return bytes(128) + b"DICM" + out.getvalue() if out.getvalue()[128:132] != b"DICM" else out.getvalue()


def _broken(path: str, err: Exception) -> InputError:
    return InputError(
        f"The header cannot be parsed ({type(err).__name__}).",
        path,
        "Copy the file again from its source.",
        "input.broken-header",
    )


def _parse(path: str, table: TagTable) -> Parsed:
    dataset = _read(path)
    _check_complete(dataset, path)
    syntax = syntax_of(dataset)
    raw, far = values_of(dataset, table, is_in_file=syntax != DEFLATED)
    keyword, offset, length = _pixels(dataset, syntax)
    media_class = str(getattr(dataset.file_meta, "MediaStorageSOPClassUID", "") or "")
    return Parsed(syntax, media_class, raw, keyword, offset, length, far)


def values_of(
    dataset: Dataset, table: TagTable, *, is_in_file: bool
) -> tuple[tuple[bytes | None, ...], tuple[Far, ...]]:
    """The values of a data set that a table keeps; long ones are held where no file has them as they are."""
    blocks = _blocks(dataset)
    raw: list[bytes | None] = []
    far: list[Far] = []
    for place, attribute in enumerate(table.attributes):
        tag = _tag(dataset, attribute, blocks)
        if tag is None or tag not in dataset:
            raw.append(None)
        elif attribute.is_far:
            is_usable = attribute.vr == "SQ" or not _is_sequence(dataset, tag)
            raw.append(b"" if is_usable else None)
            far += [_far(dataset, place, tag, is_in_file=is_in_file)] if is_usable else []
        else:
            value = _raw(dataset, tag, attribute.vr)
            raw.append(_fitting(dataset, tag, attribute, value) if attribute.creator else value)
    return tuple(raw), tuple(far)


def _blocks(dataset: Dataset) -> dict[tuple[int, bytes], list[int]]:
    """(Group, private creator) to the blocks that it owns (PS3.5 7.8.1)."""
    found: dict[tuple[int, bytes], list[int]] = {}
    for tag in sorted(dataset.keys()):
        if tag.group & 1 and tag.element in PRIVATE_BLOCKS:
            owner = (_raw(dataset, int(tag), "LO") or b"").strip(b" \0")
            found.setdefault((tag.group, owner), []).append(tag.element)
    return found


def _tag(dataset: Dataset, attribute: Attribute, blocks: Mapping[tuple[int, bytes], list[int]]) -> int | None:
    """The tag of an attribute in this data set: a private one lies where its creator is."""
    if not attribute.creator:
        return attribute.tag
    group = attribute.tag & 0xFFFF0000
    owned = blocks.get((attribute.tag >> 16, attribute.creator.encode()), ())
    tags = (group | block << 8 | attribute.tag & 0xFF for block in owned)
    return next((tag for tag in tags if tag in dataset), None)


def _fitting(dataset: Dataset, tag: int, attribute: Attribute, value: bytes | None) -> bytes | None:
    """A private value, or None where its length or representation is not as expected."""
    vr = dataset.get_item(tag, keep_deferred=True).VR
    if value is None or len(value) > LONGEST_PRIVATE:
        return None
    is_fitting = vr in {None, "UN", attribute.vr} or is_same_kind(vr or "", attribute.vr)
    return value if is_fitting else values.converted(value, vr or "", attribute.vr)


def _is_sequence(dataset: Dataset, tag: int) -> bool:
    """True for a sequence that pydicom has decoded already, in a file because only its delimiter tells its end.

    An empty one under implicit VR it has not: nothing but its length tells that it is one.
    """
    element: Any = dataset.get_item(tag, keep_deferred=True)
    if isinstance(element, RawDataElement):
        return bool(element.length == UNDEFINED)
    return bool(element.VR == "SQ")


def _far(dataset: Dataset, place: int, tag: int, *, is_in_file: bool) -> Far:
    """A long value: its place where the file holds it as it is, else the value, as explicit VR little endian.

    Nothing is decoded that need not be: a sequence that leads nowhere costs whoever asks for it, not the header.
    """
    element: Any = dataset.get_item(tag, keep_deferred=True)
    if isinstance(element, RawDataElement) and element.is_little_endian:
        is_explicit = element.VR not in {None, "UN"}
        if is_in_file:
            return Far(place, int(element.value_tell), int(element.length), is_explicit)
        return Far(place, 0, 0, is_explicit, held=bytes(element.value or b""))
    element = dataset.get_item(tag)
    if element.VR != "SQ":
        return Far(place, 0, 0, is_explicit=element.VR != "UN", held=_value_of(element, dataset))
    items = dataset[tag].value if isinstance(element, RawDataElement) else element.value
    if not is_in_file:
        items = deepcopy(items)  # writing corrects what is ambiguous, in place
    return Far(place, 0, 0, is_explicit=True, held=_items(items, dataset.get("SpecificCharacterSet") or ""))


def _items(items: Iterable[Dataset], charset: str | list[str]) -> bytes:
    """The items of a sequence, as explicit VR little endian, texts in the character set of the data set."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    for item in items:
        write_sequence_item(buffer, item, [charset] if isinstance(charset, str) else charset)
    return buffer.getvalue()


_MOST_HELD = 2 << 30
"""Bytes of a file that is in memory as a whole, because pydicom has no path to open it by."""


def _check_deflated(path: str) -> None:
    """Refuse a deflated data set that would fill the memory, before pydicom inflates it (PS3.5 A.5)."""
    if not may_be_too_large(files.status(path).size):
        return
    with files.buffered(path) as file:
        try:
            syntax, _, start = file_meta(file.read(WINDOW))
        except Declined:
            return
        if syntax != DEFLATED:
            return
        file.seek(start)
        check_inflated(iter(partial(file.read, WINDOW), b""), path)


def _read(path: str) -> FileDataset:
    _check_deflated(path)
    with files.buffered(path) as file:
        has_no_preamble = starts_with_an_element(file.read(16))
    try:
        dataset = _dataset(path, defer_size=_DEFER_BYTES, force=has_no_preamble)
    except InvalidDicomError as err:
        raise NotDicomError("The file is not DICOM.", path, "", "input.not-dicom") from err
    if syntax_of(dataset) == DEFLATED:
        dataset = _dataset(path)  # pydicom looks for a deferred value in the file, not in what it has inflated
    if len(dataset) == 0:
        raise NotDicomError("The file has a DICOM preamble and nothing else.", path, "", "input.not-dicom")
    return dataset


def _dataset(path: str, **how: Any) -> FileDataset:
    """What pydicom reads of a file; all of it at once where it has no path that pydicom could open again."""
    if not files.is_elsewhere(path):
        return dcmread(path, **how)
    with files.opened(path) as file:
        if files.stamp(file)[0] > _MOST_HELD:
            what = f"A file of this encoding with more than {_MOST_HELD} bytes is read from a folder only."
            raise InputError(what, path, "Unpack or copy it first.", "pixels.too-large")
        return dcmread(BytesIO(file.read() or b""), force=bool(how.get("force")))


def _check_complete(dataset: FileDataset, path: str) -> None:
    """Refuse a header that ends before its last value does; pydicom returns what there is of it."""
    size = files.status(path).size
    for tag in list(dataset.keys()):
        element: Any = dataset.get_item(tag, keep_deferred=True)
        if not isinstance(element, RawDataElement) or int(tag) in _PIXELS or element.length == UNDEFINED:
            continue
        is_short = element.value is not None and len(element.value) < element.length
        if is_short or (element.value is None and element.value_tell + element.length > size):
            raise InputError(
                "The file ends inside its header.", path, "Copy it again from its source.", "input.cut-header"
            )


def syntax_of(dataset: FileDataset) -> str:
    """Transfer Syntax UID, guessed from the encoding where the meta header lacks it."""
    syntax = getattr(dataset.file_meta, "TransferSyntaxUID", None)
    if syntax:
        return str(syntax)
    is_implicit, is_little = dataset.original_encoding
    if not is_little:
        return str(ExplicitVRBigEndian)
    return IMPLICIT_LITTLE_ENDIAN if is_implicit else EXPLICIT_LITTLE_ENDIAN


def _raw(dataset: Dataset, tag: int, vr: str) -> bytes | None:
    """Little-endian raw value of an element, as the lean reader would give it."""
    if tag not in dataset:
        return None
    element: Any = dataset.get_item(tag, keep_deferred=True)
    return b"" if "SQ" in {element.VR, element.VR or vr} else _value_of(element, dataset, vr)


def _value_of(element: Any, dataset: Dataset, vr: str = "") -> bytes:
    """Little-endian value of an element that is no sequence."""
    value = element.value
    if value is None:
        return b""
    if not isinstance(element, RawDataElement):
        return _encoded(value, element.VR, dataset)
    return bytes(value) if element.is_little_endian else _swapped(bytes(value), element.VR or vr)


def _encoded(value: Any, vr: str, dataset: Dataset) -> bytes:
    """A value that pydicom or its user has made (Specific Character Set; a data set in memory), as raw bytes."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, str) and not value:
        return b""
    parts = list(value) if isinstance(value, (list, tuple)) or hasattr(value, "append") else [value]
    if " or " in vr:
        vr = "SS" if min(parts, default=0) < 0 else "US"  # told by Pixel Representation, as its writer will
    if vr == "AT":
        return b"".join(pack("<HH", int(tag) >> 16, int(tag) & 0xFFFF) for tag in parts)
    if vr in _NUMBERS:
        return pack(f"<{len(parts)}{_NUMBERS[vr]}", *parts)
    text = "\\".join("" if part is None else str(part) for part in parts)
    encoded = _in_its_characters(text, dataset)
    return encoded + b" " * (len(encoded) % 2)


def _in_its_characters(text: str, dataset: Dataset) -> bytes:
    """Text in the character set of its data set (PS3.3 C.12.1.1.2)."""
    if text.isascii():
        return text.encode("ascii")
    try:
        return encode_string(text, convert_encodings(dataset.get("SpecificCharacterSet")))
    except (LookupError, ValueError):
        return text.encode("latin-1", "replace")


def _swapped(value: bytes, vr: str) -> bytes:
    word = _WORDS.get(vr, 1)
    if word == 1:
        return value
    return b"".join(value[i : i + word][::-1] for i in range(0, len(value), word))


def pixels_of_file(path: str) -> HeldPixels:
    """The value of Pixel Data of a file that only pydicom can find (deflated).

    Raises
    ------
    InputError
        The file cannot be read.
    """
    try:
        with quiet_pydicom():
            _check_deflated(path)
            return held_pixels(_dataset(path, force=True))[1]
    except (InputError, MemoryError):
        raise
    except Exception as err:
        raise _broken(path, err) from err  # pydicom raises many kinds on broken files; each is the file's fault


def held_pixels(dataset: Dataset) -> tuple[str, HeldPixels, bool]:
    """Keyword and value of the pixels of a data set in memory, and whether their length is undefined."""
    for tag, keyword in _PIXELS.items():
        if tag not in dataset:
            continue
        element: Any = dataset.get_item(tag)
        if isinstance(element, RawDataElement):
            return keyword, HeldPixels(bytes(element.value or b""), element.VR or "OW"), element.length == UNDEFINED
        return keyword, HeldPixels(_buffered(element.value), element.VR), bool(element.is_undefined_length)
    return "", HeldPixels(b"", ""), False


def _buffered(value: Any) -> bytes:
    """A value in memory, or one that pydicom reads from elsewhere when it is asked for."""
    if not hasattr(value, "read"):
        return bytes(value or b"")
    place = value.tell()
    value.seek(0)
    try:
        return bytes(value.read())
    finally:
        value.seek(place)


def _pixels(dataset: FileDataset, syntax: str) -> tuple[str, int | None, int]:
    for tag, keyword in _PIXELS.items():
        if tag not in dataset:
            continue
        element: Any = dataset.get_item(tag, keep_deferred=True)
        if not isinstance(element, RawDataElement):
            return keyword, None, -1
        length = -1 if element.length == UNDEFINED else int(element.length)
        return keyword, None if syntax == DEFLATED else int(element.value_tell), length
    return "", None, 0


config.settings.reading_validation_mode = config.IGNORE  # headers are judged here, not by pydicom's warnings
