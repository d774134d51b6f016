"""Replace a file in one step, so that a reader sees the old text or the new one, never a part."""

from __future__ import annotations

import os
import time
from pathlib import Path

from workbook.course.text import encodable

_TRIES = 20
_PAUSE = 0.01
"""Seconds between two tries: on Windows a file cannot be replaced while another process reads it."""


def replace_file(file: Path, text: str) -> Path:
    """Write a file in UTF-8, line ends as they are. A file that holds the text already is left alone.

    Args:
        file: where to write.
        text: what; lone surrogates, which stand for bytes that are no UTF-8, become U+FFFD.

    Returns:
        The file.

    Raises:
        OSError: it cannot be written; the old one is untouched then.
    """
    return replace_bytes(file, encodable(text).encode("utf-8"))


def replace_bytes(file: Path, data: bytes) -> Path:
    """Write a file that is no text in the same way.

    Raises:
        OSError: it cannot be written; the old one is untouched then.
    """
    if _holds(file, data):
        return file
    part = file.with_name(f".{file.name[:80]}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        _replace(part, file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return file


def _holds(file: Path, data: bytes) -> bool:
    try:
        return file.stat().st_size == len(data) and not file.is_symlink() and file.read_bytes() == data
    except OSError:
        return False


def _replace(part: Path, file: Path) -> None:
    for _ in range(_TRIES):
        try:
            part.replace(file)
        except PermissionError:
            time.sleep(_PAUSE)
        else:
            return
    part.replace(file)
