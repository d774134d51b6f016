"""Make a lesson's starter from its solution, and compare it with what stands in ``lessons``."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from dataclasses import dataclass

from workbook.authoring.errors import AuthoringError
from workbook.authoring.inheritance import last_solution
from workbook.authoring.regions import MarkedFile, Region, can_be_marked, read_marked
from workbook.authoring.tree import read_tree
from workbook.course.lesson_files import STARTER
from workbook.course.model import LESSON_FILE, Course, Lesson
from workbook.course.starter import Block, Starter


@dataclass(frozen=True)
class BuiltLesson:
    """What one marked solution gives."""

    lesson: Lesson
    solution: Mapping[str, bytes]
    """The solved files, without markers."""
    files: Mapping[str, bytes]
    """The starter's files."""
    regions: Mapping[str, tuple[Region, ...]]
    """The regions of each file that has any."""
    lesson_text: str
    """The text of ``lesson.toml``."""
    last: Mapping[str, bytes] | None = None
    """The solved files, without markers, of the lesson that this one grows out of; None where it starts afresh."""

    @property
    def starter(self) -> Starter:
        """The starter as it is recorded for the checks."""
        blocks: dict[str, list[Block]] = {}
        creates: dict[str, list[str]] = {}
        for name, regions in self.regions.items():
            for region in regions:
                if name not in self.files:
                    creates.setdefault(region.exercise, []).append(name)
                elif region.block is not None:
                    blocks.setdefault(region.exercise, []).append(region.block)
        texts = {name: _text(content) for name, content in self.files.items()}
        return Starter(
            files={name: text for name, text in texts.items() if text is not None},
            exercise_blocks={exercise: tuple(entries) for exercise, entries in blocks.items()},
            created_files={exercise: tuple(names) for exercise, names in creates.items()},
            before=self._before(),
            lesson=self.lesson_text,
        )

    def _before(self) -> dict[str, str | None] | None:
        if self.last is None:
            return None
        names = sorted(self.last.keys() | self.solution.keys())
        texts = {name: _text(self.last[name]) if name in self.last else None for name in names}
        starter = {name: _text(self.files[name]) if name in self.files else None for name in names}
        return {name: text for name, text in texts.items() if text != starter[name] or name not in self.files}

    @property
    def starter_json(self) -> str:
        """The text of ``starter.json``."""
        return json.dumps(self.starter.to_json(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"

    def files_of(self, exercise_id: str) -> list[str]:
        """The solution files that hold a region of an exercise."""
        return [name for name, regions in self.regions.items() if any(part.exercise == exercise_id for part in regions)]


def build_lesson(course: Course, lesson: Lesson) -> BuiltLesson:
    """Take a lesson's solution apart.

    Raises:
        AuthoringError: there is no solution, a marker is malformed, an exercise has no region, or the starter would
            not be valid Python. All faults are named at once. Or the solution that it grows out of cannot be read.
        CourseError: the lesson that it grows out of is missing, or cannot be read.
    """
    folder = course.solutions_dir / lesson.folder
    place = f"solutions/{lesson.folder}"
    exercises = [exercise.id for exercise in lesson.exercises]
    source = read_tree(folder)
    if not source:
        raise AuthoringError(f"{place}: there is no solution to build lesson {lesson.number} from.")

    faults: list[str] = []
    if (folder / LESSON_FILE).exists():
        faults.append(f"{place}/{LESSON_FILE}: lesson.toml belongs to lessons/{lesson.folder}; remove this one.")
    solution: dict[str, bytes] = {}
    starter: dict[str, bytes] = {}
    regions: dict[str, tuple[Region, ...]] = {}
    for name, content in source.items():
        try:
            marked = _read(name, content, exercises)
            if marked is not None and (own := folder / f"{name}{STARTER}").is_file():
                marked = _with_own_starter(marked, own.read_text(encoding="utf-8"), name, exercises)
        except AuthoringError as error:
            faults += [f"{place}/{fault}" for fault in error.faults]
            continue
        if marked is None:
            solution[name] = starter[name] = content
            continue
        regions[name] = marked.regions
        solution[name] = marked.solution.encode()
        if marked.starter is not None:
            starter[name] = marked.starter.encode()
            faults += _python_faults(f"lessons/{lesson.folder}/{name}", marked.starter)
    used = {region.exercise for parts in regions.values() for region in parts}
    if not faults:  # a broken marker may have hidden the region
        faults += [f"{place}: exercise {name} of lesson.toml has no region." for name in exercises if name not in used]
    if faults:
        raise AuthoringError(faults)
    text = (course.lessons_dir / lesson.folder / LESSON_FILE).read_text(encoding="utf-8")
    return BuiltLesson(lesson, solution, starter, regions, text, last_solution(course, lesson))


def _read(name: str, content: bytes, exercises: list[str]) -> MarkedFile | None:
    """A file taken apart; None where it holds no region and is copied as it is."""
    text = _text(content)
    if text is None or not can_be_marked(name):
        return None
    marked = read_marked(text, name, exercises)
    return marked if marked.regions else None


def _with_own_starter(solution: MarkedFile, text: str, name: str, exercises: list[str]) -> MarkedFile:
    """A file whose starter is written by itself, with regions around what belongs to an exercise."""
    inside = False
    lines: list[str] = []
    for line in text.splitlines():
        marker = line.lstrip("# ").split(" ")[0]
        inside = marker == "region" or (inside and marker != "endregion")
        is_marker = marker in ("region", "endregion")
        lines.append(f"# starter: {line}" if inside and not is_marker else line)
    try:
        starter = read_marked("\n".join(lines), name, exercises)
    except AuthoringError as error:
        raise AuthoringError([fault.replace(name, name + STARTER, 1) for fault in error.faults]) from None
    return MarkedFile(solution.solution, starter.starter, (*solution.regions, *starter.regions))


def _text(content: bytes) -> str | None:
    """The text of a file; None where it is no text."""
    try:
        return None if b"\0" in content else content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _python_faults(name: str, text: str) -> list[str]:
    if not name.endswith(".py"):
        return []
    try:
        ast.parse(text)
    except SyntaxError as error:
        return [f"{name}:{error.lineno}: the starter would not be valid Python ({error.msg}): add starter lines."]
    return []
