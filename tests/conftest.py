"""Settings of all tests: deterministic properties, and where the large data lie."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pydicom import config

config.settings.reading_validation_mode = config.IGNORE  # builders make broken headers on purpose

REPOSITORY = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("CONVKIT_DATA", REPOSITORY.parent / "shared" / "data"))

if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
):  # begun in the background by a shell: what we start must hear Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile(
    "convkit",
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("convkit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of clusters last: the client leaves a thread behind, and beside threads workers are not forked."""
    items.sort(key=lambda item: item.path.stem in {"test_dask", "test_cluster"})


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Folder of the shared real data ($CONVKIT_DATA); the test is skipped where it is absent."""
    if not DATA.is_dir():
        pytest.skip(f"no shared data at {DATA} (set CONVKIT_DATA)")
    return DATA
