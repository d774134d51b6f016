"""What a learner's lesson was when an exercise passed for the first time: where ``workbook reset`` can go back to.

They are in ``.workbook/snapshots``, beside the progress. One that is missing or cannot be written does no harm: then
there is only the starter to go back to.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from workbook.course.files import replace_file
from workbook.course.lesson_files import text_files

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.course.model import Course, Exercise

SCHEMA = "fastapi-workbook/snapshot/v1"


def keep(course: Course, exercise: Exercise) -> None:
    """Keep the text files of the learner's lesson as they are now."""
    folder = course.lessons_dir / course.lesson(exercise.lesson).folder
    files = text_files(folder)
    file = _file(course, exercise)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps({"schema": SCHEMA, "files": files}, ensure_ascii=False))


def load(course: Course, exercise: Exercise) -> dict[str, str] | None:
    """The files as they were when an exercise passed, by their path relative to the lesson; None if none were kept."""
    try:
        data = json.loads(_file(course, exercise).read_text(encoding="utf-8"))
        return {str(name): str(text) for name, text in data["files"].items()} if data["schema"] == SCHEMA else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _file(course: Course, exercise: Exercise) -> Path:
    return course.state_dir / "snapshots" / f"{exercise.id}.json"
