"""How a cluster fails us."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager

from convkit._version import __version__
from convkit.errors import EngineError
from convkit.model.notes import CODES


def check_loss(error: Exception) -> None:
    """See that items were lost with their workers; all else ends the run."""
    if type(error).__name__ == "KilledWorker":
        return
    if isinstance(error, (OSError, TimeoutError, CancelledError)):
        raise gone() from error
    raise cannot_load(error) from error


def cannot_load(error: Exception) -> EngineError:
    """A worker lacks us, or something that we need."""
    what = f"A worker of the cluster cannot load convkit {__version__} ({type(error).__name__})."
    return EngineError(what, "", CODES["cluster.mismatch"].hint, "cluster.mismatch")


@contextmanager
def asking() -> Iterator[None]:
    """Call Dask; whatever goes wrong between us and the scheduler ends the run."""
    try:
        yield
    except (OSError, TimeoutError, CancelledError, RuntimeError) as err:
        raise gone() from err


def gone() -> EngineError:
    """The scheduler is lost."""
    known = CODES["cluster.lost"]
    return EngineError(known.meaning, "", known.hint, "cluster.lost")


def unfit(term: str, found: str) -> EngineError:
    """Why a worker cannot work for us."""
    if term == "version":
        what = f"A worker of the cluster has convkit {found}, and this is {__version__}."
        return EngineError(what, "", CODES["cluster.mismatch"].hint, "cluster.mismatch")
    known = CODES["cluster.not-shared"]
    what = "A worker of the cluster does not see the folder in which this command runs."
    return EngineError(known.meaning if term == "witness" else what, "", known.hint, "cluster.not-shared")
