"""What a profile leaves of headers, for names, sidecars and tables: the same as in the copies that deid makes.

A file is read as deid reads it, goes through the same walk with the same key, and is read again as a header. So nothing
can be told here that a copy would not tell, and there is no second list of what identifies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Generic, NamedTuple, Self, TypeVar

from convkit.deid.codes import Code
from convkit.deid.deidentifier import Recipe, Subject
from convkit.deid.own_values import OwnValues
from convkit.deid.pixels import Level, facts_of, risk_of
from convkit.dicom.attributes import TagTable, tag_of
from convkit.dicom.header import Header, Redaction
from convkit.dicom.multiframe import PER_FRAME, SHARED
from convkit.dicom.tree import read_tree
from convkit.dicom.tree_header import header_of_tree
from convkit.engine.digest import fingerprint
from convkit.engine.run import Runner, attempt
from convkit.jobs._deid.gather import Instance, gather
from convkit.jobs._deid.plan import path_of
from convkit.jobs._deid.recipe import Asked, recipe_of
from convkit.jobs._headers import unfolded
from convkit.jobs._sources import Progress, Source, Step, failed_files
from convkit.model.notes import Note

T = TypeVar("T")

BATCH = 32
"""Files a task: what is known of a person goes with each."""

_OURS = "convkit"
"""Creator of the elements that stand for what was computed of others."""


class Redacted(NamedTuple):
    """What may leave of one file.

    Attributes
    ----------
    header : Header
        See `Redaction`.
    person : str
    may_show_text : bool
    """

    header: Header
    person: str
    may_show_text: bool


Reduce = Callable[[Redacted], T]
"""What a job keeps of it; a module-level function, or a partial of one, because it runs in workers."""


class Found(NamedTuple, Generic[T]):
    """What became of some files.

    Attributes
    ----------
    kept : dict of path to what was kept
    problems : tuple of Note
        Why nothing may leave of the others.
    """

    kept: dict[str, T]
    problems: tuple[Note, ...]


class Lot(NamedTuple):
    """Files of one person.

    Attributes
    ----------
    files : tuple of (path, path of the copy)
    subject : str
        Identity of the person.
    own : OwnValues
        What all objects say of the person.
    """

    files: tuple[tuple[str, str], ...]
    subject: str
    own: OwnValues


class Redactor:
    """Applies a profile to what leaves the tool.

    Parameters
    ----------
    asked : Asked

    Attributes
    ----------
    notes : tuple of Note
        About the run.
    """

    def __init__(self, asked: Asked) -> None:
        self._recipe = asked.recipe
        self._deidentifier = asked.recipe.made()
        self.notes = asked.notes

    @classmethod
    def of(cls, profile: str, key: Source | None, mapping: Source | None, *, root: Source | None, is_dry: bool) -> Self:
        """See `convkit.jobs._redaction.redactor_of`."""
        return cls(recipe_of(profile, key, mapping, root=root, is_dry=is_dry))

    def fingerprint(self, *parts: object) -> str:
        """Fingerprint of options, the profile and the key."""
        recipe = self._recipe
        return self.digest(fingerprint(recipe.digest, recipe.subjects, recipe.uid_root, *parts))

    def digest(self, text: str) -> str:
        """A text that nobody can guess without the key, to be remembered beside the outputs."""
        return self._deidentifier.digest(text)

    def keeps(self, keyword: str) -> bool:
        """True where the profile leaves an attribute as it is, at least sometimes."""
        profile = self._deidentifier.profile
        rule = profile.of_tag(tag_of(keyword) or 0)
        while rule.when and rule.otherwise is not None:
            if rule.code is Code.KEEP:
                return True
            rule = rule.otherwise
        return Code.KEEP in {rule.code, profile.unlisted.code if rule.when else rule.code}

    def headers(
        self, headers: Sequence[Header], paths: Sequence[str], runner: Runner, progress: Progress | None
    ) -> tuple[list[Header], list[Note]]:
        """The headers, each with what may leave of it, and a note for each of which nothing may.

        Parameters
        ----------
        headers : sequence of Header
            Of one table.
        paths : sequence of str
            Of all files that may say something of the persons.
        runner : Runner
        progress : callable or None
        """
        if not headers:
            return [], []
        table = headers[0].table
        found = self.each([h.path for h in headers], paths, table, unfolded_redacted, runner, progress)
        places = self._measured_places(table)
        kept = [
            header._replace(redaction=Redaction(one.header, one.person, places, one.may_show_text))
            for header in headers
            if (one := found.kept.get(header.path)) is not None
        ]
        return kept, list(found.problems)

    def each(  # noqa: PLR0913, PLR0917 (the one place where redaction is handed out)
        self,
        wanted: Sequence[str],
        paths: Sequence[str],
        table: TagTable,
        reduce: Reduce[T],
        runner: Runner,
        progress: Progress | None,
    ) -> Found[T]:
        """What may leave of some files, as much of it as `reduce` keeps; see `headers`."""
        gathered = gather(paths, runner, progress)
        asked = set(wanted)
        objects = [one for one in gathered.objects if one.path in asked]
        problems = [problem for problem in gathered.problems if problem.where in asked]
        kept: dict[str, T] = {}
        lots = self._lots(objects, gathered.own)
        task = partial(redact_lot, recipe=self._recipe, table=table, reduce=reduce)
        for _, results in runner.map(task, lots, on_error=failed_lot):
            for path, one in results:
                if isinstance(one, Note):
                    problems.append(one)
                else:
                    kept[path] = one
            if progress:
                progress(Step("profile", len(kept), len(objects)))
        return Found(kept, tuple(sorted(problems, key=attrgetter("where"))))

    def _lots(self, objects: Sequence[Instance], own: Mapping[str, OwnValues]) -> Iterator[Lot]:
        ordered = sorted(objects, key=lambda one: (one.subject, one.path))
        for subject, group in groupby(ordered, key=attrgetter("subject")):
            files = [(one.path, path_of(one, self._deidentifier)) for one in group]
            for start in range(0, len(files), BATCH):
                yield Lot(tuple(files[start : start + BATCH]), subject, own.get(subject, OwnValues()))

    def _measured_places(self, table: TagTable) -> frozenset[int]:
        """Places of makers' elements of which no rule of the profile's own speaks.

        Private elements go because nobody knows what is in them. What is in those of the table is known, so that
        numbers found there say no more than those of the standard.
        """
        profile = self._deidentifier.profile
        makers = (a for a in table.attributes if a.creator not in {"", _OURS})
        places = {
            table.places[a.keyword]
            for a in makers
            if profile.private_rule(a.tag >> 16, a.creator, a.tag & 0xFF) is profile.private
        }
        # The XA line of Siemens keeps its protocol within the functional groups.
        return frozenset(places | {table.places[keyword] for keyword in (SHARED, PER_FRAME)})


# --- tasks -----------------------------------------------------------------------------------------------


def redact_lot(lot: Lot, *, recipe: Recipe, table: TagTable, reduce: Reduce[Any]) -> tuple[tuple[str, Any], ...]:
    """Task: what may leave of some files; a note where nothing may."""
    work = partial(_redacted, lot=lot, recipe=recipe, table=table, reduce=reduce)
    return tuple((path, attempt(work, (path, copy), _failed)) for path, copy in lot.files)


def failed_lot(lot: Lot, error: Exception) -> tuple[tuple[str, Any], ...]:
    """What a lot becomes whose task failed as a whole."""
    paths = [path for path, _ in lot.files]
    return tuple(zip(paths, failed_files(paths, error), strict=True))


def _failed(file: tuple[str, str], error: Exception) -> Note:
    (reason,) = failed_files((file[0],), error)
    return reason


def _redacted(file: tuple[str, str], *, lot: Lot, recipe: Recipe, table: TagTable, reduce: Reduce[Any]) -> Any:
    path, copy = file
    deidentifier, subject = recipe.made(), Subject(lot.subject)
    tree = read_tree(path, before_pixels=True, without_private=deidentifier.profile.drops_private)
    facts = facts_of(tree)  # of the original, as all that decides
    risk = risk_of(facts._replace(has_pixels=facts.rows > 0), tree.transfer_syntax)
    deidentifier.apply(tree, lot.own, subject=subject)
    header = header_of_tree(tree, table)._replace(path=copy)
    return reduce(Redacted(header, deidentifier.code_of(subject), risk.level > Level.NONE))


def unfolded_redacted(one: Redacted) -> Redacted:
    """With a row for each frame, as far as the copy can still be taken apart."""
    header = unfolded(one.header)
    groups = {header.table.places[keyword] for keyword in (SHARED, PER_FRAME)}
    far = tuple(each for each in header.parsed.far if each.place not in groups)  # long, and read by now
    return one._replace(header=header._replace(parsed=header.parsed._replace(far=far), fault=None, said=()))
