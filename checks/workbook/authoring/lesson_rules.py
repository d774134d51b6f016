"""The rules that a lesson's data must keep: ``lesson.toml``, its hints, and the number of its variants."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Sequence
from textwrap import dedent
from typing import Any, cast

from workbook.authoring.regions import Region
from workbook.authoring.starters import BuiltLesson
from workbook.authoring.variants import Variant
from workbook.course.model import EXERCISE_FIELDS, HINT_LEVELS, Course, Exercise, Lesson, line_of_field

MAX_TITLE = 60
MIN_CHECKS = 20
MIN_WRONG = 10
MIN_RIGHT = 3
SOLUTION_LINE = 12
"""A hint may hold shorter lines of the solution: ``return label`` gives nothing away."""
SOLUTION_EXPRESSION = 16
"""A hint may hold shorter expressions of the solution, counted without blanks: ``select(Recipe)``."""
_DOING = (
    ast.Call,
    ast.Compare,
    ast.BoolOp,
    ast.BinOp,
    ast.IfExp,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
_LESSON_KEYS = {
    *("name", "title", "minutes", "objectives", "prerequisites", "exercises", "env", "app", "uses_database"),
    *("document", "upstream_env", "grows", "removes"),
}
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
    """The hints that hold a line, or an expression of some size, which is the exercise's to write."""
    given = {_plain(line) for text in built.starter.files.values() for line in text.splitlines()}
    lines = {_plain(line) for _, region in _regions(built, exercise) for line in region.solution.splitlines()}
    own = sorted(line for line in lines - given if len(line) >= SOLUTION_LINE)
    known = _dense("\n".join([exercise.contract, *built.starter.files.values()]))
    telling = {
        text
        for name, region in _regions(built, exercise)
        if name.endswith(".py")
        for text in _expressions(built.solution[name], region)
        if len(_dense(text)) >= SOLUTION_EXPRESSION and _dense(text) not in known
    }
    faults: list[str] = []
    for level, hint in enumerate(exercise.hints, start=1):
        found = [line for line in own if line in _plain(hint)]
        faults += [f"hint {level} holds a line of the solution: {line}" for line in found]
        if not found:
            held = sorted((text for text in telling if _dense(text) in _dense(hint)), key=len)
            faults += [f"hint {level} holds what the exercise is about: {_plain(text)}" for text in held[-1:]]
    return faults


def _regions(built: BuiltLesson, exercise: Exercise) -> list[tuple[str, Region]]:
    return [
        (name, region)
        for name, regions in built.regions.items()
        for region in regions
        if region.exercise == exercise.id
    ]


def _expressions(content: bytes, region: Region) -> Iterator[str]:
    """The expressions of a region that do something, as they are written; of a method's call, without its object."""
    source = content.decode()
    last = region.first + len(region.solution.splitlines()) - 1
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, _DOING) or node.lineno < region.first or (node.end_lineno or node.lineno) > last:
            continue
        text = ast.get_source_segment(source, node) or ""
        if isinstance(node, ast.Call):
            if not (node.args or node.keywords):
                continue
            if isinstance(node.func, ast.Attribute):
                subject = ast.get_source_segment(source, node.func.value) or ""
                text = text[len(subject) :].lstrip(" .\n)")
        yield text


def place_faults(course: Course, built: BuiltLesson) -> list[str]:
    """The files of the starter in which no comment says where an exercise has to be written."""
    lesson = built.lesson
    faults: list[str] = []
    for name, regions in built.regions.items():
        if name not in built.files or not name.endswith(".py") or not _code(built.files[name].decode()):
            continue  # in a file without code it is plain enough where to write
        if (course.solutions_dir / lesson.folder / f"{name}.starter").is_file():
            continue  # its author has written the starter by hand
        for exercise in dict.fromkeys(region.exercise for region in regions):
            own = [region for region in regions if region.exercise == exercise]
            # Where the starter has imports alone, what is written instead follows from the rest.
            silent = [
                region
                for region in own
                if not region.title
                and _code(region.solution)
                and not (region.block is not None and not _code(region.block.text))
            ]
            if silent and len([region for region in own if region.title]) == 0:
                faults.append(
                    f"solutions/{lesson.folder}/{name}:{silent[0].line}: region {exercise} has no title, so no comment "
                    "in the starter says where to write it: add one, like: region 4.2 Change only what was sent."
                )
    return faults


def _code(text: str) -> bool:
    """Whether a piece of Python holds anything but imports, comments and a docstring."""
    try:
        statements = ast.parse(dedent(text)).body
    except SyntaxError:  # a piece of a statement
        return True
    return any(
        not isinstance(statement, ast.Import | ast.ImportFrom)
        and not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in statements
    )


def _unknown_keys(course: Course, lesson: Lesson) -> list[str]:
    file = course.lessons_dir / lesson.folder / "lesson.toml"
    text = file.read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    faults = [f"{key!r} is no field of a lesson." for key in data if key not in _LESSON_KEYS]
    for number, entry in enumerate(cast("list[dict[str, Any]]", data["exercises"]), start=1):
        faults += [
            f"exercise {lesson.number}.{number}: {key!r} is no field of an exercise (line "
            f"{line_of_field(text, number, key)})."
            for key in entry
            if key not in EXERCISE_FIELDS
        ]
    return faults


def _plain(text: str) -> str:
    return " ".join(text.split())


def _dense(text: str) -> str:
    """A text without white space, and with one kind of quotes."""
    return "".join(text.split()).replace("'", '"')
