"""Files that appear whole or not at all: written aside in the same folder, then put in place."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, BinaryIO

from convkit.errors import OutputError
from convkit.storage.files import MIRRORED, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_NAME_BYTES = 200
"""Longest final name that is repeated whole in a temporary one, in bytes. File systems allow 255; the dots,
the random piece and the ending take 28."""

BUFFER_BYTES = 1 << 17
"""A picture of a slice is written at once."""

SHORTENED_CHARACTERS = LONGEST_NAME_BYTES // 4
"""Characters kept of a longer name; a character takes up to 4 bytes in UTF-8."""

_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{12}\.convkit\.part", re.DOTALL)

_HINTS = {
    errno.ENOSPC: "Free space at the destination, or choose another one with --output.",
    errno.EDQUOT: "Free space in your quota, or choose another destination with --output.",
    errno.EACCES: "Choose a destination that you may write to.",
    errno.EPERM: "Choose a destination that you may write to.",
    errno.EROFS: "The destination is read-only; choose another one with --output.",
    errno.ENAMETOOLONG: "Choose shorter names with --filename.",
    errno.ENOTDIR: "Part of the path is a file, not a folder.",
    errno.EEXIST: "Part of the path is a file, not a folder.",
    errno.EISDIR: "A folder of that name is in the way.",
}
_STORAGE_HINTS = {
    errno.ENOSPC: "Free space in the temporary folder, where files are made before they are sent, or set TMPDIR.",
    errno.EDQUOT: "Free space in the temporary folder, where files are made before they are sent, or set TMPDIR.",
    errno.EHOSTUNREACH: "Run the same command again when the storage can be reached.",
}
_DEFAULT_HINT = "Check space and permissions at the destination."


@contextmanager
def written_aside(path: str | Path) -> Iterator[BinaryIO]:
    """Open a temporary file that becomes `path` when the block ends without an exception.

    The temporary file lies in the same folder, so that putting it in place is one atomic step. There is no
    fsync: it would cost more than writing a small series does, and a crash of the whole machine (the only
    case it helps) is mended by running the same command again.

    Parameters
    ----------
    path : str or Path
        Final path. Missing folders are created, and removed where the file cannot be; a file that is there is replaced.

    Yields
    ------
    file : binary file, seekable
        May be closed early, so that the last write error shows before other files are put in place.

    Raises
    ------
    OutputError
        The operating system refuses (no space, no permission, name too long, ...).
    """
    final = os.fspath(path)  # texts: at a picture a millisecond, paths would be a tenth of the work
    folder, name = os.path.split(final)
    aside = f"{folder}/{_name_aside(name)}" if folder else _name_aside(name)
    made: list[str] = []
    try:
        with _opened(aside, folder, made) as file:
            yield file
        if MIRRORED in final:
            import_module("convkit.storage.mirror").send(aside, final)  # a destination in object storage
        else:
            os.replace(aside, final)  # noqa: PTH105 (see above)
    except BaseException as err:
        with suppress(OSError, UnicodeEncodeError):
            os.unlink(aside)  # noqa: PTH108 (see above)
        for each in made:
            with suppress(OSError):  # it holds files of others
                os.rmdir(each)  # noqa: PTH106 (see above)
        if isinstance(err, (OSError, UnicodeEncodeError)):
            raise _as_output_error(err, final) from err
        raise


def _opened(aside: str, folder: str, made: list[str]) -> BinaryIO:
    """A new file; its folder is made where it is missing, which is seldom, and told in `made`, the innermost first."""
    try:
        return open(aside, "xb", BUFFER_BYTES)  # noqa: PTH123 (see above; the caller closes it)
    except FileNotFoundError:
        if MIRRORED in folder:
            import_module("convkit.storage.mirror").prepare(folder)
        made += _missing(folder)
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 (see above)
    try:
        return open(aside, "xb", BUFFER_BYTES)  # noqa: PTH123 (see above)
    except FileNotFoundError:  # another worker has just removed the folder, which was for a file of its own
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103 (see above)
        return open(aside, "xb", BUFFER_BYTES)  # noqa: PTH123 (see above)


def _missing(folder: str) -> Iterator[str]:
    """Yield a folder and those around it that are not there."""
    while folder and not os.path.lexists(folder):
        yield folder
        folder = os.path.dirname(folder)  # noqa: PTH120 (see above)


def remove_leftovers(folder: Path) -> int:
    """Remove temporary files that a killed run left in one folder, and say how many.

    Only for a folder in which no other run is writing: its temporary files look the same.
    """
    if not folder.is_dir():
        return 0
    try:
        stale = [path for path in folder.iterdir() if _is_leftover(path)]
        for path in stale:
            path.unlink(missing_ok=True)
    except (OSError, UnicodeEncodeError) as err:
        raise _as_output_error(err, folder) from err
    return len(stale)


def _is_leftover(path: Path) -> bool:
    return bool(_LEFTOVER.fullmatch(path.name)) and path.is_file() and not path.is_symlink()


def _name_aside(name: str) -> str:
    whole = len(os.fsencode(name)) <= LONGEST_NAME_BYTES
    return f".{name if whole else name[:SHORTENED_CHARACTERS]}.{os.urandom(6).hex()}.convkit.part"


def _as_output_error(err: OSError | UnicodeEncodeError, path: str | Path) -> OutputError:
    """The error for the user."""
    if isinstance(err, UnicodeEncodeError):
        hint = "Use a locale with UTF-8, or a name template without such characters."
        what = "The file cannot be written: its name has characters that this system's encoding lacks."
        return OutputError(what, "", hint, "output.error")
    reason = err.strerror or type(err).__name__
    hint = _HINTS.get(err.errno or 0, _DEFAULT_HINT)
    if MIRRORED in str(path):
        hint = _STORAGE_HINTS.get(err.errno or 0, "Check the address and the credentials of the destination.")
    return OutputError(f"The file cannot be written: {reason}.", shown(str(path)), hint, "output.error")
