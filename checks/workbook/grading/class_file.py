"""The class file, ``class.toml``: everything that an instructor chooses for a term, written down once.

``class.schema.json`` beside this file describes it for editors; it is made from this module.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from workbook.course.model import CourseError
from workbook.grading.exports.late import LatePolicy, read_policy
from workbook.grading.exports.options import Missing, Options
from workbook.grading.scheme import Scheme

FILE = "class.toml"
_Text = Annotated[str, Field(max_length=500)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LessonPart(_Part):
    """A lesson that is graded by rules of its own."""

    due: _Text | None = None
    """When it is due, like ``2026-12-01T23:59`` or ``2026-12-01T23:59 Europe/Berlin``."""
    late: _Text | None = None
    """What being late costs, like ``10%/day, grace 30m, max 50%``; without it, as for all lessons."""
    weight: Annotated[float, Field(ge=0, le=1000)] | None = None
    """How much it counts beside the others, which count 1 each."""
    canvas: _Text = ""
    """Its assignment's title in Canvas, with the number: ``Lesson 2 (12346)``. It needs ``per_lesson``."""


class CanvasPart(_Part):
    """Canvas."""

    assignment: _Text = ""
    """The assignment's title, with the number by which Canvas finds it: ``FastAPI workbook (12345)``."""
    per_lesson: bool = False
    """Whether there is a column for each lesson too."""


class MoodlePart(_Part):
    """Moodle."""

    worksheet: _Text = ""
    """The offline grading worksheet that was downloaded, to fill in."""
    user: Literal["", "email", "username", "idnumber"] = ""
    """How its gradebook finds people; else the first of these that everybody has."""
    headers: dict[str, str] = Field(default_factory=dict[str, str])
    """Headers of a worksheet in another language, where they are not found: ``grade = "Bewertung"``."""


class ClassFile(_Part):
    """The class file of the FastAPI workbook. Paths in it begin where it lies. The command line wins over it."""

    submissions: _Text = ""
    """The folder of what was handed in, or a file that lists clones."""
    roster: _Text = ""
    """The list of learners: our own CSV, or what Canvas, Moodle or Classroom 50 export."""
    out: _Text = "grades"
    """The folder for the results."""
    lessons: _Text = ""
    """Which lessons are graded, like ``1-3,7``; without it, all."""
    hidden: _Text = ""
    """A folder with further checks of yours."""
    due: _Text | None = None
    """When all of it is due; a lesson may have a date of its own."""
    late: _Text | None = None
    """What being late costs, like ``10%/day, grace 30m, max 50%``."""
    times: _Text = ""
    """When each was handed in: a CSV with the columns id and time, or Moodle's offline grading worksheet."""
    at_due: bool = False
    """Whether a Git repository is graded as it was when each lesson was due, and not as it is."""
    instructors: list[str] = Field(default_factory=list[str])
    """Logins and e-mail addresses whose commits and pushes are not the learner's: yours, and those of bots."""
    missing: Missing = Missing.EMPTY
    """What those get who handed nothing in: ``empty`` or ``zero``."""
    scale: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """What the mark is out of, in Canvas, in Moodle and in the report; without it, the points."""
    drop_lowest: Annotated[int, Field(ge=0, le=50)] = 0
    """How many of each learner's lessons, the lowest ones, do not count."""
    formats: list[str] = Field(default_factory=list[str])
    """Which exports are written; without it, all that can be."""
    workers: Annotated[int, Field(ge=0, le=512)] = 0
    """How many workers grade on this machine; 0: one a core."""
    cluster: _Text = ""
    """The address of a Dask scheduler to use instead."""
    sandbox: Literal["auto", "bwrap", "reduced", "none"] = "auto"
    """What keeps submissions apart; ``reduced`` does without namespaces, and ``none`` is for code that you trust."""
    seed: int | None = None
    """Of the random inputs, to repeat a run."""
    twice: bool = False
    """Whether everything is graded twice, to find verdicts that are not stable."""
    similar: bool = False
    """Whether the report lists pairs of similar work."""
    anonymous: bool = False
    """Whether the report shows codes in the place of names; ``names.csv`` beside it says whose they are."""
    canvas: CanvasPart = CanvasPart()
    moodle: MoodlePart = MoodlePart()
    lesson: dict[int, LessonPart] = Field(default_factory=dict[int, LessonPart])
    """Lessons with rules of their own, by number."""

    def scheme(self) -> Scheme:
        """How points become a mark."""
        weights = {number: part.weight for number, part in self.lesson.items() if part.weight is not None}
        return Scheme(self.scale, weights, self.drop_lowest)

    def policies(self, due: str | None, late: str | None) -> dict[int, LatePolicy]:
        """The late policies of lessons with a due date of their own, by number.

        Args:
            due: of all lessons, which the command line may have said.
            late: likewise.

        Raises:
            CourseError: a date or a rule cannot be read, or a rule stands where nothing is due.
        """
        found: dict[int, LatePolicy] = {}
        for number, part in self.lesson.items():
            if part.due is None and part.late is None:
                continue
            try:
                policy = read_policy(part.due or due, part.late or late)
            except CourseError as fault:
                raise CourseError(f"{FILE}, lesson {number}: {fault}") from fault
            if policy is not None:
                found[number] = policy
        return found

    def options(self, folder: Path, **given: Any) -> Options:
        """What the exports need; ``given`` is what the command line says, and wins."""
        named = {number: part.canvas for number, part in self.lesson.items() if part.canvas}
        chosen: dict[str, Any] = {
            "missing": self.missing,
            "assignment": self.canvas.assignment,
            "per_lesson": self.canvas.per_lesson,
            "lesson_assignments": named,
            "moodle_worksheet": folder / self.moodle.worksheet if self.moodle.worksheet else None,
            "moodle_headers": self.moodle.headers,
            "moodle_user": self.moodle.user,
        }
        return Options(**chosen | {name: value for name, value in given.items() if value})


def read_class_file(file: Path) -> ClassFile:
    """Read a class file.

    Raises:
        CourseError: it cannot be read, or a field in it is not one, or has a wrong value. The sentence names it.
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as fault:
        raise CourseError(f"The class file {file} cannot be read: {(fault.strerror or str(fault)).lower()}.") from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise CourseError(f"{file.name} is no TOML: {fault}.") from fault
    try:
        return ClassFile.model_validate(data)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        said = "there is no such field" if first["type"] == "extra_forbidden" else str(first["msg"])
        raise CourseError(f"{file.name}: {place}: {said[:1].lower()}{said[1:]}.") from fault


def class_file_text(roster: str, learners: int) -> str:
    """A new class file, with what most classes choose."""
    return f"""\
# The class, for: workbook grade --class {FILE}
# Every field is described in checks/workbook/grading/class.schema.json.
#:schema checks/workbook/grading/class.schema.json

roster = "{roster}"                 # {learners} learners
submissions = "submissions"
out = "grades"
lessons = "1-8"

# due = "2026-12-01T23:59"          # of all lessons; or of each, below
# late = "10%/day, grace 30m, max 50%"
# scale = 100                       # a mark out of 100, instead of points
# drop_lowest = 1
# at_due = true                     # of repositories, what was there when it was due
# instructors = ["you@school.example"]  # whose commits make nobody late
# anonymous = true                  # codes in the place of names in the report
# formats = ["csv", "canvas", "feedback"]

# [canvas]
# assignment = "FastAPI workbook (12345)"

# [lesson.1]
# due = "2026-10-12T23:59"
# weight = 0.5
"""
