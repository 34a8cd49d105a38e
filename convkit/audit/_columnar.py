"""Tables that are packed by columns (Parquet, Arrow), and what pyarrow unpacks: read by the extra ``tables``."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

_PARQUET, _LOCKED_PARQUET, _ARROW = b"PAR1", b"PARE", b"ARROW1"


def is_columnar(data: bytes) -> bool:
    """True for the bytes of a Parquet or Arrow file."""
    return data.startswith((_PARQUET, _LOCKED_PARQUET, _ARROW)) and data[-4:] in {b"PAR1", b"PARE", b"ROW1"}


def rows_of(data: bytes, most: int) -> bytes:
    """The rows of a table as lines of JSON, with the names of the columns.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    ValueError
        The table is damaged, locked, or larger than `most` bytes.
    """
    written = io.BytesIO()
    for row in _rows(data):
        written.write(json.dumps(row, ensure_ascii=False, default=_plain).encode("utf-8", "replace") + b"\n")
        if written.tell() > most:
            raise ValueError("too large")
    return written.getvalue()


def _rows(data: bytes) -> Iterator[dict[str, Any]]:
    if data.startswith(_ARROW):
        from pyarrow import BufferReader, ipc  # noqa: PLC0415 (an extra)

        reader = ipc.open_file(BufferReader(data))
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
    else:
        from pyarrow import BufferReader, parquet  # noqa: PLC0415 (an extra)

        batches = parquet.ParquetFile(BufferReader(data)).iter_batches(batch_size=1024)
    for batch in batches:
        yield from batch.to_pylist()


def _plain(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def unpacked_by_arrow(data: bytes, how: str, most: int) -> bytes:
    """Bytes that are packed as ``zstd`` or ``lz4``.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    ValueError
        They are damaged, or larger than `most` bytes.
    """
    from pyarrow import BufferReader, CompressedInputStream  # noqa: PLC0415 (an extra)

    with CompressedInputStream(BufferReader(data), how) as stream:
        unpacked: bytes = stream.read(most + 1)
    if len(unpacked) > most:
        raise ValueError("too large")
    return unpacked
