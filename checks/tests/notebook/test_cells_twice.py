"""Learners run cells again: each code cell runs twice in a row, and says the same twice."""

from __future__ import annotations

import json
import re
from copy import deepcopy

import pytest

from workbook.authoring.notebook_file import Cell
from workbook.authoring.notebook_run import run_notebook
from workbook.authoring.notebook_source import read_source
from workbook.authoring.starters import build_lesson
from workbook.course.model import find_course


def _says(cell: Cell) -> str:
    """What stands below a cell, without ports, moments, salted hashes and the number of the run."""
    outputs = [{**output, "execution_count": None} for output in cell["outputs"]]
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", json.dumps(outputs))
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "a moment", text)
    return re.sub(r"[0-9a-f]{32}\$[0-9a-f]+", "a hash", text)


@pytest.mark.parametrize("number", [lesson.number for lesson in find_course().lessons])
def test_each_cell_can_be_run_twice(number: int):
    """No cell fails the second time, and none says something else.

    On the solution: on a starter, most of what could go wrong the second time does not happen at all.
    """
    course = find_course()
    built = build_lesson(course, course.lesson(number))
    notebook = read_source(course, built)
    notebook["cells"] = [
        deepcopy(cell) for cell in notebook["cells"] if cell["cell_type"] == "code" for _ in ("once", "again")
    ]
    for place, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{place}"
    run_notebook(course, built.lesson, notebook, course.solutions_dir, with_checks=False)
    for once, again in zip(notebook["cells"][::2], notebook["cells"][1::2], strict=True):
        assert _says(again) == _says(once), f"line {once['metadata'].get('line')}: another output the second time"
