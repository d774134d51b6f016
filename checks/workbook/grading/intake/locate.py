"""Find the lessons in an upload, and in each lesson what is the learner's.

An upload may hold the whole repository, a ``lessons`` folder, or bare ``lesson_NN`` folders, below any number of
wrapping folders. What lies below ``solutions`` or ``checks`` is never taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from workbook.course.model import folder_name
from workbook.grading.intake.entry import Entry, InvalidUpload, Kind, patterns, shown
from workbook.grading.intake.limits import Limits, size

_LESSON = re.compile(r"(?:^|/)(lesson_(\d\d))(?=/|$)", re.ASCII)
_LESSON_FILE = "lesson.toml"
NEVER_TAKEN = frozenset({"solutions", "checks"})
_LEFT_BY_RUNS = patterns("*.pyc", "*.pyo", "*.db", "*.db-*", "*.sqlite", "*.sqlite3", "*.log", "desktop.ini", "._*")
_CONFIGURATION = patterns("conftest.py", "*.ini", "setup.cfg", "pyproject.toml", "*.pth", "*customize.py")
_NOTED = 4


@dataclass(frozen=True, slots=True)
class Located:
    """Where an upload holds what."""

    lessons: dict[int, dict[str, Entry]]
    """For each lesson the files to take, by their path inside ``lesson_NN``."""
    lesson_files: dict[int, Entry]
    """The ``lesson.toml`` of each, which is ours."""
    roots: tuple[str, ...]
    """The folders that hold ``lessons``, as a prefix: ``""`` or ``"workbook-main/"``."""
    notes: tuple[str, ...]
    problems: dict[int, str]
    """Why a lesson cannot be taken, in one sentence; the others are."""


@dataclass(slots=True)
class _Place:
    """One folder called ``lesson_NN``."""

    files: list[tuple[str, Entry]] = field(default_factory=list[tuple[str, Entry]])


def locate(entries: Collection[Entry], wanted: Collection[int], limits: Limits) -> Located:
    """Find the lessons.

    Args:
        entries: everything that the upload holds.
        wanted: the numbers of the lessons to take; others may be there, and do not matter.
        limits: how large a lesson may be.

    Raises:
        InvalidUpload: there is no lesson that can be taken: one is there twice, or holds links, pipes or too much.
    """
    places: dict[int, dict[str, _Place]] = {}
    seen_elsewhere = False
    for entry in entries:
        if "lesson" not in entry.name or entry.ignored:
            continue
        match = _LESSON.search(entry.name)
        if match is None:
            if entry.kind is Kind.LINK and entry.name.rpartition("/")[2] == "lessons" and _may_be_taken(entry.name):
                raise InvalidUpload(f"{shown(entry.name)} is a link: hand in the folder itself.")
            continue
        if not _may_be_taken(entry.name[: match.start()]):
            seen_elsewhere = True
            continue
        end, again = match.end(), f"/{match[1]}/"
        while f"{entry.name}/".startswith(again, end):
            end += len(again) - 1  # "Extract all" on Windows makes lesson_01/lesson_01
        place = places.setdefault(int(match[2]), {}).setdefault(entry.name[:end], _Place())
        inside = entry.name[end + 1 :]
        if inside or entry.kind is not Kind.FOLDER:
            place.files.append((inside, entry))
    if not places:
        raise InvalidUpload(
            "It holds no lesson_NN folder outside of solutions/ and checks/: hand in the lessons folder."
            if seen_elsewhere
            else _without_lessons(entries)
        )
    return _take({number: places[number] for number in sorted(places) if number in wanted}, limits)


def _without_lessons(entries: Collection[Entry]) -> str:
    """What to say of an upload that holds something else, or nothing."""
    names = sorted({entry.name.partition("/")[0] for entry in entries if entry.name and not entry.ignored})
    if not names:
        return "It is empty: pack the lessons folder and upload it again."
    few = ", ".join(shown(name, 40) for name in names[:_NOTED])
    more = f" and {len(names) - _NOTED} more" if len(names) > _NOTED else ""
    return f"It holds no lesson_NN folder, only {few}{more}: hand in the lessons folder."


def _may_be_taken(folder: str) -> bool:
    return not any(part in NEVER_TAKEN or part.startswith(".") for part in folder.split("/"))


def _take(places: dict[int, dict[str, _Place]], limits: Limits) -> Located:
    lessons: dict[int, dict[str, Entry]] = {}
    lesson_files: dict[int, Entry] = {}
    roots: dict[str, None] = {}
    notes: list[str] = []
    problems: dict[int, str] = {}
    total = 0
    for number, found in places.items():
        try:
            folder, place = _only_one(number, found)
            above, _, _ = folder.rpartition("/")
            if above == "lessons" or above.endswith("/lessons"):
                roots[above.removesuffix("lessons")] = None
            files, hidden = _files(folder, place)
            lesson_file = files.pop(_LESSON_FILE, None)
            _check_size(number, files, limits)
        except InvalidUpload as fault:
            problems[number] = str(fault)
            continue
        if lesson_file is not None:
            lesson_files[number] = lesson_file
        total += sum(entry.size for entry in files.values())
        lessons[number] = files
        # The tests that a learner writes, from lesson 8 on, have a conftest.py of their own.
        odd = [
            name for name in files if _CONFIGURATION.match(name.rpartition("/")[2]) and not name.startswith("tests/")
        ]
        notes += _note(number, "hidden files, which were left out", hidden)
        notes += _note(number, "configuration, which has no effect on the checks", odd)
    if problems and not lessons:
        raise InvalidUpload(next(iter(problems.values())))
    if total > limits.upload_bytes:
        raise InvalidUpload(f"Its lessons hold {size(total)}; {size(limits.upload_bytes)} is the most.")
    return Located(lessons, lesson_files, tuple(roots), tuple(notes), problems)


def _only_one(number: int, found: dict[str, _Place]) -> tuple[str, _Place]:
    """The one place that holds a lesson; an empty folder beside it does not count."""
    filled = [folder for folder, place in found.items() if place.files] or list(found)[:1]
    if len(filled) > 1:
        first, second = sorted(filled)[:2]
        raise InvalidUpload(f"It holds {folder_name(number)} twice ({shown(first)} and {shown(second)}): keep one.")
    return filled[0], found[filled[0]]


def _files(folder: str, place: _Place) -> tuple[dict[str, Entry], list[str]]:
    """The files of a lesson to take, and the hidden ones that are left out."""
    files: dict[str, Entry] = {}
    hidden: list[str] = []
    for inside, entry in place.files:
        name = inside.rpartition("/")[2]
        if entry.kind is Kind.FILE and _LEFT_BY_RUNS.match(name):
            continue
        match entry.kind:
            case Kind.LINK:
                raise InvalidUpload(f"{shown(entry.name)} is a link: hand in plain files.")
            case Kind.SPECIAL:
                raise InvalidUpload(f"{shown(entry.name)} is a device or pipe: hand in plain files.")
            case Kind.FOLDER:
                continue
            case Kind.FILE:
                pass
        if not inside:
            raise InvalidUpload(f"{shown(folder)} is a file, not a folder: hand in the folder.")
        if inside.startswith(".") or "/." in inside:
            hidden.append(inside)
        else:
            files[inside] = entry
    return files, hidden


def _check_size(number: int, files: dict[str, Entry], limits: Limits) -> None:
    if len(files) > limits.lesson_files:
        raise InvalidUpload(f"{folder_name(number)} holds {len(files)} files; {limits.lesson_files} is the most.")
    for entry in files.values():
        if entry.size > limits.file_bytes:
            raise InvalidUpload(f"{shown(entry.name)} is larger than {size(limits.file_bytes)}: leave it out.")
    total = sum(entry.size for entry in files.values())
    if total > limits.lesson_bytes:
        raise InvalidUpload(f"{folder_name(number)} holds {size(total)}; {size(limits.lesson_bytes)} is the most.")


def _note(number: int, what: str, names: list[str]) -> list[str]:
    if not names:
        return []
    few = ", ".join(shown(name, 60) for name in sorted(names)[:_NOTED])
    more = f" and {len(names) - _NOTED} more" if len(names) > _NOTED else ""
    return [f"{folder_name(number)} holds {what}: {few}{more}."]
