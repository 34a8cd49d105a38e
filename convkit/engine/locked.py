"""One run at a time: a lock beside a file that is being made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from convkit.errors import OutputError
from convkit.storage.lock import FileLock


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file that is being made; it lies beside it and is removed at the end.

    Raises
    ------
    OutputError
        Another run holds it, or nothing can be written there.
    """
    beside = path.with_name(f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(beside, is_kept=False)
    except BlockingIOError as err:
        raise OutputError("Another run is writing it.", str(path), "Wait until that is done.") from err
    except OSError as err:
        hint = "Check space and permissions at the destination."
        raise OutputError(f"It cannot be written ({err.strerror}).", str(path), hint) from err
    with lock:
        yield
