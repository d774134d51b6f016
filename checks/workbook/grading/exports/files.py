"""What exports write: trees of files, and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from workbook.course.files import replace_file

BOM = "\ufeff"
"""Tells Excel that a CSV file is UTF-8; without it, Excel reads the machine's own encoding."""


def replace_tree(folder: Path, texts: Mapping[str, str], leftovers: str) -> list[Path]:
    """Write several files below a folder, and remove those of an earlier export that are not among them.

    Args:
        folder: an export's own folder; it is made where it does not exist.
        texts: contents by path below the folder.
        leftovers: the pattern of all files that such an export writes, so that a learner who is no longer in the
            class, or no longer has a grade, keeps no old file. Nothing else is removed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        written.append(replace_file(file, text))
    for old in set(folder.glob(leftovers)) - set(written):
        old.unlink()
        if old.parent != folder and not any(old.parent.iterdir()):
            old.parent.rmdir()
    return written


def csv_text(rows: Iterable[Sequence[str]], *, line_end: str = "\r\n", delimiter: str = ",") -> str:
    """Rows as CSV (RFC 4180)."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator=line_end, delimiter=delimiter).writerows(rows)
    return stream.getvalue()
