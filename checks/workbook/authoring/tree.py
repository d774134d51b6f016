"""The files of a lesson folder, read and written as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from workbook.course.lesson_files import is_left_out
from workbook.course.model import LESSON_FILE


def read_tree(folder: Path) -> dict[str, bytes]:
    """The files below a folder by their path relative to it, written with ``/``, sorted.

    Left out are ``lesson.toml``, hidden files, starters that stand beside their file, and what runs leave behind:
    bytecode, databases and logs.
    """
    found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in _files(folder)}
    return {name: found[name] for name in sorted(found) if name != LESSON_FILE}


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if is_left_out(entry.name):
            continue
        if entry.is_dir():
            yield from _files(entry)
        else:
            yield entry


def write_tree(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder, making the folders they need."""
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
