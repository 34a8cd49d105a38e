"""convert: series to volumes, volumes to files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from convkit.engine.imports import import_large
from convkit.engine.limits import memory_of
from convkit.engine.outcome import Report
from convkit.engine.run import runner_of
from convkit.jobs._choices import Exists, checked_dtype, chosen, keywords_of
from convkit.jobs._convert_options import ConvertOptions
from convkit.jobs._destination import rooted
from convkit.jobs._headers import read_headers
from convkit.jobs._names import template
from convkit.jobs._redaction import redactor_of
from convkit.jobs._sources import Progress, Source, destination, flat
from convkit.jobs._where import where as checked_where
from convkit.quirks import PhilipsValues, ValueChoices
from convkit.series.choices import Irregular, Tilt, Values
from convkit.series.options import LoadOptions, StackOptions
from convkit.writers import NATIVE, WRITERS, SidecarKind, WriteOptions, writer_for

DEFAULT_NAME = "{study}/{SeriesNumber:03d}_{SeriesDescription}{split}"


def convert(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    output: Source | None = None,
    to: str = "nii.gz",
    values: str = "auto",
    dtype: str = "auto",
    orient: str = NATIVE,
    irregular: str = "error",
    tilt: str = "keep",
    philips: str = "precise",
    sidecar: str = "bids",
    keep: Sequence[str] = (),
    where: str | None = None,
    filename: str | None = None,
    phi_in_names: bool = False,
    profile: str | None = None,
    key: Source | None = None,
    mapping: Source | None = None,
    jobs: int | None = None,
    cluster: Source | None = None,
    memory: str | int | None = None,
    dry_run: bool = False,
    exists: str = "skip",
    strict: bool = False,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Convert every volume below the sources.

    ``convert("incoming/", "out/")`` works too: without `output` the last source is the destination.

    Parameters
    ----------
    *sources : path or several
        Files, folders (to any depth), archives, ``archive!/member``, URLs of object storage, ``@list.txt``, or ``-``
        with the paths in `typed_in`.
    output : path
        Folder for the results, made where missing; or a URL of object storage.
    to : {"nii.gz", "nii", "nrrd", "mha", "npy", "npz"}
    values : {"auto", "stored", "rescaled"}
        auto: stored integers with slope and intercept where the format carries them, real values elsewhere.
    dtype : str
        ``auto`` or the type of the voxels; never a lossy cast.
    orient : str
        ``native`` or three letters such as ``RAS``: where columns, rows and slices run to.
    irregular : {"error", "split", "keep", "resample"}
        For uneven, missing or doubled slices.
    tilt : {"keep", "resample", "error"}
        For sheared slices.
    philips : {"precise", "display"}
        Which values Philips MR images get: comparable between series, or as the console shows them.
    sidecar : {"bids", "full", "none"}
    keep : DICOM keywords
        Further attributes for the sidecar.
    where : str or None
        Expression that an instance must satisfy.
    filename : str or None
        Name template, see `docs/reference.md`.
    phi_in_names : bool
        Allow fields that may identify a person in names.
    profile : str or None
        De-identification profile that names, sidecars and all texts obey; as in `convkit.deidentify`, like the next
        two. Voxels and their place never change by it, and nobody looks for text in pixels.
    key : path or None
    mapping : path or None
    jobs : int or None
        Worker processes; None takes one a CPU. On a cluster, the most items under way at once; None keeps all busy.
    cluster : str, path or None
        Address of a Dask scheduler, such as ``tcp://head:8786``, or its scheduler file: its workers do the work, on a
        file system that they share with us. Needs the extra ``cluster``.
    memory : str, int or None
        Memory for all workers together, in bytes or as ``8G``; None takes four fifths of the machine's. A volume that
        would take more than its worker's part (2.5 times its size) lies in a temporary file while it is converted. On a
        cluster for each worker; None holds all there.
    dry_run : bool
        Plan and report, write nothing.
    exists : {"skip", "error", "overwrite"}
    strict : bool
        Warnings spoil the exit code.
    typed_in : lines
        Paths that came on standard input.
    progress : callable or None

    Returns
    -------
    report : Report
        `.outcomes`, `.ok`, `.exit_code`.

    Raises
    ------
    UsageError
        A wrong option, or a mistake in the profile; nothing was read.
    InputError
        A source does not exist.
    OutputError
        The destination cannot be used.
    EngineError
        The cluster does not answer, has another version of convkit, or is lost on the way.
    """
    given = flat(sources)
    output = destination(output, given, [suffix for one in WRITERS.values() for suffix in one.suffixes])
    redactor = redactor_of(profile, key, mapping, root=output, is_dry=dry_run)
    choices = ValueChoices(chosen(PhilipsValues, philips, "--philips"))
    options = ConvertOptions(
        to=writer_for(to).name,
        stack=StackOptions(chosen(Irregular, irregular, "--irregular"), chosen(Tilt, tilt, "--tilt"), choices),
        load=LoadOptions(chosen(Values, values, "--values"), checked_dtype(dtype), keywords_of(keep), choices),
        write=WriteOptions(
            orient if orient == NATIVE else str(orient).upper(), chosen(SidecarKind, sidecar, "--sidecar")
        ),
        exists=chosen(Exists, exists, "--exists"),
        memory=None if memory is None else memory_of(memory),
        name=template(
            filename or DEFAULT_NAME,
            phi_in_names=phi_in_names,
            must_hold=("split",),
            keeps=None if redactor is None else redactor.keeps,
        ),
        dry_run=dry_run,
        strict=strict,
    )
    selection = checked_where(where) if where else None
    with runner_of(jobs, cluster) as runner:
        # NumPy and what makes volumes take as long to import as thousands of headers to read.
        for name in ("convkit.jobs._conversion", f"convkit.writers.{writer_for(to).home}"):
            runner.meanwhile(partial(import_large, name))
        asked = (*options.load.keep, *options.name.keywords, *(selection.keywords if selection else ()))
        read = read_headers(given, runner, asked, typed_in, progress)
        from convkit.jobs._conversion import converted, planned  # noqa: PLC0415 (NumPy and all)
        from convkit.jobs.collection import collection_of  # noqa: PLC0415

        collection = collection_of(read, runner, selection, progress, redactor)
        plan = planned(collection, options, redactor)
        runner.ready()
        with rooted(output, is_dry=dry_run) as root:
            return converted(plan, root, options, runner, progress)
