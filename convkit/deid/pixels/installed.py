"""Whether there is anything that reads text in pictures; loads none of it."""

from __future__ import annotations

import shutil
from importlib.util import find_spec

from convkit.errors import MissingExtraError, install

RAPIDOCR = "rapidocr_onnxruntime"
"""Of the extra ``ocr``."""


def has_tesseract() -> bool:
    """True where Tesseract is on the PATH."""
    return shutil.which("tesseract") is not None


def require_reader() -> None:
    """See that there is a reader, before many pictures find out.

    Raises
    ------
    MissingExtraError
        There is none on this computer.
    """
    if find_spec(RAPIDOCR) is None and not has_tesseract():
        raise missing_reader()


def missing_reader() -> MissingExtraError:
    """Why nothing can be read."""
    what = "Nothing that reads text in pictures is installed: neither rapidocr-onnxruntime nor Tesseract."
    hint = f"{install('ocr')} Or choose --pixels refuse, which copies what cannot show text."
    return MissingExtraError(what, "--pixels ocr", hint)
