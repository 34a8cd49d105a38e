"""Headers of data sets in memory, so that they go the way of files: their pixels are held, not found by an offset."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset

from convkit.dicom._quiet import quiet_pydicom
from convkit.dicom.attributes import PRIVATE_BLOCKS, TagTable
from convkit.dicom.full import held_pixels, values_of
from convkit.dicom.header import Header
from convkit.dicom.lean import Parsed
from convkit.dicom.syntaxes import DEFLATED, EXPLICIT_BIG_ENDIAN, EXPLICIT_LITTLE_ENDIAN
from convkit.errors import InputError, UsageError

WHERE = "the data set"
"""What messages call a data set that has no path."""


def header_of(dataset: Any, table: TagTable, *, only: Collection[str] = ()) -> Header:
    """The header of a data set in memory, which is left as it is.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Read from a file, changed since, or made in memory; File Meta Information may be missing.
    table : TagTable
    only : collection of str
        Keywords of the table to look at, where that is enough; empty for all.

    Raises
    ------
    UsageError
        It is no data set.
    InputError
        A value cannot be encoded.
    """
    if not isinstance(dataset, Dataset):
        raise UsageError(f"A path or a pydicom data set is needed, not {type(dataset).__name__}.")
    try:
        with quiet_pydicom():
            shadow = _shadow(dataset, table, only)
            raw, far = values_of(shadow, table, is_in_file=False)
            keyword, held, is_undefined = held_pixels(dataset)
            syntax, media_class = _syntax(dataset, is_undefined=is_undefined), _meta(dataset, "MediaStorageSOPClassUID")
    except MemoryError:
        raise
    except Exception as err:  # pydicom raises many kinds on values that it cannot make bytes of
        raise InputError(
            f"The data set cannot be encoded ({type(err).__name__}).", WHERE, "", "input.broken-header"
        ) from err
    parsed = Parsed(syntax, media_class, raw, keyword, None, -1 if is_undefined else len(held.value), far)
    return Header(WHERE, len(held.value), 0, parsed, table, held=held if keyword else None)


def header_of_bytes(data: bytes, table: TagTable) -> Header:
    """The header of a file that is held in memory.

    Raises
    ------
    InputError
        It cannot be parsed.
    """
    try:
        with quiet_pydicom():
            dataset = dcmread(io.BytesIO(data))
    except Exception as err:  # pydicom raises many kinds on broken files
        what = f"The header cannot be parsed ({type(err).__name__})."
        raise InputError(what, WHERE, "", "input.broken-header") from err
    return header_of(dataset, table)


def _shadow(dataset: Dataset, table: TagTable, only: Collection[str]) -> Dataset:
    """Another data set of the same elements, as far as they are asked for: decoding one changes its data set."""
    asked = [a for a in table.attributes if not only or a.keyword in only]
    standard = {a.tag for a in asked if not a.creator}
    groups = {a.tag >> 16 for a in asked if a.creator}
    kept = (
        tag
        for tag in dataset.keys()  # noqa: SIM118 (a data set yields elements, and decodes them)
        if int(tag) in standard or (tag.group in groups and tag.element >= PRIVATE_BLOCKS.start)
    )
    return Dataset({tag: dataset.get_item(tag) for tag in kept})


def _meta(dataset: Dataset, keyword: str) -> str:
    return str(getattr(getattr(dataset, "file_meta", None), keyword, "") or "")


def _syntax(dataset: Dataset, *, is_undefined: bool) -> str:
    """Transfer Syntax UID of the pixels; empty where they are compressed and nothing tells how."""
    syntax = _meta(dataset, "TransferSyntaxUID")
    if syntax:
        return EXPLICIT_LITTLE_ENDIAN if syntax == DEFLATED else syntax  # what is in memory has been inflated
    if is_undefined:
        return ""
    _, is_little_endian = dataset.original_encoding
    return EXPLICIT_BIG_ENDIAN if is_little_endian is False else EXPLICIT_LITTLE_ENDIAN
