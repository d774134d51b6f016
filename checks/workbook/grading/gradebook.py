"""What is known of a class once it is graded: the one thing that every export and the report read.

Nothing here runs or reads a submission. Every text may hold words of a learner's: whoever writes a file escapes them
for its format.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from workbook.course.model import Lesson
from workbook.course.results import ExerciseResult, LessonResult, Verdict
from workbook.grading.scheme import Scheme

COURSE = "FastAPI workbook"
"""The course's title."""


class Standing(StrEnum):
    """How a learner's work came in."""

    HANDED_IN = "handed_in"
    MISSING = "missing"
    """In the roster, and nothing was handed in."""
    INVALID = "invalid"
    """The upload cannot be read, or is not safe to read; ``LearnerGrade.problem`` says why."""


@dataclass(frozen=True)
class Learner:
    """One learner: as the roster has them, or, where it does not, as their submission is called."""

    id: str
    name: str = ""
    email: str = ""
    in_roster: bool = True
    extension_days: float = 0.0
    """Days by which this learner's due date is later."""
    canvas: dict[str, str] = field(default_factory=dict[str, str])
    """Cells for Canvas by its own headers: ``Student``, ``ID``, ``SIS User ID``, ``SIS Login ID``, ``Section``."""
    moodle: dict[str, str] = field(default_factory=dict[str, str])
    """Cells for Moodle: ``Identifier`` (``Participant 123``), ``idnumber``, ``username``."""


@dataclass(frozen=True)
class Lateness:
    """What being late did to a grade."""

    days: float
    """Days after the due date, extension and grace taken into account; 0 where in time."""
    percent: float
    """How much is taken off the points, of 100."""


@dataclass(frozen=True)
class LessonGrade:
    """One lesson of one learner."""

    lesson: int
    title: str
    max_points: int
    result: LessonResult | None
    """Verdicts, points and messages; None where the lesson was not handed in, or could not be graded."""
    handed_in: bool = True
    """Whether the submission holds a folder for this lesson."""
    problem: str = ""
    """Why what was handed in for it cannot be taken, in one sentence; it earns 0 points then."""
    error: str = ""
    """A fault of ours, in one line. The learner loses no points for it: the lesson is not graded yet."""
    unstable: tuple[str, ...] = ()
    """Exercises whose verdict was another one on the second try; the better one counts."""
    seconds: float = 0.0
    """How long it took, all tries together."""
    seed: int | None = None
    """Of its random inputs: `--seed` with it repeats them. It is for the instructor: no learner's page may show it."""
    overrides: tuple[str, ...] = ()
    """Exercises whose points an instructor decided by hand; each has a remark that says why."""
    lateness: Lateness | None = None
    """What being late did to this lesson, where it has a due date of its own; None where the whole work has one."""

    @property
    def points(self) -> float:
        """What was earned, before anything is taken off for being late."""
        return self.result.points if self.result else 0.0

    def exercise(self, exercise_id: str) -> ExerciseResult | None:
        """The result of one exercise, or None where there is none."""
        found = self.result.exercises if self.result else ()
        return next((entry for entry in found if entry.exercise == exercise_id), None)

    @property
    def grader_errors(self) -> tuple[str, ...]:
        """Faults of ours in this lesson, in words; () where all is well."""
        checks = [
            f"exercise {entry.exercise}: a check has a fault of its own{_which(entry)}"
            for entry in (self.result.exercises if self.result else ())
            if entry.verdict is Verdict.CHECK_ERROR
        ]
        return (*((self.error,) if self.error else ()), *checks)


def _which(exercise: ExerciseResult) -> str:
    """Which check broke, and on what: who wrote it has to find it. Values are left out, so equal faults read equal."""
    for check in exercise.checks:
        if check.message is not None and check.message.kind == "check_error":
            error = (check.message.row("It says") or "").partition(":")[0][:60]
            return f", {error or 'an error'} in {check.name}"
    return ""


@dataclass(frozen=True)
class LearnerGrade:
    """One learner with everything that was found."""

    learner: Learner
    standing: Standing
    lessons: tuple[LessonGrade, ...] = ()
    """One for each graded lesson, in order, whatever the standing."""
    problem: str = ""
    """Why an upload is invalid, in one sentence."""
    notes: tuple[str, ...] = ()
    """For the instructor: files that were ignored though they differ from ours, and the like."""
    source: str = ""
    """The name of the folder or archive that was graded, never its whole path."""
    handed_in_at: datetime | None = None
    """With a time zone."""
    lateness: Lateness = Lateness(0.0, 0.0)

    @property
    def raw_points(self) -> float:
        """The sum over the lessons."""
        return round(sum(lesson.points for lesson in self.lessons), 2)

    @property
    def is_decided(self) -> bool:
        """Whether an instructor decided a part of it by hand."""
        return any(lesson.overrides for lesson in self.lessons)

    @property
    def points(self) -> float:
        """What goes into the gradebook: the raw points less what is taken off for being late."""
        if all(lesson.lateness is None for lesson in self.lessons):
            return round(self.raw_points * (100.0 - self.lateness.percent) / 100.0, 2)
        return round(sum(self.counted(lesson) for lesson in self.lessons), 2)

    def counted(self, lesson: LessonGrade) -> float:
        """A lesson's points as they count: less what is taken off for being late."""
        late = self.lateness if lesson.lateness is None else lesson.lateness
        return round(lesson.points * (100.0 - late.percent) / 100.0, 2)

    @property
    def max_points(self) -> int:
        """What the graded lessons are worth."""
        return sum(lesson.max_points for lesson in self.lessons)

    @property
    def grader_errors(self) -> tuple[str, ...]:
        """Faults of ours, in words, with their lesson."""
        return tuple(f"lesson {entry.lesson}: {text}" for entry in self.lessons for text in entry.grader_errors)

    @property
    def is_final(self) -> bool:
        """Whether nothing of ours stands in the way of this grade."""
        return not self.grader_errors


@dataclass(frozen=True)
class Gradebook:
    """A whole class, ready to be reported."""

    course: str
    """The course's title."""
    lessons: tuple[Lesson, ...]
    """The lessons that were graded, with their exercises; ``Lesson.exercises`` gives every column of a table."""
    learners: tuple[LearnerGrade, ...]
    """Ordered by the learner's id."""
    made_at: datetime
    """When this gradebook was put together, with a time zone."""
    tool_version: str
    seed: int | None
    """Of all random inputs, where the instructor chose one; else each lesson of each learner has its own."""
    isolation: str
    """What kept submissions apart, in one sentence."""
    isolated: bool
    """False where the instructor chose ``--sandbox none`` or ``reduced``: the report says so in red."""
    policy: str = ""
    """The late policy in one sentence; empty where there is none."""
    scheme: Scheme = field(default_factory=Scheme)
    """How points become a mark."""

    def mark(self, grade: LearnerGrade) -> float:
        """A learner's mark; without a scheme, their points."""
        return self.scheme.mark(grade)

    @property
    def warning(self) -> str:
        """What everybody has to know who reads these grades; empty where submissions were kept apart."""
        if self.isolated:
            return ""
        return "Partly isolated." if self.isolation.startswith("reduced") else "Not isolated."

    @property
    def best_mark(self) -> float:
        """What a mark is out of."""
        return self.scheme.out_of(self.max_points)

    @property
    def max_points(self) -> int:
        """What all graded lessons are worth."""
        return sum(lesson.max_points for lesson in self.lessons)
