"""The files that a DICOMDIR lists (PS3.3 F.3, PS3.10 8)."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from convkit.dicom._quiet import quiet_pydicom
from convkit.errors import NotDicomError


def referenced_files(path: str) -> list[str]:
    """Paths of the files that the records of a DICOMDIR refer to, the missing ones included.

    Raises
    ------
    NotDicomError
        The file is no DICOMDIR.
    """
    folder = Path(path).parent
    with quiet_pydicom():
        try:
            records = dcmread(path).get("DirectoryRecordSequence")
        except (InvalidDicomError, OSError) as err:
            raise NotDicomError("The DICOMDIR cannot be read.", path) from err
        if records is None:
            raise NotDicomError("The file has no directory records, so it is no DICOMDIR.", path)
        parts = [record.get("ReferencedFileID") for record in records]
    found = [_actual(folder, [part] if isinstance(part, str) else list(part)) for part in parts if part]
    return [str(file) for file in found]


def _actual(folder: Path, parts: list[str]) -> Path:
    """The file as the file system spells it: media are upper case, copies of them often lower case."""
    for spelling in (parts, [p.lower() for p in parts]):
        candidate = folder.joinpath(*spelling)
        if candidate.exists():
            return candidate
    return folder.joinpath(*parts)
