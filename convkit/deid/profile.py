"""Profiles: what becomes of each attribute, as data that can be read, put together and explained."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from convkit.deid.codes import MEANINGS, Code, combined
from convkit.deid.fitting import misfit
from convkit.deid.profile_file import Detailed, ProfileFile, line_of, read
from convkit.deid.selectors import ANY_NUMBER, Selector, selector
from convkit.deid.shipped import folder
from convkit.dicom.attributes import keyword_name, vr_of
from convkit.errors import UsageError


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
    value : str
        What replaces.
    when : tuple of (keyword, values)
        Holds only where the data set has one of the values of each.
    otherwise : Rule or None
        Where it does not hold.
    """

    code: Code
    part: str
    value: str = ""
    when: tuple[tuple[str, tuple[str, ...]], ...] = ()
    otherwise: Rule | None = None


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
    privates : mapping of (group, creator, last digits) to Rule
        Rules for private elements; `selectors.ANY_NUMBER` for all of a creator.
    paths : mapping of tag to ((path, Rule), ...)
        Rules for attributes within sequences.
    vrs : mapping of str to Rule
        Rules for what no other rule names, by value representation.
    pixels : str
        What is done about text in pixels, as ``--pixels`` has it.
    vocabulary : tuple of str
        Paths of lists of words.
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
    privates: Mapping[tuple[int, str, int], Rule]
    paths: Mapping[int, tuple[tuple[tuple[int, ...], Rule], ...]]
    vrs: Mapping[str, Rule]
    pixels: str
    vocabulary: tuple[str, ...]

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

    @property
    def drops_private(self) -> bool:
        """True where no private element can stay."""
        return self.private.code is Code.REMOVE and not self.privates

    @property
    def has_conditions(self) -> bool:
        """True where what becomes of an attribute may depend on others."""
        paths = (rule for rules in self.paths.values() for _, rule in rules)
        others = (rule for _, rule in self.masks)
        return any(r.when for r in (*self.tags.values(), *self.privates.values(), *self.vrs.values(), *paths, *others))

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
        rule: Rule | None = self._rule_for(selector(keyword))
        name = selector(keyword).keyword or keyword
        said: list[str] = []
        while rule is not None:
            value = f" {rule.value!r}" if rule.code is Code.REPLACE else ""
            where = " and ".join(f"{keyword} is {' or '.join(values)}" for keyword, values in rule.when)
            words = f"{MEANINGS[rule.code].words}{value}{' where ' + where if where else ''}"
            said.append(f"{words} ({rule.code}, by {rule.part})")
            rule = rule.otherwise
        return f"{name} is {', else '.join(said)}."

    def _rule_for(self, one: Selector) -> Rule:
        if one.creator:
            return self.private_rule(one.value, one.creator, one.mask)
        if one.is_private:
            return self.private
        if one.vr:
            return self.vrs.get(one.vr, self.unlisted)
        if one.path:
            return next((r for path, r in self.paths.get(one.value, ()) if path == one.path), self.of_tag(one.value))
        return self.of_tag(one.value)

    def of_tag(self, tag: int) -> Rule:
        """The rule for an attribute of the standard at the top of a data set."""
        return self.rule_of(tag) or self.vrs.get(vr_of(tag), self.unlisted)

    def private_rule(self, group: int, creator: str, number: int) -> Rule:
        """The rule for a private element."""
        own = self.privates.get((group, creator, number)) or self.privates.get((group, creator, ANY_NUMBER))
        return own or self.private


class _Layer(NamedTuple):
    """One file with its name."""

    name: str
    file: ProfileFile
    rules: tuple[tuple[Selector, Code | Detailed], ...]
    vocabulary: tuple[str, ...] = ()


def available() -> dict[str, str]:
    """Name to sentence of every profile and option that comes with convkit."""
    return {path.stem: read(path).about for path in sorted(folder().glob("*.toml"))}


def _layers(text: str, within: tuple[str, ...]) -> Iterator[_Layer]:
    """Yield what a name is put together from, what is built upon first."""
    for name in text.split("+"):
        path = _path(name.strip())
        if path.stem in within:
            raise UsageError(f"The profile {path.stem} builds on itself.", str(path))
        file = read(path)
        if file.extends:
            yield from _layers(file.extends, (*within, path.stem))
        words = tuple(str(path.parent / name) for name in file.vocabulary)
        yield _Layer(path.stem, file, _selected(path, file), words)


def _path(name: str) -> Path:
    if name.endswith(".toml") or os.sep in name:
        if not Path(name).is_file():
            raise UsageError("The profile does not exist.", name, "Check the spelling.")
        return Path(name)
    path = folder() / f"{name}.toml"
    if not re.fullmatch(r"[a-z][a-z-]*", name) or not path.is_file():
        known = sorted(available())
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}; or name a .toml file."
        raise UsageError(f"{name!r} is no profile.", "--profile", hint)
    return path


def _selected(path: Path, file: ProfileFile) -> tuple[tuple[Selector, Code | Detailed], ...]:
    """The rules of a file by what they are for."""
    found: dict[Selector, Code | Detailed] = {}
    for text, code in file.rules:
        try:
            one = selector(text)
            for keyword, _ in code.when if isinstance(code, Detailed) else ():
                selector(keyword)
            _check_fit(one, code)
        except UsageError as err:
            place = f"{path}:{line_of(path.read_text('utf-8'), text)}"
            raise UsageError(err.what, place, err.hint) from err
        one = one._replace(keyword="")
        if found.setdefault(one, code) != code:
            raise UsageError("Two rules contradict each other.", f"{path}:{line_of(path.read_text('utf-8'), text)}")
        found[one] = code
    return tuple(found.items())


def _check_fit(one: Selector, asked: Code | Detailed) -> None:
    """Refuse an action that is not for the value representation of what it is asked for."""
    action, value = (asked.action, asked.value or "") if isinstance(asked, Detailed) else (asked, "")
    is_known = one.vr or one.is_tag or one.path
    why = misfit(action, value, one.vr or vr_of(one.value)) if is_known else ""
    if why:
        raise UsageError(why, "", "Choose another action.")


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
    found: dict[Selector, Rule] = {}
    policies = dict.fromkeys(("unlisted", "unknown"), Rule(Code.REMOVE, ""))
    for layer in layers:
        for one, code in layer.rules:
            found[one] = _over(found.get(one), code, layer)
        for word, policy in (("unlisted", layer.file.unlisted), ("unknown", layer.file.unknown)):
            if policy is not None:
                policies[word] = Rule(policy, layer.name)
    paths: dict[int, tuple[tuple[tuple[int, ...], Rule], ...]] = {}
    for one, rule in found.items():
        if one.path:
            paths[one.value] = (*paths.get(one.value, ()), (one.path, rule))
    parts = tuple(Part(layer.name, layer.file.code, layer.file.meaning) for layer in layers)
    is_mask = {one: not (one.is_tag or one.is_private or one.vr or one.creator or one.path) for one in found}
    return Profile(
        name,
        tuple(dict.fromkeys(parts)),
        tags=MappingProxyType({one.value: rule for one, rule in found.items() if one.is_tag}),
        masks=tuple((one, rule) for one, rule in found.items() if is_mask[one]),
        private=found.get(Selector(is_private=True), Rule(Code.REMOVE, "")),
        privates=MappingProxyType({(o.value, o.creator, o.mask): rule for o, rule in found.items() if o.creator}),
        paths=MappingProxyType(paths),
        pixels=next((layer.file.pixels for layer in reversed(layers) if layer.file.pixels), "refuse"),
        vrs=MappingProxyType({one.vr: rule for one, rule in found.items() if one.vr}),
        vocabulary=tuple(dict.fromkeys(path for layer in layers for path in layer.vocabulary)),
        **policies,
    )


def _over(before: Rule | None, asked: Code | Detailed, layer: _Layer) -> Rule:
    """The rule of a layer over what was there."""
    if isinstance(asked, Detailed):
        return Rule(asked.action, layer.name, asked.value or "", asked.when, before if asked.when else None)
    if before is None or not layer.file.option:
        return Rule(asked, layer.name)
    return Rule(combined(before.code, asked), layer.name)


def difference(one: Profile, other: Profile) -> Iterator[str]:
    """Yield a line for each attribute that two profiles treat differently."""
    tags = sorted({*one.tags, *other.tags})
    for tag in tags:
        rules = one.of_tag(tag), other.of_tag(tag)
        if rules[0].code != rules[1].code or rules[0].value != rules[1].value:
            name = keyword_name(tag)
            yield f"({tag >> 16:04X},{tag & 0xFFFF:04X}) {name:<48} {rules[0].code:<10} {rules[1].code}"
    for name in ("private", "unlisted", "unknown"):
        codes = getattr(one, name).code, getattr(other, name).code
        if codes[0] != codes[1]:
            yield f"{name:<60} {codes[0]:<10} {codes[1]}"
