"""Folders to archives, and archives damaged on purpose."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path


def zip_of(folder: Path, path: Path, *, deflated: bool = True) -> Path:
    kind = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, file in _files(folder):
            archive.write(file, f"sub/{name}")
    return path


def stored_zip_of(folder: Path, path: Path) -> Path:
    return zip_of(folder, path, deflated=False)


def tar_of(folder: Path, path: Path) -> Path:
    """A tar, compressed as its suffix says."""
    how = {".tgz": "w:gz", ".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, how) as archive:
        for name, file in _files(folder):
            archive.add(file, f"sub/{name}")
    return path


def gzips_of(folder: Path, path: Path) -> Path:
    """A folder of files that are compressed one by one."""
    path.mkdir()
    for name, file in _files(folder):
        (path / f"{name}.gz").parent.mkdir(exist_ok=True)
        (path / f"{name}.gz").write_bytes(gzip.compress(file.read_bytes(), 1))
    return path


KINDS: dict[str, Callable[[Path, Path], Path]] = {
    "a.zip": zip_of,
    "stored.zip": stored_zip_of,
    "a.tar": tar_of,
    "a.tgz": tar_of,
    "a.tar.gz": tar_of,
    "a.tar.bz2": tar_of,
    "a.tar.xz": tar_of,
    "gzips": gzips_of,
}
"""Name of an archive to what makes it of a folder."""


def zip_with(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


def _files(folder: Path) -> list[tuple[str, Path]]:
    return [(p.relative_to(folder).as_posix(), p) for p in sorted(folder.rglob("*")) if p.is_file()]
