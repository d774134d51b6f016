"""Read a folder that was handed in, without following a link or waiting for a pipe."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbook.grading.intake.entry import IGNORED, Entry, InvalidUpload, Kind, listed, safe_name, shown
from workbook.grading.intake.limits import Limits, size

OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO would wait for a writer
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class FolderUpload:
    """A folder. What tools left behind, such as ``.git`` and ``.venv``, is not even looked into."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """List it and check every name in it.

        Raises:
            InvalidUpload: it cannot be read, or is not safe to read.
        """
        self._folder, self._limits = os.fspath(folder), limits
        self._times: list[float] = []
        self.entries = listed(self._scan(), limits)

    def _scan(self) -> Iterator[Entry]:
        folders = [""]
        while folders:
            above = folders.pop()
            try:
                with os.scandir(f"{self._folder}/{above}") as found:
                    for item in found:
                        if item.name in IGNORED:
                            continue
                        name = safe_name(f"{above}{item.name}", self._limits)
                        about = item.stat(follow_symlinks=False)
                        kind = _kind(about.st_mode)
                        if kind is Kind.FOLDER:
                            folders.append(f"{name}/")
                        self._times.append(about.st_mtime)
                        yield Entry(name, kind, about.st_size, position=len(self._times) - 1)
            except OSError as fault:
                raise _unreadable(above.rstrip("/") or "the folder itself", fault) from None

    def read(self, wanted: Iterable[Entry], limit: int) -> Iterator[tuple[Entry, bytes]]:
        """Read files; see ``Upload.read``."""
        for entry in wanted:
            try:
                yield entry, read_plain_file(f"{self._folder}/{entry.name}", limit, entry.name)
            except OSError as fault:
                raise _unreadable(entry.name, fault) from None

    def modified(self, entry: Entry) -> float | None:
        """When a file was changed."""
        return self._times[entry.position]

    def close(self) -> None:
        """Nothing is kept open."""


def read_plain_file(path: str, limit: int, name: str) -> bytes:
    """Read a file that is a plain file in this very moment.

    Args:
        path: where it is.
        limit: the most bytes.
        name: how to call it.

    Raises:
        InvalidUpload: it is no plain file, or larger.
        OSError: it cannot be read.
    """
    handle = os.open(path, OPEN_FLAGS)
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise InvalidUpload(f"{shown(name)} is no plain file: hand in plain files.")
        wanted = min(about.st_size, limit) + 1
        data = os.read(handle, wanted)
        while len(data) < about.st_size <= limit and (more := os.read(handle, wanted - len(data))):
            data += more  # a network drive may give less at once
    finally:
        os.close(handle)
    if len(data) > limit:
        raise InvalidUpload(f"{shown(name)} is larger than {size(limit)}: leave it out.")
    if len(data) != about.st_size:
        raise InvalidUpload(f"{shown(name)} changed while it was read: grade it again.")
    return data


def _kind(mode: int) -> Kind:
    if stat.S_ISDIR(mode):
        return Kind.FOLDER
    if stat.S_ISREG(mode):
        return Kind.FILE
    return Kind.LINK if stat.S_ISLNK(mode) else Kind.SPECIAL


def _unreadable(name: str, fault: OSError) -> InvalidUpload:
    reason = (fault.strerror or type(fault).__name__).lower()
    return InvalidUpload(f"{shown(name)} cannot be read ({reason}): give the grader the right to read it.")
