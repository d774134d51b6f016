"""``workbook forward``: carry a change of one lesson's solution into all lessons that grow out of it.

From each lesson to the next, every file that changed is merged three ways: what the lesson was before the change, what
it is now, and what the next lesson has made of it. Where git cannot decide, it marks the place and the forward stops;
``workbook forward --continue`` goes on with the lesson after it.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workbook.authoring.errors import AuthoringError
from workbook.authoring.inheritance import solved_files, without_markers
from workbook.authoring.tree import write_tree
from workbook.course.backups import Backups
from workbook.course.lesson_files import is_left_out, remove_file
from workbook.course.merge import CONFLICT, Labels, merge
from workbook.course.model import LESSON_FILE, Course, CourseError, Lesson

_STATE = "forward.json"


@dataclass
class Forward:
    """What a forward did."""

    changed: list[str] = field(default_factory=list[str])
    """The files that were changed, relative to the course."""
    conflicts: list[str] = field(default_factory=list[str])
    """One line for each file that an author has to decide about; then the lessons after it are still to be done."""
    backup: Path | None = None
    """Where copies of the changed files are, as they were before."""


def forward(course: Course, number: int, since: str = "HEAD") -> Forward:
    """Carry the changes of a lesson's solution since a commit into the lessons that grow out of it.

    Args:
        course: the course.
        number: the lesson.
        since: the commit to compare with, as git names it.

    Raises:
        AuthoringError: a marker in a solution is malformed.
        CourseError: there is no such lesson, no such commit, no git, or another forward has stopped.
    """
    course.lesson(number)
    if _state_file(course).exists():
        raise CourseError("A forward has stopped at a conflict: solve it, then say workbook forward --continue.")
    return _forward(course, number, _commit(course, since))


def go_on(course: Course) -> Forward:
    """Go on after a conflict that an author has solved.

    Raises:
        AuthoringError: a marker in a solution is malformed.
        CourseError: no forward has stopped, or a file still holds a conflict.
    """
    file = _state_file(course)
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        number, since, names = int(state["lesson"]), str(state["since"]), [str(name) for name in state["files"]]
    except FileNotFoundError:
        raise CourseError("No forward has stopped: there is nothing to go on with.") from None
    except (ValueError, KeyError, TypeError):
        raise CourseError(f"{file.relative_to(course.root)} cannot be read: delete it and forward anew.") from None
    for name in names:
        if (course.root / name).is_file() and CONFLICT in (course.root / name).read_text(encoding="utf-8"):
            raise CourseError(f"{name} still holds a conflict: solve it, and take its marks out.")
    file.unlink()
    return _forward(course, number, since)


def _forward(course: Course, number: int, since: str) -> Forward:
    done = Forward()
    backups = Backups(course, "forward")
    lessons = {lesson.number: lesson for lesson in course.lessons}
    while (following := lessons.get(number + 1)) is not None and following.grows is not None:
        names = _merge_into(course, lessons[number], following, since, backups, done)
        if names:
            state = {"lesson": following.number, "since": since, "files": names}
            _state_file(course).parent.mkdir(parents=True, exist_ok=True)
            _state_file(course).write_text(json.dumps(state, indent=1), encoding="utf-8")
            break
        number += 1
    done.backup = backups.folder
    return done


def _merge_into(
    course: Course, lesson: Lesson, following: Lesson, since: str, backups: Backups, done: Forward
) -> list[str]:
    """Merge the changes of a lesson into the one after it; the files that are left to decide."""
    before, now = _solved_at(course, lesson, since), solved_files(course, lesson)
    folder = course.solutions_dir / following.folder
    labels = Labels(f"lesson {following.number}", f"lesson {lesson.number} before", f"lesson {lesson.number} now")
    open_files: list[str] = []
    for name in sorted(before.keys() | now.keys()):
        old, new, file = before.get(name), now.get(name), folder / name
        have = file.read_bytes().replace(b"\r\n", b"\n") if file.is_file() else None
        mine = None if have is None else without_markers(name, have)
        if old == new or mine == new or (have is None and old is not None):  # the last: this lesson removes it
            continue
        place = f"solutions/{following.folder}/{name}"
        decided, conflict = _decide(old, new, have, mine, labels)
        if decided == have and conflict is None:
            continue
        if have is not None:
            backups.keep(file, place)
        if decided is None:
            remove_file(folder, name)
        else:
            write_tree(folder, {name: decided})
        done.changed.append(place)
        if conflict is not None:
            open_files.append(place)
            done.conflicts.append(f"{place}: {conflict}")
    return open_files


def _decide(
    old: bytes | None, new: bytes | None, have: bytes | None, mine: bytes | None, labels: Labels
) -> tuple[bytes | None, str | None]:
    """What becomes of a file of the next lesson, and what an author has to decide, if anything.

    Args:
        old: the file in the lesson before, as it was.
        new: the file there, as it is now.
        have: the file in the next lesson, with its markers.
        mine: the same without its markers.
        labels: what they are called in a conflict.
    """
    if have is None or (have == mine == old):  # new, or inherited
        return new, None
    if new is None:
        return have, f"{labels.theirs} no longer has this file: delete it here too, or keep it."
    try:
        merged = merge(have.decode(), (old or b"").decode(), new.decode(), labels)
    except UnicodeDecodeError:
        return have, "it is no text: decide which version it should be."
    marked = merged.text.splitlines()
    first = next((number for number, line in enumerate(marked, start=1) if line.startswith(CONFLICT)), 0)
    return merged.text.encode(), f"a conflict in line {first}." if merged.conflicts else None


def _solved_at(course: Course, lesson: Lesson, commit: str) -> Mapping[str, bytes]:
    """A lesson's solution at a commit, without markers."""
    folder = f"solutions/{lesson.folder}/"
    listed = _git(course, "ls-tree", "-r", "-z", "--name-only", commit, "--", folder).split(b"\0")
    names = [entry.decode().removeprefix(folder) for entry in listed if entry]
    faults: list[str] = []
    solved: dict[str, bytes] = {}
    for name in names:
        if name == LESSON_FILE or is_left_out(name):
            continue
        try:
            solved[name] = without_markers(name, _git(course, "show", f"{commit}:./{folder}{name}"))
        except AuthoringError as error:
            faults += [f"{folder}{fault} (at {commit[:9]})" for fault in error.faults]
    if faults:
        raise AuthoringError(faults)
    return solved


def _commit(course: Course, name: str) -> str:
    return _git(course, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").decode().strip()


def _git(course: Course, *arguments: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(course.root), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise CourseError("git is not installed, and it knows what a solution was before: install it.") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().removeprefix("fatal: ") or f"there is no {arguments[-1]}"
        raise CourseError(f"git cannot say what the solution was before: {said.rstrip('.')}.")
    return done.stdout


def _state_file(course: Course) -> Path:
    return course.state_dir / _STATE
