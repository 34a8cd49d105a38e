"""scan: what is in some sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from convkit.dicom.columns import shown
from convkit.engine.run import runner_of
from convkit.jobs._redaction import redactor_of
from convkit.jobs._sources import Progress, Source, flat
from convkit.jobs._where import COUNTED
from convkit.jobs._where import where as checked_where
from convkit.jobs.collection import Collection, collect


def scan(  # noqa: PLR0913 (one parameter an option of the command)
    *sources: Source | Iterable[Source],
    where: str | None = None,
    columns: Sequence[str] = (),
    profile: str | None = None,
    key: Source | None = None,
    mapping: Source | None = None,
    jobs: int | None = None,
    cluster: Source | None = None,
    typed_in: Iterable[str] = (),
    progress: Progress | None = None,
) -> Collection:
    """Read the headers of all DICOM files below the sources.

    Parameters
    ----------
    *sources : path or several
        Files, folders (to any depth), archives, ``archive!/member``, ``archive!/folder``, URLs of object storage,
        ``@list.txt``, ``-`` with the paths in `typed_in`, or a table of files: what `convkit.save_index` has saved,
        whose headers are not read again.
    where : str or None
        Expression that an instance must satisfy, for example ``Modality == "CT" and instances > 20``.
    columns : DICOM keywords, private elements, paths into sequences
        What to read beside the core attributes: ``KVP``, ``(0019,"SIEMENS MR HEADER",0C)``,
        ``RadiopharmaceuticalInformationSequence/RadionuclideTotalDose``.
    profile, key, mapping
        As in `convkit.deidentify`: all that tables hold is what the profile leaves, and `path` is that of the copy that
        `deidentify` makes. `where` asks the originals, and so do the headers of the collection.
    jobs : int or None
        Worker processes; None takes one a CPU. On a cluster, the most items under way at once; None keeps all busy.
    cluster : str, path or None
        Address of a Dask scheduler, such as ``tcp://head:8786``, or its scheduler file: its workers do the work, on a
        file system that they share with us. Needs the extra ``cluster``.
    typed_in : lines
        Paths that came on standard input.
    progress : callable or None

    Raises
    ------
    InputError
        A source does not exist.
    UsageError
        The expression or a column is not understood; a mistake in the profile, and nothing was read.
    EngineError
        The cluster does not answer, has another version of convkit, or is lost on the way.
    """
    redactor = redactor_of(profile, key, mapping)
    selection = checked_where(where) if where else None
    with runner_of(jobs, cluster) as runner:
        keywords = tuple(dict.fromkeys(shown(column).keyword for column in columns))
        return collect(flat(sources), runner, selection, keywords, typed_in, progress, redactor=redactor)


def is_selected_in_pieces(where: str | None) -> bool:
    """True where an expression judges each instance by itself: it does not count those of a series.

    Raises
    ------
    UsageError
        It is not understood.
    """
    return not where or not COUNTED.intersection(checked_where(where).names)
