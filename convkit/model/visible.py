"""Text that came from outside, such as the name of a file, as it is shown: on one line, with nothing hidden in it."""

from __future__ import annotations

import re

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What ends a line, steers a terminal, turns the direction of writing, or is no character at all."""

_NO_CHARACTER = re.compile("[\ud800-\udfff]")


def visible(text: str) -> str:
    r"""The text with ``\n``, ``\x1b`` and the like written out; a byte that is no UTF-8 as ``\xff``.

    Examples
    --------
    >>> print(visible("scan\n1.dcm"))
    scan\n1.dcm
    """
    return text if text.isprintable() else _HIDDEN.sub(_written_out, text)


def encodable(text: str) -> str:
    r"""The text of JSON with what has no place in UTF-8 written out, as `visible` does.

    JSON has escapes of its own for control characters. A byte of a name that is no UTF-8 becomes ``\\xff``, which is
    read as ``\xff``.
    """
    return text if text.isascii() else _NO_CHARACTER.sub(lambda found: f"\\{_written_out(found)}", text)


def _written_out(found: re.Match[str]) -> str:
    character = found[0]
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that the system's encoding lacks (PEP 383)
        return f"\\x{number - 0xDC00:02x}"
    return _NAMED.get(character) or (f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")
