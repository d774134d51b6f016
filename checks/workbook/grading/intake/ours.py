"""Say which parts of a submitted repository differ from ours. They are not taken, so it is a note and no more."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbook.course.model import Course, folder_name
from workbook.grading.intake.entry import Entry, Kind, is_ignored, patterns, shown
from workbook.grading.intake.limits import MB
from workbook.grading.intake.locate import Located

MAX_BYTES = MB
"""A file of ours larger than this is not compared."""
_FOLDERS = ("checks", "solutions", ".github/workflows")
_FILES = ("pyproject.toml", "requirements.lock", "Makefile", "notebooks/conftest.py")
_STRAY = patterns("conftest.py", "*pytest.ini", "*pytest.toml", "tox.ini", "setup.cfg", "*customize.py", "*.pth")
"""Files that steer Python or pytest from the folder that they lie in."""
_LEFT_BY_RUNS = patterns("*.pyc", ".*", "*.db", "*.log")
_NOTED = 8


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    crc: int
    lines: int


class Comparison:
    """How one upload differs from ours. What is missing there is no difference."""

    def __init__(self) -> None:
        self.differing: set[str] = set()
        self._open: dict[str, tuple[str, bytes]] = {}
        self.wanted: list[Entry] = []
        """Entries that have to be read to know; ``check`` takes them."""

    def add(self, group: str, entry: Entry, ours: bytes) -> None:
        """Note a file that has to be read."""
        self._open[entry.name] = (group, ours)
        self.wanted.append(entry)

    def check(self, entry: Entry, content: bytes) -> None:
        """Take the content of a wanted entry."""
        group, ours = self._open[entry.name]
        if content.replace(b"\r\n", b"\n") != ours:
            self.differing.add(group)

    @property
    def notes(self) -> tuple[str, ...]:
        """At most one: what was ignored though it differs from ours."""
        if not self.differing:
            return ()
        names = sorted(shown(name, 60) for name in self.differing)
        few = ", ".join(names[:_NOTED]) + (f" and {len(names) - _NOTED} more" if len(names) > _NOTED else "")
        return (f"Ignored, though not the same as ours: {few}.",)


class Ours:
    """The course's own files, as far as a submission is compared with them."""

    def __init__(self, course: Course) -> None:
        self._course = course

    @cached_property
    def _files(self) -> dict[str, _File]:
        root = self._course.root
        names = [root / name for name in _FILES if (root / name).is_file()]
        for folder in _FOLDERS:
            names += [file for file in (root / folder).rglob("*") if file.is_file()]
        names += self._course.lessons_dir.glob("lesson_[0-9][0-9]/lesson.toml")
        found: dict[str, _File] = {}
        for file in names:
            name = file.relative_to(root).as_posix()
            if not is_ignored(name):
                found[name] = _known(file)
        return found

    def compare(self, entries: Iterable[Entry], located: Located) -> Comparison:
        """Compare what an upload holds beside its lessons, as far as that is possible without reading it."""
        comparison = Comparison()
        for group, name, entry in self._of_the_repository(entries, located):
            ours = self._files.get(name)
            if ours is None or entry.kind is not Kind.FILE or not _may_be_same(ours, entry):
                comparison.differing.add(group)
            elif entry.crc is None or (entry.crc, entry.size) != (ours.crc, len(ours.content)):
                comparison.add(group, entry, ours.content)
        return comparison

    def _of_the_repository(self, entries: Iterable[Entry], located: Located) -> Iterator[tuple[str, str, Entry]]:
        """The entries to compare: the group that is named in the note, the path in the course, and the entry."""
        for number, entry in located.lesson_files.items():
            name = f"lessons/{folder_name(number)}/lesson.toml"
            yield name, name, entry
        for entry in entries:
            root = next((root for root in located.roots if entry.name.startswith(root)), None)
            if root is None or entry.ignored or entry.kind is Kind.FOLDER:
                continue
            name = entry.name.removeprefix(root)
            if group := _group(name):
                yield group, name, entry


def _known(file: Path) -> _File:
    content = file.read_bytes().replace(b"\r\n", b"\n")
    return _File(content, zlib.crc32(content), content.count(b"\n"))


def _may_be_same(ours: _File, entry: Entry) -> bool:
    """Whether the lengths allow it: Git on Windows writes two bytes for each line break."""
    return entry.size in (len(ours.content), len(ours.content) + ours.lines) and entry.size <= MAX_BYTES


def _group(name: str) -> str:
    """How a differing file is named in the note; empty where it does not matter."""
    parts = name.split("/")
    if parts[0] in ("checks", "solutions") and _LEFT_BY_RUNS.match(parts[-1]):
        return ""
    if parts[0] == "checks":
        return "/".join(parts[:2]) + "/" * (len(parts) > 2)
    if parts[0] == "solutions":
        return "solutions/"
    if parts[:2] == [".github", "workflows"]:
        return ".github/workflows/"
    if name in _FILES:
        return name
    return name if len(parts) <= 2 and _STRAY.match(parts[-1]) else ""
