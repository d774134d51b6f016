"""What a worker is asked and what it answers, as JSON: the same for a worker on this machine and on a cluster."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from workbook.grading.sandbox.cage import CageLimits
from workbook.grading.submission import Files
from workbook.results import LessonResult, report_from_json

ANSWER_BYTES = 4 * 1024 * 1024
"""A longer answer of a worker is not read."""


@dataclass(frozen=True)
class GradeTask:
    """One lesson of one submission, to be graded."""

    lesson: int
    files: Files
    seed: int
    """Of the random inputs."""
    seconds: float = 120.0
    """For all checks together."""

    def to_json(self) -> dict[str, Any]:
        """The task as a JSON object."""
        return {
            "lesson": self.lesson,
            "files": {name: base64.b64encode(content).decode("ascii") for name, content in self.files.items()},
            "seed": self.seed,
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GradeTask:
        """Read back what ``to_json`` wrote."""
        files = {name: base64.b64decode(content) for name, content in data["files"].items()}
        return cls(data["lesson"], files, data["seed"], data["seconds"])


@dataclass(frozen=True)
class GradeAnswer:
    """What came of a task: a result, or a fault of ours."""

    result: LessonResult | None
    error: str = ""
    """In one line; empty where there is a result."""
    seconds: float = 0.0

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GradeAnswer:
        """Read a worker's answer.

        Raises:
            KeyError, TypeError, ValueError, IndexError: it has another form.
        """
        if data.get("error"):
            return cls(None, str(data["error"])[:500], float(data["seconds"]))
        lessons = report_from_json(data["report"]).lessons
        return cls(lessons[0], "", float(data["seconds"]))


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker needs to know before its first task."""

    root: str
    """The course's folder, as the worker sees it."""
    lessons: tuple[int, ...]
    sandbox: bool
    """Whether each service is closed in a cage; False only where the instructor chose ``--sandbox none``."""
    hidden: str = ""
    """The folder with the instructor's own checks, as the worker sees it; empty where there is none."""
    limits: CageLimits = field(default_factory=CageLimits)

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return {
            "root": self.root,
            "lessons": list(self.lessons),
            "sandbox": self.sandbox,
            "hidden": self.hidden,
            "limits": self.limits.to_json(),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> WorkerSettings:
        """Read back what ``to_json`` wrote."""
        return cls(
            data["root"], tuple(data["lessons"]), data["sandbox"], data["hidden"], CageLimits(**data["limits"])
        )
