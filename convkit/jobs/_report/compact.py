"""Facts in little memory: what many series have alike is held once, also on its way between processes.

Of 100,000 series that are one image each, this is the difference between 150 MB and 600 MB.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from convkit.jobs._report.facts import SeriesFacts


class Row(Mapping[str, Any]):
    """A mapping whose names are held once for all rows."""

    __slots__ = ("names", "values_of")

    def __init__(self, names: tuple[str, ...], values_of: tuple[Any, ...]) -> None:
        self.names = names
        self.values_of = values_of

    def __getitem__(self, name: str) -> Any:
        return self.values_of[_places(self.names)[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in _places(self.names)


@cache
def _places(names: tuple[str, ...]) -> dict[str, int]:
    return {name: place for place, name in enumerate(names)}


def compact(facts: Iterable[SeriesFacts]) -> tuple[SeriesFacts, ...]:
    """The same facts, in which equal values are one object."""
    pool = _Pool()
    return tuple(pool.facts(one) for one in facts)


class _Pool:
    """Objects by their value."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}

    def facts(self, one: SeriesFacts) -> SeriesFacts:
        names = ("study", "person", "title", "scanner", "matrix", "spacing", "joined", "day", "unfit")
        alike = {name: self.value(getattr(one, name)) for name in names}
        member, trace = one.member, one.trace
        return one._replace(
            **alike,
            rank=(self.value(one.rank[0]), *one.rank[1:]),
            cells=self.row(one.cells),
            row=self.row(one.row),
            tallies=self.row({name: self.row(counts) for name, counts in one.tallies.items()}),
            member=member._replace(
                modality=self.value(member.modality),
                protocol=self.value(member.protocol),
                part=self.value(member.part),
                way=self.value(member.way),
                values=self.row(member.values),
            ),
            trace=trace._replace(
                image_type=self.value(trace.image_type),
                sop_class=self.value(trace.sop_class),
                description=self.value(trace.description),
            ),
        )

    def row(self, given: Mapping[str, Any]) -> Row:
        """A mapping, one object with all that are equal."""
        names = self.value(tuple(given))
        values = tuple(map(self.value, given.values()))
        key = (names, tuple(map(id, values)))  # equal values are one object by now
        found: Row = self._known.setdefault(key, Row(names, values))
        return found

    def value(self, value: Any) -> Any:
        """A value, one object with all that are equal and of one type."""
        kind = type(value)
        if value is None or kind is Row:
            return value
        if kind is list or kind is tuple:  # with the types of what is in it: 1 and 1.0 are equal, and not the same
            return self._known.setdefault((kind, *value, *map(type, value)), value)
        return self._known.setdefault((kind, value), value)
