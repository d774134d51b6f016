"""The files of a lesson's folder: which of them are somebody's work, and which runs and editors leave behind."""

from __future__ import annotations

import shutil
from fnmatch import fnmatch
from typing import TYPE_CHECKING

from workbook.course.model import LESSON_FILE

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 1_000_000
STARTER = ".starter"
"""``main.py.starter`` beside a solution's ``main.py`` holds the starter of a file that the exercises rewrite."""
_LEFT_OUT = ("__pycache__", "*.pyc", "*.db", "*.db-*", "*.sqlite*", "*.log", f"*{STARTER}")
_SKIPPED_FOLDERS = {"__pycache__", ".ipynb_checkpoints"}


def text_files(folder: Path) -> dict[str, str]:
    """The text files below a lesson's folder, by their path relative to it; caches and databases are left out."""
    texts: dict[str, str] = {}
    for name in lesson_files(folder):
        file = folder / name
        try:
            if file.stat().st_size <= MAX_BYTES:
                texts[name] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return texts


def lesson_files(folder: Path) -> list[str]:
    """Every file of a person's work in a lesson's folder, as paths relative to it, in order."""
    names = [
        file.relative_to(folder)
        for file in folder.rglob("*")
        if (file.is_file() or file.is_symlink()) and not _SKIPPED_FOLDERS.intersection(file.parts)
    ]
    return sorted(name.as_posix() for name in names if name.as_posix() != LESSON_FILE)


def is_left_out(name: str) -> bool:
    """Whether a path relative to a lesson folder is none of its files: hidden, or what runs leave behind."""
    return any(part.startswith(".") or any(fnmatch(part, pattern) for pattern in _LEFT_OUT) for part in name.split("/"))


def remove_file(folder: Path, name: str) -> None:
    """Remove a file below a folder, and the folders that this leaves empty."""
    file = folder / name
    file.unlink()
    for parent in file.relative_to(folder).parents:
        place = folder / parent
        # what runs leave behind is not worth keeping a folder for
        if place == folder or any(entry.name != "__pycache__" for entry in place.iterdir()):
            break
        shutil.rmtree(place)
