"""Members of archives as files: zip, tar, compressed tar, and single files in gzip.

A member of a zip that is stored as it is, and any of a plain tar, is a range of bytes of the archive: nothing is
copied. A deflated one is inflated as far as it is read. A compressed tar is inflated once a run (`_spool`), as it has
no places to go to. The names of members are words: nothing is ever written under them.
"""

from __future__ import annotations

import errno
import os
import struct
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain
from typing import NamedTuple

from convkit.errors import ConvkitError, InputError
from convkit.model.notes import Note, note
from convkit.storage import _spool, files
from convkit.storage._grown import TOO_LARGE, Grown, is_trap, trap
from convkit.storage._parts import Held, Inflated, Inflater, Part, bytes_at, check_stored, damaged, grown
from convkit.storage.files import INSIDE, Raw, Status

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz")
_SUFFIXES = (".zip", *_TARS)

_SINGLE = (".dcm.gz", ".ima.gz")
"""Endings of one file in gzip."""

_LOCAL_HEAD = struct.Struct("<4s22xHH")
"""Signature, and the lengths of name and extra field (APPNOTE.TXT 4.3.7)."""

_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
_LOCKED = 1
_MOST_TIMES = 1032
"""No stream of RFC 1951 shrinks further: 258 bytes to 2 bits."""


class Member(NamedTuple):
    """Where a member lies.

    Attributes
    ----------
    start : int
        Of its bytes in a tar; of its local header in a zip.
    packed, size : int
        Bytes in the archive, and of the member.
    method : int
        Of a zip; -1 in a tar.
    crc : int
    """

    start: int
    packed: int
    size: int
    method: int = -1
    crc: int = 0


class Contents(NamedTuple):
    """What is in an archive.

    Attributes
    ----------
    source : str
        The file in which members lie: the archive, or what it was inflated to.
    status : Status
        Of the archive.
    members : dict of str to Member
        By names in which each part is a name: no ``..``, no empty part, `/` between them; a second one of a name
        has ``~2`` behind it.
    notes : tuple of Note
        What cannot be read of it.
    """

    source: str
    status: Status
    members: dict[str, Member]
    notes: tuple[Note, ...]


def is_archive(path: str) -> bool:
    """True for a name that archives have, single files in gzip among them."""
    return path.lower().endswith((*_SUFFIXES, *_SINGLE))


def begins_as_archive(path: str) -> bool:
    """True for a file that begins as archives do, or as DICOM in gzip, whatever its name.

    Raises
    ------
    OSError, MissingExtraError
    """
    if not files.looks_packed(path):
        return False
    with files.opened(path) as file:
        packing = _spool.packing_of(file.read(6) or b"")
    if not packing:
        return True
    head = _first_inflated(path)
    return _is_tar(head) or (packing == "gzip" and head[128:132] == b"DICM")


_TAR_MARK = 257


def _is_tar(head: bytes) -> bool:
    return head[_TAR_MARK : _TAR_MARK + 5] == b"ustar"


def _first_inflated(path: str) -> bytes:
    """The first bytes of what a compressed file holds; none of a damaged one."""
    with files.opened(path) as file:
        try:
            return next(_spool.pieces(file), b"")[: 1 << 10]
        except (OSError, EOFError, ValueError):
            return b""


def paths_in(archive: str) -> tuple[list[str], tuple[Note, ...]]:
    """Paths of all members of an archive in its order, and what cannot be read of it.

    Raises
    ------
    InputError, OSError, MissingExtraError
        The archive cannot be read at all.
    """
    if _is_single(archive):
        return [f"{archive}{INSIDE}{_inner_name(archive)}"], ()
    contents = contents_of(archive)
    notes = list(contents.notes)
    paths: list[str] = []
    for name in contents.members:
        path = f"{archive}{INSIDE}{name}"
        if is_archive(name):
            notes.append(note("input.archive-inside", where=path))
        else:
            paths.append(path)
    return paths, tuple(notes)


def paths_at(path: str) -> tuple[list[str], tuple[Note, ...]]:
    """Paths of what ``archive!/name`` means: a member, or all below a folder; and what cannot be read of these.

    Raises
    ------
    OSError
        There is neither, or the archive cannot be read.
    """
    archive, name = _parted(path)
    if _is_single(archive):
        _check_single(archive, name, path)
        return [path], ()
    try:
        paths, notes = paths_in(archive)
    except ConvkitError as err:
        raise damaged(err.what.rstrip(".")) from err
    if path in paths:
        return [path], ()
    below = f"{archive}{INSIDE}{_tame(name)}/" if name.strip("/") else f"{archive}{INSIDE}"
    found = [each for each in paths if each.startswith(below)]
    told = tuple(each for each in notes if each.where == path or each.where.startswith(below))
    if not found and not told:
        raise FileNotFoundError(errno.ENOENT, "there is no such member or folder in the archive", path)
    return found, told


def opened(path: str) -> Raw:
    """A member of an archive, open for reading.

    Raises
    ------
    OSError
        There is none, or it cannot be read.
    """
    archive, name = _parted(path)
    if _is_single(archive):
        _check_single(archive, name, path)
        found = files.status(archive)
        data = _gunzipped(archive, found)
        return Held(data, Status(len(data), found.modified_ns))
    contents, member = _found(archive, name, path)
    known = Status(member.size, contents.status.modified_ns)
    if member.method == _DEFLATED:
        return Inflated(_inflater(contents.source, contents.status, member), known)
    file = files.opened(contents.source)
    try:
        is_zip = member.method == _STORED  # tars have no checksums
        start = _data_start(file, member) if is_zip else member.start
    except BaseException:
        file.close()
        raise
    check = partial(_check, contents.source, contents.status, start, member) if is_zip else None
    return Part(file, start, known, check)


def status(path: str) -> Status:
    """Size of a member, and the time of change of its archive.

    Raises
    ------
    OSError
        There is none.
    """
    archive, name = _parted(path)
    if _is_single(archive):
        _check_single(archive, name, path)
        found = files.status(archive)
        return Status(len(_gunzipped(archive, found)), found.modified_ns)
    contents, member = _found(archive, name, path)
    return Status(member.size, contents.status.modified_ns)


def contents_of(archive: str) -> Contents:
    """What is in an archive; that of the last ones is remembered.

    Raises
    ------
    OSError, InputError, MissingExtraError
        It cannot be read at all.
    """
    return _contents(archive, files.status(archive))


def _parted(path: str) -> tuple[str, str]:
    """Archive and name of the member: the first place where a file is in front of the mark."""
    at = path.find(INSIDE)
    while at >= 0:
        archive = path[:at]
        if is_archive(archive) and (files.is_url(archive) or os.path.isfile(archive)):  # noqa: PTH113 (often)
            return archive, path[at + len(INSIDE) :]
        if os.path.isfile(archive):  # noqa: PTH113
            return archive, path[at + len(INSIDE) :]
        at = path.find(INSIDE, at + 1)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _found(archive: str, name: str, path: str) -> tuple[Contents, Member]:
    try:
        contents = contents_of(archive)
    except ConvkitError as err:
        raise damaged(err.what.rstrip(".")) from err
    member = contents.members.get(name)
    if member is None:
        raise FileNotFoundError(errno.ENOENT, "there is no such member in the archive", path)
    return contents, member


@lru_cache(8)
def _contents(archive: str, known: Status) -> Contents:
    with files.opened(archive) as file:
        head = bytes_at(file, 0, _TAR_MARK + 5)
        file.seek(0)
        if _spool.packing_of(head):
            inflated = _spool.spooled(file, archive, known)
            faults = [("", inflated.fault)] if inflated.fault else []
            with files.opened(inflated.path) as tar:
                members, notes = _told(archive, chain(faults, _tar_members(tar)))
            return Contents(inflated.path, known, members, notes)
        is_zip = head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or archive.lower().endswith(".zip")
        members, notes = _told(archive, _zip_members(file) if is_zip else _tar_members(file))
        return Contents(archive, known, members, notes)


Listed = Iterator[tuple[str, Member | str]]
"""Names, and where the members lie, or why they cannot be read; a text without a name is about the archive."""


def _told(archive: str, listed: Iterable[tuple[str, Member | str]]) -> tuple[dict[str, Member], tuple[Note, ...]]:
    """Members by their names, and notes of what cannot be read."""
    members: dict[str, Member] = {}
    notes: list[Note] = []
    for name, found in listed:
        if isinstance(found, Member):
            members[_free(_tame(name), members)] = found
        elif name:
            notes.append(_unread(found, f"{archive}{INSIDE}{_tame(name)}"))
        else:
            text = f"Not all of the archive can be read: {found}."
            notes.append(note("input.archive-damaged", text, where=archive))
    return members, tuple(notes)


def _unread(why: str, where: str) -> Note:
    text = f"The member of the archive cannot be read: {why}."
    if why == trap().strerror:
        return note(TOO_LARGE, text, where=where, hint=trap().hint)
    return note("input.archive-member", text, where=where)


def _tame(name: str) -> str:
    """A name whose parts are names: it is shown and compared, and must not lead out of its archive anywhere."""
    parts = (part for part in name.replace("\\", "/").split("/") if part not in {"", "."})
    return "/".join("_" if part == ".." else part for part in parts) or "_"


def _free(name: str, taken: dict[str, Member]) -> str:
    """The name, or the first one with a number that no other member has."""
    if name not in taken:
        return name
    number = 2
    while (other := f"{name}~{number}") in taken:
        number += 1
    return other


# --- zip -------------------------------------------------------------------------------------------------


def _zip_members(file: Raw) -> Listed:
    try:
        infos = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ValueError, NotImplementedError, struct.error) as err:
        raise InputError("The zip archive is damaged.", "", "Copy it again.", "input.archive-damaged") from err
    for info in infos:
        if not info.is_dir():
            yield (
                info.filename,
                _why_not(info)
                or Member(info.header_offset, info.compress_size, info.file_size, info.compress_type, info.CRC),
            )


def _why_not(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _LOCKED:
        return "it is locked with a password"
    if info.compress_type not in {_STORED, _DEFLATED}:
        return f"it is packed by method {info.compress_type}, and only stored and deflated ones are read"
    most = info.compress_size * (1 if info.compress_type == _STORED else _MOST_TIMES)
    if info.file_size > most:
        return "it is not as long as it says"
    return str(trap().strerror) if is_trap(info.file_size, info.compress_size) else ""


def _data_start(file: Raw, member: Member) -> int:
    """Where the bytes of a member of a zip lie: behind its local header."""
    head = bytes_at(file, member.start, _LOCAL_HEAD.size)
    if len(head) < _LOCAL_HEAD.size or head[:4] != b"PK\x03\x04":
        raise damaged("the member of the archive is damaged")
    _, name, extra = _LOCAL_HEAD.unpack(head)
    return member.start + _LOCAL_HEAD.size + int(name) + int(extra)


@lru_cache(1 << 14)
def _check(source: str, _status: Status, start: int, member: Member) -> None:
    """Refuse a member of a zip whose bytes have not its checksum; each process asks once."""
    with files.opened(source) as file:
        check_stored(file, start, member.size, member.crc)


@lru_cache(1)
def _inflater(source: str, _status: Status, member: Member) -> Inflater:
    """What inflates a member; the last one is kept, because a file is opened for its header and for each frame."""
    file = files.opened(source)
    try:
        start = _data_start(file, member)
    except BaseException:
        file.close()
        raise
    return Inflater(file, start, member.packed, member.size, member.crc)


# --- tar -------------------------------------------------------------------------------------------------


def _tar_members(file: Raw) -> Listed:
    whole = files.stamp(file)[0]
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            while (info := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # a million would fill the memory
                if not info.isfile():
                    continue
                if info.issparse():
                    yield info.name, "it is stored with gaps"
                elif info.offset_data + info.size > whole:
                    yield info.name, "the archive ends before"
                else:
                    yield info.name, Member(info.offset_data, info.size, info.size)
            # tarfile takes a damaged header for the end, where the end is a block of zeros, or nothing.
            if bytes_at(file, archive.offset, tarfile.BLOCKSIZE).strip(b"\0"):
                yield "", "it is damaged"
    except (tarfile.TarError, EOFError, ValueError, OSError):
        yield "", "it is damaged or ends too early"


# --- gzip ------------------------------------------------------------------------------------------------


def _is_single(archive: str) -> bool:
    name = archive.lower()
    if name.endswith(_SINGLE):
        return True
    if name.endswith(_SUFFIXES):
        return False
    return _is_single_inside(archive, files.status(archive))


@lru_cache(8)
def _is_single_inside(archive: str, _status: Status) -> bool:
    """True for a file of any name that is packed, and no tar."""
    with files.opened(archive) as file:
        is_gzip = _spool.packing_of(file.read(6) or b"") == "gzip"
    return is_gzip and not _is_tar(_first_inflated(archive))


def _inner_name(archive: str) -> str:
    name = archive.rstrip("/").rpartition("/")[2]
    return name[:-3] if name.lower().endswith(".gz") else "content"


def _check_single(archive: str, name: str, path: str) -> None:
    if name != _inner_name(archive):
        raise FileNotFoundError(errno.ENOENT, "there is no such member in the archive", path)


@lru_cache(1)
def _gunzipped(archive: str, known: Status) -> Grown:
    """What a gzip file holds; the last one is kept, because a file is opened for its header and for its pixels."""
    with files.opened(archive) as file:
        return grown(file, known.size)
