"""``workbook new``: the skeleton of a lesson, made from the last solution, and what of it is still to be written."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

from workbook.authoring.inheritance import solved_files
from workbook.authoring.tree import write_tree
from workbook.course.model import Course, CourseError, Lesson, folder_name

MARK = "WRITE:"
"""Stands in a skeleton wherever an author has something to write; the rest of the line says what."""
_SKELETON = Path(__file__).with_name("skeleton")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_ROW = re.compile(r"^\| \[\d+ [^\n]*\]\(notebooks/[^\n]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What was made."""

    lesson: Lesson
    files: tuple[str, ...]
    """Files that are new, relative to the course; the solution is named as a folder."""
    changed: tuple[str, ...]
    """Files of the course that tell others about the lesson now."""
    left: tuple[str, ...]
    """Such files in which there was no place for it: one line for each, which says what to add."""


def new_lesson(course: Course, number: int, name: str) -> Skeleton:
    """Make the skeleton of the next lesson.

    Args:
        course: the course.
        number: the lesson's number, one more than the last one's.
        name: its short name, which its notebook carries.

    Raises:
        AuthoringError: the last lesson's solution cannot be read.
        CourseError: the number or the name cannot be used, or something of such a lesson is there already.
    """
    last = _last(course, number, name)
    folder, title = folder_name(number), name.replace("_", " ").capitalize()
    solution = solved_files(course, last)
    edited = "app/main.py" if "app/main.py" in solution else next(iter(solution))
    words = {
        "number": str(number),
        "name": name,
        "title": title,
        "prerequisites": f'"Lesson {last.number}"',
        "settings": _settings(last),
        "file": edited,
    }
    made = {
        f"lessons/{folder}/lesson.toml": "lesson.toml.txt",
        f"checks/{folder}/test_1_{name}.py": "checks.py.txt",
        f"checks/{folder}/variants.toml": "variants.toml.txt",
        f"notebooks/src/{number:02d}_{name}.md": "notebook.md.txt",
    }
    there = next((place for place in (*made, f"solutions/{folder}") if (course.root / place).exists()), None)
    if there is not None:
        raise CourseError(f"{there} is there already: a new lesson overwrites nothing.")
    texts = {
        place: Template((_SKELETON / source).read_text(encoding="utf-8")).substitute(words)
        for place, source in made.items()
    }
    write_tree(course.root, {place: text.encode() for place, text in texts.items()})
    write_tree(course.solutions_dir / folder, solution)
    link = f"[{number} {title}](notebooks/{number:02d}_{name}.ipynb)"
    row = f"| {link} | 60 | {MARK} it hurts when … | {MARK} you can … |\n"
    told = {"pyproject.toml": _add_to_editor(course, last, number), "README.md": _add_to_map(course, row)}
    return Skeleton(
        lesson=course.lesson(number),
        files=(*made, f"solutions/{folder} ({len(solution)} files of lesson {last.number})"),
        changed=tuple(file for file, done in told.items() if done),
        left=tuple(
            line
            for file, line in (
                ("pyproject.toml", f"pyproject.toml: add {folder} to tool.pyright.executionEnvironments."),
                ("README.md", f"README.md: add to the map: {row.strip()}"),
            )
            if not told[file]
        ),
    )


def unwritten(course: Course, lesson: Lesson) -> list[str]:
    """What is still to be written of a lesson that ``workbook new`` began: one line for each place."""
    places = [
        course.lessons_dir / lesson.folder / "lesson.toml",
        *sorted((course.checks_dir / lesson.folder).glob("*.py")),
        course.checks_dir / lesson.folder / "variants.toml",
        course.notebook_source(lesson),
    ]
    found = [line for file in places for line in _marked_lines(course, file)]
    row = f"notebooks/{course.notebook(lesson).name}"
    return [*found, *_marked_lines(course, course.root / "README.md", only=row)]


def _marked_lines(course: Course, file: Path, only: str = "") -> Iterator[str]:
    if not file.is_file():
        return
    place = file.relative_to(course.root).as_posix()
    for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        if MARK in line and only in line:
            what = line.partition(MARK)[2].replace(MARK, "").strip(' ",|#').removesuffix("</summary>")
            yield f"{place}:{number}: still to be written: {what}"


def _last(course: Course, number: int, name: str) -> Lesson:
    if not _NAME.fullmatch(name):
        raise CourseError(f"A lesson's name has small letters, digits and underscores, like crud; {name!r} has others.")
    if not course.lessons:
        raise CourseError("The course has no lesson to begin with.")
    last = course.lessons[-1]
    if number != last.number + 1:
        raise CourseError(f"The next lesson is {last.number + 1}: workbook new {last.number + 1} {name}.")
    return last


def _settings(last: Lesson) -> str:
    """What the checks' service needs, as the last lesson has it."""
    lines = ["uses_database = true"] if last.uses_database else []
    if last.document != "/openapi.json":
        lines.append(f"document = {json.dumps(last.document)}")
    if last.upstream_env:
        lines.append(f"upstream_env = {json.dumps(list(last.upstream_env))}")
    if last.app != "app.main:app":
        lines.append(f"app = {json.dumps(last.app)}")
    if last.env:
        lines += ["", "[env]", *(f"{key} = {json.dumps(value)}" for key, value in last.env.items())]
    return "".join(f"{line}\n" for line in lines)


def _add_to_editor(course: Course, last: Lesson, number: int) -> bool:
    """Say in ``pyproject.toml`` what ``app`` means in the lesson's folders, behind what is said of the last one's."""
    file = course.root / "pyproject.toml"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    line = re.compile(rf'^ *\{{ root = "\w+/{last.folder}".*\n', re.MULTILINE)
    added = line.sub(lambda match: match[0] + match[0].replace(last.folder, folder_name(number)), text)
    if added != text:
        file.write_text(added, encoding="utf-8", newline="\n")
    return added != text


def _add_to_map(course: Course, row: str) -> bool:
    """Put a row behind the last one of the README's map."""
    file = course.root / "README.md"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    rows = list(_ROW.finditer(text))
    if rows:
        end = rows[-1].end()
        file.write_text(text[:end] + row + text[end:], encoding="utf-8", newline="\n")
    return bool(rows)
