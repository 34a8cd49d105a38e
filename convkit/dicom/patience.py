"""Whether it pays to remember more: what is remembered in vain costs, and what comes may be of another kind."""

from __future__ import annotations

_START = 32.0
"""Gains that are advanced."""

_MOST = 1000.0
"""Gains beyond this are not counted, so that it is noticed within as many files when they end."""


class Patience:
    """A balance of what remembering has cost and gained.

    Parameters
    ----------
    price : float
        What it costs to remember one file, in what is gained by one that is like others.
    """

    def __init__(self, price: float) -> None:
        self._price = price
        self._balance = _START

    def gain(self) -> None:
        """A file was like others."""
        self._balance = min(self._balance + 1, _MOST)

    def may_learn(self) -> bool:
        """True where a file that was like none is to be remembered, which is paid for; now and then in any case."""
        if self._balance < self._price:
            self._balance += self._price / 10  # so that one in ten is remembered, until it pays again
            return False
        self._balance -= self._price
        return True
