"""Read a notebook's source and put the exercises' contracts, which ``lesson.toml`` holds, into it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbook.authoring.errors import AuthoringError
from workbook.authoring.notebook_file import Cell, Notebook, from_myst
from workbook.authoring.starters import BuiltLesson
from workbook.course.model import Course, Exercise, Lesson

_EXERCISE = re.compile(r"\s*\{\{\s*exercise\b(?P<id>.*?)\}\}\s*")
_FENCE = re.compile(r"\s*(?P<mark>`{3,}|~{3,}|:{3,})(?P<kind>.*)")
_CODE_CELL = "{code-cell}"
_ASKS_FOR_OWN_WORK = re.compile(r"^\s*%(check|hint)\b", re.MULTILINE)
_MAGIC = re.compile(r"\s*(?P<magic>%%predict|%reveal|%check|%hint)\s+(?P<word>\S+)")
CHECK_TAG = "check"
"""The tag of cells that show the learner's own work: nothing of their output is ever stored."""


def read_source(course: Course, built: BuiltLesson) -> Notebook:
    """A lesson's notebook as its author wrote it, with every ``{{ exercise N.M }}`` line replaced. Nothing is run.

    Each code cell remembers its line in the source, as ``cell.metadata.line``. A cell that runs ``%check`` or ``%hint``
    is tagged ``check``.

    Raises:
        AuthoringError: there is no source, or a line names an exercise wrongly, or an exercise is missing.
    """
    file = course.notebook_source(built.lesson)
    name = f"notebooks/src/{file.name}"
    if not file.is_file():
        raise AuthoringError(f"{name}: lesson {built.lesson.number} has no notebook source yet.")
    lines = file.read_text(encoding="utf-8").splitlines()
    text = "\n".join(_placed(_expanded(lines, name, built), place_text(course, built.lesson))) + "\n"
    try:
        notebook = from_myst(text)
    except Exception as error:  # jupytext raises whatever its parsers raise
        raise AuthoringError(
            f"{name}: jupytext cannot read it as MyST Markdown: {str(error).splitlines()[0]}."
        ) from error
    if faults := [*_title_faults(lines, name), *_magic_faults(lines, name, built), *_directive_faults(lines, name)]:
        raise AuthoringError(faults)
    starts = [number for number, _, _, kind in _fences(lines) if kind.startswith(_CODE_CELL)]
    code_cells: list[Cell] = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell, line in zip(code_cells, starts, strict=False):
        cell.metadata["line"] = line
        tags: list[str] = cell.metadata.get("tags", [])
        if _ASKS_FOR_OWN_WORK.search(cell.source) and CHECK_TAG not in tags:
            cell.metadata["tags"] = [*tags, CHECK_TAG]
    return notebook


def _expanded(lines: list[str], name: str, built: BuiltLesson) -> list[str]:
    exercises = {exercise.id: exercise for exercise in built.lesson.exercises}
    expanded: list[str] = []
    seen: list[str] = []
    faults: list[str] = []
    for number, line, fenced, _ in _fences(lines):
        match = None if fenced else _EXERCISE.fullmatch(line)
        if match is None:
            expanded.append(line)
            continue
        exercise_id = match["id"].strip()
        if exercise_id not in exercises:
            faults.append(
                f"{name}:{number}: lesson.toml has no exercise {exercise_id!r}; it has {', '.join(exercises)}."
            )
            continue
        if exercise_id in seen:
            faults.append(f"{name}:{number}: exercise {exercise_id} stands here a second time.")
        seen.append(exercise_id)
        expanded += exercise_text(exercises[exercise_id], built)
    faults += [
        f"{name}: exercise {exercise_id} is missing: add a line {{{{ exercise {exercise_id} }}}}."
        for exercise_id in exercises
        if exercise_id not in seen
    ]
    if faults:
        raise AuthoringError(faults)
    return expanded


def _title_faults(lines: list[str], name: str) -> list[str]:
    titles = [number for number, line, fenced, _ in _fences(lines) if not fenced and line.startswith("# ")]
    return [f"{name}:{number}: a second title; use ## for a part of the lesson." for number in titles[1:]]


def _placed(lines: list[str], place: str) -> list[str]:
    """The text with the line that says where one is: below the title, and at the end."""
    title = next((number for number, line, fenced, _ in _fences(lines) if not fenced and line.startswith("# ")), None)
    if title is None:
        return lines
    return [*lines[:title], "", place, *lines[title:], "", "+++", "", place]


def place_text(course: Course, lesson: Lesson) -> str:
    """Where one is in the course, as Markdown: the lesson before this one, the contents, and the lesson after it."""
    lessons = course.lessons
    at = [other.number for other in lessons].index(lesson.number)

    def link(other: Lesson) -> str:
        return f"{other.number} {other.title}"

    parts = [f"Lesson {lesson.number} of {len(lessons)}", f"about {lesson.minutes} minutes"]
    if at:
        parts.append(f"[← {link(lessons[at - 1])}]({course.notebook(lessons[at - 1]).name})")
    parts.append("[contents](../README.md#the-lessons)")
    if at + 1 < len(lessons):
        parts.append(f"[{link(lessons[at + 1])} →]({course.notebook(lessons[at + 1]).name})")
    return " · ".join(parts)


def _magic_faults(lines: list[str], name: str, built: BuiltLesson) -> list[str]:
    """The names in ``%reveal``, ``%check`` and ``%hint`` lines that mean nothing."""
    asked: list[str] = []
    revealed: list[str] = []
    faults: list[str] = []
    exercises = [exercise.id for exercise in built.lesson.exercises]
    for number, line, fenced, _ in _fences(lines):
        match = _MAGIC.match(line) if fenced else None
        if match is None:
            continue
        word = match["word"]
        if match["magic"] == "%%predict":
            asked.append(word)
        elif match["magic"] == "%reveal":
            revealed.append(word)
            if word not in asked:
                have = f"there are {', '.join(asked)}" if asked else "there is none"
                faults.append(f"{name}:{number}: no %%predict {word} stands above this %reveal; {have}.")
        elif "." in word and word not in exercises:
            faults.append(f"{name}:{number}: lesson.toml has no exercise {word!r}; it has {', '.join(exercises)}.")
    faults += [
        f"{name}: %%predict {word} is never compared: add %reveal {word}." for word in asked if word not in revealed
    ]
    return faults


def _directive_faults(lines: list[str], name: str) -> list[str]:
    """MyST's directives, such as ``{mermaid}``: JupyterLab shows them as they are written."""
    return [
        f"{name}:{number}: JupyterLab knows no {kind.split()[0]}; a picture is a block of `mermaid`, without braces."
        for number, _, _, kind in _fences(lines)
        if kind.startswith("{") and not kind.startswith(_CODE_CELL)
    ]


def exercise_text(exercise: Exercise, built: BuiltLesson) -> list[str]:
    """How a notebook shows an exercise: heading, points, contract and files, as lines of Markdown."""
    worth = f"{exercise.points} point{'' if exercise.points == 1 else 's'}{', stretch' if exercise.stretch else ''}"
    makes = built.starter.creates(exercise.id)
    edits = [name for name in exercise.files if name not in makes]
    where: list[str] = []
    if edits:
        where.append("edit " + _and([f"[`{name}`](../lessons/{built.lesson.folder}/{name})" for name in edits]))
    if makes:
        where.append("make " + _and([f"`{name}`" for name in makes]))
    return [
        *(_today(built) if exercise.number == 1 else []),
        f"### Exercise {exercise.id} · {exercise.title} ({worth})",
        "",
        *exercise.contract.splitlines(),
        "",
        f"In `lessons/{built.lesson.folder}` you {' and '.join(where)}.",
        "",
    ]


def _today(built: BuiltLesson) -> list[str]:
    """What a learner has to look at in a lesson that grows out of the last one, and where the rest comes from."""
    lesson, last = built.lesson, built.lesson.number - 1
    if not lesson.grows:
        return []
    grows = [f"`{name}`" for name in lesson.grows]
    many = "1 file is" if len(grows) == 1 else f"{len(grows)} files are"
    text = (
        f"`lessons/{lesson.folder}` begins with lesson {last}, solved. {many} new or changed today: {_and(grows)}. All "
        f"others are as lesson {last} left them. If you would rather go on with your own lesson {last}, type "
        f"`workbook carry {lesson.number}` in a terminal."
    )
    return [text, ""]


def _and(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _fences(lines: list[str]) -> Iterator[tuple[int, str, bool, str]]:
    """Every line with its number, whether it is part of a fenced block, and what a line that opens a block says."""
    open_mark = ""
    for number, line in enumerate(lines, start=1):
        match = _FENCE.fullmatch(line)
        if open_mark:
            yield number, line, True, ""
            if match is not None and match["mark"].startswith(open_mark) and not match["kind"].strip():
                open_mark = ""
        elif match is not None:
            open_mark = match["mark"]
            yield number, line, True, match["kind"].strip()
        else:
            yield number, line, False, ""
