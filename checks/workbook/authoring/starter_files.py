"""Put built starters into ``lessons``, or say how ``lessons`` differs from them."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workbook.authoring.starters import BuiltLesson
from workbook.authoring.tree import read_tree, write_tree
from workbook.course.backups import Backups
from workbook.course.lesson_files import remove_file
from workbook.course.model import Course, CourseError
from workbook.course.starter import load_starter, starter_file

DIFF_LINES = 24


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what a build would write."""

    name: str
    """The file, relative to the course."""
    diff: tuple[str, ...]
    """The first lines of a unified diff from the file to what a build would write."""


def differences(course: Course, built: BuiltLesson) -> list[Difference]:
    """How ``lessons/lesson_NN`` and ``starter.json`` differ from a fresh build."""
    lesson = built.lesson
    found = [
        Difference(f"lessons/{lesson.folder}/{name}", _diff(have, want))
        for name, have, want in _changed(read_tree(course.lessons_dir / lesson.folder), built.files)
    ]
    record = starter_file(course, lesson)
    have = record.read_bytes() if record.is_file() else None
    want = built.starter_json.encode()
    if not _same(have, want):
        # the lines are those of the files above once more, escaped: no diff of them helps anybody
        found.append(Difference(f"checks/{lesson.folder}/starter.json", ("it is missing.",) if have is None else ()))
    return found


def write_starter(course: Course, built: BuiltLesson, backups: Backups) -> list[str]:
    """Make ``lessons/lesson_NN`` and ``starter.json`` what the build says; ``lesson.toml`` is left alone.

    A file that is neither what the last build wrote nor what this one writes is somebody's work: a copy goes to
    ``backups`` first.

    Returns:
        The files that changed, relative to the lesson folder.
    """
    lesson = built.lesson
    folder = course.lessons_dir / lesson.folder
    last = _last_built(course, built)
    changed = _changed(read_tree(folder), built.files)
    for name, have, want in changed:
        if have is not None and not _same(have, last.get(name)):
            backups.keep(folder / name, f"{lesson.folder}/{name}")
        if want is None:
            remove_file(folder, name)
        else:
            write_tree(folder, {name: want})
    record = starter_file(course, lesson)
    record.parent.mkdir(parents=True, exist_ok=True)
    if not (record.is_file() and _same(record.read_bytes(), built.starter_json.encode())):
        record.write_bytes(built.starter_json.encode())
    return [name for name, _, _ in changed]


def _last_built(course: Course, built: BuiltLesson) -> dict[str, bytes]:
    try:
        return {name: text.encode() for name, text in load_starter(course, built.lesson).files.items()}
    except CourseError:
        return {}


def _changed(have: Mapping[str, bytes], want: Mapping[str, bytes]) -> list[tuple[str, bytes | None, bytes | None]]:
    """The files of either side that differ, each with what it is and what it should be."""
    return [
        (name, have.get(name), want.get(name))
        for name in sorted({*have, *want})
        if not _same(have.get(name), want.get(name))
    ]


def _same(one: bytes | None, other: bytes | None) -> bool:
    """Whether two files are the same; git on Windows may have changed the line ends."""
    if one is None or other is None:
        return one is other
    return one == other or one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _diff(have: bytes | None, want: bytes | None) -> tuple[str, ...]:
    if have is None:
        return ("it is missing.",)
    if want is None:
        return ("no solution makes this file: workbook build removes it and keeps a copy of your work.",)
    try:
        return short_diff(have.decode().splitlines(), want.decode().splitlines())
    except UnicodeDecodeError:
        return ("the bytes differ.",)


def short_diff(have: list[str], want: list[str]) -> tuple[str, ...]:
    """The first lines of a unified diff, without its header."""
    lines = list(difflib.unified_diff(have, want, n=1, lineterm=""))[2:]
    if len(lines) > DIFF_LINES:
        lines = [*lines[:DIFF_LINES], f"… and {len(lines) - DIFF_LINES} lines more"]
    return tuple(lines)


def target_folder(parent: Path, built: BuiltLesson, files: Mapping[str, bytes]) -> Path:
    """Write ``files`` as a target of their own: ``parent/lesson_NN/…``.

    Returns:
        ``parent``, which ``pytest --target`` takes.
    """
    folder = parent / built.lesson.folder
    folder.mkdir(parents=True)
    write_tree(folder, files)
    return parent
