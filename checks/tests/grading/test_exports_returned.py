"""Feedback as Canvas, Moodle and mail programs take it: each reaches the right learner, and nobody else's."""

from __future__ import annotations

import email
from dataclasses import replace
from email.policy import default
from pathlib import Path

import pytest

from tests.grading.readers import read_canvas_feedback, read_moodle_feedback
from tests.grading.sample import HIDDEN_WORDS, SEED, of_kind, sample_gradebook
from workbook.grading.exports import export_all
from workbook.grading.exports.feedback import feedback
from workbook.grading.gradebook import Gradebook, Learner, Standing


@pytest.fixture(scope="module")
def book() -> Gradebook:
    return sample_gradebook(16)


def test_canvas_gives_each_file_to_the_one_who_handed_in(book: Gradebook, tmp_path: Path) -> None:
    people = [grade for grade in book.learners if grade.standing is Standing.HANDED_IN][:4]
    names = ("lovelaceada_11_901_work.zip", "brownbob_LATE_12_902_my_work_2.zip", "łąç漢_13_903_x.zip", "dora.zip")
    class_ = replace(book, learners=tuple(replace(g, source=n) for g, n in zip(people, names, strict=True)))
    written = export_all(class_, tmp_path, ["canvas-feedback"])
    data = (tmp_path / "canvas-feedback.zip").read_bytes()
    found = read_canvas_feedback(data, {"901": "11", "902": "12", "903": "13"})
    assert set(found) == {"11", "12", "13"}
    assert f"{people[0].points:g} of 64 points" in found["11"]
    assert written.left_out == ((people[3].learner.id, "the upload is not named as Canvas names what it hands out"),)
    export_all(class_, tmp_path, ["canvas-feedback"])
    assert (tmp_path / "canvas-feedback.zip").read_bytes() == data, "the same feedback makes the same bytes"


def test_moodle_gives_each_file_to_its_participant(book: Gradebook, tmp_path: Path) -> None:
    export_all(book, tmp_path, ["moodle-feedback"])
    known = {
        grade.learner.moodle["Identifier"].removeprefix("Participant "): grade
        for grade in book.learners
        if grade.learner.moodle
    }
    found = read_moodle_feedback((tmp_path / "moodle-feedback.zip").read_bytes(), set(known))
    with_work = {number for number, grade in known.items() if grade.standing is not Standing.MISSING}
    assert set(found) == with_work
    some = of_kind(book, "half_late")
    page = found[some.learner.moodle["Identifier"].removeprefix("Participant ")]
    assert f"{some.points:g} of 64 points" in page


def test_the_upload_says_whose_it_is_where_the_roster_does_not(book: Gradebook, tmp_path: Path) -> None:
    some = of_kind(book, "passed")
    named = replace(some, learner=Learner("ada", "Ada_L"), source="Ada L_70007_assignsubmission_file_")
    export_all(replace(book, learners=(named,)), tmp_path, ["moodle-feedback"])
    assert set(read_moodle_feedback((tmp_path / "moodle-feedback.zip").read_bytes(), {"70007"})) == {"70007"}


def test_a_message_for_each_learner(book: Gradebook, tmp_path: Path) -> None:
    some = of_kind(book, "passed")
    nobody = replace(some, learner=replace(some.learner, id="nobody", email="not an address\nBcc: all@example.org"))
    written = export_all(replace(book, learners=(*book.learners, nobody)), tmp_path, ["mail"])
    assert [who for who, _ in written.left_out] == ["nobody"]
    files = list((tmp_path / "mail").glob("*.eml"))
    assert len(files) == len(book.learners)
    to: dict[str, str] = {}
    for file in files:
        message = email.message_from_bytes(file.read_bytes(), policy=default)
        assert message.keys() == ["To", "Subject", "MIME-Version", "Content-Type"], "and nobody else is written to"
        (address,) = message["To"].addresses
        body = message.get_body(("plain",))
        assert body is not None
        to[address.addr_spec] = body.get_content()
    for grade in book.learners:
        text = feedback(book, grade).encode("utf-8", "replace").decode()
        assert to[grade.learner.email].split() == text.split()


def test_nothing_of_the_instructors_is_given_back(book: Gradebook, tmp_path: Path) -> None:
    for grade in book.learners:
        export_all(replace(book, learners=(grade,)), tmp_path, ["mail"])
        (file,) = (tmp_path / "mail").iterdir()
        message = email.message_from_bytes(file.read_bytes(), policy=default)
        page = message.get_body(("html",))
        assert page is not None
        html = page.get_content()
        assert not [word for word in (*HIDDEN_WORDS, str(SEED)) if word in html]
        assert "<script" not in html
        assert "<img" not in html
        assert "javascript:" not in html.replace("(javascript:", "")
