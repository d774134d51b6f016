"""What a worker is asked and what it answers, as JSON: the same for a worker on this machine and on a cluster."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from workbook.course.results import LessonResult, Report, Verdict, report_from_json
from workbook.grading.intake.submission import Files
from workbook.grading.sandbox.limits import SandboxLimits

ANSWER_BYTES = 4 * 1024 * 1024
"""A longer answer of a worker is not read."""


@dataclass(frozen=True)
class GradeTask:
    """One lesson of one submission, to be graded."""

    lesson: int
    files: Files
    seed: int
    """Of the random inputs."""
    seconds: float = 60.0
    """For everything: starts, checks, a second try."""
    twice: bool = False
    """Whether it is graded a second time whatever the first verdict is."""
    exercises: tuple[str, ...] = ()
    """Those to grade; all of them where there are none."""

    def to_json(self) -> dict[str, Any]:
        """The task as a JSON object."""
        return {
            "lesson": self.lesson,
            "files": _encoded(self.files),
            "seed": self.seed,
            "seconds": self.seconds,
            "twice": self.twice,
            "exercises": list(self.exercises),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GradeTask:
        """Read back what ``to_json`` wrote."""
        files, exercises = _decoded(data["files"]), tuple(data["exercises"])
        return cls(data["lesson"], files, data["seed"], data["seconds"], data["twice"], exercises)


@dataclass(frozen=True)
class GradeAnswer:
    """What came of a task: a result, or a fault of ours."""

    result: LessonResult | None
    error: str = ""
    """In one line; empty where there is a result."""
    unstable: tuple[str, ...] = ()
    """Exercises that got another verdict on a second try."""
    seconds: float = 0.0
    seed: int = 0
    """Of the random inputs: what repeats the run."""

    @property
    def is_final(self) -> bool:
        """Whether this is a result that no fault of ours stands in."""
        exercises = self.result.exercises if self.result else ()
        return self.result is not None and all(entry.verdict is not Verdict.CHECK_ERROR for entry in exercises)

    def to_json(self) -> dict[str, Any]:
        """The answer as a JSON object."""
        report = Report("lessons", self.seed, (self.result,)).to_json() if self.result else None
        return {"report": report, "error": self.error, "unstable": list(self.unstable), "seconds": self.seconds}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GradeAnswer:
        """Read a worker's answer.

        Raises:
            KeyError, TypeError, ValueError, IndexError: it has another form.
        """
        seconds, unstable = float(data["seconds"]), tuple(str(entry) for entry in data.get("unstable", ()))
        if data.get("error"):
            return cls(None, str(data["error"])[:500], unstable, seconds)
        report = report_from_json(data["report"])
        return cls(report.lessons[0], "", unstable, seconds, report.seed)


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker needs to know before its first task."""

    root: str
    """The course's folder, as the worker sees it."""
    lessons: tuple[int, ...]
    sandbox: bool
    """Whether each service runs in a jail; False only where the instructor chose another sandbox."""
    hidden: Files = field(default_factory=dict[str, bytes])
    """The instructor's own checks, by ``lesson_NN/test_M_words.py``."""
    limits: SandboxLimits = field(default_factory=SandboxLimits)
    reduced: bool = False
    """Whether each service is closed in without namespaces; see ``sandbox/reduced.py``."""

    def to_json(self) -> dict[str, Any]:
        """The settings as a JSON object."""
        return {
            "root": self.root,
            "lessons": list(self.lessons),
            "sandbox": self.sandbox,
            "hidden": _encoded(self.hidden),
            "limits": self.limits.to_json(),
            "reduced": self.reduced,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> WorkerSettings:
        """Read back what ``to_json`` wrote."""
        hidden, limits = _decoded(data["hidden"]), SandboxLimits(**data["limits"])
        return cls(data["root"], tuple(data["lessons"]), data["sandbox"], hidden, limits, data["reduced"])


def _encoded(files: Files) -> dict[str, str]:
    return {name: base64.b64encode(content).decode("ascii") for name, content in files.items()}


def _decoded(data: dict[str, str]) -> dict[str, bytes]:
    return {name: base64.b64decode(content) for name, content in data.items()}
