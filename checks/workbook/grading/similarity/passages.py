"""The lines that two texts have in common, from the fingerprints that they share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from workbook.grading.similarity.fingerprints import RUN, Place
from workbook.grading.similarity.pairs import Fragment
from workbook.grading.similarity.streams import Look, Stream

MOST = 40
"""Passages of one pair that are shown: the longest ones."""
_REPEATS = 8
"""Of a fingerprint that stands in many places, so many on each side are paired."""
_APART = 2
"""Passages with at most so many lines between them, on both sides, are one."""

Match = tuple[Place, Place]


def matches(shared: Iterable[tuple[Sequence[Place], Sequence[Place]]]) -> Iterator[Match]:
    """Every place on the left with every place on the right that has the same fingerprint."""
    for left, right in shared:
        yield from ((one, other) for one in left[:_REPEATS] for other in right[:_REPEATS])


def fragments(left: Sequence[Stream], right: Sequence[Stream], found: Iterable[Match], look: Look) -> list[Fragment]:
    """The passages which matches of one look make, in lines."""
    runs: dict[tuple[int, int, int], list[int]] = {}
    for (left_stream, left_start), (right_stream, right_start) in found:
        runs.setdefault((left_stream, right_stream, right_start - left_start), []).append(left_start)
    made: list[Fragment] = []
    for (left_stream, right_stream, shift), starts in runs.items():
        one, other = left[left_stream], right[right_stream]
        for first, last in _stretches(sorted(starts), RUN[look]):
            left_lines = one.lines[first], one.lines[last]
            right_lines = other.lines[first + shift], other.lines[last + shift]
            made.append(Fragment(one.file, *left_lines, other.file, *right_lines))
    return made


def _stretches(starts: Sequence[int], run: int) -> Iterator[tuple[int, int]]:
    """First and last token of each stretch that runs of tokens cover without a gap."""
    first = last = starts[0]
    for start in starts[1:]:
        if start > last + run:
            yield first, last + run - 1
            first = start
        last = start
    yield first, last + run - 1


def readable(found: Iterable[Fragment]) -> tuple[Fragment, ...]:
    """Passages as a person wants them: neighbours joined, each line in one of them, in the order of the left text."""
    joined: list[Fragment] = []
    for part in sorted(found, key=lambda part: (part.left_file, part.right_file, part.left_start, part.right_start)):
        before = joined[-1] if joined else None
        if before is not None and _goes_on(before, part):
            joined[-1] = replace(
                before,
                left_end=max(before.left_end, part.left_end),
                right_end=max(before.right_end, part.right_end),
            )
        else:
            joined.append(part)
    kept: list[Fragment] = []
    for part in sorted(joined, key=lambda part: part.left_start - part.left_end):
        if len(kept) < MOST and not any(_within(part, other) for other in kept):
            kept.append(part)
    return tuple(sorted(kept, key=lambda part: (part.left_file, part.left_start, part.right_file, part.right_start)))


def _goes_on(before: Fragment, part: Fragment) -> bool:
    return (
        (before.left_file, before.right_file) == (part.left_file, part.right_file)
        and part.left_start <= before.left_end + 1 + _APART
        and before.right_start <= part.right_start <= before.right_end + 1 + _APART
    )


def _within(part: Fragment, other: Fragment) -> bool:
    """Whether the lines of one side lie in another, longer passage: a line is shown with one partner, the best."""
    return (
        part.left_file == other.left_file and other.left_start <= part.left_start and part.left_end <= other.left_end
    ) or (
        part.right_file == other.right_file
        and other.right_start <= part.right_start
        and part.right_end <= other.right_end
    )
