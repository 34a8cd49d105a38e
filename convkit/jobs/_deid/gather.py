"""What the sources say: which object each file is, of whom, and what identifies that person anywhere.

A name that stands in one file as Patient Name may stand in the description of another, so all are read before any is
made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from convkit.deid.deidentifier import Subject
from convkit.deid.gathering import CHARSET, pairs
from convkit.deid.own_values import OwnValues
from convkit.dicom import values
from convkit.dicom.tree import Element, Layout, Layouts, Tree, read_alike, read_tree
from convkit.engine.outcome import note_of
from convkit.engine.run import Runner
from convkit.errors import ConvkitError
from convkit.jobs._sources import Progress, failed_files, read_in_order
from convkit.model.notes import Note, note
from convkit.storage import files

_SOP_INSTANCE, _STUDY, _SERIES, _RECORDS = 0x00080018, 0x0020000D, 0x0020000E, 0x00041220


class Instance(NamedTuple):
    """One object.

    Attributes
    ----------
    path : str
    size, modified_ns : int
    subject : str
        Identity of the person.
    study, series, instance : str
        Instance UIDs.
    """

    path: str
    size: int
    modified_ns: int
    subject: str
    study: str
    series: str
    instance: str


class Gathered(NamedTuple):
    """What was found in some files.

    Attributes
    ----------
    objects : tuple of Instance
    own : dict of str to OwnValues
        By subject.
    problems : tuple of Note
    """

    objects: tuple[Instance, ...]
    own: dict[str, OwnValues]
    problems: tuple[Note, ...]


def gather(paths: Sequence[str], runner: Runner, progress: Progress | None) -> Gathered:
    """Read all files once."""
    objects: list[Instance] = []
    problems: list[Note] = []
    own: dict[str, OwnValues] = {}
    for batch in read_in_order(gather_batch, paths, runner, failed_batch, progress):
        objects += batch.objects
        problems += batch.problems
        _merge(own, batch.own)
    return _with_their_study(Gathered(tuple(objects), own, tuple(problems)))


def _with_their_study(gathered: Gathered) -> Gathered:
    """Objects without a Patient ID are of the one person whose ID the other objects of their study have."""
    persons: dict[str, set[str]] = {}
    for one in gathered.objects:
        if one.subject != Subject.nameless(one.study).identity:
            persons.setdefault(one.study, set()).add(one.subject)
    objects: list[Instance] = []
    own = dict(gathered.own)
    for one in gathered.objects:
        known = persons.get(one.study, set())
        if one.subject not in known and len(known) == 1:
            (subject,) = known
            _merge(own, {subject: own[one.subject]})
            objects.append(one._replace(subject=subject))
        else:
            objects.append(one)
    return gathered._replace(objects=tuple(objects), own=own)


def gather_batch(paths: Sequence[str]) -> Gathered:
    """Task: read some files."""
    reading = _Reading()
    objects: list[Instance] = []
    problems: list[Note] = []
    own: dict[str, set[OwnValues]] = {}
    files.prefetch(paths)
    for path in paths:
        try:
            found, values_of_it = reading.of(path)
        except ConvkitError as err:
            problems.append(note_of(err))
            continue
        if found is None:
            problems.append(note("input.dicomdir", where=path))
            continue
        objects.append(found)
        own.setdefault(found.subject, set()).update(values_of_it)
    return Gathered(tuple(objects), {name: reduce(or_, parts) for name, parts in own.items()}, tuple(problems))


def failed_batch(paths: Sequence[str], error: Exception) -> Gathered:
    """What a batch becomes whose task failed as a whole."""
    return Gathered((), {}, failed_files(paths, error))


class _Said(NamedTuple):
    """What the headers of one layout say in common."""

    top: dict[int, Element]
    charset: bytes
    own: OwnValues


class _Reading:
    """Reads files one after the other; of headers that are laid out as others before only what differs."""

    def __init__(self) -> None:
        self._layouts = Layouts()
        self._common: dict[Layout, _Said] = {}

    def of(self, path: str) -> tuple[Instance | None, Sequence[OwnValues]]:
        """The object that a file is, None for a DICOMDIR; and what it says of its person."""
        read = read_alike(path, self._layouts, before_pixels=True)
        if isinstance(read, Tree):
            said = _said(read.elements)
            return _instance(path, said.top), (said.own,)
        common = self._common.get(read.layout) or self._found(path, read.layout)
        top = common.top.copy()
        top.update((each.tag, each) for each in read.varying)
        if CHARSET in read.layout.varying:
            return _instance(path, top), (_said(top.values()).own,)
        return _instance(path, top), (common.own, OwnValues.of(pairs(read.varying, common.charset)))

    def _found(self, path: str, layout: Layout) -> _Said:
        elements = read_tree(path, before_pixels=True).elements
        self._common[layout] = _said([each for each in elements if each.tag not in layout.varying])
        return self._common[layout]


def _said(elements: Collection[Element]) -> _Said:
    top = {each.tag: each for each in elements}
    charset = top[CHARSET].value if CHARSET in top else b""
    charset = charset.strip(b"\0 ") if isinstance(charset, bytes) else b""
    return _Said(top, charset, OwnValues.of(pairs(elements, charset)))


def _instance(path: str, top: dict[int, Element]) -> Instance | None:
    if _RECORDS in top:
        return None
    size, modified_ns = files.status(path)
    study, series, instance = (_uid(top.get(tag)) for tag in (_STUDY, _SERIES, _SOP_INSTANCE))
    subject = Subject.among(top).identity
    return Instance(path, size, modified_ns, subject, study, series, instance)


def _uid(element: Element | None) -> str:
    return values.text(element.value) if element is not None and isinstance(element.value, bytes) else ""


def _merge(into: dict[str, OwnValues], more: dict[str, OwnValues]) -> None:
    for subject, own in more.items():
        into[subject] = into[subject] | own if subject in into else own
