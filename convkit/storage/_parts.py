"""Open files within others: a range of bytes as it is, or one that is inflated as it is read."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Any

from isal import isal_zlib

from convkit.storage._grown import Grown, is_trap, trap
from convkit.storage.at import read_at
from convkit.storage.files import Elsewhere, PackedError, Raw, Status

_STEP = 1 << 15
"""Bytes that are inflated at a time."""

_PACKED_STEP = 1 << 16

_Damaged: Any = isal_zlib.error


def damaged(what: str) -> OSError:
    """The error of an archive that is not what it says."""
    return PackedError(what)


class Seeking(Elsewhere):
    """The place in a file, for classes that read from any place."""

    def __init__(self, status: Status) -> None:
        super().__init__()
        self.status = status
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.status.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self.status.size - self._position))
        if not count:
            return 0
        done = self._fill(self._position, view[:count])
        self._position += done
        return done

    def readall(self) -> bytes:
        data = bytearray(max(0, self.status.size - self._position))
        return bytes(memoryview(data)[: self.readinto(data)])

    def _fill(self, start: int, view: memoryview) -> int:
        raise NotImplementedError


_HEAD_BYTES = 1 << 16
"""Of a member that are read for what its header says; no pixels are believed by them."""

_TAIL_BYTES = 1 << 20
"""Behind pixels there may be other elements that nobody reads."""


def _is_nearly_all(end: int, size: int) -> bool:
    """True for a read up to this place that is the time to see whether a member has its checksum."""
    return size - end <= (_TAIL_BYTES if end > _HEAD_BYTES else 0)


class Part(Seeking):
    """A range of bytes of a file: a member that is stored as it is.

    Parameters
    ----------
    file : raw file
        Of the archive.
    start : int
        Where the bytes lie in it.
    status : Status
        Of the member.
    check : function
        Refuses a damaged member; called before its last bytes are given.
    """

    def __init__(self, file: Raw, start: int, status: Status, check: Callable[[], object] | None = None) -> None:
        super().__init__(status)
        self._file = file
        self._start = start
        self._check = check

    def check(self) -> None:
        """See `Elsewhere.check`."""
        if self._check is not None:
            self._check()
            self._check = None

    def _fill(self, start: int, view: memoryview) -> int:
        if _is_nearly_all(start + len(view), self.status.size):
            self.check()
        return read_at(self._file, self._start + start, view)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def check_stored(file: Raw, start: int, size: int, crc: int) -> None:
    """Refuse a range of bytes that has not the CRC-32 of the archive.

    Raises
    ------
    PackedError
    """
    so_far, buffer = 0, memoryview(bytearray(min(size, _CHECKED_STEP)))
    for done in range(0, size, _CHECKED_STEP):
        view = buffer[: size - done]
        if read_at(file, start + done, view) < len(view):
            raise damaged("the member of the archive ends too early")
        so_far = isal_zlib.crc32(view, so_far)
    if so_far != crc:
        raise damaged("the member of the archive is damaged")


_CHECKED_STEP = 1 << 20


def bytes_at(file: Raw, start: int, count: int) -> bytes:
    """Bytes at a place in a file; fewer where it ends."""
    data = bytearray(count)
    return bytes(memoryview(data)[: read_at(file, start, memoryview(data))])


class Inflater:
    """A deflated member, inflated as far as it was asked for; that much of it is held (`Grown`).

    Parameters
    ----------
    file : raw file
        Of the archive; it is closed when all is inflated.
    start, packed : int
        Where the deflated bytes lie, and how many they are.
    size, crc : int
        Of the inflated bytes, as the archive says.
    """

    def __init__(self, file: Raw, start: int, packed: int, size: int, crc: int) -> None:
        self._file = file
        self._next, self._end = start, start + packed
        self._size, self._crc = size, crc
        self._stream: Any = isal_zlib.decompressobj(-zlib.MAX_WBITS)
        self._data = Grown()
        self._crc_so_far = 0
        self._fault: tuple[str, str, str] | None = None
        self._lock = Lock()

    def __del__(self) -> None:
        self._file.close()

    def fill(self, start: int, view: memoryview) -> int:
        """Fill a buffer from a place in the member."""
        with self._lock:
            if self._fault is not None:
                raise PackedError(*self._fault)
            end = start + len(view)
            try:
                self._inflate_to(self._size if _is_nearly_all(end, self._size) else end)
            except PackedError as err:
                self._fault = str(err.strerror), err.code, err.hint
                self._data = Grown()
                self._file.close()
                raise
            return self._data.fill(start, view)

    def _inflate_to(self, end: int) -> None:
        while len(self._data) < end:
            data = self._stream.unconsumed_tail or self._packed()
            try:
                piece = self._stream.decompress(data, min(max(end - len(self._data), _STEP), _MOST_STEP))
            except _Damaged as err:
                raise damaged("the member of the archive is damaged") from err
            self._data.add(piece)
            self._crc_so_far = isal_zlib.crc32(piece, self._crc_so_far)
            if not piece and not data:
                raise damaged("the member of the archive ends too early")
            if len(self._data) > self._size:
                raise damaged("the member of the archive is longer than it says")
        if len(self._data) == self._size:
            self._finish()

    def _packed(self) -> bytes:
        data = bytes_at(self._file, self._next, min(_PACKED_STEP, self._end - self._next))
        self._next += len(data)
        return data

    def _finish(self) -> None:
        if self._file.closed:
            return
        self._file.close()
        if self._crc_so_far != self._crc:
            raise damaged("the member of the archive is damaged")


_MOST_STEP = 1 << 24
"""Bytes that are inflated at once for who asks for many."""


class Inflated(Seeking):
    """A view of what an `Inflater` gives."""

    def __init__(self, inflater: Inflater, status: Status) -> None:
        super().__init__(status)
        self._inflater = inflater

    def check(self) -> None:
        """See `Elsewhere.check`."""
        self._inflater.fill(self.status.size, memoryview(bytearray()))

    def _fill(self, start: int, view: memoryview) -> int:
        return self._inflater.fill(start, view)


class Held(Seeking):
    """A view of what is inflated already."""

    def __init__(self, data: Grown, status: Status) -> None:
        super().__init__(status)
        self._data = data

    def _fill(self, start: int, view: memoryview) -> int:
        return self._data.fill(start, view)


def grown(file: Raw, packed: int) -> Grown:
    """All that is in a gzip file.

    Raises
    ------
    OSError
        It is damaged, a trap, or there is no room for it.
    """
    data = Grown()
    for piece in gunzipped(file):
        data.add(piece)
        if is_trap(len(data), packed):
            raise trap()
    return data


def gunzipped(file: Raw) -> Iterator[bytes]:
    """Yield the content of a gzip file, all its members one behind the other (RFC 1952 2.2).

    Raises
    ------
    OSError
        It is damaged, or ends too early.
    """
    data = file.read(_PACKED_STEP)
    while data:
        stream: Any = isal_zlib.decompressobj(16 + zlib.MAX_WBITS)
        while not stream.eof:
            try:
                piece = stream.decompress(data, _MOST_STEP)
            except _Damaged as err:
                raise damaged("the gzip file is damaged") from err
            if piece:
                yield piece
            data = stream.unconsumed_tail or (b"" if stream.eof else file.read(_PACKED_STEP))
            if not data and not piece and not stream.eof:
                raise damaged("the gzip file ends too early")
        data = (stream.unused_data or file.read(_PACKED_STEP) or b"").lstrip(b"\0")  # tapes are filled up with zeros
