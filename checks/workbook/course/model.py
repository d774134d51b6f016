"""The course as data: lessons, exercises, and where their files are.

Everything here is read from ``lessons/lesson_NN/lesson.toml`` of the course itself, never from a submission.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

LESSON_FILE = "lesson.toml"
"""What says of a lesson what it is; written by hand, and no build touches it."""
HINT_LEVELS = 3
REQUIRED_FIELDS = frozenset({"title", "points", "files", "contract", "hints"})
EXERCISE_FIELDS = REQUIRED_FIELDS | {"partial", "stretch"}
"""What a table ``[[exercises]]`` of ``lesson.toml`` may hold."""
_EXERCISE_ID = re.compile(r"(?P<lesson>\d{1,2})\.(?P<number>\d{1,2})")


class CourseError(Exception):
    """The course cannot answer: no such lesson or exercise, or a ``lesson.toml`` with a fault.

    The message is one sentence that says what to do.
    """


@dataclass(frozen=True, slots=True)
class Exercise:
    """One numbered task of a lesson."""

    lesson: int
    number: int
    title: str
    points: int
    contract: str
    hints: tuple[str, ...]
    files: tuple[str, ...]
    """Files the learner edits for it, relative to the lesson folder."""
    partial: bool = False
    """Whether a part of the checks earns its share of the points, in halves; otherwise all checks must pass."""
    stretch: bool = False
    """Worth points, never needed by a later lesson."""

    @property
    def id(self) -> str:
        """The exercise as learners write it: ``"5.2"``."""
        return f"{self.lesson}.{self.number}"


@dataclass(frozen=True)
class Lesson:
    """One numbered lesson."""

    number: int
    name: str
    """The short name that its notebook file carries: ``"versioning"``."""
    title: str
    minutes: int
    objectives: tuple[str, ...]
    prerequisites: tuple[str, ...]
    exercises: tuple[Exercise, ...]
    env: dict[str, str] = field(default_factory=dict[str, str])
    """Environment variables that the checks set for the service, beside those every service gets."""
    app: str = "app.main:app"
    """Where the service's ASGI application is found, as ``module:attribute``."""
    uses_database: bool = False
    """Whether the checks empty the service's database before each check."""
    upstream_env: tuple[str, ...] = ()
    """Environment variables in which the service finds the address of the checks' upstream."""
    document: str = "/openapi.json"
    """Where the solved service answers its OpenAPI document."""
    grows: tuple[str, ...] | None = None
    """The solution's files that are new or changed; all others are the last lesson's. None where it starts afresh."""
    removes: tuple[str, ...] = ()
    """The last lesson's files that this one no longer has."""

    @property
    def folder(self) -> str:
        """The folder's name in every target: ``"lesson_05"``."""
        return folder_name(self.number)

    @property
    def max_points(self) -> int:
        """What the whole lesson is worth."""
        return sum(exercise.points for exercise in self.exercises)

    def exercise(self, number: int) -> Exercise:
        """The exercise with that number in this lesson.

        Raises:
            CourseError: the lesson has no such exercise.
        """
        for exercise in self.exercises:
            if exercise.number == number:
                return exercise
        raise CourseError(
            f"Lesson {self.number} has no exercise {self.number}.{number}: "
            f"it has {self.exercises[0].id} to {self.exercises[-1].id}."
        )


@dataclass(frozen=True)
class Course:
    """All lessons, in order, and the folders they live in."""

    root: Path

    @property
    def lessons_dir(self) -> Path:
        """The learner's own work."""
        return self.root / "lessons"

    @property
    def solutions_dir(self) -> Path:
        """The solved lessons; absent in what students of a class are handed."""
        return self.root / "solutions"

    @property
    def checks_dir(self) -> Path:
        """The checks of every lesson, and the tool."""
        return self.root / "checks"

    @property
    def notebooks_dir(self) -> Path:
        """The built notebooks; their sources are in ``src``."""
        return self.root / "notebooks"

    @property
    def state_dir(self) -> Path:
        """The one ignored folder for progress and backups. Nothing in it is the only copy of a verdict."""
        return self.root / ".workbook"

    @cached_property
    def lessons(self) -> tuple[Lesson, ...]:
        """Every lesson that exists, in order.

        Raises:
            CourseError: a ``lesson.toml`` cannot be read.
        """
        files = sorted(self.lessons_dir.glob(f"lesson_[0-9][0-9]/{LESSON_FILE}"))
        return tuple(read_lesson(file) for file in files)

    def lesson(self, number: int) -> Lesson:
        """The lesson with that number.

        Raises:
            CourseError: there is no such lesson, or its ``lesson.toml`` cannot be read.
        """
        file = self.lessons_dir / folder_name(number) / LESSON_FILE
        if not file.is_file():
            if lesson := self._recorded_lesson(number):
                return lesson
            have = sorted(
                int(folder.name.removeprefix("lesson_"))
                for folder in self.lessons_dir.glob("lesson_[0-9][0-9]")
                if (folder / LESSON_FILE).is_file()
            )
            known = f"the course has lessons {have[0]} to {have[-1]}" if have else "the course has no lessons yet"
            raise CourseError(f"There is no lesson {number}: {known}.")
        return read_lesson(file)

    def _recorded_lesson(self, number: int) -> Lesson | None:
        """A lesson whose ``lesson.toml`` the learner has lost, as the last build recorded it."""
        record = self.checks_dir / folder_name(number) / "starter.json"
        try:
            text = str(json.loads(record.read_text(encoding="utf-8"))["lesson"])
            return _parse_lesson(tomllib.loads(text), folder=folder_name(number))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def before(self, lesson: Lesson) -> Lesson | None:
        """The lesson that this one grows out of; None where it starts afresh.

        Raises:
            CourseError: there is no such lesson, or its ``lesson.toml`` cannot be read.
        """
        return None if lesson.grows is None else self.lesson(lesson.number - 1)

    def exercise(self, exercise_id: str) -> Exercise:
        """The exercise written as ``"5.2"``.

        Raises:
            CourseError: the text is no exercise number, or there is no such exercise.
        """
        lesson, number = parse_exercise_id(exercise_id)
        return self.lesson(lesson).exercise(number)

    def notebook(self, lesson: Lesson) -> Path:
        """The notebook that the learner opens for a lesson."""
        return self.notebooks_dir / f"{lesson.number:02d}_{lesson.name}.ipynb"

    def notebook_source(self, lesson: Lesson) -> Path:
        """The text from which a lesson's notebook is built."""
        return self.notebooks_dir / "src" / f"{lesson.number:02d}_{lesson.name}.md"


def folder_name(lesson: int) -> str:
    """The folder of a lesson in every target: ``lesson_05``."""
    return f"lesson_{lesson:02d}"


def parse_exercise_id(text: str) -> tuple[int, int]:
    """Read ``"5.2"`` as lesson 5, exercise 2.

    Raises:
        CourseError: the text has another form.
    """
    match = _EXERCISE_ID.fullmatch(text.strip())
    if match is None:
        raise CourseError(f"An exercise is written as lesson.number, like 2.3; {text!r} is not.")
    return int(match["lesson"]), int(match["number"])


def read_lesson(file: Path) -> Lesson:
    """Read one ``lesson.toml``.

    Raises:
        CourseError: it cannot be read, is not TOML, or a field is missing or of the wrong type.
    """
    try:
        text = file.read_text(encoding="utf-8")
        data = tomllib.loads(text)
        if wrong := _exercise_without_a_field(data, text, file.parent.name):
            raise CourseError(wrong)
        return _parse_lesson(data, folder=file.parent.name)
    except KeyError as missing:
        raise CourseError(f"{file.parent.name}/lesson.toml has no field {missing}: see CONTRIBUTING.md.") from None
    except (OSError, ValueError, TypeError) as fault:
        raise CourseError(f"{file.parent.name}/lesson.toml cannot be read: {fault}.") from fault


def _exercise_without_a_field(data: dict[str, Any], text: str, folder: str) -> str | None:
    """Which exercise lacks a field, and which unknown one it has instead; None where all have them."""
    for position, entry in enumerate(data["exercises"], start=1):
        missing = sorted(REQUIRED_FIELDS - set(entry))
        if not missing:
            continue
        unknown = [key for key in entry if key not in EXERCISE_FIELDS]
        line = line_of_field(text, position, unknown[0] if unknown else None)
        said = f"; {unknown[0]!r} is none of its fields" if unknown else ""
        number = int(folder.removeprefix("lesson_"))
        return f"{folder}/lesson.toml:{line}: exercise {number}.{position} has no field {missing[0]!r}{said}."
    return None


def line_of_field(text: str, exercise: int, key: str | None = None) -> int:
    """The line in the text of a ``lesson.toml`` where an exercise begins, or where it sets ``key``."""
    seen = 0
    begins = 1
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(r"\s*\[\[\s*exercises\s*\]\]", line):
            seen += 1
            begins = number if seen == exercise else begins
        elif seen == exercise and key is not None and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number
    return begins


def _parse_lesson(data: dict[str, Any], *, folder: str) -> Lesson:
    number = int(folder.removeprefix("lesson_"))
    exercises = tuple(
        Exercise(
            lesson=number,
            number=position,
            title=str(entry["title"]),
            points=int(entry["points"]),
            contract=str(entry["contract"]).strip(),
            hints=tuple(str(hint).strip() for hint in entry["hints"]),
            files=tuple(str(name) for name in entry["files"]),
            partial=bool(entry.get("partial", False)),
            stretch=bool(entry.get("stretch", False)),
        )
        for position, entry in enumerate(data["exercises"], start=1)
    )
    if not exercises:
        raise ValueError("it lists no exercises")
    return Lesson(
        number=number,
        name=str(data["name"]),
        title=str(data["title"]),
        minutes=int(data["minutes"]),
        objectives=tuple(str(text) for text in data["objectives"]),
        prerequisites=tuple(str(text) for text in data["prerequisites"]),
        exercises=exercises,
        env={str(key): str(value) for key, value in data.get("env", {}).items()},
        app=str(data.get("app", "app.main:app")),
        uses_database=bool(data.get("uses_database", False)),
        upstream_env=tuple(str(name) for name in data.get("upstream_env", ())),
        document=str(data.get("document", "/openapi.json")),
        grows=_file_names(data, "grows") if "grows" in data else None,
        removes=_file_names(data, "removes"),
    )


def _file_names(data: dict[str, Any], key: str) -> tuple[str, ...]:
    names: Any = data.get(key, [])
    if not isinstance(names, list):
        raise TypeError(f"{key} is a list of files")
    return tuple(str(name) for name in cast("list[object]", names))


@cache
def find_course(start: Path | None = None) -> Course:
    """Find the course: the nearest folder at or above ``start`` that holds both ``lessons`` and ``checks``.

    Without ``start`` it is looked for above the current folder, then above this installation, so that
    ``workbook`` works from anywhere. ``WORKBOOK_ROOT`` overrides both.

    Raises:
        CourseError: there is no course there.
    """
    named = os.environ.get("WORKBOOK_ROOT")
    if named and start is None:
        starts = [Path(named)]
    else:
        starts = [start] if start is not None else [Path.cwd(), Path(__file__)]
    for place in starts:
        for folder in (place.resolve(), *place.resolve().parents):
            if (folder / "lessons").is_dir() and (folder / "checks" / "conftest.py").is_file():
                return Course(folder)
    raise CourseError("No workbook is found here: change to the folder that holds lessons/ and checks/.")
