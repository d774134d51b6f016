"""The files of a lesson folder, read and written as a whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path

LESSON_FILE = "lesson.toml"
"""Written by hand; the one file of a lesson that no build touches."""
_LEFT_BY_RUNS = ("__pycache__", "*.pyc", "*.db", "*.db-*", "*.sqlite*", "*.log")


def read_tree(folder: Path) -> dict[str, bytes]:
    """The files below a folder by their path relative to it, written with ``/``, sorted.

    Left out are ``lesson.toml``, hidden files, and what runs leave behind: bytecode, databases and logs.
    """
    found = {file.relative_to(folder).as_posix(): file.read_bytes() for file in _files(folder)}
    return {name: found[name] for name in sorted(found) if name != LESSON_FILE}


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.name.startswith(".") or any(fnmatch(entry.name, pattern) for pattern in _LEFT_BY_RUNS):
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
