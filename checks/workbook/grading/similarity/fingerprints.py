"""Fingerprints of streams: each run of so many tokens, as MOSS takes them, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from workbook.grading.similarity.streams import Look, Stream

RUN = {Look.STRUCTURE: 16, Look.WORDS: 10}
"""Tokens of one fingerprint: about three lines without names, about one and a half with them."""

Place = tuple[int, int]
"""Where a fingerprint begins: the number of the stream, and of the token in it."""
Prints = dict[str, list[Place]]
"""Fingerprints, each the signs of its tokens, with the places where they occur."""


def prints(streams: Sequence[Stream], look: Look) -> Prints:
    """Every fingerprint of one learner's streams."""
    run = RUN[look]
    found: Prints = {}
    for number, stream in enumerate(streams):
        for start in range(len(stream.signs) - run + 1):
            found.setdefault(stream.signs[start : start + run], []).append((number, start))
    return found


def covered(places: Iterable[Place], look: Look) -> int:
    """How many tokens the fingerprints at these places cover."""
    return len({(number, token) for number, start in places for token in range(start, start + RUN[look])})
