"""Read a notebook's source and put the exercises' contracts, which ``lesson.toml`` holds, into it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbook.authoring.faults import AuthoringError
from workbook.authoring.notebook_file import Cell, Notebook, from_myst
from workbook.authoring.starters import BuiltLesson
from workbook.course import Course, Exercise

_EXERCISE = re.compile(r"\s*\{\{\s*exercise\b(?P<id>.*?)\}\}\s*")
_FENCE = re.compile(r"\s*(?P<mark>`{3,}|~{3,}|:{3,})(?P<kind>.*)")
_CODE_CELL = "{code-cell}"
_ASKS_FOR_OWN_WORK = re.compile(r"^\s*%(check|hint)\b", re.MULTILINE)
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
    text = "\n".join(_expanded(lines, name, built)) + "\n"
    try:
        notebook = from_myst(text)
    except Exception as error:  # jupytext raises whatever its parsers raise
        raise AuthoringError(
            f"{name}: jupytext cannot read it as MyST Markdown: {str(error).splitlines()[0]}."
        ) from error
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
        f"### Exercise {exercise.id} · {exercise.title} ({worth})",
        "",
        *exercise.contract.splitlines(),
        "",
        f"In `lessons/{built.lesson.folder}` you {' and '.join(where)}.",
        "",
    ]


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
