"""The task of deid: a file to its de-identified copy. It runs in worker processes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache, partial
from typing import BinaryIO, NamedTuple

from convkit.deid.alike import AlikeFiles
from convkit.deid.codes import Code
from convkit.deid.deidentifier import Deidentifier, Recipe, Subject
from convkit.deid.own_values import OwnValues
from convkit.deid.pixels import Kind, PixelPolicy, judged, put
from convkit.deid.walk import Change
from convkit.dicom.tree import Span, read_tree, written
from convkit.engine.outcome import Outcome, Status, failure
from convkit.engine.run import attempt
from convkit.errors import InputError
from convkit.model.notes import note
from convkit.storage.files import Raw, opened, prefetch, unreadable
from convkit.writers import written_aside


class Job(NamedTuple):
    """One file to make.

    Attributes
    ----------
    item : str
        Path of the original, for the report.
    path : str
    name : str
        Path of the copy, relative to the destination.
    subject : str
        Identity of the person.
    """

    item: str
    path: str
    name: str
    subject: str


class Batch(NamedTuple):
    """Files of one person.

    Attributes
    ----------
    jobs : tuple of Job
    own : OwnValues
        What all objects say of the person.
    """

    jobs: tuple[Job, ...]
    own: OwnValues


class Made(NamedTuple):
    """What became of one file, and of its elements."""

    outcome: Outcome
    changes: tuple[Change, ...] = ()


class Making(NamedTuple):
    """What all copies of a run share.

    Attributes
    ----------
    output : str
    recipe : Recipe
    pixels : PixelPolicy
    is_audited : bool
        True where somebody wants to know of each element.
    """

    output: str
    recipe: Recipe
    pixels: PixelPolicy
    is_audited: bool


def make_batch(batch: Batch, *, making: Making) -> tuple[Made, ...]:
    """Task: make the copies of some files."""
    prefetch([job.path for job in batch.jobs], is_whole=True)
    work = partial(_made, own=batch.own, making=making, maker=_maker(making.recipe))
    return tuple(attempt(work, job, _failed) for job in batch.jobs)


class _Maker(NamedTuple):
    """What a process keeps from one file to the next."""

    deidentifier: Deidentifier
    alike: AlikeFiles


@lru_cache(maxsize=1)
def _maker(recipe: Recipe) -> _Maker:
    deidentifier = recipe.made()
    return _Maker(deidentifier, AlikeFiles(deidentifier))


def failed_batch(batch: Batch, error: Exception) -> tuple[Made, ...]:
    """What a batch becomes whose task failed as a whole."""
    return tuple(_failed(job, error) for job in batch.jobs)


def _failed(job: Job, error: Exception) -> Made:
    return Made(failure(job.item, error))


def _made(job: Job, *, own: OwnValues, making: Making, maker: _Maker) -> Made:
    """One copy; own: what all files of the person say, this one among them."""
    with _readable(job.path) as source:
        return _copied(job, source, own, making, maker)


def _copied(job: Job, source: Raw, own: OwnValues, making: Making, maker: _Maker) -> Made:
    subject = Subject(job.subject)
    if making.is_audited:
        tree, alike = read_tree(job.path, source), None
    else:
        tree, alike = maker.alike.read(job.path, own, subject, source)
    is_replaced = alike is None and maker.deidentifier.replaces_document(tree)  # documents are never alike
    verdict = None if is_replaced else judged(tree, making.pixels)
    if verdict is not None and verdict.kind is Kind.REFUSED:
        reason = note("deid.pixels-at-risk", verdict.why, where=job.path)
        return Made(Outcome(job.item, Status.REFUSED, notes=(reason,)))
    is_clean = verdict is not None and verdict.looked
    pieces, changes = None, list[Change]()
    if alike is not None and verdict is not None and verdict.kind is Kind.COPIED:
        pieces = maker.alike.copied(alike, is_clean=is_clean)
    if pieces is None:
        tree = tree if alike is None else read_tree(job.path, source)
        if verdict is not None:
            put(verdict, tree)
        changes = maker.deidentifier.apply(tree, own, subject=subject, is_clean=is_clean)
        if verdict is not None:
            changes += [Change("", tag, Code.CLEAN, "pixels") for tag in sorted(verdict.changes)]
        pieces = written(tree)
    with written_aside(f"{making.output}/{job.name}") as file:
        write_pieces(pieces, source, job.path, file)
    is_blank = verdict is not None and verdict.code == "unreadable"
    notes = (note("deid.pixels-blanked", where=job.path),) if is_blank else ()
    return Made(Outcome(job.item, Status.DONE, (job.name,), notes), tuple(changes) if making.is_audited else ())


def write_pieces(pieces: Iterable[bytes | Span], source: Raw, path: str, file: BinaryIO) -> None:
    """Write a file; what lies in the original, open and at a path, is copied from there."""
    for piece in pieces:
        if isinstance(piece, Span):
            _copy(source, path, piece, file)
        else:
            file.write(piece)


_COPIED_BYTES = 1 << 20


def _copy(source: Raw, path: str, span: Span, file: BinaryIO) -> None:
    done = _sent(source, span, file)
    left = span.length - done
    if left:
        source.seek(span.offset + done)
    while left:
        part = _part(source, min(left, _COPIED_BYTES), path)
        if not part:
            raise InputError("The file has become shorter.", path, "", "input.unreadable")
        file.write(part)
        left -= len(part)


def _readable(path: str) -> Raw:
    try:
        return opened(path, is_checked=True)
    except OSError as err:  # not the destination's fault
        raise unreadable(path, err) from err


def _part(source: Raw, count: int, path: str) -> bytes | None:
    try:
        return source.read(count)
    except OSError as err:
        raise unreadable(path, err) from err


def _sent(source: Raw, span: Span, file: BinaryIO) -> int:
    """Bytes that the system copied by itself; where it cannot do so, the rest is for who calls."""
    done = 0
    if not isinstance(source, io.FileIO):
        return done
    file.flush()
    with suppress(AttributeError, OSError):  # a system without, or whose files are no targets
        while done < span.length:
            count = os.sendfile(file.fileno(), source.fileno(), span.offset + done, span.length - done)
            if not count:
                break
            done += count
    file.seek(0, os.SEEK_END)
    return done
