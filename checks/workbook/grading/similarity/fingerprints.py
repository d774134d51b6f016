"""Fingerprints of streams, by copydetect: a hash of each run of tokens, as MOSS takes them.

copydetect's tokeniser, boilerplate list and comparison of pairs are not used: the tokeniser counts letters and keeps
docstrings, the boilerplate list also drops an own fingerprint that occurs twice, and the comparison cannot know how
usual a fingerprint is in a class. The window is 1, so that every fingerprint is kept: a wider one chooses among
Python's hashes, which differ from run to run, and two runs would tell two stories.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from workbook.course import CourseError
from workbook.grading.similarity.streams import Look, Stream

RUN = {Look.STRUCTURE: 16, Look.WORDS: 10}
"""Tokens of one fingerprint: about three lines without names, about one and a half with them."""

Place = tuple[int, int]
"""Where a fingerprint begins: the number of the stream, and of the token in it."""
Prints = dict[int, list[Place]]
"""Fingerprints with the places where they occur."""


@cache
def library() -> Any:
    """The functions of copydetect.

    Raises:
        CourseError: it is not installed.
    """
    try:
        return import_module("copydetect.utils")
    except ImportError:
        raise CourseError(
            "Looking for similar work needs the library copydetect: .venv/bin/uv pip install copydetect installs it."
        ) from None


def prints(streams: Sequence[Stream], look: Look) -> Prints:
    """Every fingerprint of one learner's streams."""
    found: Prints = {}
    for number, stream in enumerate(streams):
        _, places = library().get_document_fingerprints(stream.signs, RUN[look], 1)
        for value, starts in places.items():
            found.setdefault(int(value), []).extend((number, int(start)) for start in starts)
    return found


def covered(places: Iterable[Place], look: Look) -> int:
    """How many tokens the fingerprints at these places cover."""
    starts: dict[int, list[int]] = {}
    for number, start in places:
        starts.setdefault(number, []).append(start)
    total = 0
    for found in starts.values():
        first, last = library().get_copied_slices(found, RUN[look])
        total += int((last - first).sum())
    return total
