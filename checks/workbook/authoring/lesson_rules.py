"""The rules that a lesson's data must keep: ``lesson.toml``, its hints, and the number of its variants."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any, cast

from workbook.authoring.starters import BuiltLesson
from workbook.authoring.variants import Variant
from workbook.course import HINT_LEVELS, Course, Exercise, Lesson

MAX_TITLE = 60
MIN_CHECKS = 20
MIN_WRONG = 10
MIN_RIGHT = 3
SOLUTION_LINE = 12
"""A hint may hold shorter lines of the solution: ``return label`` gives nothing away."""
_LESSON_KEYS = {"name", "title", "minutes", "objectives", "prerequisites", "exercises", "env", "app", "uses_database"}
_EXERCISE_KEYS = {"title", "points", "files", "contract", "hints", "partial", "stretch"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def lesson_faults(course: Course, built: BuiltLesson) -> list[str]:
    """What is wrong with a lesson's ``lesson.toml``."""
    lesson = built.lesson
    rules = [
        (_NAME.fullmatch(lesson.name) is not None, "name is written in small letters, digits and underscores."),
        (0 < len(lesson.title) <= MAX_TITLE, f"title has at most {MAX_TITLE} characters; it has {len(lesson.title)}."),
        (lesson.minutes > 0, "minutes is how long the lesson takes; it is not positive."),
        (3 <= len(lesson.objectives) <= 5, f"there are 3 to 5 objectives; it has {len(lesson.objectives)}."),
        (bool(lesson.prerequisites), "prerequisites names what the learner must know already."),
    ]
    faults = [fault for kept, fault in rules if not kept] + _unknown_keys(course, lesson)
    for exercise in lesson.exercises:
        faults += [f"exercise {exercise.id}: {fault}" for fault in _exercise_faults(built, exercise)]
    return [f"lessons/{lesson.folder}/lesson.toml: {fault}" for fault in faults]


def variant_faults(lesson: Lesson, variants: Sequence[Variant]) -> list[str]:
    """What is missing among a lesson's variants."""
    place = f"checks/{lesson.folder}/variants.toml"
    wrong = [variant for variant in variants if not variant.is_right]
    right = len(variants) - len(wrong)
    faults: list[str] = []
    if len(wrong) < MIN_WRONG:
        faults.append(f"{place}: there are at least {MIN_WRONG} wrong variants; it has {len(wrong)}.")
    if right < MIN_RIGHT:
        faults.append(f"{place}: there are at least {MIN_RIGHT} right variants; it has {right}.")
    named = {variant.exercise for variant in wrong}
    faults += [f"{place}: exercise {e.id} has no wrong variant." for e in lesson.exercises if e.id not in named]
    return faults


def _exercise_faults(built: BuiltLesson, exercise: Exercise) -> list[str]:
    rules = [
        (0 < len(exercise.title) <= MAX_TITLE, f"title has at most {MAX_TITLE} characters: {exercise.title}"),
        (exercise.points > 0, "points is not positive."),
        (bool(exercise.contract), "contract is empty."),
        (bool(exercise.files), "files is empty: name what the learner edits."),
        (
            len(exercise.hints) == HINT_LEVELS and all(exercise.hints),
            f"there are exactly {HINT_LEVELS} hints; it has {len([hint for hint in exercise.hints if hint])}.",
        ),
    ]
    faults = [fault for kept, fault in rules if not kept]
    faults += [f"the solution has no {name}." for name in exercise.files if name not in built.solution]
    return faults + _hint_faults(built, exercise)


def _hint_faults(built: BuiltLesson, exercise: Exercise) -> list[str]:
    """The hints that hold a line which is the exercise's to write."""
    given = {_plain(line) for text in built.starter.files.values() for line in text.splitlines()}
    lines = {
        _plain(line)
        for regions in built.regions.values()
        for region in regions
        if region.exercise == exercise.id
        for line in region.solution.splitlines()
    }
    own = sorted(line for line in lines - given if len(line) >= SOLUTION_LINE)
    return [
        f"hint {level} holds a line of the solution: {line}"
        for level, hint in enumerate(exercise.hints, start=1)
        for line in own
        if line in _plain(hint)
    ]


def _unknown_keys(course: Course, lesson: Lesson) -> list[str]:
    file = course.lessons_dir / lesson.folder / "lesson.toml"
    data: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    faults = [f"{key!r} is no field of a lesson." for key in data if key not in _LESSON_KEYS]
    for number, entry in enumerate(cast("list[dict[str, Any]]", data["exercises"]), start=1):
        faults += [
            f"exercise {lesson.number}.{number}: {key!r} is no field of an exercise."
            for key in entry
            if key not in _EXERCISE_KEYS
        ]
    return faults


def _plain(text: str) -> str:
    return " ".join(text.split())
