"""Pseudonyms, derived and not remembered: the same key and the same original give the same answer anywhere, any day.

HMAC-SHA-256 (RFC 2104) of the original under a secret key, each purpose apart. Who has no key can neither undo nor
repeat it; nothing but the key has to be kept.
"""

from __future__ import annotations

import hmac
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from convkit.errors import InputError, OutputError, UsageError

KEY_BYTES = 32
"""Of a new key: as long as the digest, more gives nothing (RFC 2104 3)."""

LEAST_KEY_BYTES = 16

STANDARD_ROOT = "1.2.840.10008."
"""UIDs that DICOM itself has registered: classes, syntaxes, well-known frames of reference. They name no object."""

LONGEST_UID = 64

FEWEST_DAYS, MOST_DAYS = 365, 3650
"""Dates of a patient move into the past by so many days: more than a year, so that no season stays where it was by
chance, and no more than ten, so that a scanner is not older than its kind."""

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 characters of codes; none is taken for another one."""


@dataclass(frozen=True, slots=True)
class Key:
    """A secret key; its text says nothing of it.

    Attributes
    ----------
    secret : bytes
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.secret, bytes) or len(self.secret) < LEAST_KEY_BYTES:
            raise UsageError(f"A key is of at least {LEAST_KEY_BYTES} bytes.", "Key", "Key.of_file(...), Key.new().")

    @classmethod
    def new(cls) -> Key:
        """A key that nobody knows: what is made with it can never be repeated."""
        return cls(os.urandom(KEY_BYTES))

    @classmethod
    def of_file(cls, path: str | Path) -> Key:
        """The key in a file, which is made, readable for its owner alone, where it is missing.

        Raises
        ------
        InputError
            The file holds no key.
        OutputError
            It cannot be made.
        """
        try:
            return cls(_checked(Path(path).read_text("ascii"), str(path)))
        except FileNotFoundError:
            return cls._made(path)
        except (OSError, UnicodeDecodeError) as err:
            raise InputError("The key cannot be read.", str(path), "", "input.unreadable") from err

    @classmethod
    def _made(cls, path: str | Path) -> Key:
        key = cls.new()
        try:
            # The mode from the start: between making and closing nobody else may look.
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(key.secret.hex() + "\n")
        except OSError as err:
            raise OutputError(f"The key cannot be written ({err.strerror}).", str(path)) from err
        return key

    def digest(self, purpose: str, original: str) -> bytes:
        """32 bytes for an original; those of different purposes have nothing in common."""
        message = f"{purpose}\0{original}".encode("utf-8", "surrogateescape")
        return hmac.digest(self.secret, message, "sha256")

    def uid(self, original: str, root: str = "2.25") -> str:
        """Another UID for a UID; those that the standard has registered stay.

        Parameters
        ----------
        original : str
        root : str
            ``2.25`` gives UIDs of UUIDs (PS3.5 B.2, RFC 9562 version 8); an own root is followed by digits, as many as
            fit into 64 characters.
        """
        if not original or original.startswith(STANDARD_ROOT):
            return original
        digest = self.digest("uid", original)
        if root == "2.25":
            return f"2.25.{_uuid(digest)}"
        room = LONGEST_UID - len(root) - 1
        return f"{root}.{str(int.from_bytes(digest, 'big'))[:room].lstrip('0') or '0'}"

    def code(self, purpose: str, original: str, length: int = 12) -> str:
        """A code of capital letters and digits for an identifier; 12 characters hold 60 bits."""
        number = int.from_bytes(self.digest(purpose, original), "big")
        return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(length))

    def days(self, patient: str) -> int:
        """By how many days, below 0, all dates of a patient move."""
        number = int.from_bytes(self.digest("days", patient), "big")
        return -(FEWEST_DAYS + number % (MOST_DAYS - FEWEST_DAYS + 1))


def _uuid(digest: bytes) -> int:
    """A UUID of version 8 (RFC 9562 5.8) as a number."""
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | 8 << 76
    return number & ~(0x3 << 62) | 0x2 << 62


def _checked(text: str, path: str) -> bytes:
    digits = text.strip()
    if not re.fullmatch(r"(?:[0-9a-fA-F]{2})+", digits) or len(digits) < 2 * LEAST_KEY_BYTES:
        hint = (
            f"A key is at least {2 * LEAST_KEY_BYTES} hexadecimal digits; name a file that is not there for a new one."
        )
        raise InputError("The file holds no key.", path, hint, "input.unreadable")
    return bytes.fromhex(digits)
