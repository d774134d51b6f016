"""List the uploads of a class: the entries of a folder, or the clones that a text file names."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from workbook.course.model import CourseError
from workbook.grading.intake.archive import stem
from workbook.grading.intake.entry import shown

MAX_LIST_BYTES = 10_000_000
TIMES = "times.csv"
"""What ``workbook collect`` leaves beside the clones: when each was pushed to."""
_NO_UPLOAD = frozenset({"Thumbs.db", "desktop.ini", "__MACOSX", TIMES})
_LESSON = re.compile(r"lessons|lesson_\d\d")


@dataclass(frozen=True, slots=True)
class Source:
    """One upload, not yet looked into."""

    name: str
    """Of the folder, or of the archive without its suffix: what says whose it is."""
    path: Path


def find_sources(source: Path, *, leave_out: Collection[Path] = ()) -> list[Source]:
    """List the uploads, in the order of their names.

    Args:
        source: a folder that holds one folder or archive a learner, or a text file that lists clones: a path a line,
            relative to the file, or an id, white space, and a path. ``#`` begins a comment line.
        leave_out: what may be in the folder and is no upload: the roster, the results.

    Raises:
        CourseError: there is no such thing, or there is nothing in it.
    """
    if source.is_dir():
        found = _in_folder(source, leave_out)
    elif source.is_file():
        found = _in_list(source)
    else:
        raise CourseError(f"There is no {source}: name a folder of submissions, or a file that lists clones.")
    if len(found) == 1 and (inner := _is_class(found[0].path)):
        raise CourseError(f"{source} holds one folder, and that holds {inner} archives: name {found[0].path}.")
    if not found:
        raise CourseError(f"{source} holds no submission: put one folder, zip or tar per learner there.")
    return sorted(found, key=lambda entry: (entry.name, entry.path.name))


def _in_folder(folder: Path, leave_out: Collection[Path]) -> list[Source]:
    here, left_out = folder.resolve(), {path.resolve() for path in leave_out}
    found: list[Source] = []
    try:
        with os.scandir(folder) as items:
            for item in items:
                path = folder / item.name
                if item.name in _NO_UPLOAD or item.name.startswith(".") or here / item.name in left_out:
                    continue
                is_folder = item.is_dir(follow_symlinks=False)
                if is_folder and _LESSON.fullmatch(item.name):
                    raise CourseError(
                        f"{folder} is one submission, it holds {item.name}: "
                        "name the folder that holds one folder a learner."
                    )
                found.append(Source(item.name if is_folder else stem(item.name), path))
    except OSError as fault:
        raise CourseError(f"{folder} cannot be read: {(fault.strerror or str(fault)).lower()}.") from None
    return found


def _is_class(folder: Path) -> int:
    """How many archives a folder holds; 0 where it may be one learner's own."""
    if folder.is_symlink():
        return 0
    try:
        with os.scandir(folder) as items:
            count = sum(stem(item.name) != item.name for item in items)
    except OSError:  # a file, or not to be read: the upload itself says so
        return 0
    return count if count > 1 else 0


def _in_list(file: Path) -> list[Source]:
    with file.open("rb") as stream:
        data = stream.read(MAX_LIST_BYTES + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or len(data) > MAX_LIST_BYTES:
        raise CourseError(f"{file} is no list of clones: if it is an archive of submissions, unpack it into a folder.")
    found: list[Source] = []
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line and not line.startswith("#"):
            found.append(_listed(line, file, number))
    return found


def _listed(line: str, file: Path, number: int) -> Source:
    whole = _path(line, file)
    if whole.exists():
        return Source(_called(whole), whole)
    name, _, rest = line.partition("\t") if "\t" in line else _at_first_space(line)
    path = _path(rest.strip(), file) if rest.strip() else whole
    if not path.exists():
        raise CourseError(f"{file.name}, line {number}: there is no {shown(str(path), 200)}: mend the path.")
    return Source(name.strip(), path)


def _at_first_space(line: str) -> tuple[str, str, str]:
    name, *rest = line.split(maxsplit=1)
    return name, " ", rest[0] if rest else ""


def _path(text: str, file: Path) -> Path:
    # the instructor wrote this list, so here a link is followed
    return (file.parent / Path(text).expanduser()).resolve()


def _called(path: Path) -> str:
    return path.name if path.is_dir() else stem(path.name)
