"""The files of a lesson folder, read and written as a whole, and the copies kept of what is replaced."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
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


class Backups:
    """Copies of what a build replaces; its folder is made with the first of them."""

    def __init__(self, state_dir: Path) -> None:
        self._parent = state_dir / "backups"
        self.folder: Path | None = None
        """Where the copies are; None as long as there is none."""

    def keep(self, file: Path, name: str) -> None:
        """Copy a file to ``name`` in the folder of this build."""
        copy = self._made() / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)

    def _made(self) -> Path:
        if self.folder is None:
            stamp = f"{datetime.now().astimezone():%Y%m%d-%H%M%S}"
            self._parent.mkdir(parents=True, exist_ok=True)
            for name in (stamp, *(f"{stamp}-{number}" for number in range(2, 1000))):
                try:
                    (self._parent / name).mkdir()
                except FileExistsError:
                    continue
                self.folder = self._parent / name
                break
        assert self.folder is not None, "a thousand builds within one second"
        return self.folder
