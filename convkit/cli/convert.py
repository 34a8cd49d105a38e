"""`convkit convert`."""

from __future__ import annotations

from typing import Any

import click

from convkit.cli.console import run_job
from convkit.cli.options import common, redacting, writing


@click.command("convert", short_help="Convert series to volumes.")
@common(has_output=True)
@writing()
@redacting()
@click.option("--to", default="nii.gz", show_default=True, help="nii.gz, nii, nrrd, mha, npy or npz.")
@click.option(
    "--values",
    type=click.Choice(["auto", "stored", "rescaled"]),
    default="auto",
    show_default=True,
    help="auto keeps stored integers with slope and intercept where the format has them.",
)
@click.option("--dtype", default="auto", show_default=True, help="auto or a NumPy type; never a lossy cast.")
@click.option(
    "--orient",
    default="native",
    show_default=True,
    metavar="native|RAS|LPS|...",
    help="Where columns, rows and slices run to.",
)
@click.option(
    "--irregular",
    type=click.Choice(["error", "split", "keep", "resample"]),
    default="error",
    show_default=True,
    help="Uneven, missing or doubled slices: refuse, cut into even runs, write as they are, or interpolate.",
)
@click.option(
    "--tilt",
    type=click.Choice(["keep", "resample", "error"]),
    default="keep",
    show_default=True,
    help="Sheared slices (gantry tilt): exact sheared affine, upright by interpolation, or refuse.",
)
@click.option(
    "--philips",
    type=click.Choice(["precise", "display"]),
    default="precise",
    show_default=True,
    help="Values of Philips MR: comparable between series, or as the console shows them.",
)
@click.option(
    "--sidecar",
    type=click.Choice(["bids", "full", "none"]),
    default="bids",
    show_default=True,
    help="JSON beside each volume.",
)
@click.option("--keep", default="", metavar="K,K", help="Further DICOM keywords for the sidecar.")
@click.option(
    "--memory",
    metavar="SIZE",
    help="For all workers together, e.g. 8G; larger volumes take a temporary file [four fifths of the machine's].",
)
def command(**given: Any) -> int:
    """Convert every volume below the sources.

    \b
    SOURCE is a file, a folder (searched to any depth), @list.txt, or - for paths on standard input.
    Run the same command again to go on after an interruption.
    """  # noqa: D301 (click wants the control character)
    from convkit.jobs.convert import convert  # noqa: PLC0415 (keeps --help fast)

    return run_job(convert, given)
