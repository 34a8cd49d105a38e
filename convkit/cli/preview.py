"""`convkit preview`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from convkit.cli.console import run_job, say
from convkit.cli.options import common, redacting, writing


@click.command("preview", short_help="Make pictures.")
@common(has_output=True)
@writing()
@redacting()
@click.option(
    "--to",
    type=click.Choice(["png", "jpg", "webp", "gif", "apng", "mp4"]),
    default="png",
    show_default=True,
    help="gif, apng and mp4 hold all pictures of a series in one moving picture.",
)
@click.option(
    "--window",
    default="auto",
    show_default=True,
    metavar="WINDOW",
    help="auto, file, file:2, file:NAME, C/W such as 40/400, a preset such as lung, p1-99, full.",
)
@click.option(
    "--view",
    type=click.Choice(["native", "axial", "three", "mosaic", "mip"]),
    default="native",
    show_default=True,
    help="Images as they are stored, or volumes: axial planes, three planes, a sheet, projections.",
)
@click.option(
    "--slices", default="all", show_default=True, metavar="all|middle|N", help="Of each series; N are evenly spread."
)
@click.option("--size", type=click.IntRange(1, 65535), metavar="PX", help="Pixels of the longer side.")
@click.option(
    "--bits", type=click.Choice(["8", "16"]), default="8", show_default=True, help="Grey levels; 16: png and apng."
)
@click.option(
    "--aspect/--no-aspect", default=True, show_default=True, help="Stretch pixels that are not square to be so."
)
@click.option(
    "--overlay/--no-overlay",
    default=False,
    help="Burn overlay planes in; lay segmentations among the sources over their series.",
)
@click.option(
    "--labels", type=click.Path(), multiple=True, metavar="FILE", help="Label image to lay over, as .nii.gz or .nrrd."
)
@click.option(
    "--presentation", type=click.Path(), multiple=True, metavar="FILE", help="Presentation state (GSPS) to apply."
)
@click.option("--letters/--no-letters", default=False, help="Mark left, right, head, ... at the edges.")
@click.option("--scale-bar/--no-scale-bar", default=False, help="A bar of a round length.")
@click.option(
    "--quality",
    type=click.IntRange(1, 100),
    default=90,
    show_default=True,
    help="Of jpg, webp and mp4; 100 is lossless in webp.",
)
@click.option("--gallery/--no-gallery", default=True, show_default=True, help="index.html, to look through them.")
@click.option(
    "--irregular",
    type=click.Choice(["error", "split", "keep", "resample"]),
    default="keep",
    show_default=True,
    help="Uneven, missing or doubled slices in views of volumes.",
)
def command(**given: Any) -> int:
    """Make pictures of every image below the sources, as a viewer would show it.

    \b
    Open DEST/index.html to look through them.
    Nothing of the patient is in a picture, its metadata or its name; what is burned into the pixels stays.
    """  # noqa: D301 (click wants the control character)
    from convkit.jobs._pictures.pieces import PAGE  # noqa: PLC0415 (keeps --help fast)
    from convkit.jobs.preview import preview  # noqa: PLC0415

    is_told = given["gallery"] and not (given["dry_run"] or given["quiet"] or given["as_json"])
    page = Path(given["output"]) / PAGE
    code = run_job(preview, given | {"bits": int(given["bits"])})
    if is_told and page.is_file():
        say(f"look through them: {page}")
    return code
