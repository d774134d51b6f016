"""What an instructor chooses for the exports, and what an export gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from workbook.grading.gradebook import Gradebook


class Missing(StrEnum):
    """What is written for a learner who handed nothing in."""

    EMPTY = "empty"
    """No grade: an excuse or a late upload may still come, and an empty cell is easier to fill than a zero to find."""
    ZERO = "zero"


@dataclass(frozen=True)
class Options:
    """The instructor's choices; every one has a default."""

    missing: Missing = Missing.EMPTY
    assignment: str = ""
    """The assignment's title in the school's system; Canvas finds it by the number in ``FastAPI workbook (12345)``.
    Empty: the course's title."""
    per_lesson: bool = False
    """Whether Canvas gets one column for each lesson too."""
    lesson_assignments: Mapping[int, str] = field(default_factory=dict[int, str])
    """For Canvas, the titles of single lessons' assignments, by lesson; others are made from ``assignment``."""
    moodle_worksheet: Path | None = None
    """The offline grading worksheet that was downloaded from Moodle."""
    moodle_headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Headers of a worksheet in another language: keys of ``moodle_worksheet.HEADERS``, and what the sheet says."""
    moodle_user: str = ""
    """How Moodle's gradebook finds people: ``email``, ``username`` or ``idnumber``. Empty: the first of them that
    every learner in the roster has."""
    classroom50: Mapping[str, str] = field(default_factory=dict[str, str])
    """Fields of Classroom 50's result that only its runner knows, such as ``classroom``, ``commit`` or ``release``."""


@dataclass(frozen=True)
class Written:
    """What an export left."""

    files: tuple[Path, ...]
    notes: tuple[str, ...] = ()
    """What the instructor should know, a sentence each."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Who is not in it: the learner's id, and why, without a full stop."""
    failed: tuple[str, ...] = ()
    """Formats that could not be written, each with the reason, in a sentence."""


class Writer(Protocol):
    """Writes one format."""

    def __call__(self, book: Gradebook, folder: Path, options: Options = ..., /) -> Written:
        """Write ``book`` into ``folder``, which exists."""
        ...
