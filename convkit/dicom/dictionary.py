"""The data dictionary (PS3.6) as pydicom carries it, without the rest of pydicom: 10 ms instead of 300.

Importing anything of pydicom imports all of it, decoders and their libraries too. Its dictionary is one module of data,
which is found and run alone; where a later version keeps it elsewhere, pydicom is asked as usual.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, NamedTuple


class Entry(NamedTuple):
    """One attribute.

    Attributes
    ----------
    vr, multiplicity, name, retired, keyword : str
    """

    vr: str
    multiplicity: str
    name: str
    retired: str
    keyword: str


def entry_of(tag: int) -> Entry | None:
    """The attribute of a tag, also in a repeating group; None for what is private or unknown."""
    found = entries().get(tag)
    if found is None and not tag >> 16 & 1:
        found = next((row for value, mask, row in _repeating() if (tag ^ value) & mask == 0), None)
    return None if found is None else Entry(*found)


@cache
def tags() -> Mapping[str, int]:
    """Keyword to tag."""
    return {row[4]: tag for tag, row in entries().items()}


def entries() -> Mapping[int, tuple[str, str, str, str, str]]:
    """Tag to the fields of `Entry`; repeating groups apart."""
    found: Mapping[int, tuple[str, str, str, str, str]] = _tables().DicomDictionary
    return found


@cache
def _repeating() -> tuple[tuple[int, int, tuple[str, str, str, str, str]], ...]:
    """Value, mask and row of each repeating group, such as 60xx3000."""
    return tuple(
        (int(digits.replace("x", "0"), 16), int("".join("0" if d == "x" else "f" for d in digits), 16), row)
        for digits, row in _tables().RepeatersDictionary.items()
    )


@cache
def _tables() -> Any:
    """The module with the tables."""
    if "pydicom" not in sys.modules:
        package = find_spec("pydicom")
        folders = package.submodule_search_locations if package else None
        path = Path(next(iter(folders or ()), "")) / "_dicom_dict.py"
        if path.is_file():
            return _run_alone(path)
    from pydicom import datadict  # noqa: PLC0415 (see above)

    return datadict


def _run_alone(path: Path) -> Any:
    spec = spec_from_file_location("convkit.dicom._pydicom_tables", path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 (there is a file and a loader)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def private_entry(creator: str, group: int, element: int) -> tuple[str, str] | None:
    """Value representation and multiplicity of a private element by its low byte; None where nobody has listed it."""
    found = _private_tables().get(creator, {}).get(f"{group:04x}xx{element:02x}".upper().replace("XX", "xx"))
    return None if found is None else (found[0], found[1])


@cache
def _private_tables() -> Any:
    """The private dictionary of pydicom, which it has from DCMTK and GDCM."""
    package = find_spec("pydicom")
    path = Path(next(iter(package.submodule_search_locations or ()) if package else iter(()), "")) / "_private_dict.py"
    if path.is_file():
        return _run_alone(path).private_dictionaries
    from pydicom._private_dict import private_dictionaries  # noqa: PLC0415 (see `_tables`)

    return private_dictionaries
