"""``%check``, ``%hint``, ``%%predict`` and ``%reveal`` in a real kernel."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from workbook.course import progress
from workbook.course.message import Message
from workbook.course.model import Course
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Report, Verdict
from workbook.notebook.predict import Predictions

TERMINAL = "Lesson 2 · Schemas   3 of 7 points\n\n ✔ 2.1  Take a recipe in   3/3\n ✘ 2.2  Say what goes out   0/4"


class Ran(Protocol):
    """See conftest.py."""

    outputs: list[dict[str, Any]]
    text: str
    html: str
    printed: str
    error: str


class Kernel(Protocol):
    """See conftest.py."""

    def run(self, code: str, *, seconds: float = 60.0) -> Ran: ...
    def value(self, expression: str) -> Any: ...


class Checks:
    """What the stand-in checks of lesson 2 will do."""

    def __init__(self, course: Course) -> None:
        self._folder = course.checks_dir

    def say(self, text: str, report: Report | None) -> None:
        (self._folder / "says.txt").write_text(text, encoding="utf-8")
        if report is not None:
            (self._folder / "report.json").write_text(json.dumps(report.to_json()), encoding="utf-8")

    def hang(self) -> None:
        (self._folder / "hang").touch()

    def clear(self) -> None:
        for name in ("says.txt", "report.json", "hang", "started.json"):
            (self._folder / name).unlink(missing_ok=True)

    @property
    def started(self) -> dict[str, Any]:
        """The process that ran last: its id and its arguments."""
        return json.loads((self._folder / "started.json").read_text(encoding="utf-8"))

    @property
    def have_started(self) -> bool:
        return (self._folder / "started.json").exists()


@pytest.fixture
def checks(stand_in_course: Course) -> Iterator[Checks]:
    checks = Checks(stand_in_course)
    checks.clear()
    yield checks
    checks.clear()


def a_report(*verdicts: Verdict, first: int = 1, message: Message | None = None) -> Report:
    points = {1: 3, 2: 4}
    exercises = [
        ExerciseResult(
            f"2.{number}",
            "Say <b>what</b> goes out",
            verdict,
            points[number] if verdict is Verdict.PASSED else 0,
            points[number],
            (CheckResult("test_it", "it works", verdict is Verdict.PASSED, verdict, message),),
        )
        for number, verdict in enumerate(verdicts, start=first)
    ]
    return Report("lessons", 1, (LessonResult(2, "Schemas", tuple(exercises)),))


# %check


def test_check_shows_the_terminals_text_and_a_card(kernel: Kernel, checks: Checks) -> None:
    message = Message((("You answered", "200 <script>alert(1)</script>"), ("Stuck?", "workbook hint 2.2")))
    checks.say(f"\x1b[1m{TERMINAL}\x1b[0m", a_report(Verdict.PASSED, Verdict.FAILED, message=message))
    ran = kernel.run("%check 2")
    assert ran.text == TERMINAL
    assert not ran.printed
    assert not ran.error
    assert "3 of 7 points" in ran.html
    assert ">passed<" in ran.html
    assert ">failed<" in ran.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in ran.html
    assert "<script" not in ran.html
    assert "<b>" not in ran.html
    assert "%hint 2.2" in ran.html
    assert "Save the file: this is checked again after each save." in ran.html


def test_check_of_a_lesson_and_of_an_exercise_run_pytest_in_the_course(kernel: Kernel, checks: Checks) -> None:
    checks.say(TERMINAL, a_report(Verdict.FAILED))
    kernel.run("%check 2")
    arguments = checks.started["arguments"]
    assert arguments[:3] == ["checks/lesson_02", "--target", "lessons"]
    assert arguments[3] == "--report-json"
    assert not Path(arguments[4]).parent.exists()
    kernel.run("%check 2.1")
    assert checks.started["arguments"][0] == "checks/lesson_02/test_1_take.py"


def test_check_takes_the_target_that_the_environment_names(kernel: Kernel, checks: Checks) -> None:
    checks.say(TERMINAL, a_report(Verdict.FAILED))
    kernel.run("import os; os.environ['WORKBOOK_TARGET'] = 'solutions'")
    kernel.run("%check 2")
    kernel.run("del os.environ['WORKBOOK_TARGET']")
    assert checks.started["arguments"][2] == "solutions"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("%check", "Say what to check: %check 2 for lesson 2, or %check 2.3 for one exercise."),
        ("%check nine", "'nine' is no lesson and no exercise: write %check 2, or %check 2.3 for one exercise."),
        ("%check 2 3", "'2 3' is no lesson and no exercise: write %check 2, or %check 2.3 for one exercise."),
        ("%check $(rm)", "'$(rm)' is no lesson and no exercise: write %check 2, or %check 2.3 for one exercise."),
        ("%check 9.1", "There is no lesson 9: the course has lessons 2 to 3."),
        ("%check 2.7", "Lesson 2 has no exercise 2.7: it has 2.1 to 2.2."),
        ("%check 2.2", "There are no checks for exercise 2.2 in checks/lesson_02."),
        ("%hint", "Say for which exercise: %hint 2.3."),
        ("%hint 2", "Hints belong to an exercise: write %hint 2.1 for the first one of lesson 2."),
        ("%hint two.one", "An exercise is written as lesson.number, like 2.3; 'two.one' is not."),
        ("%hint 2.9", "Lesson 2 has no exercise 2.9: it has 2.1 to 2.2."),
        ("%reveal", "Say which prediction: %reveal free_price reply.status_code."),
        ("%%predict\nWhat?\nanswer:", "Give the prediction a name of letters and digits: %%predict free_price"),
    ],
)
def test_what_is_typed_wrongly_gets_one_sentence(kernel: Kernel, checks: Checks, typed: str, answer: str) -> None:
    ran = kernel.run(typed)
    assert ran.text == answer
    assert not ran.error
    assert not ran.printed
    assert not checks.have_started


def test_everything_passed_is_said_warmly_and_leads_on(kernel: Kernel, checks: Checks) -> None:
    checks.say(TERMINAL, a_report(Verdict.PASSED, Verdict.PASSED))
    assert (
        "All 2 exercises of lesson 2 work as agreed: 7 points. Well done. "
        "Next: lesson 3, Database, in <code>notebooks/03_database.ipynb</code>." in kernel.run("%check 2").html
    )


def test_one_passed_exercise_leads_to_the_next(kernel: Kernel, checks: Checks) -> None:
    checks.say(TERMINAL, a_report(Verdict.PASSED))
    assert "Exercise 2.1 works as agreed. Next: exercise 2.2, Say what goes out." in kernel.run("%check 2.1").html


def test_an_exercise_that_is_not_started_says_where(kernel: Kernel, checks: Checks) -> None:
    checks.say(TERMINAL, a_report(Verdict.PASSED, Verdict.NOT_STARTED))
    assert "Next: exercise 2.2, in <code>lessons/lesson_02/app/main.py</code>." in kernel.run("%check 2").html


def test_a_fault_of_the_workbook_is_called_so(kernel: Kernel, checks: Checks) -> None:
    checks.say(TERMINAL, a_report(Verdict.CHECK_ERROR))
    html = kernel.run("%check 2").html
    assert "fault of the workbook" in html
    assert "not yours" in html


def test_checks_that_cannot_run_say_why(kernel: Kernel, checks: Checks) -> None:
    checks.say("ERROR: <target> is not a folder", None)
    ran = kernel.run("%check 2")
    assert ran.text == "The checks could not run.\nERROR: <target> is not a folder"
    assert "ERROR: &lt;target&gt; is not a folder" in ran.html
    assert not ran.error


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_an_interrupt_stops_the_run_and_leaves_nothing(kernel: Kernel, checks: Checks) -> None:
    checks.hang()

    def interrupt() -> None:
        for _ in range(600):
            if checks.have_started:
                break
            time.sleep(0.05)
        os.killpg(group, signal.SIGINT)  # what JupyterLab's stop button comes to

    group = os.getpgid(kernel.value("__import__('os').getpid()"))
    threading.Thread(target=interrupt, daemon=True).start()
    ran = kernel.run("%check 2")
    assert ran.error == "The check was stopped."
    assert not ran.text
    with pytest.raises(ProcessLookupError):
        os.kill(checks.started["pid"], 0)
    assert not Path(checks.started["arguments"][4]).parent.exists()


# %hint


def test_hints_go_one_step_further_each_time(kernel: Kernel, stand_in_course: Course) -> None:
    shutil.rmtree(stand_in_course.state_dir, ignore_errors=True)
    first = kernel.run("%hint 2.1")
    assert first.text.splitlines()[0] == "Hint 1 of 3 for 2.1 · Take a recipe in"
    assert "What is &lt;checked&gt; first?" in first.html
    assert progress.load(stand_in_course).hint_level("2.1") == 1
    second = kernel.run("%hint 2.1")
    assert '<a href="https://example.org/docs?a=1&amp;b=2">' in second.html
    assert "<code>Field</code>" in second.html
    assert progress.reveal_hint(stand_in_course, "2.1")[0] == 3  # as the command does
    last = kernel.run("%hint 2.1").text
    assert last.startswith("Hint 3 of 3")
    assert "workbook solution 2.1" in last


# %%predict and %reveal

QUESTION = """What comes back for {"price": "free"}?
a) 201
b) 422, with the name of the field
c) 500
answer:"""


def test_a_prediction_is_noted_and_compared(kernel: Kernel) -> None:
    assert kernel.run(f"%%predict price\n{QUESTION}").text == (
        "Write your answer after answer: (a, b or c) and run this cell. Then run the next cell."
    )
    assert kernel.run("status = 422\n%reveal price status").text == (
        "It was b) 422, with the name of the field. "
        "You had noted no answer: next time, write one first, so that it sticks."
    )
    assert kernel.run(f"%%predict price\n{QUESTION} b").text == "Noted: b. Run the next cell and compare."
    assert kernel.run("%reveal price status").text == (
        "✔ You said b) 422, with the name of the field. That is what happened."
    )
    surprise = kernel.run('%reveal price {422: "a", 201: "b"}.get(status, "c")').text
    assert surprise.startswith("You said b) 422, with the name of the field. It was a) 201. ")


def test_an_expression_that_fails_is_no_traceback(kernel: Kernel) -> None:
    kernel.run(f"%%predict price\n{QUESTION} b")
    ran = kernel.run("%reveal price nothing.status_code")
    assert ran.text == "There is nothing to compare with yet (NameError: name 'nothing' is not defined)."
    assert not ran.error


def test_the_same_cell_gives_the_same_output(kernel: Kernel) -> None:
    cell = f"%%predict price\n{QUESTION}"
    once, again = kernel.run(cell), kernel.run(cell)
    assert (once.text, once.html) == (again.text, again.html)


def test_the_magics_explain_themselves(kernel: Kernel) -> None:
    words = {"%%predict": "answer:", "%reveal": "EXPRESSION", "%check": "%check 2", "%hint": "%hint 2.3"}
    for magic, word in words.items():
        assert word in kernel.value(f"get_ipython().object_inspect_mime({magic!r})['text/plain']")


def test_loading_twice_keeps_what_was_said(kernel: Kernel) -> None:
    kernel.run(f"%%predict price\n{QUESTION} b")
    kernel.run("%load_ext workbook")
    assert kernel.run("%reveal price 422").text.startswith("✔ You said b")


@pytest.mark.parametrize("said", ["b", "B", "b)", "(b)", " `b` ", "b) no body", "no body", "No body."])
def test_an_answer_may_be_written_in_many_ways(said: str) -> None:
    predictions = Predictions()
    card = predictions.note("empty", f"What is in it?\na) null\nb) no body\nanswer: {said}")
    assert card.text == "Noted: b. Run the next cell and compare."


@pytest.mark.parametrize("said", ["d", "c", "body", "b or a"])
def test_an_answer_that_is_no_option_is_told_so(said: str) -> None:
    card = Predictions().note("empty", f"What is in it?\na) null\nb) no body\nanswer: {said}")
    assert card.text == f"'{said}' is none of the answers: write a or b after answer: and run this cell."


@pytest.mark.parametrize(
    ("options", "value", "right"),
    [
        ("a) 201\nb) 422", 422, "b"),
        ("a) 20\nb) 201", 20, "a"),
        ("a) yes\nb) no, never", False, "b"),
        ("a) True\nb) False", True, "a"),
        ("a) `None`\nb) an error", None, "a"),
        ("a) 1, kept\nb) 1, refused", 1, None),
        ("a) 1\nb) 12", 2, None),
    ],
)
def test_what_happened_is_found_among_the_options(options: str, value: object, right: str | None) -> None:
    predictions = Predictions()
    predictions.note("it", f"What?\n{options}\nanswer: a")
    assert predictions.known("it").match(value) == right


def test_an_open_question_puts_both_side_by_side() -> None:
    predictions = Predictions()
    assert predictions.note("open", "What is slow?\nanswer: the <loop>\nin it").text.startswith("Noted")
    card = predictions.compare("open", "the query")
    assert card.text == "You said the <loop>\nin it. It was the query."
    assert "&lt;loop&gt;" in card.html
    assert predictions.compare("open", has_value=False).text.endswith("Compare it with what you see above.")
    assert predictions.compare("other", has_value=False).text.startswith("You had noted no answer this time.")
