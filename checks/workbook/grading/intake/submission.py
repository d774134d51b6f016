"""One learner's work as it was handed in: only the files that a learner may change, and nothing that was run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

Files = Mapping[str, bytes]
"""The files of one lesson: the path inside ``lesson_NN``, with ``/`` between its parts, and the content."""


@dataclass(frozen=True)
class Submission:
    """What one learner handed in, read completely and within limits."""

    id: str
    """The learner's id, from the name of the folder or archive."""
    source: str
    """The name of the folder or archive itself."""
    lessons: Mapping[int, Files] = field(default_factory=dict[int, Files])
    """The lessons that were handed in."""
    notes: tuple[str, ...] = ()
    """For the instructor: what was ignored though it differs from ours."""
    problem: str = ""
    """Why the upload is invalid, in one sentence; then ``lessons`` is empty."""
    problems: Mapping[int, str] = field(default_factory=dict[int, str])
    """Why a lesson of a valid upload cannot be taken, in one sentence; it is not among ``lessons`` then."""
    handed_in_at: datetime | None = None
    """When, as far as one can tell: the newest change inside, with a time zone."""
    lessons_at: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    """The same for each lesson, where more is known than when the whole came in."""

    def lesson_at(self, lesson: int) -> datetime | None:
        """When a lesson was handed in."""
        return self.lessons_at.get(lesson, self.handed_in_at)

    def digest(self, lesson: int) -> str:
        """A hash of one lesson's files, whatever they came in; the same work has the same digest."""
        return digest_of(self.lessons[lesson])


def digest_of(files: Files) -> str:
    """A SHA-256 over names and contents, in the order of the names."""
    total = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode("utf-8", "surrogateescape"), files[name]):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()
