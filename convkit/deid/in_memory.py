"""Data sets of pydicom as the bytes of a file, and back."""

from __future__ import annotations

import copy
import io
import warnings

from pydicom import Dataset, dcmread, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from convkit.errors import InputError


def bytes_of(dataset: Dataset) -> bytes:
    """A data set as a file, as it is where it has a transfer syntax, else in the simplest one.

    Raises
    ------
    InputError
        It cannot be written.
    """
    file = io.BytesIO()
    copied = copy.copy(dataset)
    meta = copy.copy(getattr(dataset, "file_meta", None)) or FileMetaDataset()
    if "TransferSyntaxUID" not in meta:
        meta.TransferSyntaxUID = ImplicitVRLittleEndian if dataset.original_encoding[0] else ExplicitVRLittleEndian
    copied.file_meta = meta
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pydicom, on values that it would not write itself
            dcmwrite(file, copied, enforce_file_format=True)
    except (ValueError, AttributeError, TypeError, KeyError) as err:
        what = "The data set cannot be written as it is."
        raise InputError(what, "<data set>", "Write it to a file and read it again.", "header.inconsistent") from err
    return file.getvalue()


def dataset_of(data: bytes) -> Dataset:
    """The data set of a file."""
    return dcmread(io.BytesIO(data))
