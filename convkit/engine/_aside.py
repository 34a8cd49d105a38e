"""Work of the parent beside its workers, while it has little to do but to hand out their next calls."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Sequence

_log = logging.getLogger(__name__)

_SWITCH_S = 0.0005
"""For how long the work may keep the interpreter from a worker that waits for its next call."""


class Aside:
    """Some work in a thread, done once.

    Parameters
    ----------
    work : sequence of callables
        What makes no difference but to the time: what fails is met again by who needs it.
    """

    def __init__(self, work: Sequence[Callable[[], object]]) -> None:
        self._work = tuple(work)
        self._thread = threading.Thread(target=self._run, name="convkit-aside")
        self._interval = sys.getswitchinterval()
        sys.setswitchinterval(_SWITCH_S)
        self._thread.start()

    def join(self) -> None:
        """Wait until all is done; may be called again."""
        self._thread.join()
        sys.setswitchinterval(self._interval)

    def _run(self) -> None:
        for each in self._work:
            try:
                each()
            except Exception as error:  # noqa: BLE001 (see above)
                _log.debug("work that was done ahead failed (%s)", type(error).__name__)
