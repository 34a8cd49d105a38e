"""`convkit deid`."""

from __future__ import annotations

from typing import Any

import click

from convkit.cli.console import run_job
from convkit.cli.options import common, with_key, writing


def _explain(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None or ctx.resilient_parsing:
        return
    from convkit.deid.profile import Profile  # noqa: PLC0415 (keeps --help fast)

    click.echo(Profile.load(ctx.params["profile"]).explain(value))
    ctx.exit()


def _list(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 (click calls it)
    if not value or ctx.resilient_parsing:
        return
    from convkit.deid.profile import available  # noqa: PLC0415 (as above)

    width = max(map(len, available()))
    for name, about in available().items():
        click.echo(f"{name:<{width}}  {about}")
    ctx.exit()


def _diff(ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None or ctx.resilient_parsing:
        return
    from convkit.deid.profile import Profile, difference  # noqa: PLC0415 (as above)

    for line in difference(Profile.load(ctx.params["profile"]), Profile.load(value)):
        click.echo(line)
    ctx.exit()


def _schema(ctx: click.Context, _param: click.Parameter, value: bool) -> None:  # noqa: FBT001 (click calls it)
    if not value or ctx.resilient_parsing:
        return
    import json  # noqa: PLC0415

    from convkit.deid.profile_schema import ProfileSchema  # noqa: PLC0415 (as above)

    click.echo(json.dumps(ProfileSchema.model_json_schema(), indent=1))
    ctx.exit()


@click.command("deid", short_help="Write copies without what identifies.")
@click.option(
    "--profile",
    default="basic",
    show_default=True,
    metavar="NAME[+OPTION...]|FILE",
    is_eager=True,
    help="What becomes of each attribute: basic+dates+patient, tcia, research, own.toml; see --list-profiles.",
)
@common(has_output=True)
@writing(has_names=False)
@with_key()
@click.option(
    "--pixels",
    type=click.Choice(["refuse", "regions", "ocr", "allow"]),
    help="Text in pixels: refuse what may have some; blank known regions; look for text and blank it; do nothing. "
    "As the profile has it, if left out.",
)
@click.option("--devices", type=click.Path(), metavar="FILE", help="TOML with regions to blank, by device.")
@click.option("--audit", type=click.Path(), metavar="FILE", help="A line of JSON for each element that was changed.")
@click.option("--uid-root", default="2.25", show_default=True, metavar="ROOT", help="Root of new UIDs.")
@click.option(
    "--dicomdir/--no-dicomdir",
    default=False,
    help="Write a new DICOMDIR over the copies, and give files the names that media need.",
)
@click.option(
    "--explain", metavar="KEYWORD", callback=_explain, expose_value=False, help="Say what becomes of it, and leave."
)
@click.option(
    "--list-profiles", is_flag=True, callback=_list, expose_value=False, is_eager=True, help="Name them, and leave."
)
@click.option(
    "--diff", metavar="PROFILE", callback=_diff, expose_value=False, help="Tell two profiles apart, and leave."
)
@click.option(
    "--schema",
    is_flag=True,
    callback=_schema,
    expose_value=False,
    is_eager=True,
    help="JSON schema of profiles, and leave.",
)
def command(**given: Any) -> int:
    """Write copies of all DICOM files without what identifies a person, by a profile.

    What cannot be cleaned is refused and listed. With a key, the same person gets the same code on any machine and day;
    without one, nobody can ever repeat it.
    """
    from convkit.jobs.deid import deidentify  # noqa: PLC0415 (keeps --help fast)

    return run_job(deidentify, given)
