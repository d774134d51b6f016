"""A graded class as JSON, CSV and JUnit, and all formats together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import workbook
from tests.grading.readers import (
    read_grades_csv,
    read_junit,
    rows_of,
)
from tests.grading.sample import RUNNER_SAYS, export_everything, of_kind, sample_gradebook
from workbook.course.files import replace_file
from workbook.course.message import Message
from workbook.course.model import CourseError
from workbook.course.results import CheckResult
from workbook.grading.exports import (
    FORMATS,
    Missing,
    Options,
    export_all,
    file_name,
    gradebook_from_json,
    marks,
    text,
)
from workbook.grading.gradebook import Gradebook, Learner, LearnerGrade


@pytest.fixture(scope="module")
def book() -> Gradebook:
    return sample_gradebook(16)


@pytest.fixture(scope="module")
def everything(book: Gradebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All formats of the whole class."""
    return export_everything(book, tmp_path_factory.mktemp("grades"))


def with_grade(points: bool = True) -> Callable[[LearnerGrade], bool]:
    """Whether a learner has a grade and is in the roster."""
    return lambda grade: (marks.final_points(grade, Missing.EMPTY) is not None) is points and grade.learner.in_roster


def utf8(value: str) -> str:
    """The text as a file can hold it."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def a_schema() -> dict[str, Any]:
    file = Path(workbook.__file__).parent / "grading" / "exports" / "grades.schema.json"
    return json.loads(file.read_text(encoding="utf-8"))


def test_json_keeps_to_its_schema_and_documents_every_field(everything: Path) -> None:
    data = json.loads((everything / "grades.json").read_text(encoding="utf-8"))
    schema = a_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(data, schema)
    for definition in (schema, *schema["$defs"].values()):
        if "properties" in definition:
            definition["additionalProperties"] = False
    jsonschema.validate(data, schema)


def test_json_reads_back_as_the_same_gradebook(book: Gradebook, everything: Path) -> None:
    written = (everything / "grades.json").read_text(encoding="utf-8")
    read = gradebook_from_json(json.loads(written))
    assert read != sample_gradebook(15)
    expected = {**vars(book), "learners": tuple(map(_utf8_grade, book.learners))}
    assert vars(read) == expected


def _utf8_grade(grade: LearnerGrade) -> LearnerGrade:
    def clean(entry: CheckResult) -> CheckResult:
        rows = entry.message.rows if entry.message else ()
        cleaned = Message(tuple((utf8(a), utf8(b)) for a, b in rows), entry.message.kind) if entry.message else None
        return replace(entry, message=cleaned)

    lessons = tuple(
        replace(
            lesson,
            result=lesson.result
            and replace(
                lesson.result,
                exercises=tuple(replace(ex, checks=tuple(map(clean, ex.checks))) for ex in lesson.result.exercises),
            ),
        )
        for lesson in grade.lessons
    )
    return replace(grade, lessons=lessons, notes=tuple(map(utf8, grade.notes)))


def test_json_has_no_points_where_a_fault_of_ours_stands_in_the_way(book: Gradebook, everything: Path) -> None:
    data = json.loads((everything / "grades.json").read_text(encoding="utf-8"))
    broken = of_kind(book, "grader_error").learner.id
    for entry in data["learners"]:
        assert (entry["points"] is None) is (entry["learner"]["id"] == broken) is not entry["final"]
    entry = next(entry for entry in data["learners"] if not entry["final"])
    assert [lesson["points"] for lesson in entry["lessons"]] == [None, None, 22]
    assert len(entry["grader_errors"]) == 2


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (None, "have schema None"),
        ({"schema": "fastapi-workbook/grades/v9"}, "have schema 'fastapi-workbook/grades/v9'"),
        ({"learners": "all"}, "damaged at learners"),
        ({"made_at": "yesterday"}, "damaged at made_at"),
    ],
)
def test_other_json_is_refused(everything: Path, change: dict[str, object] | None, sentence: str) -> None:
    data = json.loads((everything / "grades.json").read_text(encoding="utf-8"))
    with pytest.raises(CourseError, match="grade the class again") as refused:
        gradebook_from_json([] if change is None else {**data, **change})
    assert sentence in str(refused.value)


def test_csv_has_a_row_for_each_learner_and_a_column_for_each_exercise(book: Gradebook, everything: Path) -> None:
    found = read_grades_csv((everything / "grades.csv").read_bytes())
    assert list(found) == [text.line(grade.learner.id) for grade in book.learners]
    exercises = [f"exercise {exercise.id}" for lesson in book.lessons for exercise in lesson.exercises]
    for grade in book.learners:
        row = found[text.line(grade.learner.id)]
        assert row["name"] == text.line(grade.learner.name)
        assert row["email"] == grade.learner.email
        assert list(row)[4:-5] == exercises
        if with_grade()(grade):
            assert float(row["raw"]) == grade.raw_points
            assert float(row["final"]) == grade.points
            assert sum(float(row[name]) for name in exercises) == pytest.approx(grade.raw_points, abs=0.02)
            assert float(row["percent off"]) == grade.lateness.percent
            assert float(row["max"]) == grade.max_points == book.max_points


def test_csv_flags_what_an_instructor_should_look_at(book: Gradebook, everything: Path) -> None:
    found = read_grades_csv((everything / "grades.csv").read_bytes())
    expected = {
        "passed": "",
        "missing": "missing",
        "invalid": "invalid upload",
        "grader_error": "grader error",
        "unstable": "unstable: 1.6",
        "late": "late",
        "part_handed_in": "not handed in: lesson 2; cannot be graded: lesson 3",
        "meddled": "has notes",
    }
    for kind, flags in expected.items():
        assert found[text.line(of_kind(book, kind).learner.id)]["flags"] == flags, kind


def test_a_fault_of_ours_and_a_missing_submission_are_empty_and_never_zero(book: Gradebook, everything: Path) -> None:
    found = read_grades_csv((everything / "grades.csv").read_bytes())
    broken, missing, invalid = (
        found[of_kind(book, kind).learner.id] for kind in ("grader_error", "missing", "invalid")
    )
    assert (broken["exercise 1.1"], broken["exercise 2.1"], broken["exercise 2.2"]) == ("", "3", "")
    assert (broken["raw"], broken["final"]) == ("", "")
    assert (missing["exercise 1.1"], missing["raw"], missing["final"]) == ("", "", "")
    assert (invalid["exercise 1.1"], invalid["raw"], invalid["final"]) == ("0", "0", "0")


def test_zeros_for_missing_submissions_are_a_choice_and_faults_stay_empty(book: Gradebook, tmp_path: Path) -> None:
    export_all(book, tmp_path, ["csv", "canvas", "moodle-gradebook"], Options(missing=Missing.ZERO))
    found = read_grades_csv((tmp_path / "grades.csv").read_bytes())
    missing, broken = of_kind(book, "missing").learner, of_kind(book, "grader_error").learner
    assert (found[missing.id]["exercise 1.1"], found[missing.id]["final"]) == ("0", "0")
    assert found[broken.id]["final"] == ""
    canvas = {row[1]: row[-1] for row in rows_of((tmp_path / "canvas.csv").read_text(encoding="utf-8"))}
    assert canvas[missing.canvas["ID"]] == "0.00"
    assert broken.canvas["ID"] not in canvas
    moodle = {row[0]: row[1] for row in rows_of((tmp_path / "moodle-gradebook.csv").read_text(encoding="utf-8"))}
    assert moodle[missing.email] == "0"
    assert broken.email not in moodle


def test_junit_has_a_suite_for_each_lesson_of_each_learner(book: Gradebook, everything: Path) -> None:
    suites = read_junit((everything / "junit.xml").read_bytes())
    assert len(suites) == len(book.learners) * len(book.lessons)
    assert len({(case.classname, case.name) for suite in suites for case in suite.cases}) == sum(
        len(suite.cases) for suite in suites
    )

    def outcomes(kind: str) -> list[list[str]]:
        place = file_name(of_kind(book, kind).learner.id)
        own = [suite for suite in suites if suite.cases[0].classname.startswith(f"{place}.lesson_")]
        return [[case.outcome for case in suite.cases] for suite in own]

    assert outcomes("passed") == [["passed"] * 6] * 3
    assert outcomes("crashed") == [["failure"] * 6] * 3
    assert outcomes("not_started") == [["failure"] * 6] * 3
    assert outcomes("missing") == [["skipped"]] * 3
    assert outcomes("invalid") == [["failure"]] * 3
    assert outcomes("part_handed_in") == [["passed"] * 6, ["failure"], ["failure"]]
    assert outcomes("grader_error") == [["error"], ["passed", "error", *["passed"] * 4], ["passed"] * 6]


def test_junit_carries_the_points_and_the_words(book: Gradebook, everything: Path) -> None:
    suites = read_junit((everything / "junit.xml").read_bytes())
    points = sum(float(suite.properties.get("points", 0)) for suite in suites)
    known = (marks.lesson_points(grade, lesson) for grade in book.learners for lesson in grade.lessons)
    assert points == pytest.approx(sum(entry or 0 for entry in known), abs=0.1)
    failed = [case for suite in suites for case in suite.cases if case.outcome == "failure"]
    assert any("Stuck?        workbook hint 2.2" in case.text for case in failed)
    reasons = (everything / "junit.xml").read_text(encoding="utf-8")
    assert 'message="invalid upload"' in reasons
    assert 'message="crashed: Python stops at this line' in reasons  # for lists of failures, too
    # What XML cannot hold was replaced, and markup of the learner's is text.
    assert any("<script>alert(1)</script>" in case.text for case in failed)


def test_every_format_is_written(book: Gradebook, everything: Path) -> None:
    files = {file.relative_to(everything).parts[0] for file in everything.rglob("*") if file.is_file()}
    assert files == {
        *("grades.json", "grades.csv", "junit.xml", "canvas.csv", "moodle.csv", "moodle-gradebook.csv", "summary.md"),
        *("gradescope", "github-classroom", "classroom50", "feedback"),
        *("canvas-feedback.zip", "moodle-feedback.zip", "mail"),
    }
    assert len(FORMATS) == 14
    assert not list(everything.rglob("*.part"))
    assert len(list((everything / "feedback").iterdir())) == len(book.learners)


def test_formats_are_chosen_by_name(book: Gradebook, tmp_path: Path) -> None:
    written = export_all(book, tmp_path / "new" / "folder", ["summary", "csv", "summary"])
    assert [file.name for file in written.files] == ["summary.md", "grades.csv"]
    with pytest.raises(CourseError, match=r"There is no format 'excel': choose from json, csv, junit"):
        export_all(book, tmp_path, ["excel"])


def test_an_export_again_takes_away_what_it_no_longer_writes(book: Gradebook, tmp_path: Path) -> None:
    names = ["feedback", "gradescope", "github-classroom", "classroom50"]
    options = Options(classroom50=RUNNER_SAYS)
    export_all(book, tmp_path, names, options)
    mine = tmp_path / "feedback" / "mine.txt"
    mine.write_text("kept", encoding="utf-8")
    only = of_kind(book, "passed")
    written = export_all(replace(book, learners=(only,)), tmp_path, names, options)
    left = {file for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {*written.files, mine}
    assert [folder.name for folder in (tmp_path / "gradescope").iterdir()] == ["s001"]


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "grades.csv"
    replace_file(file, "old")

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as stream:
            stream.write(data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(file, "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["grades.csv"]
    assert file.read_text(encoding="utf-8") == "old"


def test_an_empty_class_is_written_too(book: Gradebook, tmp_path: Path) -> None:
    nobody = replace(book, learners=(), made_at=datetime.fromisoformat("2026-12-05T09:30:00+01:00"))
    export_all(nobody, tmp_path, ["json", "csv", "junit", "feedback"])
    assert gradebook_from_json(json.loads((tmp_path / "grades.json").read_text(encoding="utf-8"))) == nobody
    assert read_junit((tmp_path / "junit.xml").read_bytes()) == []
    assert read_grades_csv((tmp_path / "grades.csv").read_bytes()) == {}


def test_what_cannot_be_written_does_not_keep_the_rest_back(book: Gradebook, tmp_path: Path) -> None:
    (tmp_path / "grades.csv").mkdir()
    written = export_all(book, tmp_path, ["csv", "summary"])
    assert [file.name for file in written.files] == ["summary.md"]
    assert [text.partition(": ")[0] for text in written.failed] == ["csv is not written"]


def test_feedback_is_found_by_name_where_an_id_is_a_mere_number(book: Gradebook, tmp_path: Path) -> None:
    some = book.learners[0]
    people = [Learner("77", "Lovelace, Ada"), Learner("78", "李"), Learner("bob", "Bob"), Learner("lovelace-ada-77")]
    class_ = replace(book, learners=tuple(replace(some, learner=person) for person in people))
    export_all(class_, tmp_path, ["feedback"])
    assert sorted(file.name for file in (tmp_path / "feedback").iterdir()) == [
        *("77.md", "78.md", "bob.md", "lovelace-ada-77.md"),
    ]
    export_all(replace(class_, learners=class_.learners[:3]), tmp_path, ["feedback"])
    assert sorted(file.name for file in (tmp_path / "feedback").iterdir()) == ["78.md", "bob.md", "lovelace-ada-77.md"]
