"""A folder for what is on its way: inflated archives, outputs before they are sent. Nobody else may look into it."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from convkit.errors import OutputError

_MODE = 0o700

SPOOL = "spool-"
"""Before the number of the process that leads a run, in the name of the folder of what it has inflated."""


def private_folder() -> Path:
    """The folder of this user below the temporary folder, made where it is missing.

    Raises
    ------
    OutputError
        It cannot be made, or is another's.
    """
    user, folder = _place()
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


def _place() -> tuple[int, Path]:
    """Who the user is, and the folder."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    return user, Path(tempfile.gettempdir()) / f"convkit-{user}"


def remove_what_workers_inflated() -> None:
    """Remove what the workers of this process have inflated; workers end without a chance to do so.

    Files that this process has inflated itself are links to open ones, and go with it.
    """
    folder = _place()[1] / f"{SPOOL}{os.getpid()}"
    with suppress(OSError):
        for path in folder.iterdir():
            if not path.is_symlink():
                path.unlink()
        folder.rmdir()  # fails where links are left


def is_alive(process: int) -> bool:
    """True where a process of that number runs."""
    try:
        os.kill(process, 0)
    except OSError as err:
        return err.errno == errno.EPERM
    except OverflowError:
        return False
    return True
