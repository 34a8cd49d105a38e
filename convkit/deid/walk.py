"""The walk through all elements of a data set, at any depth: each meets its rule, and nothing passes without one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from convkit.deid import private_elements, structured
from convkit.deid.actions import IN_WORDS, NEVER_WORDS, TEXT_VRS, Acting, Given, act
from convkit.deid.codes import Code, Requirement, resolved
from convkit.deid.leftovers import bare_streams
from convkit.deid.levels import (
    CHARSET,
    CONTENT,
    Level,
    below,
    concept_of,
    has,
    representation,
    top_level,
    with_charset,
)
from convkit.deid.private_elements import Blocks, Declared, Place
from convkit.deid.profile import Profile, Rule
from convkit.deid.requirements import Requirements
from convkit.dicom.attributes import vr_of
from convkit.dicom.tree import Element, Item


class Change(NamedTuple):
    """What became of one element.

    Attributes
    ----------
    around : str
        Sequences from the outermost on, such as ``(0040,0275)[0]/``.
    tag : int
    action : str
        What was done, as `Code` calls it.
    rule : str
        Part of the profile that says so.
    """

    around: str
    tag: int
    action: str
    rule: str

    @property
    def place(self) -> str:
        """Where it is, such as ``(0040,0275)[0]/(0032,1060)``."""
        return f"{self.around}({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"


class Walk:
    """The walk through one data set.

    Parameters
    ----------
    profile : Profile
    acting : Acting
        What the actions need to know.
    facts : callable of keyword
        Values of an attribute of the data set, for conditions.
    declared : Declared
        Private elements that the data set itself calls safe.
    untouched : set of (tag, VR)
        Elements that the profile never touches, wherever they stand: found out along the way.

    Attributes
    ----------
    changes : list of Change
    """

    def __init__(
        self,
        profile: Profile,
        acting: Acting,
        facts: Callable[[str], tuple[str, ...]],
        declared: Declared,
        untouched: set[tuple[int, str]],
    ) -> None:
        self.changes: list[Change] = []
        self._profile = profile
        self._acting = acting
        self._facts = facts
        self._declared = declared
        self._options = tuple(part.name for part in profile.parts)
        self._counts_items = False
        self._untouched = untouched
        self._drops_private = profile.drops_private

    def data_set(self, elements: list[Element], types: Requirements) -> list[Element]:
        """What is left of the elements of a data set."""
        self._counts_items = has(structured.ITEM_IDENTIFIER, elements)
        return self.elements(elements, top_level(elements, types))

    def fate(self, element: Element, level: Level, blocks: Blocks) -> Callable[[Element], bool]:
        """What becomes of one element of a data set: of this one, and of any other with its tag and representation.

        Parameters
        ----------
        element : Element
            No content item; it is left as it is.
        level : Level
            At the top.
        blocks : Blocks
            Private creators.

        Returns
        -------
        callable of Element
            Changes the element in place; False where it goes.
        """
        if element.tag >> 16 & 1:
            place = blocks.place_of(element.tag)
            if self._drops_private or private_elements.is_creator(element.tag):
                return lambda _: False
            return lambda each: self._private(each, place, level)
        if element.items is not None or element.tag & 0xFFFF == 0:
            return lambda each: bool(self.elements([each], level))
        rule = self._rule(element, level)
        code = resolved(rule.code, level.types.get(element.tag, Requirement.OPTIONAL))
        if self._is_untouched(element, code):
            return lambda _: True
        return partial(self._done, rule=rule._replace(code=code), level=level)

    def elements(self, elements: list[Element], level: Level) -> list[Element]:
        """What is left of the elements of a data set or an item, in their order."""
        level = with_charset(elements, level)
        untouched = frozenset[tuple[int, str]]() if level.is_dummy else self._untouched
        bare_streams(elements)
        kept: list[Element] = []
        private: list[Element] = []
        for each in elements:
            tag = each.tag
            if (tag, each.vr) in untouched and each.items is None:
                kept.append(each)
            elif tag >> 16 & 1:
                private.append(each)
            elif tag & 0xFFFF == 0:
                self._note(each, level, _ENCODING)  # group lengths: retired, and wrong by now
            elif self._standard(each, level):
                kept.append(each)
        if private:
            found = self._privates(private, level)
            kept = sorted((*kept, *found), key=lambda element: element.tag) if found else kept
        return kept

    # --- attributes of the standard ----------------------------------------------------------------------

    def _standard(self, element: Element, level: Level) -> bool:
        """Do what is asked of an element; False where it goes."""
        rule = self._rule(element, level)
        code = resolved(rule.code, level.types.get(element.tag, Requirement.OPTIONAL))
        if element.items is None and self._is_untouched(element, code):
            is_alone = rule.otherwise is None and element.tag not in self._profile.paths
            if is_alone and not rule.when and "/" not in rule.code:
                self._untouched.add((element.tag, element.vr))  # nor will another one be
            return True
        if element.tag == CONTENT and code not in {Code.REMOVE, Code.EMPTY}:
            self._content(element, level, rule)
            return True
        return self._done(element, rule._replace(code=code), level)

    @staticmethod
    def _is_untouched(element: Element, code: Code) -> bool:
        """True where nothing is done to an element, whatever its value is."""
        if code not in {Code.KEEP, Code.CLEAN_LIGHTLY}:
            return False
        return element.tag == CHARSET or representation(element) in NEVER_WORDS

    def _rule(self, element: Element, level: Level) -> Rule:
        found = self._named(element, level)
        while found is not None and found.when and not self._holds(found):
            found = found.otherwise
        if found is None:
            found = self._policy(element)
        if level.is_dummy and representation(element) in IN_WORDS and found.code in {Code.CLEAN, Code.KEEP}:
            return Rule(Code.DUMMY, found.part)
        return found

    def _named(self, element: Element, level: Level) -> Rule | None:
        if level.path and element.tag in self._profile.paths:
            for path, rule in self._profile.paths[element.tag]:
                if level.path[-len(path) :] == path:
                    return rule
        return self._profile.rule_of(element.tag)

    def _holds(self, rule: Rule) -> bool:
        return all(not set(values).isdisjoint(self._facts(keyword)) for keyword, values in rule.when)

    def _policy(self, element: Element) -> Rule:
        """The rule of what no rule names."""
        vr = representation(element)
        if vr in self._profile.vrs:
            return self._profile.vrs[vr]
        return self._profile.unlisted if vr_of(element.tag) else self._profile.unknown

    def _done(self, element: Element, rule: Rule, level: Level, vr: str = "") -> bool:
        """Carry out a rule whose code the Type has been asked for."""
        if rule.code is Code.REMOVE:
            self._note(element, level, rule)
            return False
        if element.items is not None:
            return self._sequence(element, rule, level)
        before = element.value
        needed = level.types.get(element.tag, Requirement.OPTIONAL)
        if rule.code is Code.CLEAN_LIGHTLY:
            # Of what the table does not name no Type is known: what had a value has one, so that it stays valid.
            is_word = (vr or representation(element)) in _WORDS and bool(element.value)
            needed = Requirement.MUST_HAVE_VALUE if is_word else Requirement.MAY_BE_EMPTY
        given = Given(vr or representation(element), level.charset, needed, rule.value)
        is_there = act(element, rule.code, self._acting, given)
        if not is_there:
            self._note(element, level, rule._replace(code=Code.REMOVE))
        elif element.value is not before and element.value != before:
            self._note(element, level, rule)
        return is_there

    def _sequence(self, element: Element, rule: Rule, level: Level) -> bool:
        items = element.items or []
        if rule.code is Code.EMPTY:
            element.items = []
            self._note(element, level, rule)
            return True
        is_dummy = level.is_dummy or rule.code is Code.DUMMY
        if rule.code is Code.DUMMY:
            self._note(element, level, rule)
        for number, item in enumerate(items):
            item.elements = self.elements(item.elements, below(level, element, number, is_dummy=is_dummy))
        return True

    # --- private elements --------------------------------------------------------------------------------

    def _privates(self, elements: list[Element], level: Level) -> list[Element]:
        """What is left of the private elements; a creator stays with what it owns."""
        if self._drops_private:
            part = self._profile.private.part
            self.changes += [Change(level.place, each.tag, Code.REMOVE, part) for each in elements]
            return []
        blocks = Blocks(elements)
        creators = [each for each in elements if private_elements.is_creator(each.tag)]
        owned = [each for each in elements if not private_elements.is_creator(each.tag)]
        kept = [each for each in owned if self._private(each, blocks.place_of(each.tag), level)]
        used = {each.tag & 0xFFFF0000 | each.tag >> 8 & 0xFF for each in kept}
        for each in creators:
            if each.tag not in used:
                self._note(each, level, self._profile.private._replace(code=Code.REMOVE))
        return [*(each for each in creators if each.tag in used), *kept]

    def _private(self, element: Element, place: Place | None, level: Level) -> bool:
        """Do what is asked of a private element; False where it goes."""
        rule = self._profile.private if place is None else self._profile.private_rule(*place)
        if place is None or not self._is_safe(rule, place):
            self._note(element, level, rule._replace(code=Code.REMOVE))
            return False
        code = resolved(rule.code, Requirement.OPTIONAL)
        code = Code.CLEAN_LIGHTLY if code in {Code.KEEP, Code.CLEAN} else code
        vr = private_elements.vr_of(place, element)
        if vr is None:
            self._note(element, level, rule._replace(code=Code.REMOVE))
            return False
        return self._done(element, rule._replace(code=code), level, vr)

    def _is_safe(self, rule: Rule, place: Place) -> bool:
        if rule.code is Code.REMOVE:
            return False
        is_own = rule is not self._profile.private
        return is_own or place in private_elements.safe() or self._declared.has(place)

    # --- structured content ------------------------------------------------------------------------------

    def _content(self, sequence: Element, level: Level, rule: Rule) -> None:
        """Content items, each by its concept.

        Where items are referred to by their place in the tree (PS3.3 C.17.3.2.5), none goes: the others would move.
        """
        kept: list[Item] = []
        for number, item in enumerate(sequence.items or []):
            inner = below(level, sequence, number, is_dummy=False)
            concept = concept_of(item)
            code = structured.code_of(concept, self._options)
            code = None if code is None else resolved(code, Requirement.MUST_HAVE_VALUE)
            if code is Code.REMOVE and not self._counts_items:
                self.changes.append(Change(inner.place, CONTENT, code, rule.part))
                continue
            is_dummy = code in {Code.DUMMY, Code.REMOVE} and concept.value_type in structured.IN_WORDS
            item.elements = self._content_item(item.elements, inner, is_dummy=is_dummy)
            kept.append(item)
        sequence.items = kept

    def _content_item(self, elements: list[Element], level: Level, *, is_dummy: bool) -> list[Element]:
        """One content item; its value is in an attribute of its own, whose rule is for other places."""
        level = with_charset(elements, level)
        values = [each for each in elements if each.tag in structured.VALUES and each.items is None]
        rest = [each for each in elements if each.tag not in structured.VALUES or each.items is not None]
        kept = self.elements(rest, level)
        for each in values:
            code = Code.DUMMY if is_dummy or each.tag in structured.NEVER_KEPT else structured.VALUES[each.tag]
            if self._done(each, Rule(self._acting.as_asked(code), "structured content"), level):
                kept.append(each)
        return sorted(kept, key=lambda element: element.tag)

    def _note(self, element: Element, level: Level, rule: Rule) -> None:
        self.changes.append(Change(level.place, element.tag, rule.code, rule.part))


_WORDS = TEXT_VRS | {"CS"}

_ENCODING = Rule(Code.REMOVE, "encoding")
