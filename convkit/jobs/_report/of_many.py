"""The series of very many files: a table of their headers is made first, aside, and told in place of them.

So the memory of a report is bounded whatever the number of files, as that of an index is.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from convkit.engine.run import Runner
from convkit.jobs._index.build import Job, build
from convkit.jobs._index.paths import absolute
from convkit.jobs._index.rows import Wanted
from convkit.jobs._index.source import files_of
from convkit.jobs._report.gather import Ask, Gathered
from convkit.jobs._report.of_index import gather_index, index_at
from convkit.jobs._report.strays import joined, strays_of
from convkit.tables.pieces import pieces_for
from convkit.tables.unfinished import unfinished_path

MANY = 20_000
"""Files beyond which their headers are not held all at once: these take some 100 MB."""


def listed(ask: Ask) -> Ask:
    """The same with the files of its sources, where a table can stand for them.

    Not for what comes on standard input, under a profile, and without pyarrow.
    """
    if not ask.sources or "-" in map(str, ask.sources) or ask.redactor is not None or find_spec("pyarrow") is None:
        return ask
    return ask._replace(listed=files_of(ask.sources, ()))


def are_many(ask: Ask) -> bool:
    """True for more files than headers are to be held of."""
    return ask.listed is not None and len(ask.listed.found.paths) > MANY


def gather_many(ask: Ask, runner: Runner) -> Gathered:
    """The series of many files, which are `listed`."""
    sources = ask.listed
    assert sources is not None  # noqa: S101 (`are_many` has said so)
    more = ask.selection.keywords if ask.selection else ()
    columns = tuple(dict.fromkeys((*ask.wanted.keywords, *ask.wanted.read, *more)))
    paths = tuple(sorted({absolute(path) for path in sources.found.paths}))
    with TemporaryDirectory(prefix="convkit-") as folder:
        target = Path(folder) / "index.parquet"
        wanted = Wanted(columns, has_headers=True)
        job = Job(target, paths, wanted, pieces_for(target), sources.shelf, None, ())
        build(job, unfinished_path(target), runner, ask.progress)
        stored = index_at(str(target))
        assert stored is not None  # noqa: S101 (it was made here)
        found = gather_index(stored, str(target), ask, runner)
    unlisted = strays_of((problem.code, problem.where) for problem in sources.found.notes)
    return found._replace(strays=joined(unlisted, found.strays))
