"""A file of a profile as it was read, before its parts are put together."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from convkit.deid.codes import WORDS, Code
from convkit.deid.shipped import folder
from convkit.errors import UsageError


class Detailed(NamedTuple):
    """A rule with a value or a condition.

    Attributes
    ----------
    action : Code
    value : str or None
    when : tuple of (keyword, values)
        The values that the data set must have.
    """

    action: Code
    value: str | None
    when: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Detailed:
        """From a table of the file that is known to be right."""
        pairs = raw.get("when", {}).items()
        when = tuple((keyword, (value,) if isinstance(value, str) else tuple(value)) for keyword, value in pairs)
        return cls(_code(raw.get("action", Code.REPLACE)), raw.get("value"), when)


class ProfileFile(NamedTuple):
    """What a file says; `convkit.deid.profile_schema` describes the fields."""

    meaning: str
    code: str = ""
    source: str = ""
    about: str = ""
    extends: str = ""
    option: bool = False
    excludes: tuple[str, ...] = ()
    unlisted: Code | None = None
    unknown: Code | None = None
    pixels: str | None = None
    vocabulary: tuple[str, ...] = ()
    rules: tuple[tuple[str, Code | Detailed], ...] = ()

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> ProfileFile:
        """From what a file holds that is known to be right."""
        rules = tuple(
            (text, Detailed.of(said) if isinstance(said, Mapping) else _code(said))
            for text, said in raw.get("rules", {}).items()
        )
        lists = {name: tuple(raw[name]) for name in ("excludes", "vocabulary") if name in raw}
        codes = {name: _code(raw[name]) for name in ("unlisted", "unknown") if raw.get(name) is not None}
        return cls(**{**raw, **lists, **codes, "rules": rules})


def _code(word: str) -> Code:
    return Code(WORDS.get(word, word))


def read(path: Path) -> ProfileFile:
    """Read a file; those that come with convkit were checked by its tests, all others are checked now.

    Raises
    ------
    UsageError
        The file cannot be read or has a mistake.
    """
    try:
        text = path.read_text("utf-8")
        raw = tomllib.loads(text)
    except OSError as err:
        raise UsageError(f"The profile cannot be read ({err.strerror}).", str(path)) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise UsageError(f"The profile is no TOML: {err}.", str(path)) from err
    if path.parent != folder():
        raw = import_module("convkit.deid.profile_schema").checked(raw, text, path)  # pydantic takes its time
    return ProfileFile.of(raw)


def line_of(text: str, field: str) -> int:
    """Number of the first line that begins with a field, quoted or not; 1 where there is none."""
    start = re.compile(rf'\s*"?{re.escape(field)}"?\s*[=\]]')
    return next((number for number, line in enumerate(text.splitlines(), 1) if start.match(line)), 1)
