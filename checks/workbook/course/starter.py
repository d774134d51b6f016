"""What a lesson's starter is: the files a learner was handed, and which lines of them belong to which exercise.

``workbook build`` writes it to ``checks/lesson_NN/starter.json``. It is read here, by the checks (is an exercise
started at all?) and by ``workbook reset``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbook.course.model import Course, CourseError, Lesson

MAX_BYTES = 1_000_000
"""A learner's file larger than this is not read: no starter is anywhere near that size."""


@dataclass(frozen=True, slots=True)
class Block:
    """The lines which one region of an exercise left in the starter."""

    file: str
    """The file, relative to the lesson folder."""
    text: str
    """The lines as they stand in the starter, without the last line break."""
    after: str | None = None
    """The starter's next line that is not blank, or None where the file ends.

    Code that a learner writes below a comment leaves the comment as it was; it shows in what comes after.
    """

    def stands_in(self, text: str) -> bool:
        """Whether these lines, and nothing new right below them, stand in ``text``.

        White space at line ends is not compared, so an editor that trims it or writes CRLF changes nothing.
        """
        lines = [line.rstrip() for line in text.splitlines()]
        block = [line.rstrip() for line in self.text.strip("\n").splitlines()]
        after = None if self.after is None else self.after.rstrip()
        for start in range(len(lines) - len(block) + 1):
            end = start + len(block)
            if lines[start:end] == block and next(filter(None, lines[end:]), None) == after:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Starter:
    """A lesson as it is handed out."""

    files: dict[str, str]
    """The text files by their path relative to the lesson folder."""
    exercise_blocks: dict[str, tuple[Block, ...]]
    created_files: dict[str, tuple[str, ...]]
    before: dict[str, str | None] | None = None
    """What the last lesson's solution was, where this one grows out of it: each file that the starter has otherwise.

    A file that the last solution did not have is None here; a file that is not here is the same in the starter. The
    whole is None where the lesson starts afresh.
    """
    lesson: str = ""
    """The text of ``lesson.toml``, for a learner who has lost it."""

    @property
    def last_solution(self) -> dict[str, str]:
        """The text files of the solution that this starter was made from; empty where the lesson starts afresh."""
        if self.before is None:
            return {}
        return {name: text for name, text in (self.files | self.before).items() if text is not None}

    def blocks(self, exercise_id: str) -> list[Block]:
        """The starter lines of an exercise, in the order of their files; empty where it has none."""
        return list(self.exercise_blocks.get(exercise_id, ()))

    def creates(self, exercise_id: str) -> list[str]:
        """The files which the learner makes for an exercise; the starter does not have them."""
        return list(self.created_files.get(exercise_id, ()))

    def to_json(self) -> dict[str, Any]:
        """The starter as ``starter.json`` holds it."""
        last = {} if self.before is None else {"before": self.before}
        return last | {
            "lesson": self.lesson,
            "files": self.files,
            "exercises": {
                exercise: [{"file": block.file, "text": block.text, "after": block.after} for block in blocks]
                for exercise, blocks in self.exercise_blocks.items()
            },
            "creates": {exercise: list(files) for exercise, files in self.created_files.items()},
        }


def starter_file(course: Course, lesson: Lesson) -> Path:
    """Where the built starter of a lesson is recorded."""
    return course.checks_dir / lesson.folder / "starter.json"


def load_starter(course: Course, lesson: Lesson) -> Starter:
    """Read what ``workbook build`` recorded of a lesson's starter.

    Raises:
        CourseError: it is missing or has another form.
    """
    file = starter_file(course, lesson)
    try:
        return starter_from_json(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise CourseError(f"Lesson {lesson.number} has no starter.json yet: run workbook build.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise CourseError(f"{lesson.folder}/starter.json cannot be read ({fault!r}): run workbook build.") from fault


def starter_from_json(data: dict[str, Any]) -> Starter:
    """Read back what ``Starter.to_json`` wrote.

    Raises:
        KeyError, TypeError, AttributeError: the data has another form.
    """
    return Starter(
        files={str(name): str(text) for name, text in data["files"].items()},
        exercise_blocks={
            str(exercise): tuple(
                Block(str(block["file"]), str(block["text"]), None if block["after"] is None else str(block["after"]))
                for block in blocks
            )
            for exercise, blocks in data["exercises"].items()
        },
        created_files={
            str(exercise): tuple(str(name) for name in names) for exercise, names in data["creates"].items()
        },
        before={str(name): None if text is None else str(text) for name, text in data["before"].items()}
        if "before" in data
        else None,
        lesson=str(data.get("lesson", "")),
    )


def untouched(starter: Starter, exercise_id: str, lesson_folder: Path) -> bool:
    """Whether nothing of an exercise was begun in a learner's lesson folder.

    True where every starter block of it still stands and none of the files to make for it exists. An exercise that
    has neither blocks nor files to make is never called untouched.
    """
    blocks, creates = starter.blocks(exercise_id), starter.creates(exercise_id)
    if not blocks and not creates:
        return False
    if any((lesson_folder / name).exists() for name in creates):
        return False
    texts = {name: _read(lesson_folder / name) for name in {block.file for block in blocks}}
    return all(block.stands_in(texts[block.file]) for block in blocks)


def _read(file: Path) -> str:
    """The text of a learner's file; empty where it is missing, huge, or no ordinary file."""
    try:
        if not file.is_file():
            return ""
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError:
        return ""
    return data.decode("utf-8", errors="replace") if len(data) <= MAX_BYTES else ""
