"""preview: pictures of everything, as a radiology viewer would show it, and a page to look through them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convkit.engine.digest import identity
from convkit.engine.journal import Journal
from convkit.engine.outcome import Outcome, Report, Status
from convkit.engine.run import Runner, runner_of
from convkit.jobs._choices import Exists, chosen
from convkit.jobs._destination import Destination, journaled, rooted
from convkit.jobs._pictures.choices import View, slices_of
from convkit.jobs._pictures.look import Look, checked_look
from convkit.jobs._pictures.names import names_of
from convkit.jobs._pictures.pieces import Asked, Group, Plan
from convkit.jobs._pictures.tally import Tally
from convkit.jobs._pictures.work import Work
from convkit.jobs._redaction import fingerprint_under, redactor_of
from convkit.jobs._sources import Progress, Source, destination, flat
from convkit.jobs._where import where as checked_where
from convkit.series.choices import Irregular
from convkit.storage import files
from convkit.writers import PICTURE_WRITERS, picture_writer_for

if TYPE_CHECKING:
    from convkit.jobs._deid.redactor import Redactor


@dataclass(frozen=True, slots=True)
class PreviewOptions:
    """All options of the job, checked."""

    to: str
    look: Look
    exists: Exists
    gallery: bool
    dry_run: bool
    strict: bool


def preview(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    output: Source | None = None,
    to: str = "png",
    window: str = "auto",
    view: str = "native",
    slices: str | int = "all",
    size: int | None = None,
    bits: int = 8,
    aspect: bool = True,
    overlay: bool = False,
    labels: Source | Iterable[Source] = (),
    presentation: Source | Iterable[Source] = (),
    letters: bool = False,
    scale_bar: bool = False,
    quality: int = 90,
    gallery: bool = True,
    irregular: str = "keep",
    where: str | None = None,
    filename: str | None = None,
    phi_in_names: bool = False,
    profile: str | None = None,
    key: Source | None = None,
    mapping: Source | None = None,
    jobs: int | None = None,
    cluster: Source | None = None,
    dry_run: bool = False,
    exists: str = "skip",
    strict: bool = False,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Make pictures of every image below the sources.

    ``preview("incoming/", "pictures/")`` works too: without `output` the last source is the destination.

    Parameters
    ----------
    *sources : path or several
    output : path
        Folder for the pictures; made where missing.
    to : {"png", "jpg", "webp", "gif", "apng", "mp4"}
        gif, apng and mp4 hold all pictures of a series or volume in one file.
    window : str
        ``auto``, ``file``, ``file:2``, ``file:NAME``, ``C/W`` such as ``40/400``, a preset such as ``lung``,
        ``p1-99``, or ``full``.
    view : {"native", "axial", "three", "mosaic", "mip"}
        native: images as they are stored. The others show volumes, in patient space.
    slices : "all", "middle", or a number
        Of each series or volume: so many, evenly spread.
    size : int or None
        Pixels of the longer side; None leaves the pixels as they are.
    bits : {8, 16}
        Grey levels; 16 needs png or apng.
    aspect : bool
        Stretch pictures whose pixels are not square, so that a circle is round.
    overlay : bool
        Burn overlay planes in, and lay segmentations that are among the sources over their series as contours.
    labels : path or several
        Label images (NIfTI, NRRD, MetaImage) to lay over as contours.
    presentation : path or several
        Softcopy presentation states to apply to the images that they reference.
    letters, scale_bar : bool
        Mark where left, right, head ... are, and how long a centimetre is.
    quality : int
        Of jpg, webp and mp4, 1 to 100; 100 is lossless in webp.
    gallery : bool
        Write ``index.html``, a page to look through all pictures.
    irregular : {"error", "split", "keep", "resample"}
        For uneven stacks, in views of volumes; as in `convkit.convert`.
    where, filename, phi_in_names, profile, key, mapping, jobs, cluster, dry_run, exists, strict, typed_in, progress
        As in `convkit.convert`. Names have two more fields, ``{view}`` and ``{picture}``.

    Returns
    -------
    report : Report
        An outcome for each series or volume, with the paths of its pictures, and one for each reason why others have
        none.

    Raises
    ------
    UsageError
        A wrong option, or a mistake in the profile; nothing was read.
    InputError
        A source does not exist, or a presentation state or label image cannot be read.
    OutputError
        The destination cannot be used.
    """
    given = flat(sources)
    output = destination(output, given, [writer.suffix for writer in PICTURE_WRITERS.values()])
    writer = picture_writer_for(to)
    chosen_view = chosen(View, view, "--view")
    options = PreviewOptions(
        to=writer.name,
        look=checked_look(
            window=window,
            view=chosen_view,
            size=size,
            bits=bits,
            is_square=aspect,
            overlay=overlay,
            labels=labels,
            presentation=presentation,
            letters=letters,
            scale_bar=scale_bar,
            quality=quality,
            writer=writer,
        ),
        exists=chosen(Exists, exists, "--exists"),
        gallery=gallery,
        dry_run=dry_run,
        strict=strict,
    )
    redactor = redactor_of(profile, key, mapping, root=output, is_dry=dry_run)
    asked = Asked(
        given,
        checked_where(where) if where else None,
        typed_in,
        progress,
        chosen_view,
        slices_of(slices),
        names_of(
            filename,
            chosen_view,
            writer.suffix,
            is_animated=writer.is_animated,
            phi_in_names=phi_in_names,
            keeps=None if redactor is None else redactor.keeps,
        ),
        options.look.presentation,
        overlay,
        chosen(Irregular, irregular, "--irregular"),
        redactor,
    )
    planner = "plan_stored" if chosen_view is View.NATIVE else "plan_viewed"  # each is much code
    with runner_of(jobs, cluster) as runner:
        plan: Plan = import_module(f"convkit.jobs._pictures.{planner}").plan(asked, runner)
        runner.ready()
        with rooted(output, is_dry=dry_run) as root:
            return _run(plan, root, options, runner, progress, redactor)


# --- running ---------------------------------------------------------------------------------------------


def _run(  # noqa: PLR0913, PLR0917 (all that was asked for)
    plan: Plan,
    output: Path,
    options: PreviewOptions,
    runner: Runner,
    progress: Progress | None,
    redactor: Redactor | None,
) -> Report:
    if options.dry_run or not plan.groups:
        dry = [_planned(group) for group in plan.groups]
        return Report(_in_order([*plan.outcomes, *dry]), notes=plan.notes, strict=options.strict)
    tally = Tally(plan.groups)
    mark = partial(fingerprint_under, redactor)
    made_with = mark(options.to, options.look, *_identities(options.look))
    work = Work(plan.groups, output, options.to, options.look, made_with, mark)

    def done(journal: Journal) -> Iterator[tuple[int, Outcome]]:
        return work.done(Destination.opened(output, options.exists, plan.inputs, journal), runner, progress)

    end = journaled(output, done, tally.add)
    outcomes = [*plan.outcomes, *tally.outcomes()]
    if options.gallery and not end.is_interrupted:
        gallery = import_module("convkit.jobs._pictures.gallery")  # Pillow, for thumbnails
        footer = _not_shown(outcomes)
        # What was made without the profile, or with another, is not shown beside what was made with it.
        memory = gallery.MEMORY if redactor is None else f"gallery-{mark()[:16]}.json"
        shown = tally.shown()
        outcomes += gallery.write_gallery(shown, output, options.exists, runner, footer=footer, memory=memory)
    notes = (*plan.notes, *end.notes)
    return Report(_in_order(outcomes), notes=notes, strict=options.strict, interrupted=end.is_interrupted)


def _not_shown(outcomes: Iterable[Outcome]) -> str:
    """What a page of pictures does not show, so that whoever gets only the page knows of it."""
    counts = {Status.FAILED: 0, Status.REFUSED: 0, Status.SKIPPED: 0}
    for outcome in outcomes:
        if outcome.status in counts:
            counts[outcome.status] += int(str(outcome.facts.get("instances", 1)))
    words = {Status.FAILED: "failed", Status.REFUSED: "refused", Status.SKIPPED: "without a picture"}
    told = [f"{words[s]}: {count:,} {'file' if count == 1 else 'files'}" for s, count in counts.items() if count]
    return f"Not shown are {', '.join(told)}." if told else ""


def _planned(group: Group) -> Outcome:
    return Outcome(group.item, Status.PLANNED, tuple(group.names), group.notes, {"pictures": len(group.names)})


def _in_order(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(sorted(outcomes, key=lambda o: (o.outputs[:1], o.item)))


def _identities(look: Look) -> list[Any]:
    """What tells the files apart that are laid over pictures, so that others make other pictures."""
    return [identity([(path, *files.status(path))]) for path in (*look.labels, *look.presentation)]
