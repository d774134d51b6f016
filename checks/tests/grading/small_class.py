"""A class on the course of one small lesson: quick to grade, and independent of what the real lessons say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.small_course import APP, SmallCourse, make_small_course
from workbook.course.model import Course, find_course
from workbook.grading.gradebook import Gradebook, Learner
from workbook.grading.intake.submission import Submission
from workbook.grading.run.grade_class import Plan, grade_class
from workbook.grading.run.pool import LocalPool
from workbook.grading.run.task import GradeAnswer, WorkerSettings
from workbook.grading.sandbox.limits import SandboxLimits

MAX_POINTS = 4


@dataclass
class Silent:
    """Notes how far a run is."""

    total: int = 0
    known: int = 0
    answers: list[GradeAnswer] = field(default_factory=list[GradeAnswer])

    def begin(self, total: int, known: int) -> None:
        """Note what there is."""
        self.total, self.known = total, known

    def done(self, answer: GradeAnswer) -> None:
        """Note one more."""
        self.answers.append(answer)


@dataclass
class SmallClass:
    """A course, and what is handed in for it."""

    course: SmallCourse
    settings: WorkerSettings
    learners: list[tuple[Learner, Submission | None]] = field(default_factory=list[tuple[Learner, Submission | None]])
    seconds: float = 30.0

    @property
    def as_course(self) -> Course:
        """The course as the tool knows it."""
        return find_course(self.course.root)

    def hand_in(self, who: str, app: str = APP, **files: str) -> None:
        """Hand in a lesson; ``files`` are named with ``__`` for ``/`` and without ``.py``."""
        contents = {"app/__init__.py": b"", "app/main.py": app.encode()}
        contents |= {name.replace("__", "/") + ".py": text.encode() for name, text in files.items()}
        self.learners.append((Learner(who), Submission(who, who, {1: contents})))

    def hand_in_files(self, who: str, files: Mapping[str, bytes]) -> None:
        """Hand in these files of the lesson."""
        self.learners.append((Learner(who), Submission(who, who, {1: files})))

    @property
    def solution(self) -> str:
        """An ``app/main.py`` that earns every point."""
        return APP

    def plan(self, **changes: object) -> Plan:
        """What there is to grade."""
        plan = Plan(self.as_course, self.as_course.lessons, self.learners, self.settings, "tested", 7, self.seconds)
        return Plan(**{**plan.__dict__, **changes})  # pyright: ignore[reportArgumentType]

    def grade(self, out: Path, *, workers: int = 2, watcher: Silent | None = None, **changes: object) -> Gradebook:
        """Grade everybody."""
        return grade_class(
            self.plan(**changes), out, lambda tasks: LocalPool(self.settings, min(workers, tasks)), watcher or Silent()
        )


def make_small_class(
    root: Path, *, sandbox: bool, hidden: dict[str, bytes] | None = None, limits: SandboxLimits | None = None
) -> SmallClass:
    """Write the course below ``root``; nobody has handed in anything."""
    course = make_small_course(root)
    return SmallClass(course, WorkerSettings(str(root), (1,), sandbox, hidden or {}, limits or SandboxLimits()))
