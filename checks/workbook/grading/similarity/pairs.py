"""Two submissions with much text in common: what the search for similar work hands to the report.

A pair accuses nobody. It says which two texts a person may want to read side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fragment:
    """A stretch of lines that both texts have; line numbers count from 1, and both ends belong to it."""

    left_file: str
    left_start: int
    left_end: int
    right_file: str
    right_start: int
    right_end: int


@dataclass(frozen=True)
class SimilarPair:
    """One lesson of two learners, and what it has in common."""

    lesson: int
    left: str
    """The id of one learner."""
    right: str
    """The id of the other one."""
    share_left: float
    """How much of the left learner's own text is in the fragments, from 0 to 1; the starter's text does not count."""
    share_right: float
    fragments: tuple[Fragment, ...]
    left_files: Mapping[str, str] = field(default_factory=dict[str, str])
    """The left learner's texts by their path inside the lesson."""
    right_files: Mapping[str, str] = field(default_factory=dict[str, str])
