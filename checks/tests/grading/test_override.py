"""Points by hand: they count everywhere, say why, and survive every regrade."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.grading.small_class import MAX_POINTS, SmallClass, make_small_class
from tests.small_course import APP
from workbook.cli.app import app
from workbook.course.model import find_course
from workbook.grading.changes import Change, ChangeKind
from workbook.grading.exports import Missing, Options, export_all
from workbook.grading.exports.feedback import feedback
from workbook.grading.exports.grades_csv import write as write_csv
from workbook.grading.gradebook import Gradebook, Learner
from workbook.grading.report.page import write_report
from workbook.grading.run.grade_class import STORE, decide, read_changes

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> SmallClass:
    return make_small_class(tmp_path_factory.mktemp("course"), sandbox=False)


@pytest.fixture(scope="module")
def some(course: SmallClass) -> SmallClass:
    """Ada's first exercise fails; dee has handed in nothing."""
    some = replace(course, learners=[])
    some.hand_in("ada", APP.replace('{"dish": "soup"}', '{"dish": "stew"}'))
    some.learners.append((Learner("dee"), None))
    return some


@pytest.fixture(scope="module")
def graded(some: SmallClass, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of their results, to be copied."""
    out = tmp_path_factory.mktemp("graded") / "grades"
    some.grade(out)
    return out


@pytest.fixture
def out(graded: Path, tmp_path: Path) -> Path:
    """The results of a class that has been graded once."""
    return shutil.copytree(graded, tmp_path / "grades")


@pytest.fixture
def run(some: SmallClass, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, on the small course."""
    monkeypatch.setenv("WORKBOOK_ROOT", str(some.course.root))
    monkeypatch.setattr("workbook.cli.override.find_course", lambda: find_course(some.course.root))

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(app, ["override", *words], catch_exceptions=False, prog_name="workbook")

    return invoke


def change(who: str, exercise: str, points: float | None, kind: ChangeKind = ChangeKind.OVERRIDE) -> Change:
    return Change(kind, who, exercise, points, "the question was unclear", "ines", datetime.now(UTC))


def points(book: Gradebook) -> dict[str, float]:
    return {entry.learner.id: entry.points for entry in book.learners}


def test_points_by_hand_count_and_survive_a_regrade(some: SmallClass, out: Path) -> None:
    before = points(some.grade(out))
    assert before["ada"] < MAX_POINTS
    failed = next(e for e in some.grade(out).learners[0].lessons[0].result.exercises if e.points < e.max_points)  # pyright: ignore[reportOptionalMemberAccess]
    decide(out, change("ada", failed.exercise, failed.max_points))
    assert points(some.grade(out))["ada"] == MAX_POINTS
    again = some.grade(out, regrade=frozenset({"ada"}))
    assert points(again)["ada"] == MAX_POINTS

    decide(out, change("ada", failed.exercise, None, ChangeKind.WITHDRAW))
    assert points(some.grade(out)) == before
    assert [line.kind.value for line in read_changes(out)] == ["override", "withdraw"]


def test_the_time_of_each_check_is_kept(some: SmallClass, out: Path) -> None:
    """Exports that have a place for it show it, also when nothing was graded anew."""
    [lesson] = some.grade(out).learners[0].lessons
    assert lesson.result is not None
    assert all(check.seconds > 0 for entry in lesson.result.exercises for check in entry.checks)


def test_the_learner_reads_why_in_every_place(some: SmallClass, out: Path) -> None:
    decide(out, change("ada", "1.1", 0.5))
    book = some.grade(out)
    words = feedback(book, book.learners[0])
    assert "points, decided by your instructor: the question was unclear" in words
    write_csv(book, out, Options())
    assert "decided by hand: 1.1" in (out / "grades.csv").read_text(encoding="utf-8")
    write_report(book, out / "index.html", ())
    assert "decided by your instructor" in (out / "index.html").read_text(encoding="utf-8")
    export_all(book, out, ["json", "junit"], Options())
    assert "decided by your instructor" in (out / "grades.json").read_text(encoding="utf-8")


def test_who_handed_in_nothing_can_have_points_by_hand(some: SmallClass, out: Path) -> None:
    decide(out, change("dee", "1.1", 1.0))
    book = some.grade(out)
    assert points(book)["dee"] == 1.0
    words = feedback(book, book.learners[1])
    assert "1 of" in words
    assert "decided by your instructor" in words
    written = write_csv(book, out, Options(missing=Missing.EMPTY))
    [row] = [line for line in written.files[0].read_text(encoding="utf-8").splitlines() if "dee" in line]
    assert ",1," in row


def test_the_command_notes_and_lists(run: Run, out: Path) -> None:
    there = ["--out", str(out)]
    said = run("ada", "1.1", "--points", "1", "--because", "a  typing slip\nof ours", "--by", "ines", *there)
    assert said.exit_code == 0, said.output
    assert "ines: ada: 1.1 is worth 1 points, because: a typing slip of ours\n" in said.stdout
    run("ada", "1.1", "--withdraw", "--because", "it was right", "--by", "ines", *there)
    log = run(*there).stdout.splitlines()
    assert len(log) == 2
    assert log[1].endswith("ines: ada: 1.1 is worth what the checks say, because: it was right")
    assert (out / STORE).stat().st_mode & 0o077 == 0, "only the instructor reads the store"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["adda", "1.1", "--points", "1", "--because", "x"], "has the id adda: did you mean ada?"),
        (["ada", "1.1", "--points", "1"], "Say why, with --because: the learner reads it, and so do you, next term."),
        (["ada", "1.1", "--because", "x"], "Say how many points, with --points; or --withdraw"),
        (["ada", "1.1", "--points", "99", "--because", "x"], "Exercise 1.1 is worth from 0 to"),
        (["ada", "--points", "1", "--because", "x"], "Say which exercise, like workbook override ada 2.3"),
        (["ada", "7.1", "--points", "1", "--because", "x"], "There is no lesson 7"),
    ],
)
def test_what_cannot_be_noted_is_said(run: Run, out: Path, words: list[str], sentence: str) -> None:
    refused = run(*words, "--out", str(out))
    assert refused.exit_code == 2
    assert sentence in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert read_changes(out) == []


def test_without_grades_there_is_nothing_to_decide(run: Run, tmp_path: Path) -> None:
    refused = run("ada", "1.1", "--points", "1", "--because", "x", "--out", str(tmp_path))
    assert refused.stderr == f"Nothing has been graded in {tmp_path} yet: workbook grade does that.\n"
