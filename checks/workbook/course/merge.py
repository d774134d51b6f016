"""Merge two versions of a text that were made from the same one; git does it."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from workbook.course.model import CourseError

CONFLICT = "<<<<<<< "
"""How the first line of a conflict begins; its last one begins with ``>>>>>>>``."""


class Labels(NamedTuple):
    """What the three versions are called in a conflict."""

    ours: str
    base: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged text."""

    text: str
    conflicts: int
    """The number of places that both sides changed, each in its own way. They are marked in the text."""


def merge(ours: str, base: str, theirs: str, labels: Labels) -> Merged:
    """Merge what ``ours`` and ``theirs`` changed in ``base``.

    Args:
        ours: one version.
        base: the text that both were made from.
        theirs: the other version.
        labels: what they are called where they conflict.

    Raises:
        CourseError: there is no git, or it cannot merge these.
    """
    with tempfile.TemporaryDirectory(prefix="workbook-merge-") as scratch:
        files = [Path(scratch) / name for name in ("ours", "base", "theirs")]
        for file, text in zip(files, (ours, base, theirs), strict=True):
            file.write_text(text, encoding="utf-8", newline="\n")
        names = [option for label in labels for option in ("-L", label)]
        try:
            done = subprocess.run(
                ["git", "merge-file", "--stdout", "--diff3", *names, *map(str, files)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except FileNotFoundError:
            raise CourseError(
                "git is not installed, and two versions of a file have to be merged: install it."
            ) from None
    if done.returncode > 127:  # up to there it is the number of conflicts
        raise CourseError(
            f"git could not merge two versions of a file: {done.stderr.decode(errors='replace').strip()}."
        )
    return Merged(done.stdout.decode(), done.returncode)
