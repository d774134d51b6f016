"""One lesson of a whole class, seen with one look: what each wrote that hardly anybody else did, and who shares it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations

from workbook.grading.similarity.fingerprints import Place, Prints, covered, prints
from workbook.grading.similarity.streams import Look, Stream

COMMON_SHARE = 1 / 3
"""What a larger part of the class has is common ground, and says nothing about a pair."""
COMMON_LEAST = 3
"""In a small class: what at most so many learners have is never common ground."""


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

    def likeness(self) -> dict[tuple[int, int], tuple[float, int]]:
        """How alike each two learners are who have a fingerprint in common.

        Returns:
            For each pair, the smaller number first: from 0 to 1, twice what both have, of what either has, where a
            fingerprint weighs the more the fewer learners have it (the logarithm of the class's size over their
            number); and how many fingerprints both have.
        """
        size = len(self.own)
        weights = {value: math.log2((size + 1) / count) for value, count in self._holders.items()}
        totals = [sum(weights[value] for value in found) for found in self.own]
        holders: dict[str, list[int]] = {}
        for learner, found in enumerate(self.own):
            for value in found:
                holders.setdefault(value, []).append(learner)
        weight: defaultdict[tuple[int, int], float] = defaultdict(float)
        count: Counter[tuple[int, int]] = Counter()
        for value, learners in holders.items():
            for pair in combinations(learners, 2):
                weight[pair] += weights[value]
                count[pair] += 1
        # The order of sums differs from run to run, what is said must not.
        return {pair: (round(2 * weight[pair] / (totals[pair[0]] + totals[pair[1]]), 4), count[pair]) for pair in count}

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
