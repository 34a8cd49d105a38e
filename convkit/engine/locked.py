"""A file that one run writes at a time."""

from __future__ import annotations

from pathlib import Path

from convkit.engine._lock import FileLock
from convkit.errors import OutputError


def locked(path: Path) -> FileLock:
    """A lock on a file, which is made where it is missing; as a context it is given back.

    Raises
    ------
    OutputError
        Another run holds it, or the file cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path)
    except BlockingIOError as err:
        raise OutputError("Another run is writing it.", str(path), "Wait until that is done.") from err
    except OSError as err:
        hint = "Check space and permissions at the destination."
        raise OutputError(f"It cannot be written ({err.strerror}).", str(path), hint) from err
