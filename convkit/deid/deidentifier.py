"""De-identification of one object: by a profile, with pseudonyms of a key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from convkit.deid import requirements
from convkit.deid.actions import Acting, Dates
from convkit.deid.codes import Code
from convkit.deid.gathering import own_values_of
from convkit.deid.leftovers import (
    DOCUMENT,
    PIXEL_DATA,
    clear_embedded_overlays,
    cut_surplus_pixels,
    set_document_length,
    without_empty_overlays,
)
from convkit.deid.own_values import OwnValues
from convkit.deid.pixels import PixelMode, PixelPolicy, is_document, put_judged
from convkit.deid.private_elements import CHARACTERISTICS, Declared
from convkit.deid.profile import Profile
from convkit.deid.pseudonyms import Key
from convkit.deid.record import RECORD, Applied, meta_of, recorded
from convkit.deid.text import Cleaner
from convkit.deid.vocabulary import Vocabulary
from convkit.deid.walk import Change, Walk
from convkit.dicom import values
from convkit.dicom.attributes import tag_of
from convkit.dicom.tree import Coding, Element, Tree, tree_of, written
from convkit.errors import InputError, MissingAttributeError, UsageError

if TYPE_CHECKING:
    from pydicom import Dataset

SOP_CLASS, SOP_INSTANCE, STUDY_DATE = 0x00080016, 0x00080018, 0x00080020
_PATIENT_ID, _STUDY, _CHARSET = 0x00100020, 0x0020000D, 0x00080005
_META_SOP_CLASS, _DOCUMENT_TYPE = 0x00020002, 0x00420012
_FIRST_OVERLAY, _BEHIND_OVERLAYS, _OVERLAY_DATA = 0x60000000, 0x60200000, 0x3000

_UNLIKE_VALUES = str.maketrans("0123456789abcdef", "bcdfghjklmnpqrst")
"""For hexadecimal digits, among which a date may stand by chance; without vowels they spell no name either."""

_TIMES = {Dates.SHIFT: "MODIFIED", Dates.KEEP: "UNMODIFIED", Dates.REMOVE: "REMOVED"}


class Subject(NamedTuple):
    """The person whom an object is of.

    Attributes
    ----------
    identity : str
        What all objects of the person have in common: Patient ID, else the study.
    """

    identity: str

    @classmethod
    def of(cls, tree: Tree) -> Subject:
        """The subject of a file."""
        return cls.among({each.tag: each for each in tree.elements})

    @classmethod
    def among(cls, there: Mapping[int, Element]) -> Subject:
        """The subject whom the elements at the top of a data set, by their tags, are of."""
        charset = _bytes(there.get(_CHARSET)).strip(b"\0 ")
        patient = values.text(_bytes(there.get(_PATIENT_ID)), charset).strip()
        return cls(patient or cls.nameless(values.text(_bytes(there.get(_STUDY)))).identity)

    @classmethod
    def nameless(cls, study_instance_uid: str) -> Subject:
        """The subject of objects without a Patient ID: their study stands for the person."""
        return cls(f"study {study_instance_uid}")


class Recipe(NamedTuple):
    """What makes a `Deidentifier`: small, so that it can go to another process with every piece of work.

    Attributes
    ----------
    profile : str
        Name or path.
    digest : str
        Of what the profile says: a file may say something else in the next run.
    key : Key
    subjects : tuple of (Patient ID, code)
    uid_root : str
    """

    profile: str
    digest: str
    key: Key
    subjects: tuple[tuple[str, str], ...] = ()
    uid_root: str = "2.25"

    @classmethod
    def of(
        cls, name: str, profile: Profile, key: Key, subjects: tuple[tuple[str, str], ...] = (), uid_root: str = "2.25"
    ) -> Recipe:
        """The recipe with a profile that was loaded already."""
        digest = hashlib.sha256(repr(profile).encode("utf-8", "replace")).hexdigest()
        recipe = cls(name, digest, key, subjects, uid_root)
        recipe._keep(profile)
        return recipe

    def made(self) -> Deidentifier:
        """The same one every time, as long as it is asked for."""
        if self not in _MADE:
            self._keep(Profile.load(self.profile))
        return _MADE[self]

    def _keep(self, profile: Profile) -> None:
        _MADE[self] = Deidentifier(profile, self.key, subjects=dict(self.subjects), uid_root=self.uid_root)
        while len(_MADE) > _MOST_MADE:
            del _MADE[next(iter(_MADE))]


_MADE: dict[Recipe, Deidentifier] = {}
"""Those of the last runs: to make one takes a tenth of a second."""

_MOST_MADE = 2


class Deidentifier:
    """De-identifies objects, each as if it were alone: the same original always gives the same result.

    Parameters
    ----------
    profile : Profile
    key : Key or None
        None takes one that nobody knows, so that nothing can be repeated.
    subjects : mapping of Patient ID to code
        Codes that were given for some patients.
    uid_root : str
        Root of new UIDs.
    pixels : {"refuse", "regions", "ocr", "allow"} or None
        What is done about text in the pixels of a data set in memory; None does as the profile has it.

    Raises
    ------
    UsageError
        An argument is of another kind.
    """

    def __init__(
        self,
        profile: Profile,
        key: Key | None = None,
        *,
        subjects: Mapping[str, str] | None = None,
        uid_root: str = "2.25",
        pixels: str | None = None,
    ) -> None:
        if not isinstance(profile, Profile) or not isinstance(key, Key | None):
            raise UsageError("A Deidentifier takes a Profile and a Key.", "", "Profile.load(...), Key.of_file(...).")
        if pixels is not None and pixels not in set(PixelMode):
            raise UsageError(f"{pixels!r} is not a choice.", "pixels", f"Choose one of {', '.join(PixelMode)}.")
        self.profile = profile
        self.key = key or Key.new()
        self._subjects = dict(subjects or {})
        self._uid_root = uid_root
        self._vocabulary = Vocabulary.load(map(Path, profile.vocabulary))
        self._untouched: set[tuple[int, str]] = set()
        self._pixels = pixels or profile.pixels
        self._last_cleaner: tuple[OwnValues, Cleaner] | None = None
        self._has_conditions = profile.has_conditions
        self._dates = _dates_of(profile)
        self._keeps_uids = _code_of(profile, SOP_INSTANCE) is Code.KEEP

    def apply(
        self, tree: Tree, own: OwnValues | None = None, *, subject: Subject | None = None, is_clean: bool = False
    ) -> list[Change]:
        """De-identify a file that was read; the tree is changed.

        Parameters
        ----------
        tree : Tree
        own : OwnValues or None
            What all objects say of the same person, this one included; None takes what this one says.
        subject : Subject or None
            Where others know better than the file whose it is.
        is_clean : bool
            Somebody has looked for text in the pixels, and none is left.

        Raises
        ------
        MissingAttributeError
            The object has no SOP Class or no SOP Instance UID.
        InputError
            It has an element twice: readers take one or the other.
        """
        own = own_values_of(tree) if own is None else own
        there = {element.tag: element for element in tree.elements}
        if len(there) != len(tree.elements):
            raise InputError("The object has an element twice.", tree.path, "", "header.inconsistent")
        pixels = there[PIXEL_DATA].value if PIXEL_DATA in there else None
        sop_class = _sop_class(there, tree)
        walk = self.walk(there, own, subject or Subject.among(there), tree.coding)
        types = requirements.of_object(sop_class.rstrip(b"\0 ").decode("ascii", "replace"))
        cut_surplus_pixels(tree, there)
        overlays = {tag >> 16 for tag in there if _FIRST_OVERLAY <= tag < _BEHIND_OVERLAYS and not tag >> 16 & 1}
        if overlays and _code_of(self.profile, _FIRST_OVERLAY | _OVERLAY_DATA) is not Code.KEEP:
            clear_embedded_overlays(tree)
        kept = walk.data_set(tree.elements, types)
        elements = without_empty_overlays(kept, overlays)
        set_document_length(elements, there, tree.coding)
        tree.elements = recorded(elements, self.applied(is_clean=is_clean))
        left = {element.tag: element for element in tree.elements}
        walk.changes += [Change("", e.tag, Code.REMOVE, "overlay without data") for e in kept if e.tag not in left]
        walk.changes += [Change("", tag, Code.REPLACE, "record") for tag in sorted(RECORD & left.keys())]
        if PIXEL_DATA in left and left[PIXEL_DATA].value != pixels:
            walk.changes.append(Change("", PIXEL_DATA, Code.CLEAN, "pixels"))
        instance = left.get(SOP_INSTANCE)
        if instance is None or not isinstance(instance.value, bytes) or not instance.value:
            raise MissingAttributeError("The copy would have no (0008,0018) SOPInstanceUID.", tree.path)
        tree.meta = meta_of(sop_class, instance.value, tree.transfer_syntax)
        tree.preamble = b""
        return walk.changes

    def walk(self, there: Mapping[int, Element], own: OwnValues, subject: Subject, coding: Coding) -> Walk:
        """The walk through an object of a person.

        Parameters
        ----------
        there : mapping of tag to Element
            At the top of the object; what it says of others is taken from here.
        own : OwnValues
        subject : Subject
        coding : Coding
        """
        facts = _Facts(there.values() if self._has_conditions else ())
        declared = _declared(there, is_big=coding.is_big)
        return Walk(self.profile, self._acting(subject, own), facts, declared, self._untouched)

    def applied(self, *, is_clean: bool) -> Applied:
        """What is done to every file, for its record."""
        return Applied(self.profile.parts, _TIMES[self._dates], is_clean)

    def __call__(self, dataset: Dataset) -> Dataset:
        """A de-identified copy of a data set in memory.

        Parameters
        ----------
        dataset : pydicom Dataset
            It is not changed.

        Returns
        -------
        pydicom Dataset
            With file meta information of its own.

        Raises
        ------
        MissingAttributeError
            It has no SOP Class or no SOP Instance UID.
        InputError
            It cannot be written.
        PixelError
            Its pixels may hold text that identifies, and may not pass.
        """
        from convkit.deid import in_memory  # noqa: PLC0415 (pydicom as a whole: 0.3 s, which files do not need)

        tree = tree_of(in_memory.bytes_of(dataset))
        is_clean = not self.replaces_document(tree) and put_judged(tree, PixelPolicy(PixelMode(self._pixels)))
        self.apply(tree, is_clean=is_clean)
        return in_memory.dataset_of(b"".join(piece for piece in written(tree) if isinstance(piece, bytes)))

    def code_of(self, subject: Subject) -> str:
        """The code that stands for a person."""
        return self._subjects.get(subject.identity) or self.key.code("patient", subject.identity)

    def uid(self, original: str) -> str:
        """The UID that an object gets; its own where the profile keeps them."""
        return original if self._keeps_uids else self.key.uid(original, self._uid_root)

    def replaces_document(self, tree: Tree) -> bool:
        """True where an encapsulated document gives its place to an empty one."""
        if not is_document(tree):
            return False
        kind = _top(tree.elements, {_DOCUMENT_TYPE}).get(_DOCUMENT_TYPE, b"").strip(b"\0 ").lower()
        return kind == b"application/pdf" and _code_of(self.profile, DOCUMENT) not in {Code.KEEP, Code.CLEAN}

    def digest(self, text: str) -> str:
        """A text that nobody can guess without the key, to be remembered beside the copies."""
        return self.key.digest("journal", text).hex().translate(_UNLIKE_VALUES)

    def _acting(self, subject: Subject, own: OwnValues) -> Acting:
        """What the actions need to know of a person."""
        return Acting(
            self.key,
            self._uid_root,
            self.code_of(subject),
            self.key.days(subject.identity),
            self._dates,
            self._keeps_uids,
            self._cleaner(own),
        )

    def _cleaner(self, own: OwnValues) -> Cleaner:
        """The cleaner of a person: the last one is kept, with the texts that it has met."""
        if self._last_cleaner is None or self._last_cleaner[0] != own:
            self._last_cleaner = own, Cleaner(own, self._vocabulary)
        return self._last_cleaner[1]


class _Facts:
    """Values of attributes at the top of a data set as they were, for conditions of rules."""

    def __init__(self, elements: Iterable[Element]) -> None:
        self._values = {each.tag: each.value for each in elements if isinstance(each.value, bytes)}

    def __call__(self, keyword: str) -> tuple[str, ...]:
        return values.texts(self._values.get(tag_of(keyword) or 0, b""))


def _bytes(element: Element | None) -> bytes:
    return element.value if element is not None and isinstance(element.value, bytes) else b""


def _top(elements: Iterable[Element], tags: set[int]) -> dict[int, bytes]:
    return {each.tag: each.value for each in elements if each.tag in tags and isinstance(each.value, bytes)}


def _sop_class(there: Mapping[int, Element], tree: Tree) -> bytes:
    of_object = there[SOP_CLASS].value if SOP_CLASS in there else b""
    found = of_object or _top(tree.meta, {_META_SOP_CLASS}).get(_META_SOP_CLASS)
    if not found or not isinstance(found, bytes):
        raise MissingAttributeError("The object has no (0008,0016) SOPClassUID.", tree.path)
    return found


def _declared(there: Mapping[int, Element], *, is_big: bool) -> Declared:
    found = there[CHARACTERISTICS].items if CHARACTERISTICS in there else None
    return Declared(found or (), is_big=is_big)


def _code_of(profile: Profile, tag: int) -> Code:
    rule = profile.rule_of(tag)
    return profile.unlisted.code if rule is None else rule.code


def _dates_of(profile: Profile) -> Dates:
    """What becomes of dates, as the profile has it for that of the study."""
    code = _code_of(profile, STUDY_DATE)
    if code in {Code.CLEAN, Code.SHIFT_DATE}:
        return Dates.SHIFT
    return Dates.KEEP if code is Code.KEEP else Dates.REMOVE
