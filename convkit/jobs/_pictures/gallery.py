"""The page over all pictures of a run: a thumbnail a series, the pictures themselves by their paths."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from convkit.engine.journal import FOLDER
from convkit.engine.outcome import Outcome, Status, note_of
from convkit.engine.run import Runner
from convkit.errors import OutputError
from convkit.jobs._choices import Exists
from convkit.jobs._pictures.choices import Slices
from convkit.jobs._pictures.pieces import PAGE, Group
from convkit.model.notes import Severity, note
from convkit.storage import files
from convkit.writers import written_aside
from convkit.writers.gallery import GalleryGroup, gallery_html
from convkit.writers.thumbnail import Thumbnail, thumbnail

_MARK = b'name="generator" content="convkit"'
"""What tells our page from another program's."""


MEMORY = "gallery.json"
"""What the page shows, in the folder of the journal: so a later run adds to the page."""


class Card(NamedTuple):
    """What is shown of a series or volume; see `GalleryGroup`."""

    title: str
    section: str
    details: tuple[tuple[str, str], ...]
    pictures: tuple[str, ...]
    notes: tuple[str, ...]


def write_gallery(  # noqa: PLR0913 (what is shown, where, and what stands beside it)
    shown: Iterable[tuple[Group, Outcome]],
    root: Path,
    exists: Exists,
    runner: Runner,
    *,
    footer: str = "",
    memory: str = MEMORY,
) -> list[Outcome]:
    """Write the page; a page of another program under that name is left alone.

    Parameters
    ----------
    shown : (group, outcome) of each series or volume that has pictures
        What earlier runs have made in this folder is shown, too.
    root : Path
    exists : Exists
    runner : Runner
        Makes the thumbnails.
    footer : str
        What to say below.
    memory : str
        Name of the file that tells the next run what the page shows.
    """
    page = root / PAGE
    if page.is_file() and exists is not Exists.OVERWRITE and _MARK not in _content(page):
        return [Outcome("gallery", Status.KEPT, (), (note("output.exists", where=PAGE),))]
    if page.exists() and not page.is_file():
        return [Outcome("gallery", Status.FAILED, notes=(note("output.exists-refused", where=PAGE),))]
    new = [_card(group, outcome, pictures) for group, outcome in shown if (pictures := _there(group.names, root))]
    cards = [*_earlier(root, {name for card in new for name in card.pictures}, memory), *new]
    if not cards:
        return []
    telling = [_telling(card.pictures, root) for card in cards]
    found = dict(runner.map(partial(make_thumbnail, root=str(root)), telling, on_error=no_thumbnail))
    entries = [_entry(card, found[place]) for place, card in enumerate(cards)]
    try:
        with written_aside(page) as file:
            file.write(gallery_html(entries, title="convkit preview", footer=footer))
        with written_aside(root / FOLDER / memory) as file:
            file.write(json.dumps(cards).encode("ascii"))
    except OutputError as err:
        return [Outcome("gallery", Status.FAILED, notes=(note_of(err),))]
    return [Outcome("gallery", Status.DONE, (PAGE,), facts={"page": True})]


def _earlier(root: Path, new: Container[str], memory: str) -> list[Card]:
    """What earlier runs have shown: cards whose pictures are there, and are not those of this run."""
    try:
        told = json.loads((root / FOLDER / memory).read_bytes())
        cards = [
            Card(str(title), str(section), tuple((str(k), str(v)) for k, v in details), _texts(names), _texts(notes))
            for title, section, details, names, notes in told
        ]
    except (OSError, ValueError, TypeError):
        return []  # the first run, or a memory that is not ours: the page shows what this run has made
    others = (card for card in cards if not any(name in new for name in card.pictures))
    kept = (card._replace(pictures=_there(filter(_is_below, card.pictures), root)) for card in others)
    return [card for card in kept if card.pictures]


def _content(page: Path) -> bytes:
    with files.opened(files.kept(str(page))) as file:
        return file.read() or b""


def _texts(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(str, values))


def _is_below(name: str) -> bool:
    """True where a name stays in its folder: a memory may be anybody's."""
    return not name.startswith("/") and ".." not in name.split("/")


def _card(group: Group, outcome: Outcome, pictures: tuple[str, ...]) -> Card:
    window = (("window", str(outcome.facts["window"])),) if outcome.facts.get("window") else ()
    return Card(group.title, group.section, (*group.details, *window), pictures, _sentences(outcome))


def make_thumbnail(name: str, *, root: str) -> Thumbnail:
    """Task: a thumbnail of one picture; the first frame of an animation."""
    return thumbnail(Path(root) / name)


def no_thumbnail(_name: str, _error: Exception) -> Thumbnail:
    """What a thumbnail becomes that cannot be made: an empty one; the page still lists the pictures."""
    return Thumbnail(b"", "", 0, 0)


def _there(names: Iterable[str], root: Path) -> tuple[str, ...]:
    """The pictures that are there, those of an earlier run among them."""
    return tuple(sorted(name for name in names if (root / name).is_file()))


_CANDIDATES = 9
"""Pictures of a group that may become its thumbnail."""


def _telling(pictures: Sequence[str], root: Path) -> str:
    """The picture that shows most, of some that are evenly spread: the one that compresses least."""
    places = Slices(_CANDIDATES).of(len(pictures))
    middle = len(pictures) // 2
    return pictures[max(places, key=lambda place: ((root / pictures[place]).stat().st_size, -abs(place - middle)))]


def _entry(card: Card, small: Thumbnail) -> GalleryGroup:
    size = (("size", f"{small.columns} × {small.rows}"),) if small.columns else ()
    return GalleryGroup(
        title=card.title,
        section=card.section,
        details=(*card.details, *size),
        pictures=card.pictures,
        thumbnail=small.data,
        thumbnail_type=small.media_type,
        notes=card.notes,
    )


def _sentences(outcome: Outcome) -> tuple[str, ...]:
    """Warnings in words; no places, because paths of inputs may hold names."""
    return tuple(dict.fromkeys(each.text for each in outcome.notes if each.severity is not Severity.INFO))
