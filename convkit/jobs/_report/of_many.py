"""The series of very many files: a table of their headers is made first, aside, and told in place of them.

So the memory of a report is bounded whatever the number of files, as that of an index is.
"""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from convkit.engine.run import Runner
from convkit.jobs._index.build import Job, build
from convkit.jobs._index.paths import absolute
from convkit.jobs._index.rows import Wanted
from convkit.jobs._index.source import Sources, files_of
from convkit.jobs._report.gather import Ask, Gathered
from convkit.jobs._report.of_index import gather_index, index_at
from convkit.tables.pieces import pieces_for
from convkit.tables.unfinished import unfinished_path

MANY = 20_000
"""Files beyond which their headers are not held all at once: these take some 100 MB."""


def many_files(ask: Ask) -> Sources | None:
    """The files of the sources where they are many; None for few, for what comes on standard input, without pyarrow."""
    if "-" in map(str, ask.sources) or ask.redactor is not None or find_spec("pyarrow") is None:
        return None
    found = files_of(ask.sources, ())
    return found if len(found.found.paths) > MANY else None


def gather_many(sources: Sources, ask: Ask, runner: Runner) -> Gathered:
    """The series of many files."""
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
    problems = Counter(found.problems)
    problems.update(problem.code for problem in sources.found.notes)
    return found._replace(problems=dict(sorted(problems.items())))
