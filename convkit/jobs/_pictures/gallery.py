"""The page over all pictures of a run: a thumbnail a series, the pictures themselves by their paths."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from convkit.engine.outcome import Outcome, Status, note_of
from convkit.engine.run import Runner
from convkit.errors import OutputError
from convkit.jobs._choices import Exists
from convkit.jobs._pictures.pieces import PAGE, Group
from convkit.model.notes import Severity, note
from convkit.writers import written_aside
from convkit.writers.gallery import GalleryGroup, gallery_html
from convkit.writers.thumbnail import Thumbnail, thumbnail

_MARK = b'name="generator" content="convkit"'
"""What tells our page from another program's."""


def write_gallery(shown: Iterable[tuple[Group, Outcome]], root: Path, exists: Exists, runner: Runner) -> list[Outcome]:
    """Write the page; a page of another program under that name is left alone.

    Parameters
    ----------
    shown : (group, outcome) of each series or volume that has pictures
    root : Path
    exists : Exists
    runner : Runner
        Makes the thumbnails.
    """
    page = root / PAGE
    if page.is_file() and exists is not Exists.OVERWRITE and _MARK not in page.read_bytes():
        return [Outcome("gallery", Status.KEPT, (), (note("output.exists", where=PAGE),))]
    if page.exists() and not page.is_file():
        return [Outcome("gallery", Status.FAILED, notes=(note("output.exists-refused", where=PAGE),))]
    groups = [(group, outcome, pictures) for group, outcome in shown if (pictures := _there(group, root))]
    if not groups:
        return []
    middles = [pictures[len(pictures) // 2] for _, _, pictures in groups]
    found = dict(runner.map(partial(make_thumbnail, root=str(root)), middles, on_error=no_thumbnail))
    entries = [
        _entry(group, outcome, pictures, found[place]) for place, (group, outcome, pictures) in enumerate(groups)
    ]
    try:
        with written_aside(page) as file:
            file.write(gallery_html(entries, title="convkit preview"))
    except OutputError as err:
        return [Outcome("gallery", Status.FAILED, notes=(note_of(err),))]
    return [Outcome("gallery", Status.DONE, (PAGE,))]


def make_thumbnail(name: str, *, root: str) -> Thumbnail:
    """Task: a thumbnail of one picture; the first frame of an animation."""
    return thumbnail(Path(root) / name)


def no_thumbnail(_name: str, _error: Exception) -> Thumbnail:
    """What a thumbnail becomes that cannot be made: an empty one; the page still lists the pictures."""
    return Thumbnail(b"", "", 0, 0)


def _there(group: Group, root: Path) -> tuple[str, ...]:
    """The pictures of a group that are there, those of an earlier run among them."""
    return tuple(sorted(name for name in group.names if (root / name).is_file()))


def _entry(group: Group, outcome: Outcome, pictures: tuple[str, ...], small: Thumbnail) -> GalleryGroup:
    size = (("size", f"{small.columns} × {small.rows}"),) if small.columns else ()
    window = (("window", str(outcome.facts["window"])),) if outcome.facts.get("window") else ()
    return GalleryGroup(
        title=group.title,
        section=group.section,
        details=(*group.details, *size, *window),
        pictures=pictures,
        thumbnail=small.data,
        thumbnail_type=small.media_type,
        notes=_sentences(outcome),
    )


def _sentences(outcome: Outcome) -> tuple[str, ...]:
    """Warnings in words; no places, because paths of inputs may hold names."""
    return tuple(dict.fromkeys(each.text for each in outcome.notes if each.severity is not Severity.INFO))
