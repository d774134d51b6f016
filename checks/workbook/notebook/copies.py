"""The learner's own copies of the notebooks: ``notebooks/mine/``, which Git does not look at.

What stands in ``notebooks/`` belongs to the course. A learner runs and writes in a copy, so a newer course never
collides with it, and a copy begins without outputs: nothing in it looks as if it had been run already.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from workbook.course.files import replace_file

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.course.model import Course, Lesson

FOLDER = "mine"
_MADE = "workbook"
"""Where a copy's metadata says what it was made from."""
_UP = re.compile(r"""(?P<before>\]\(|href=["'])\.\./""")


def my_notebook(course: Course, lesson: Lesson) -> Path:
    """Where the learner's copy of a lesson's notebook is, or will be."""
    notebook = course.notebook(lesson)
    return notebook.parent / FOLDER / notebook.name


def bring_copy(course: Course, lesson: Lesson) -> bool:
    """See to it that the learner has a copy of a lesson's notebook, of the newest version if nothing was done in it.

    A copy in which something was written, answered or run is left as it is.

    Returns:
        Whether the copy is of the newest version.

    Raises:
        OSError: the notebook cannot be read, or the copy not written.
        ValueError: the notebook is none.
    """
    source = course.notebook(lesson).read_bytes()
    version = hashlib.sha256(source).hexdigest()
    file = my_notebook(course, lesson)
    mine = _read(file)
    if mine is None and file.exists():
        return True  # no notebook any more, but somebody's file
    if mine is not None:
        made = mine.get("metadata", {}).get(_MADE, {})
        if made.get("version") == version:
            return True
        if made.get("cells") != _digest(mine):
            return False
    write_copy(file, source, version)
    return True


def write_copy(file: Path, source: bytes, version: str) -> None:
    """Write a copy of a notebook.

    Args:
        file: where to; it is replaced.
        source: the course's notebook.
        version: what names this version of it.

    Raises:
        OSError: the file cannot be written.
        ValueError: the source is no notebook.
    """
    notebook = json.loads(source)
    for cell in notebook["cells"]:
        text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
        else:
            text = _UP.sub(r"\g<before>../../", text)  # a copy lies one folder deeper
        cell["source"] = text
    notebook["metadata"][_MADE] = {"version": version, "cells": _digest(notebook)}
    file.parent.mkdir(exist_ok=True)
    replace_file(file, json.dumps(notebook, ensure_ascii=False, indent=1) + "\n")


def _digest(notebook: dict[str, Any]) -> str:
    """What changes when somebody writes in a notebook, or runs a cell."""
    cells = [(cell.get("source"), bool(cell.get("outputs"))) for cell in notebook["cells"]]
    cells = [("".join(source) if isinstance(source, list) else source, run) for source, run in cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _read(file: Path) -> dict[str, Any] | None:
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
        _ = notebook["metadata"], notebook["cells"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return notebook
