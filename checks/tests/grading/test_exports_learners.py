"""What learners and the class page are given to read: Markdown that nothing breaks, and nothing that is secret."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading.readers import (
    read_markdown,
)
from tests.grading.sample import HIDDEN_WORDS, SEED, export_everything, of_kind, sample_gradebook
from workbook.course.message import Message
from workbook.course.points import points_text
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Verdict
from workbook.grading.exports import (
    Missing,
    marks,
    shown,
    summary,
    text,
)
from workbook.grading.exports.feedback import feedback
from workbook.grading.gradebook import Gradebook


@pytest.fixture(scope="module")
def book() -> Gradebook:
    return sample_gradebook(16)


@pytest.fixture(scope="module")
def everything(book: Gradebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All formats of the whole class."""
    return export_everything(book, tmp_path_factory.mktemp("grades"))


def test_the_summary_lists_faults_first_and_everybody(book: Gradebook, everything: Path) -> None:
    page = read_markdown((everything / "summary.md").read_text(encoding="utf-8"))
    assert page.headings == ("FastAPI workbook: 16 learners", "Grader errors: 2")
    assert not page.kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "fence"}
    header, *rows = page.rows
    assert header[0] == "Learner"
    assert [row[0].split(" ")[0] for row in rows] == [
        text.line(grade.learner.id, 60).split(" ")[0] for grade in book.learners
    ]
    for grade, row in zip(book.learners, rows, strict=True):
        known = marks.final_points(grade, Missing.EMPTY)
        assert row[-2] == ("" if known is None else points_text(known))
        assert row[-1] == "; ".join(marks.flags(grade))


def test_the_summary_says_why_uploads_are_invalid_and_counts_them_in_no_average(book: Gradebook) -> None:
    graded, invalid = of_kind(book, "passed"), of_kind(book, "invalid")
    written = summary.summary(replace(book, learners=(graded, invalid)))
    assert f"Points of the 1 who could be graded: {points_text(graded.points)} on average" in written
    assert text.markdown(text.line(invalid.problem, 300)) in written


def test_a_crash_of_the_whole_lesson_is_told_once(book: Gradebook) -> None:
    """What stopped an exercise is compared without what speaks of the exercise itself."""
    rows = (("Cannot read", "line 3"), ("Stuck?", "workbook hint 1.1"))
    stop = Message(rows, kind="syntax_error")
    others = [replace(stop, rows=(*rows[:1], ("Stuck?", f"workbook hint 1.{number}"))) for number in (2, 3)]
    messages = (stop, *others, Message((("Cannot read", "line 9"),), kind="syntax_error"))
    exercises = tuple(
        ExerciseResult(f"1.{number}", "t", Verdict.CRASHED, 0, 2, (a_check(message),))
        for number, message in enumerate(messages, 1)
    )
    first = of_kind(book, "passed")
    lesson = replace(first.lessons[0], result=LessonResult(1, "Structure", exercises))
    written = feedback(book, replace(first, lessons=(lesson,)))
    assert written.count("line 3") == written.count("line 9") == 1
    assert "1.2 and 1.3 were stopped by the same." in written.replace("\\", "")


def a_check(message: Message) -> CheckResult:
    """A check of the course that did not pass."""
    name = "checks/lesson_01/test_1_front_door.py::test_it"
    return CheckResult(name, "expects", passed=False, verdict=Verdict.CRASHED, message=message)


def test_the_summary_stays_below_githubs_limit(book: Gradebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summary, "_LIMIT", 15_000)
    large = replace(book, learners=book.learners * 40)
    written = summary.summary(large)
    assert len(written.encode("utf-8", "replace")) <= 15_000
    shown_rows = len(read_markdown(written).rows) - 1
    assert shown_rows > 20
    assert written.endswith(f"\nAnd {640 - shown_rows} more: see `grades.csv`.\n")


def test_an_unsafe_run_is_said_in_the_summary(book: Gradebook) -> None:
    assert "> **Not isolated.** Nothing\n" in summary.summary(replace(book, isolated=False, isolation="Nothing"))


def test_feedback_has_every_verdict_and_the_words_from_home(book: Gradebook) -> None:
    for grade in book.learners:
        page = read_markdown(feedback(book, grade))
        assert not page.kinds & {"html_block", "html_inline", "link_open", "image", "code_inline", "code_block"}
        exercises = [
            (lesson, exercise) for lesson in grade.lessons if lesson.result for exercise in lesson.result.exercises
        ]
        rows = [row for row in page.rows if row[0]]
        assert [row[2] for row in rows] == [shown_word(exercise.verdict) for _, exercise in exercises]
        stops: set[object] = {None}
        for lesson, exercise in exercises:
            words, stop = shown.explain(exercise), shown.same_stop(exercise)
            told = f"{words}\n" in page.fences
            again = stop is not None and (lesson.lesson, stop) in stops
            stops.add((lesson.lesson, stop))
            assert told is (words != "" and exercise.verdict is not Verdict.NOT_STARTED and not again) or not words


def shown_word(verdict: Verdict) -> str:
    return "fault of the workbook" if verdict is Verdict.CHECK_ERROR else verdict.value.replace("_", " ")


def test_feedback_says_the_points_and_what_was_taken_off(book: Gradebook) -> None:
    late = read_markdown(feedback(book, of_kind(book, "late"))).text
    assert "51.2 of 64 points, from 64 earned." in late
    assert "Handed in 2 days late (a day that was begun counts as one): 20 % of the points are taken off." in late
    assert f"Rule: {book.policy}" in late
    broken = read_markdown(feedback(book, of_kind(book, "grader_error")))
    assert "Your grade is not final" in broken.text
    assert "Points so far: 42 of 64." in broken.text
    assert "worker" not in broken.text
    assert "– of 4" in [row[-1] for row in broken.rows]
    assert "Nothing was handed in." in read_markdown(feedback(book, of_kind(book, "missing"))).text
    invalid = read_markdown(feedback(book, of_kind(book, "invalid")))
    assert "The archive names a file outside of itself" in invalid.fences[0]
    hidden = read_markdown(feedback(book, of_kind(book, "hidden_only")))
    assert set(hidden.fences) == {"A further check of your instructor's does not pass.\n"}


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("checks/lesson_01/test_1_it.py::test_answers", False),
        ("checks/lesson_12/test_3_it.py::TestIt::test_answers[a b/../c]", False),
        ("hidden/lesson_01/test_1_it.py::test_answers", True),
        ("checks/lesson_01/../../hidden/test_1_it.py::test_answers", True),
        ("checks/lesson_1/test_1_it.py::test_answers", True),
        ("hidden/checks/lesson_01/test_1_it.py::test_answers", True),
        ("test_answers", True),
        ("", True),
    ],
)
def test_only_a_check_of_the_course_is_shown(name: str, hidden: bool) -> None:
    assert shown.is_hidden(CheckResult(name, "", False, Verdict.FAILED)) is hidden


def test_learners_see_neither_the_seed_nor_hidden_checks(everything: Path) -> None:
    seen = 0
    for file in (file for file in everything.rglob("*") if file.is_file() and file.name != "grades.json"):
        data = file.read_bytes()
        if file.suffix == ".b64":
            data = base64.b64decode(data)
        for word in (*HIDDEN_WORDS, str(SEED)):
            assert word.encode() not in data, f"{word} in {file.name}"
        seen += 1
    assert seen > 60
    # The instructor's own file has them: the words do occur in the class.
    everything_known = (everything / "grades.json").read_bytes()
    assert all(word.encode() in everything_known for word in (*HIDDEN_WORDS, str(SEED)))
