"""Objects that are needed as files of this machine: fetched once a run, into a folder of nobody else."""

from __future__ import annotations

import os

from convkit.storage import _spool, remote


def fetched(url: str) -> str:
    """The path of a copy of an object; it is removed at the end of the run.

    Raises
    ------
    OSError
        The object cannot be read.
    """
    name = _spool.name_of(url, remote.status(url))
    path = _spool.folder_of_run() / f"{name}{os.path.splitext(url)[1].lower()}"  # noqa: PTH122 (of a URL)
    if not path.exists():
        aside = path.with_name(f"{path.name}.{os.urandom(6).hex()}.part")
        try:
            remote.download(url, str(aside))
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)
    return str(path)
