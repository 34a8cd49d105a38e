"""What is at a destination already, and who wrote it: shared by the jobs that keep a journal."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Self, TypeVar

from convkit.engine.journal import FOLDER, Journal, Record
from convkit.engine.outcome import Outcome, Status, note_of
from convkit.engine.run import Runner
from convkit.errors import EngineError, OutputError
from convkit.jobs._choices import Exists
from convkit.jobs._sources import Source
from convkit.model.notes import Note, note
from convkit.storage import files, loss
from convkit.writers import remove_leftovers

T = TypeVar("T")


class Claim(NamedTuple):
    """Files that an item is about to write.

    Attributes
    ----------
    item : str
        Label for the report.
    key : str
        Identity of the source files; what comes before the first colon is the owner, who may have several items.
    mark : str
        What the files are made with: fingerprint of the options, and the name.
    names : tuple of str
        Relative POSIX paths of all files that it may write, the one that means "finished" first.
    """

    item: str
    key: str
    mark: str
    names: tuple[str, ...]

    @property
    def owner(self) -> str:
        """Who writes: all items of one series share it."""
        return owner_of(self.key)


def owner_of(key: str) -> str:
    """Owner in a key."""
    return key.partition(":")[0]


class Inputs:
    """All files that a run reads, by their real paths; found out when first asked, which most runs never do."""

    def __init__(self, paths: Callable[[], Iterable[str]]) -> None:
        self._given = paths
        self._folders: dict[str, str] = {}  # of this run: in the next one a link may lead elsewhere

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(path if files.is_url(path) else os.path.realpath(path) for path in self._given())

    def holds(self, path: str) -> bool:
        """True where a path is one of them, by whatever name; the folder of many paths is resolved once."""
        url = files.url_behind(path)
        if url is not None:
            return url in self._paths
        folder, name = os.path.split(path)
        if os.path.islink(path):  # noqa: PTH114 (asked of every output that is there)
            return os.path.realpath(path) in self._paths
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return f"{self._folders[folder]}{os.sep}{name}" in self._paths


@contextmanager
def rooted(output: Source, *, is_dry: bool = False) -> Iterator[Path]:
    """The folder that a run writes into: that of the user, or one that stands for a folder in object storage.

    Raises
    ------
    OutputError
        The storage refuses.
    """
    url = os.fspath(output)
    if not files.is_url(url) or Path(url).is_dir():
        yield Path(output)
        return
    mirror = import_module("convkit.storage.mirror")  # fsspec, only for URLs
    if is_dry:
        yield mirror.root_of(url)
        return
    try:
        with mirror.mirrored(url) as root:
            yield root
    except OutputError as err:
        raise OutputError(err.what, files.shown(err.where), err.hint, err.code) from err


def save_journal(root: Path, journal: Journal, *, is_last: bool = False) -> None:
    """Send the journal of a destination in object storage, where it is time; see `convkit.storage.mirror`."""
    if files.MIRRORED in root.name:
        import_module("convkit.storage.mirror").save_journal(root, journal.copy_to, is_last=is_last)


@contextmanager
def tidied(root: Path, folders: Iterable[Path], runner: Runner) -> Iterator[None]:
    """Work in folders that hold no temporary file of a killed run before, nor of a worker that died after.

    Parameters
    ----------
    root : Path
        Destination, which all workers have to see.
    folders : iterable of Path
        In it, where workers write.
    runner : Runner

    Raises
    ------
    OutputError
        The operating system refuses.
    """
    ordered = sorted({root, *folders})
    for folder in ordered:
        remove_leftovers(folder)
    is_through = False
    try:
        with runner.sharing(root):
            yield
        is_through = True
    finally:
        # Our own workers have ended by now, perhaps by force; those of a cluster finish what they have begun.
        if runner.has_lost_workers if is_through else runner.workers is not None:
            for folder in ordered:
                remove_leftovers(folder)


@dataclass(frozen=True, slots=True)
class Destination:
    """A folder for outputs, with its journal.

    Attributes
    ----------
    root : Path
    exists : Exists
        What to do where an output is there already.
    inputs : Inputs
        Files that must never be written.
    journal : Journal
    is_empty : bool
        True where nothing but the journal was there before this run: then nothing can be in the way.
    """

    root: Path
    exists: Exists
    inputs: Inputs
    journal: Journal
    is_empty: bool

    @classmethod
    def opened(cls, root: Path, exists: Exists, inputs: Inputs, journal: Journal) -> Self:
        """The destination as it is before anything is written."""
        with os.scandir(root) as entries:
            is_empty = all(entry.name == FOLDER for entry in entries)
        return cls(root, exists, inputs, journal, is_empty)

    def earlier(self, claim: Claim) -> Outcome | None:
        """What became of an item before this run, or why it must not be done; None where it is to be done."""
        if self.is_empty:
            return None
        first = claim.names[0]
        there = [name for name in claim.names if os.path.lexists(f"{self.root}/{name}")]
        if any(self.inputs.holds(f"{self.root}/{name}") for name in there):
            return _failed(claim, "output.inside-source", first)
        if self.exists is Exists.OVERWRITE:
            return None
        record = self.journal.finished(claim.key, claim.mark)
        if record:
            return Outcome(claim.item, Status.RESUMED, record.outputs, record.notes, record.facts)
        others = [name for name in there if not self.journal.is_claimed(name, claim.key, claim.mark)]
        if not others:
            return None  # nothing there, or what a killed run has left unrecorded: it is written anew
        if self.exists is Exists.SKIP and others[0] == first and not self.journal.owner(first):
            return Outcome(claim.item, Status.KEPT, (first,), (note("output.exists", where=first),))
        if self.exists is Exists.SKIP and self.journal.owner(others[0]):
            return _failed(claim, "output.stale", others[0])
        return _failed(claim, "output.exists-refused", others[0])

    def is_anothers(self, claim: Claim) -> bool:
        """True where a name of the claim was taken by another owner in an earlier run."""
        owners = {owner_of(self.journal.owner(name) or claim.key) for name in claim.names}
        return not owners <= {claim.owner}

    def claim(self, claims: Iterable[Claim]) -> None:
        """Say in the journal what is about to be written."""
        self.journal.claim((name, claim.key, claim.mark) for claim in claims for name in claim.names)
        save_journal(self.root, self.journal)

    def recorded(self, claim: Claim, outcome: Outcome) -> Outcome:
        """The outcome, remembered for the next run; a journal that cannot be written costs only that memory."""
        if outcome.status is not Status.DONE:
            return outcome
        # Paths of inputs may hold names, and the journal lies with the outputs.
        record = Record(outcome.status, outcome.outputs, tuple(n.at("") for n in outcome.notes), outcome.facts)
        try:
            self.journal.record(claim.key, claim.mark, record)
        except OutputError as err:
            return replace(outcome, notes=(*outcome.notes, note_of(err)))
        return outcome


class Journaled(NamedTuple):
    """How a run with a journal ended.

    Attributes
    ----------
    notes : tuple of Note
        About the run as a whole.
    is_interrupted : bool
    """

    notes: tuple[Note, ...]
    is_interrupted: bool


def journaled(root: Path, work: Callable[[Journal], Iterator[T]], keep: Callable[[T], object]) -> Journaled:
    """Do some work with the journal of a destination.

    Parameters
    ----------
    root : Path
    work : callable
        Yields results as they come.
    keep : callable
        Takes each result; what was kept before an interruption counts.

    Raises
    ------
    OutputError
        Nothing could be written at all.
    EngineError
        The cluster or storage is lost; what was finished until then is remembered.
    """
    notes: list[Note] = []
    kept = 0
    is_interrupted = False
    try:
        with Journal.open(root) as journal:
            if journal.moved_aside:
                notes.append(note("engine.journal-reset", where=journal.moved_aside.name))
            try:
                for result in work(journal):
                    keep(result)
                    kept += 1
                    save_journal(root, journal)
            except KeyboardInterrupt:
                is_interrupted = True
            except EngineError as err:  # the cluster or storage is lost; what was finished is remembered
                if err.where != loss.place_of(files.shown(str(root))):
                    with suppress(OutputError):
                        save_journal(root, journal, is_last=True)
                raise
            save_journal(root, journal, is_last=True)
    except OutputError as err:
        if not kept:
            raise
        reason = note_of(err)
        notes.append(reason.at(files.shown(reason.where)))  # the outputs are there, only the journal is not
    return Journaled(tuple(notes), is_interrupted)


def _failed(claim: Claim, code: str, where: str) -> Outcome:
    return Outcome(claim.item, Status.FAILED, notes=(note(code, where=where),))
