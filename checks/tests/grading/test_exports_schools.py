"""Canvas and Moodle: what their importers would take in, by readers written from their sources."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.grading.readers import (
    CanvasStudent,
    RefusedError,
    is_formula,
    read_canvas,
    read_moodle_gradebook,
    read_moodle_worksheet,
    read_workflow_commands,
    report_to_classroom,
    rows_of,
    text_of_html,
)
from tests.grading.sample import MOODLE_HEADER, moodle_sheet, of_kind, sample_gradebook
from workbook.course.model import CourseError
from workbook.course.points import points_text
from workbook.grading.exports import (
    Missing,
    Options,
    export_all,
    marks,
    moodle_worksheet,
)
from workbook.grading.gradebook import Gradebook, LearnerGrade


@pytest.fixture(scope="module")
def book() -> Gradebook:
    return sample_gradebook(16)


def participants(book: Gradebook) -> dict[int, str]:
    """Moodle's users by the number in their identifier."""
    return {
        int(grade.learner.moodle["Identifier"].split()[1]): grade.learner.id
        for grade in book.learners
        if grade.learner.moodle
    }


def with_grade(points: bool = True) -> Callable[[LearnerGrade], bool]:
    """Whether a learner has a grade and is in the roster."""
    return lambda grade: (marks.final_points(grade, Missing.EMPTY) is not None) is points and grade.learner.in_roster


def canvas_students(book: Gradebook) -> list[CanvasStudent]:
    return [
        CanvasStudent(int(cells["ID"]), cells["Student"], cells["SIS User ID"], cells["SIS Login ID"])
        for grade in book.learners
        if (cells := grade.learner.canvas)
    ]


def test_canvas_imports_the_final_points(book: Gradebook, tmp_path: Path) -> None:
    options = Options(assignment="FastAPI workbook (12345)")
    notes = export_all(book, tmp_path, ["canvas"], options).notes
    raw = (tmp_path / "canvas.csv").read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    done = read_canvas(raw.decode("utf-8"), canvas_students(book), {12345: "Projects"})
    assert done.new_assignments == []
    assert done.unknown_students == []
    assert done.points_possible == {"Projects": 64}
    assert done.grades["Projects"] == {
        int(grade.learner.canvas["ID"]): grade.points for grade in book.learners if with_grade()(grade)
    }
    assert [note.partition(":")[0] for note in notes] == ["Left out of canvas"] * 3
    assert any(note.endswith("(nothing was handed in).") for note in notes)
    assert not any(is_formula(cell) for row in rows_of(raw.decode("utf-8")) for cell in row)


def test_canvas_gets_a_column_for_each_lesson_when_asked(book: Gradebook, tmp_path: Path) -> None:
    options = Options(assignment="Work (1)", per_lesson=True, lesson_assignments={2: "Schemas (22)"})
    export_all(book, tmp_path, ["canvas"], options)
    written = (tmp_path / "canvas.csv").read_text(encoding="utf-8")
    done = read_canvas(written, canvas_students(book), {1: "Work", 22: "Schemas", 3: "Work, lesson 3"})
    assert list(done.grades) == ["Work", "Work, lesson 1", "Schemas", "Work, lesson 3"]
    assert done.new_assignments == ["Work, lesson 1"]
    assert done.points_possible == {"Work": 64, "Work, lesson 1": 18, "Schemas": 24, "Work, lesson 3": 22}
    total, *lessons = done.grades.values()
    for person, points in total.items():
        assert sum(lesson[person] or 0 for lesson in lessons) == pytest.approx(points, abs=0.02)


def test_canvas_finds_people_by_login_where_the_roster_has_no_ids(book: Gradebook, tmp_path: Path) -> None:
    grade = of_kind(book, "passed")
    named = replace(grade, learner=replace(grade.learner, canvas={}, name="Points Possible"))
    export_all(replace(book, learners=(named,)), tmp_path, ["canvas"])
    written = (tmp_path / "canvas.csv").read_text(encoding="utf-8")
    done = read_canvas(written, [CanvasStudent(5, "Points Possible", login_id="s001")], {})
    assert done.grades == {"FastAPI workbook": {5: 64}}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (Options(assignment="Final Score (12)"), "give the assignment another title"),
        (Options(assignment="A (1)", per_lesson=True, lesson_assignments={1: "A (1)"}), "a title of its own"),
    ],
)
def test_titles_that_canvas_would_mistake_are_refused(
    book: Gradebook, tmp_path: Path, options: Options, sentence: str
) -> None:
    with pytest.raises(CourseError, match=sentence):
        export_all(book, tmp_path, ["canvas"], options)


def test_moodle_worksheet_is_filled_in_and_otherwise_the_same(book: Gradebook) -> None:
    more = ("Participant 9,Stranger,,No submission,3.00,100.00,Yes,-,-,<p>old</p>",)
    sheet = moodle_sheet(book, more=more)
    filled, notes = moodle_worksheet.fill(book, sheet)
    found = read_moodle_worksheet(filled, {**participants(book), 9: "stranger"}, maximum=100)
    for grade in book.learners:
        if with_grade()(grade):
            points, words = found[grade.learner.id]
            assert points == pytest.approx(100 * grade.points / 64, abs=0.005)
            assert text_of_html(words).startswith(f"{points_text(grade.points)} of 64 points.\n")
    assert found["stranger"] == (3.0, "<p>old</p>")
    assert found[of_kind(book, "missing").learner.id] == (None, "")
    assert found[of_kind(book, "grader_error").learner.id] == (None, "")
    for before, after in zip(rows_of(sheet), rows_of(filled), strict=True):
        assert [*before[:4], *before[5:9]] == [*after[:4], *after[5:9]]
    assert "Participant 9 is left as it is: not a learner of this class." in notes
    assert len(notes) == 4


def test_moodle_worksheet_in_another_language_and_with_decimal_commas(book: Gradebook) -> None:
    header = (
        '\ufeffID,"Vollständiger Name",E-Mail-Adresse,Status,Bewertung,Bestwertung,"Bewertung kann geändert werden",'
    )
    header += '"Zuletzt geändert (Abgabe)","Zuletzt geändert (Bewertung)","Feedback als Kommentar"'
    german = moodle_sheet(book, header=header, maximum='"50,00"').replace("Participant ", "Teilnehmer/in")
    learners = tuple(
        replace(
            grade,
            learner=replace(
                grade.learner, moodle={"Identifier": moodle["Identifier"].replace("Participant ", "Teilnehmer/in")}
            ),
        )
        if (moodle := grade.learner.moodle)
        else grade
        for grade in book.learners
    )
    other = replace(book, learners=learners)
    options = Options(moodle_headers={"feedback": "Feedback als Kommentar"})
    filled, _ = moodle_worksheet.fill(other, german, options)
    words = {"Identifier": "ID", "Grade": "Bewertung", "Participant ": "Teilnehmer/in"}
    words |= {"Last modified (grade)": "Zuletzt geändert (Bewertung)", "Feedback comments": "Feedback als Kommentar"}
    found = read_moodle_worksheet(filled, participants(book), maximum=50, words=words)
    assert filled.startswith("\ufeffID,")
    assert ',"50,00",' in filled
    assert found["s001"][0] == 50
    assert found["s001"][1].startswith("<p>64 of 64 points.</p>")
    unnamed, notes = moodle_worksheet.fill(other, german)
    assert read_moodle_worksheet(unnamed, participants(book), maximum=50, words=words)["s001"] == (50, "")
    assert any("no column for feedback" in note for note in notes)


def test_moodle_worksheet_finds_people_by_email_and_leaves_locked_and_double_rows(book: Gradebook) -> None:
    learners = tuple(replace(grade, learner=replace(grade.learner, moodle={})) for grade in book.learners)
    rows = (
        "Participant 1,Ada,PASSED.1@example.org,Submitted,,10.00,Yes,-,-,",
        "Participant 2,Conan,half_done.2@example.org,Submitted,4.00,10.00,No,-,-,",
        "Participant 3,Ada again,passed.1@example.org,Submitted,,10.00,Yes,-,-,",
        "Participant 4,Late,late.11@example.org,Submitted,,A,Yes,-,-,",
    )
    filled, notes = moodle_worksheet.fill(replace(book, learners=learners), "\n".join((MOODLE_HEADER, *rows)) + "\n")
    found = read_moodle_worksheet(filled, {1: "a", 2: "b", 3: "c", 4: "d"}, maximum=10)
    assert [found[user][0] for user in "abcd"] == [10, 4, None, None]
    assert "Participant 2 is left as it is: Moodle says that its grade cannot be changed." in notes
    assert "Participant 3 is left as it is: a second row of s001." in notes
    assert "\r" not in filled


@pytest.mark.parametrize(
    ("sheet", "headers", "sentence"),
    [
        ("", {}, "is not a CSV file with a header: download it again"),
        ("a,b,c\n1,2,3\n", {}, "has no column 'Grade'"),
        (f"{MOODLE_HEADER}\nParticipant 1,x\n", {}, "of different lengths: download it again"),
        ('Identifier,"Grade\n', {}, "download it again"),
        (f"{MOODLE_HEADER}\n", {"colour": "Grade"}, "no column 'colour' to name"),
        (f"{MOODLE_HEADER}\n", {"grade": "Note"}, "no header 'Note'"),
    ],
)
def test_a_sheet_that_is_not_moodles_is_refused(
    book: Gradebook, sheet: str, headers: dict[str, str], sentence: str
) -> None:
    with pytest.raises(CourseError, match=re.escape(sentence)):
        moodle_worksheet.fill(book, sheet, Options(moodle_headers=headers))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot be read, No such file"), (b"Identifier\xff", "is not UTF-8")],
)
def test_a_sheet_that_cannot_be_read_is_refused(
    book: Gradebook, tmp_path: Path, content: bytes | None, sentence: str
) -> None:
    sheet = tmp_path / "sheet.csv"
    if content is not None:
        sheet.write_bytes(content)
    with pytest.raises(CourseError, match=sentence):
        export_all(book, tmp_path, ["moodle"], Options(moodle_worksheet=sheet))
    with pytest.raises(CourseError, match="download it from the assignment first"):
        export_all(book, tmp_path, ["moodle"])


def test_moodle_gradebook_imports_as_a_whole(book: Gradebook, tmp_path: Path) -> None:
    for field in ("email", "username", "idnumber"):
        export_all(book, tmp_path, ["moodle-gradebook"], Options(moodle_user=field, assignment="Work"))
        written = (tmp_path / "moodle-gradebook.csv").read_text(encoding="utf-8")
        users = {
            grade.learner.email if field == "email" else grade.learner.moodle[field]: grade
            for grade in book.learners
            if grade.learner.in_roster
        }
        found = read_moodle_gradebook(written, set(users), user=field, grade="Work", feedback="Work: feedback")
        assert {user: grade for user, (grade, _) in found.items()} == {
            user: grade.points for user, grade in users.items() if with_grade()(grade)
        }
        for user, (_, words) in found.items():
            assert text_of_html(words).startswith(f"{points_text(users[user].points)} of 64 points.\n")


def test_moodle_gradebook_leaves_out_whom_moodle_would_mistake(book: Gradebook, tmp_path: Path) -> None:
    first = of_kind(book, "passed")
    nobody = replace(first, learner=replace(first.learner, id="nobody", email=""))
    formula = replace(first, learner=replace(first.learner, id="formula", email="=1+1@example.org"))
    options = Options(moodle_user="email")
    written = export_all(replace(book, learners=(first, nobody, formula)), tmp_path, ["moodle-gradebook"], options)
    assert written.notes == (
        "Left out of moodle-gradebook: nobody (the roster has no email).",
        "Left out of moodle-gradebook: formula (the email begins like a formula).",
    )
    assert len(rows_of((tmp_path / "moodle-gradebook.csv").read_text(encoding="utf-8"))) == 2
    with pytest.raises(CourseError, match="choose from email, username, idnumber"):
        export_all(book, tmp_path, ["moodle-gradebook"], Options(moodle_user="shoe size"))


def test_the_readers_refuse_what_the_systems_refuse() -> None:
    """The readers themselves: a reader that takes everything would prove nothing."""
    with pytest.raises(RefusedError, match="no number"):
        read_moodle_gradebook("u,g,f\na,x,\n", {"a"}, user="u", grade="g", feedback="f")
    with pytest.raises(RefusedError, match="header"):
        read_canvas("Name,ID,Section,Work\nAda,1,,3\n", [], {})
    result = {"version": 1, "status": "fail", "max_score": 3, "tests": None}
    encoded = base64.b64encode(json.dumps(result).encode()).decode()
    with pytest.raises(RefusedError, match="no tests"):
        report_to_classroom({"A_RESULTS": encoded})
    with pytest.raises(RefusedError, match="another element"):
        text_of_html("<p><img src=x></p>")
    assert read_workflow_commands("  ::error title=a::b")[0].message == "b"
