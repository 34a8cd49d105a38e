"""Profiles: what becomes of each attribute, as data that can be read, put together and explained."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from convkit.deid.codes import MEANINGS, Code, combined
from convkit.deid.selectors import PRIVATE, Selector, selector
from convkit.deid.shipped import folder
from convkit.errors import UsageError


class ProfileFile(BaseModel):
    """What a profile file may hold; its JSON schema is the description for editors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    meaning: str = Field(
        min_length=1, description="What the profile or option is called; for those of PS3.15 in CID 7050."
    )
    code: str = Field("", pattern=r"^(1131\d\d)?$", description="Its code in CID 7050; empty for your own.")
    source: str = Field("", description="Where its rules come from.")
    about: str = Field("", description="What it does, in a sentence.")
    extends: str = Field("", description="What it builds on, such as basic+dates.")
    option: bool = Field(default=False, description="True for what can only be added to a profile.")
    excludes: tuple[str, ...] = Field((), description="Options that contradict this one.")
    unlisted: Code | None = Field(None, description="What becomes of attributes of the standard that no rule names.")
    unknown: Code | None = Field(None, description="What becomes of attributes that are not in the dictionary.")
    rules: dict[str, Code] = Field(default_factory=dict, description="Selector to action code.")


class Part(NamedTuple):
    """A profile or option that a profile is put together from.

    Attributes
    ----------
    name : str
        As it was asked for; of a file without its folder and ending.
    code, meaning : str
        For the record in the files; the code is empty for own ones.
    """

    name: str
    code: str
    meaning: str


class Rule(NamedTuple):
    """What becomes of an attribute, and which part says so.

    Attributes
    ----------
    code : Code
    part : str
        Name of the part.
    """

    code: Code
    part: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What becomes of every attribute.

    Attributes
    ----------
    name : str
        Such as ``basic+dates``.
    parts : tuple of Part
    tags : mapping of int to Rule
        Rules for one tag.
    masks : tuple of (Selector, Rule)
        Rules for repeating groups.
    private, unlisted, unknown : Rule
        For private attributes, for those of the standard that no rule names, and for those of no dictionary.
    """

    name: str
    parts: tuple[Part, ...]
    tags: Mapping[int, Rule]
    masks: tuple[tuple[Selector, Rule], ...]
    private: Rule
    unlisted: Rule
    unknown: Rule

    @classmethod
    def load(cls, text: str) -> Profile:
        """The profile of a name, such as ``basic+dates+patient``, or of files, such as ``own.toml``.

        Raises
        ------
        UsageError
            There is none of that name, a file has a mistake, or parts contradict each other.
        """
        layers = list(_layers(text, ()))
        _check(layers)
        return _merged(text, layers)

    def rule_of(self, tag: int) -> Rule | None:
        """The rule that names an attribute; None where none does."""
        found = self.tags.get(tag)
        if found is not None:
            return found
        masked = next((rule for one, rule in self.masks if one.covers(tag)), None)
        return masked or (self.private if tag >> 16 & 1 else None)

    def explain(self, keyword: str) -> str:
        """A sentence on what becomes of an attribute.

        Raises
        ------
        UsageError
            There is no such attribute.
        """
        one = selector(keyword)
        rule = self.private if one.is_private else self.rule_of(one.value) or self.unlisted
        name = one.keyword or keyword
        return f"{name} is {MEANINGS[rule.code].words} ({rule.code}, by {rule.part})."


class _Layer(NamedTuple):
    """One file with its name."""

    name: str
    file: ProfileFile
    rules: tuple[tuple[Selector, Code], ...]


def available() -> dict[str, str]:
    """Name to sentence of every profile and option that comes with convkit."""
    return {path.stem: _read(path).about for path in sorted(folder().glob("*.toml"))}


def _layers(text: str, within: tuple[str, ...]) -> Iterator[_Layer]:
    """Yield what a name is put together from, what is built upon first."""
    for name in text.split("+"):
        path = _path(name.strip())
        if path.stem in within:
            raise UsageError(f"The profile {path.stem} builds on itself.", str(path))
        file = _read(path)
        if file.extends:
            yield from _layers(file.extends, (*within, path.stem))
        yield _Layer(path.stem, file, _selected(path, file))


def _path(name: str) -> Path:
    if name.endswith(".toml") or os.sep in name:
        if not Path(name).is_file():
            raise UsageError("The profile does not exist.", name, "Check the spelling.")
        return Path(name)
    path = folder() / f"{name}.toml"
    if not re.fullmatch(r"[a-z][a-z-]*", name) or not path.is_file():
        known = ", ".join(available())
        raise UsageError(f"{name!r} is no profile.", "--profile", f"There are {known}; or name a .toml file.")
    return path


def _read(path: Path) -> ProfileFile:
    try:
        text = path.read_text("utf-8")
        return ProfileFile.model_validate(tomllib.loads(text))
    except OSError as err:
        raise UsageError(f"The profile cannot be read ({err.strerror}).", str(path)) from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise UsageError(f"The profile is no TOML: {err}.", str(path)) from err
    except ValidationError as err:
        raise _mistake(path, text, err.errors()[0]) from err


def _mistake(path: Path, text: str, error: Any) -> UsageError:
    """The first mistake of a file: line, field, and what would be right."""
    field = str(error["loc"][-1] if error["loc"][-1] != "[key]" else error["loc"][-2])
    hint = f"Known fields are {', '.join(ProfileFile.model_fields)}." if error["type"] == "extra_forbidden" else ""
    return UsageError(f"{error['msg']}: {field!r}.", f"{path}:{_line(text, field)}", hint)


def _line(text: str, field: str) -> int:
    """Number of the first line that begins with a field, quoted or not; 1 where there is none."""
    start = re.compile(rf'\s*"?{re.escape(field)}"?\s*[=\]]')
    return next((number for number, line in enumerate(text.splitlines(), 1) if start.match(line)), 1)


def _selected(path: Path, file: ProfileFile) -> tuple[tuple[Selector, Code], ...]:
    """The rules of a file by what they are for."""
    found: dict[Selector, Code] = {}
    for text, code in file.rules.items():
        try:
            one = selector(text)
        except UsageError as err:
            place = f"{path}:{_line(path.read_text('utf-8'), text)}"
            raise UsageError(err.what, place, err.hint) from err
        one = one._replace(keyword="")
        if found.setdefault(one, code) != code:
            raise UsageError("Two rules contradict each other.", f"{path}:{_line(path.read_text('utf-8'), text)}")
        found[one] = code
    return tuple(found.items())


def _check(layers: list[_Layer]) -> None:
    """Refuse what makes no profile."""
    if layers[0].file.option:
        hint = f"Write basic+{layers[0].name}."
        raise UsageError(f"{layers[0].name} is an option, not a profile.", "--profile", hint)
    names = {layer.name for layer in layers}
    for layer in layers:
        clash = next((other for other in layer.file.excludes if other in names), "")
        if clash:
            raise UsageError(f"{layer.name} and {clash} contradict each other.", "--profile", "Leave one out.")


def _merged(name: str, layers: list[_Layer]) -> Profile:
    tags: dict[int, Rule] = {}
    masks: dict[Selector, Rule] = {}
    special = {PRIVATE: Rule(Code.REMOVE, ""), "unlisted": Rule(Code.REMOVE, ""), "unknown": Rule(Code.REMOVE, "")}
    for layer in layers:
        for one, code in layer.rules:
            if one.is_private:
                special[PRIVATE] = _over(special[PRIVATE], code, layer)
            elif one.is_tag:
                tags[one.value] = _over(tags.get(one.value), code, layer)
            else:
                masks[one] = _over(masks.get(one), code, layer)
        for word, policy in (("unlisted", layer.file.unlisted), ("unknown", layer.file.unknown)):
            if policy is not None:
                special[word] = Rule(policy, layer.name)
    parts = tuple(Part(layer.name, layer.file.code, layer.file.meaning) for layer in layers)
    return Profile(
        name,
        tuple(dict.fromkeys(parts)),
        MappingProxyType(tags),
        tuple(masks.items()),
        special[PRIVATE],
        special["unlisted"],
        special["unknown"],
    )


def _over(before: Rule | None, code: Code, layer: _Layer) -> Rule:
    """The rule of a layer over what was there."""
    if before is None or not layer.file.option:
        return Rule(code, layer.name)
    return Rule(combined(before.code, code), layer.name)
