"""One lesson of a whole class, seen with one look: what each wrote that hardly anybody else did, and who shares it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from workbook.grading.similarity.fingerprints import Place, Prints, covered, prints
from workbook.grading.similarity.streams import Look, Stream

COMMON_SHARE = 1 / 3
"""What a larger part of the class has is common ground, and says nothing about a pair."""
COMMON_LEAST = 3
"""In a small class: what at most so many learners have is never common ground."""
_COLUMNS = 20_000
"""Fingerprints that are counted at a time, to bound the memory."""


class Classwork:
    """The fingerprints of a class in one look, without what was handed out and without common ground."""

    def __init__(self, look: Look, works: Sequence[Sequence[Stream]], given: Sequence[Sequence[Stream]]) -> None:
        """Take the fingerprints.

        Args:
            look: what is looked at.
            works: each learner's streams.
            given: streams of texts that everybody has, or is expected to write.
        """
        self._look = look
        ground = {value for streams in given for value in prints(streams, look)}
        own: list[Prints] = []
        for streams in works:
            found = prints(streams, look)
            own.append({value: places for value, places in found.items() if value not in ground})
        self._holders = Counter(value for found in own for value in found)
        most = max(COMMON_LEAST, len(works) * COMMON_SHARE)
        self.own: list[Prints] = [
            {value: places for value, places in found.items() if self._holders[value] <= most} for found in own
        ]
        """Of each learner."""

    def likeness(self) -> tuple[Any, Any]:
        """How alike each two learners are, as two square arrays.

        The first is from 0 to 1: twice what both have, of what either has, where a fingerprint weighs the more the
        fewer learners have it (the logarithm of the class's size over their number). The second counts the
        fingerprints that both have.
        """
        numpy: Any = import_module("numpy")
        size = len(self.own)
        weights = {value: math.log2((size + 1) / count) for value, count in self._holders.items()}
        totals = numpy.array([sum(weights[value] for value in found) for found in self.own])
        shared = numpy.zeros((size, size), numpy.float32)
        count = numpy.zeros((size, size), numpy.float32)
        for columns in self._columns():
            has = numpy.zeros((size, len(columns)), numpy.float32)
            for row, found in enumerate(self.own):
                has[row, [columns[value] for value in found.keys() & columns.keys()]] = 1
            count += has @ has.T
            has *= numpy.sqrt(numpy.array([weights[value] for value in columns], numpy.float32))
            shared += has @ has.T
        likeness = 2 * shared / numpy.maximum(totals[:, None] + totals[None, :], 1e-9)
        return likeness.round(4), count  # the order of sums differs from run to run, what is said must not

    def _columns(self) -> Iterator[dict[int, int]]:
        """Fingerprints that more than one learner has, with their places in a table."""
        values = sorted({value for found in self.own for value in found if self._holders[value] > 1})
        for start in range(0, len(values), _COLUMNS):
            yield {value: place for place, value in enumerate(values[start : start + _COLUMNS])}

    def shared(self, left: int, right: int) -> list[tuple[list[Place], list[Place]]]:
        """Where the fingerprints of two learners stand that both have."""
        one, other = self.own[left], self.own[right]
        return [(one[value], other[value]) for value in sorted(one.keys() & other.keys())]

    def share(self, learner: int, other: int) -> float:
        """How much of a learner's own text the other one has, from 0 to 1."""
        own = self.own[learner]
        places = [place for value in own.keys() & self.own[other].keys() for place in own[value]]
        whole = covered([place for found in own.values() for place in found], self._look)
        return covered(places, self._look) / whole if whole else 0.0
