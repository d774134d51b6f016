"""What a lesson's solution inherits from the last one, and whether it does so to the byte.

A lesson whose ``lesson.toml`` has ``grows`` is the last lesson's solution with those files new or changed. Every other
file is the last one's, markers aside. A lesson without ``grows`` starts afresh.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from workbook.authoring.errors import AuthoringError
from workbook.authoring.regions import can_be_marked, read_marked
from workbook.authoring.tree import read_tree
from workbook.course.model import Course, Lesson

_NUMBER = re.compile(r"\d+\.\d+")


def without_markers(name: str, content: bytes) -> bytes:
    """A solution file as it is without region comments and carriage returns.

    Raises:
        AuthoringError: a marker is malformed; the fault begins with ``name:line``.
    """
    content = content.replace(b"\r\n", b"\n")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    if not can_be_marked(name):
        return content
    # Whether lesson.toml has the exercise is asked where the lesson itself is built.
    marked = read_marked(text, name, set(_NUMBER.findall(text)))
    return marked.solution.encode() if marked.regions else content


def solved_files(course: Course, lesson: Lesson) -> dict[str, bytes]:
    """A lesson's solution without markers.

    Raises:
        AuthoringError: there is none, or a marker is malformed. All faults are named at once.
    """
    place = f"solutions/{lesson.folder}"
    source = read_tree(course.solutions_dir / lesson.folder)
    if not source:
        raise AuthoringError(f"{place}: there is no solution of lesson {lesson.number}.")
    solved: dict[str, bytes] = {}
    faults: list[str] = []
    for name, content in source.items():
        try:
            solved[name] = without_markers(name, content)
        except AuthoringError as error:
            faults += [f"{place}/{fault}" for fault in error.faults]
    if faults:
        raise AuthoringError(faults)
    return solved


def last_solution(course: Course, lesson: Lesson) -> dict[str, bytes] | None:
    """The solution, without markers, that a lesson grows out of; None where it starts afresh.

    Raises:
        AuthoringError: that solution is missing, or a marker in it is malformed.
        CourseError: the lesson before is missing, or cannot be read.
    """
    before = course.before(lesson)
    return None if before is None else solved_files(course, before)


def inheritance_faults(lesson: Lesson, solution: Mapping[str, bytes], last: Mapping[str, bytes] | None) -> list[str]:
    """How a solution is not the last one plus what ``grows`` and ``removes`` say: one line for each file.

    Args:
        lesson: the lesson.
        solution: its files, without markers.
        last: the files of the lesson that it grows out of, without markers; None where it starts afresh.
    """
    if last is None:
        return []
    listed = f"lessons/{lesson.folder}/lesson.toml"
    grows, removes = set(lesson.grows or ()), set(lesson.removes)
    faults = list(_wrong_entries(lesson, solution, last))
    for name in sorted(solution.keys() | last.keys()):
        place = f"solutions/{lesson.folder}/{name}"
        have, want = solution.get(name), last.get(name)
        if want is None and name not in grows:
            faults.append(f"{place}: it is new: list it under grows in {listed}.")
        elif have is None and name not in removes:
            faults.append(
                f"{place}: lesson {lesson.number - 1} has this file: copy it, or list it under removes in {listed}."
            )
        elif have is not None and want is not None and name not in grows and (line := _first_difference(have, want)):
            faults.append(
                f"{place}:{line}: lesson {lesson.number - 1} left it otherwise: "
                f"make it the same, or list it under grows in {listed}."
            )
    return faults


def _wrong_entries(lesson: Lesson, solution: Mapping[str, bytes], last: Mapping[str, bytes]) -> Iterator[str]:
    """What ``grows`` and ``removes`` say that is not so."""
    place = f"lessons/{lesson.folder}/lesson.toml"
    before = f"lesson {lesson.number - 1}"
    for name in lesson.grows or ():
        if name not in solution:
            yield f"{place}: grows names {name}, which the solution does not have."
        elif name in last and not _first_difference(solution[name], last[name]):
            yield f"{place}: grows names {name}, which is as {before} left it: take it off the list."
    for name in lesson.removes:
        if name in solution:
            yield f"{place}: removes names {name}, which the solution has."
        elif name not in last:
            yield f"{place}: removes names {name}, which {before} does not have."


def _first_difference(have: bytes, want: bytes) -> int:
    """The number of the first line that differs; 0 where the files are the same, whatever ends their lines."""
    one, other = (content.replace(b"\r\n", b"\n").split(b"\n") for content in (have, want))
    for number, (mine, theirs) in enumerate(zip(one, other, strict=False), start=1):
        if mine != theirs:
            return number
    return 0 if len(one) == len(other) else min(len(one), len(other)) + 1
