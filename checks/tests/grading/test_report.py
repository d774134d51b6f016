"""The report on a class as data and as text: what is counted, what is kept out, how hostile text is written."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.grading.report_sample import sample_pairs
from tests.grading.sample import HIDDEN_EXPECTS, HOSTILE_TEXTS, of_kind, sample_gradebook
from workbook.course.message import Message
from workbook.course.results import CheckResult, ExerciseResult, LessonResult, Verdict
from workbook.grading.gradebook import Gradebook, LearnerGrade, LessonGrade
from workbook.grading.report import write_report
from workbook.grading.report.causes import cause_of, general
from workbook.grading.report.data import report_data
from workbook.grading.report.interning import shortened
from workbook.grading.report.page import SIZE_LIMIT, as_script, report_page

END = (("Look at", "lessons/lesson_01/app/main.py:3"), ("Stuck?", "workbook hint 1.1"))


@pytest.fixture(scope="module")
def book() -> Gradebook:
    return sample_gradebook(24)


def embedded(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


def one_lesson(book: Gradebook, who: LearnerGrade, *results: tuple[Verdict, Message | None]) -> LearnerGrade:
    """That learner with other results in the first lesson, and with that one alone."""
    lesson = book.lessons[0]
    exercises: list[ExerciseResult] = []
    for exercise, (verdict, message) in zip(lesson.exercises, results, strict=False):
        name = f"checks/lesson_01/test_{exercise.number}_it.py::test_it"
        check = CheckResult(name, "It answers.", verdict is Verdict.PASSED, verdict, message)
        exercises.append(ExerciseResult(exercise.id, exercise.title, verdict, 0.0, exercise.points, (check,)))
    result = LessonResult(1, lesson.title, tuple(exercises))
    return replace(who, lessons=(LessonGrade(1, lesson.title, lesson.max_points, result),))


def small_class(book: Gradebook, *learners: tuple[tuple[Verdict, Message | None], ...]) -> Gradebook:
    who = of_kind(book, "passed")
    grades = [
        one_lesson(book, replace(who, learner=replace(who.learner, id=f"s{place}")), *results)
        for place, results in enumerate(learners)
    ]
    return replace(book, learners=tuple(grades), lessons=book.lessons[:1])


def test_nothing_in_the_data_can_end_its_element_or_a_line(book: Gradebook) -> None:
    data = {"text": "</script><!--<b>&amp;\u2028\u2029 שלום 🍲"}
    written = as_script(data)
    assert not set("<>&\u2028\u2029") & set(written)
    assert json.loads(written) == data
    assert not set("<>&\u2028\u2029") & set(as_script(report_data(book, sample_pairs(book))))


def test_hostile_texts_reach_the_page_as_they_were_but_for_signs_that_nobody_sees(book: Gradebook) -> None:
    strings = embedded(report_page(book))["strings"]
    said = {text for place in strings for text in (place, place.removeprefix("200 "))}
    seen = [text for text in HOSTILE_TEXTS if shortened(text, 900) in said]
    assert len(seen) > len(HOSTILE_TEXTS) / 2  # chance chooses which of them are used
    assert shortened("\u202egnp.exe\x1b[31m\x00\udcff", 99) == "\ufffdgnp.exe\ufffd[31m\ufffd\ufffd"
    assert shortened("שלום 👩🏽‍🍳\ttab\nline", 99) == "שלום 👩🏽‍🍳\ttab\nline"
    assert shortened("x" * 50, 10) == "xxxxxxxx …"


def test_the_page_asks_for_nothing_and_its_policy_names_its_own_parts(book: Gradebook, tmp_path: Path) -> None:
    file = tmp_path / "new" / "index.html"
    hostile = replace(book, course='</title><script>alert(1)</script> $script "')
    write_report(hostile, file, sample_pairs(book))
    page = file.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy
    for name in ("script", "style"):
        content = re.search(rf"<{name}>(.*?)</{name}>", page, re.DOTALL)
        assert content
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")
    assert "unsafe" not in policy[1]
    assert "<title>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; $script &quot;</title>" in page
    own = page.replace(as_script(embedded(page)), "")
    assert set(re.findall(r"https?://[^\s\"'`]+", own)) == {"http://www.w3.org/2000/svg"}
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "@import", "url("):
        assert forbidden not in own, forbidden


def test_a_fault_is_one_whatever_its_values() -> None:
    assert general('field `dish` is "stew", expected "soup"') == general('field `dish` is 7, expected "tea"')
    assert general("422: from 1 to 1000") == "422: from # to #"
    assert general("200 is what a route answers") != general("404 is what a route answers")

    def message(answer: str, found: str, kind: str = "difference") -> Message:
        return Message((("You answered", answer), ("Expected", "200: the dish"), ("Found", found), *END), kind)

    one = cause_of(1, "1.1", message("200 {1}", 'field `a` is 1, expected 2; field `b` is 3, expected "x"'))
    assert one == cause_of(1, "1.1", message("200 {2}", "field `a` is 5, expected 6; and 11 more"))
    assert one != cause_of(1, "1.1", message("200 {1}", "field `b` is 1, expected 2"))
    assert one != cause_of(1, "1.2", message("200 {1}", "field `a` is 1, expected 2"))


def test_failures_count_each_learner_once_and_leave_out_what_was_not_begun(book: Gradebook) -> None:
    syntax = Message((("Cannot read", "Python stops at this line: '(' was never closed"), *END), "syntax_error")
    other = Message((("Cannot read", "Python stops at this line: '[' was never closed"), *END), "syntax_error")
    failed = Message((("Looks like", "your code raised KeyError: 'ada'"), *END), "exception")
    failed_too = Message((("Looks like", "your code raised KeyError: 'bob'"), *END), "exception")
    fault = Message((("A fault", "of the workbook"),), "check_error")
    crashed = ((Verdict.CRASHED, syntax), (Verdict.CRASHED, syntax))
    data = report_data(
        small_class(
            book,
            crashed,
            ((Verdict.CRASHED, other), (Verdict.CRASHED, other)),
            crashed,
            ((Verdict.FAILED, failed), (Verdict.NOT_STARTED, failed)),
            ((Verdict.FAILED, failed_too), (Verdict.CHECK_ERROR, fault)),
        )
    )
    found = [(group["exercise"], group["kind"], group["learners"]) for group in data["groups"]]
    assert found == [("", "syntax_error", [0, 1, 2]), ("1.1", "exception", [3, 4])]


def test_hidden_checks_are_marked_and_are_not_what_the_learner_reads(book: Gradebook) -> None:
    data = report_data(book)
    strings: list[str] = data["strings"]
    learner = next(entry for entry in data["learners"] if entry["email"].startswith("hidden_only."))
    verdict, _, shown, checkset, passed, own = data["outcomes"][learner["lessons"][0]["outcomes"][0]]
    assert (verdict, shown, passed) == ("f", -1, "110")
    assert [hidden for _, _, hidden in data["checksets"][checkset]] == [0, 0, 1]
    position, message = own[0]
    assert position == 2
    assert HIDDEN_EXPECTS in [strings[place] for place in data["messages"][message]]
    assert any(group["hidden"] for group in data["groups"])


def test_learners_have_keys_of_their_own_though_their_ids_look_alike(book: Gradebook) -> None:
    who = of_kind(book, "passed")
    ids = ("s\u202e1", "s\u200f1", "s\udcff1", "s1", "S1")
    alike = replace(book, learners=tuple(replace(who, learner=replace(who.learner, id=name)) for name in ids))
    keys = [entry["key"] for entry in report_data(alike)["learners"]]
    assert len(set(keys)) == len(ids)
    data = report_data(alike, sample_pairs(alike))
    assert data["pairs"]["list"][0]["who"] == keys[:2]


def test_a_pair_is_kept_without_its_texts_where_they_would_be_too_many(book: Gradebook) -> None:
    pair = sample_pairs(book)[0]
    long = replace(pair, right_files={"app/main.py": "x\n" * 600_000})
    first, second = report_data(book, [long, pair])["pairs"]["list"]
    assert first["works"] == [0, -1]
    assert second["works"] == [0, 1]
    assert first["fragments"][0] == (1, 1, 20, 0, 3, 22)


def test_a_class_that_floods_its_messages_stays_small(book: Gradebook) -> None:
    flood = Message((("It says", "ä" * 5_000), ("Looks like", "ö" * 5_000)), "exception")
    noisy = small_class(
        book,
        *(
            tuple(
                (Verdict.FAILED, replace(flood, rows=(("It says", f"{learner}.{number}{'ä' * 5_000}"), *flood.rows)))
                for number in range(6)
            )
            for learner in range(300)
        ),
    )
    assert len(report_page(noisy).encode()) < SIZE_LIMIT


def test_an_empty_class_can_be_written(book: Gradebook) -> None:
    empty = embedded(report_page(replace(book, learners=(), lessons=())))
    assert empty["learners"] == empty["groups"] == []
    assert html.escape(book.course) in report_page(replace(book, learners=()))
