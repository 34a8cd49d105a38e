"""A folder for what is on its way: inflated archives, outputs before they are sent. Nobody else may look into it."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from convkit.errors import OutputError

_MODE = 0o700


def private_folder() -> Path:
    """The folder of this user below the temporary folder, made where it is missing.

    Raises
    ------
    OutputError
        It cannot be made, or is another's.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"convkit-{user}"
    hint = "Name another temporary folder in TMPDIR."
    try:
        folder.mkdir(mode=_MODE, exist_ok=True)
        found = folder.lstat()
    except OSError as err:
        what = f"No temporary folder can be made ({err.strerror})."
        raise OutputError(what, str(folder), hint) from err
    if hasattr(os, "getuid") and (
        not stat.S_ISDIR(found.st_mode) or found.st_uid != user or stat.S_IMODE(found.st_mode) & 0o077
    ):
        raise OutputError("The temporary folder belongs to somebody else, or others may read it.", str(folder), hint)
    return folder


def is_alive(process: int) -> bool:
    """True where a process of that number runs."""
    try:
        os.kill(process, 0)
    except OSError as err:
        return err.errno == errno.EPERM
    except OverflowError:
        return False
    return True
