"""A report without names: nobody is to be found in it, a code stays the same, and points can be given by it."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.grading.report_sample import sample_pairs
from tests.grading.sample import sample_gradebook
from tests.grading.small_class import SmallClass, make_small_class
from workbook.course.model import CourseError
from workbook.grading.anonymous import codes, without_names, write_names
from workbook.grading.changes import Change, ChangeKind
from workbook.grading.report.page import report_page
from workbook.grading.run.grade_class import decide, read_codes


def test_nobody_is_named_in_the_report() -> None:
    book = sample_gradebook(24)
    told = [
        replace(grade, source=f"{grade.learner.email}.zip", notes=(f"{grade.learner.email} is guessed", "odd"))
        for grade in book.learners
    ]
    book = replace(book, learners=tuple(told))
    known = codes([grade.learner.id for grade in book.learners], "secret")
    named = report_page(book, sample_pairs(book))
    hidden, pairs, _ = without_names(book, sample_pairs(book), dict[str, int](), known)
    unnamed = report_page(hidden, pairs)
    for grade in book.learners:
        assert grade.learner.email in named
        assert grade.learner.email not in unnamed
        assert known[grade.learner.id] in unnamed
    assert "odd" in unnamed, "a note that names nobody stays"


def test_a_code_is_its_learners_whoever_else_is_in_the_class() -> None:
    few, many = codes(["ada", "bob"], "secret"), codes([f"s{number}" for number in range(2_000)] + ["ada"], "secret")
    assert many["ada"].startswith(few["ada"])
    assert len(set(many.values())) == 2_001
    assert codes(["ada"], "another")["ada"] != few["ada"]


def test_points_by_code_are_the_learners(tmp_path: Path) -> None:
    some: SmallClass = make_small_class(tmp_path / "course", sandbox=False)
    some.hand_in("ada", some.solution.replace("soup", "stew"))
    out = tmp_path / "out"
    some.grade(out)
    code = read_codes(out)["ada"]
    decide(out, Change(ChangeKind.OVERRIDE, code.lower(), "1.1", 1.0, "agreed", "ines", datetime.now(UTC)))
    [grade] = some.grade(out).learners
    assert grade.lessons[0].overrides == ("1.1",)
    with pytest.raises(CourseError, match="Nobody"):
        decide(out, Change(ChangeKind.OVERRIDE, "QQQQ", "1.1", 1.0, "agreed", "ines", datetime.now(UTC)))


def test_the_list_of_names_says_whose_a_code_is(tmp_path: Path) -> None:
    learners = [grade.learner for grade in sample_gradebook(16).learners]
    known = codes([who.id for who in learners], "secret")
    file = write_names(learners, known, tmp_path)
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["code"] for row in rows) == sorted(known.values())
