"""How exports write: whole files, replaced at once."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from workbook.grading.exports.text import encodable

BOM = "\ufeff"
"""Tells Excel that a CSV file is UTF-8; without it, Excel reads the machine's own encoding."""


def replace_file(file: Path, text: str) -> Path:
    """Write a file in UTF-8, line ends as they are, so that a reader sees the old text or the new one.

    A file that holds the text already is left alone: replacing thousands of them takes seconds.

    Returns:
        The file.

    Raises:
        OSError: it cannot be written; the old one is untouched then.
    """
    part = file.with_name(f".{file.name[:80]}.{os.getpid()}.part")
    data = encodable(text).encode("utf-8")
    if _holds(file, data):
        return file
    try:
        part.write_bytes(data)
        part.replace(file)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    return file


def _holds(file: Path, data: bytes) -> bool:
    try:
        return file.stat().st_size == len(data) and not file.is_symlink() and file.read_bytes() == data
    except OSError:
        return False


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
