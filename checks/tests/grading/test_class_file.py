"""The class file: what is chosen in it counts, what is wrong in it is named, and marks follow from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.grading.sample import sample_gradebook
from tests.grading.small_class import SmallClass, make_small_class
from tests.small_course import APP
from workbook.cli.app import app
from workbook.course.model import CourseError, find_course
from workbook.course.results import ExerciseResult, LessonResult, Verdict
from workbook.grading import class_file
from workbook.grading.class_file import ClassFile, read_class_file
from workbook.grading.exports import Options, check_formats, export_all
from workbook.grading.exports.feedback import feedback
from workbook.grading.gradebook import Lateness, Learner, LearnerGrade, LessonGrade, Standing
from workbook.grading.scheme import Scheme

Run = Callable[..., Result]


def lesson(number: int, points: float, most: int = 10, lateness: Lateness | None = None) -> LessonGrade:
    exercise = ExerciseResult(f"{number}.1", "An exercise", Verdict.FAILED, points, most, ())
    result = LessonResult(number, "A lesson", (exercise,))
    return LessonGrade(number, "A lesson", most, result, lateness=lateness)


def learner(*lessons: LessonGrade, late: float = 0.0) -> LearnerGrade:
    return LearnerGrade(Learner("ada"), Standing.HANDED_IN, lessons, lateness=Lateness(float(late > 0), late))


THREE = learner(lesson(1, 10), lesson(2, 5), lesson(3, 0, most=20))


@pytest.mark.parametrize(
    ("scheme", "mark"),
    [
        (Scheme(), 15.0),
        (Scheme(scale=100), 37.5),  # 15 of 40 points
        (Scheme(scale=20), 7.5),
        (Scheme(weights={1: 2}), 62.5),  # (2 · 100 % + 50 % + 0 %) / 4, out of 100
        (Scheme(weights={3: 0}), 75.0),
        (Scheme(drop_lowest=1), 75.0),  # 15 of 20 points
        (Scheme(drop_lowest=1, weights={1: 3}), 87.5),
        (Scheme(drop_lowest=9), 100.0),  # the best one always counts
        (Scheme(scale=10, weights={1: 0, 2: 0, 3: 0}), 0.0),
    ],
)
def test_marks(scheme: Scheme, mark: float) -> None:
    assert scheme.mark(THREE) == mark


def test_a_lesson_with_a_date_of_its_own_is_late_by_itself() -> None:
    late = learner(lesson(1, 10, lateness=Lateness(0.0, 0.0)), lesson(2, 10, lateness=Lateness(1.5, 20.0)))
    assert late.points == 18.0
    assert Scheme(scale=100).mark(late) == 90.0
    both = learner(lesson(1, 10), lesson(2, 10, lateness=Lateness(3.0, 50.0)), late=10.0)
    assert both.points == 14.0


def test_marks_go_where_schools_read_them(tmp_path: Path) -> None:
    book = replace(sample_gradebook(6), scheme=Scheme(scale=100, drop_lowest=1))
    export_all(book, tmp_path, ["csv", "canvas", "moodle-gradebook", "json"], Options())
    canvas = (tmp_path / "canvas.csv").read_text(encoding="utf-8").splitlines()
    assert canvas[1].endswith(",100.00")
    header, *rows = (tmp_path / "grades.csv").read_text(encoding="utf-8-sig").splitlines()
    assert header.endswith(",final,max,mark,best mark,flags")
    assert len(rows) == 6
    ready = next(grade for grade in book.learners if grade.standing is Standing.HANDED_IN and grade.is_final)
    assert f"**Mark: {book.mark(ready):g} of 100.**" in feedback(book, ready)
    assert "The lowest lesson does not count." in feedback(book, ready)
    found = {
        each["learner"]["id"]: each["mark"] for each in json.loads((tmp_path / "grades.json").read_text())["learners"]
    }
    assert found[ready.learner.id] == book.mark(ready)


def test_files_of_an_earlier_run_are_named(tmp_path: Path) -> None:
    book = sample_gradebook(2)
    export_all(book, tmp_path, ["csv", "junit", "feedback"], Options())
    written = export_all(book, tmp_path, ["csv"], Options())
    assert "Left from an earlier run, and not written anew: feedback and junit.xml." in written.notes


# the file


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "class.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_everything_has_a_field(tmp_path: Path) -> None:
    term = read_class_file(
        write(
            tmp_path,
            'roster = "r.csv"\nlate = "10%/day"\nscale = 100\ndrop_lowest = 1\nmissing = "zero"\n'
            '[canvas]\nassignment = "Course (12)"\nper_lesson = true\n'
            '[moodle]\nuser = "idnumber"\nworksheet = "sheet.csv"\n[moodle.headers]\ngrade = "Bewertung"\n'
            '[lesson.1]\ndue = "2026-10-12T23:59Z"\nweight = 0.5\ncanvas = "One (13)"\n[lesson.2]\nweight = 2\n',
        )
    )
    assert term.scheme() == Scheme(100, {1: 0.5, 2: 2}, 1)
    policies = term.policies(None, term.late)
    assert list(policies) == [1]
    assert policies[1].due == datetime(2026, 10, 12, 23, 59, tzinfo=UTC)
    assert policies[1].percent_per_day == 10
    options = term.options(tmp_path)
    assert options.moodle_worksheet == tmp_path / "sheet.csv"
    assert (options.moodle_user, options.moodle_headers) == ("idnumber", {"grade": "Bewertung"})
    assert (options.assignment, options.per_lesson, options.lesson_assignments) == (
        "Course (12)",
        True,
        {1: "One (13)"},
    )
    assert options.missing.value == "zero"
    assert term.options(tmp_path, assignment="Other (1)").assignment == "Other (1)", "the command line wins"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('rooster = "r.csv"', "class.toml: rooster: there is no such field."),
        ("[lesson.1]\ndu = 1", "class.toml: lesson.1.du: there is no such field."),
        ("scale = -1", "class.toml: scale: input should be greater than or equal to 0."),
        ("[moodle]\nuser = 'name'", "class.toml: moodle.user: input should be"),
        ("missing = 'none'", "class.toml: missing: input should be 'empty' or 'zero'."),
        ("roster = ", "class.toml is no TOML: "),
    ],
)
def test_what_is_wrong_in_it_is_named(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(CourseError) as fault:
        read_class_file(write(tmp_path, text))
    assert str(fault.value).startswith(sentence)


def test_a_wrong_date_names_its_lesson(tmp_path: Path) -> None:
    term = read_class_file(write(tmp_path, '[lesson.2]\ndue = "soon"\n'))
    with pytest.raises(CourseError, match=r"^class\.toml, lesson 2: --due 'soon' is no date and time"):
        term.policies(None, None)


def test_titles_that_canvas_refuses_are_found_beforehand() -> None:
    with pytest.raises(CourseError, match="for one of its own sums"):
        check_formats(["canvas"], Options(assignment="Final Score (1)"))


def test_the_schema_for_editors_is_that_of_the_file() -> None:
    stored = json.loads(Path(class_file.__file__).with_name("class.schema.json").read_text(encoding="utf-8"))
    made = ClassFile.model_json_schema()
    assert stored == {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
    undocumented = [
        f"{name}.{field}"
        for name, part in {"": made, **made["$defs"]}.items()
        for field, facts in part.get("properties", {}).items()
        if "description" not in facts and "$ref" not in facts
    ]
    assert not undocumented


# the command


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> SmallClass:
    return make_small_class(tmp_path_factory.mktemp("course"), sandbox=False)


@pytest.fixture
def run(course: SmallClass, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setenv("WORKBOOK_ROOT", str(course.course.root))
    find_course.cache_clear()

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), catch_exceptions=False, prog_name="workbook")

    yield invoke
    find_course.cache_clear()


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (12)\n,,,,,Manual Posting\n    Points Possible,,,,,10\n"
    '"Lovelace, Ada",77,S1,ada,A,\n"Brown, Bob",78,S2,bob,A,\n"Cy, Cy",79,S3,cy,A,\n"Student, Test",99,,x,A,\n'
)


def hand_in(folder: Path, name: str, text: str) -> None:
    main = folder / name / "lesson_01" / "app" / "main.py"
    main.parent.mkdir(parents=True)
    main.write_text(text, encoding="utf-8")
    (main.parent / "__init__.py").touch()


def test_by_command_line_and_by_class_file_it_is_the_same(run: Run, tmp_path: Path) -> None:
    """From a Canvas export to a Canvas import, with late work and points by hand."""
    (tmp_path / "canvas.csv").write_text(CANVAS, encoding="utf-8")
    hand_in(tmp_path / "in", "lovelaceada_77_1_work", APP)
    hand_in(tmp_path / "in", "brownbob_LATE_78_1_work", APP.replace("soup", "stew"))
    due = (datetime.now(UTC) - timedelta(hours=30)).isoformat(timespec="minutes")
    begun = run("class", "new", str(tmp_path / "canvas.csv"), "--out", str(tmp_path / "class.toml"))
    assert "3 learners" in begun.stdout
    text = (tmp_path / "class.toml").read_text(encoding="utf-8")
    text = text.replace('lessons = "1-8"', 'lessons = "1"').replace('submissions = "submissions"', 'submissions = "in"')
    text = text.replace('# due = "2026-12-01T23:59" ', f'due = "{due}"').replace("# late", "late")
    text = text.replace('# formats = ["csv", "canvas", "feedback"]', 'formats = ["csv", "canvas"]\nsandbox = "none"')
    text = text.replace("# [canvas]", "[canvas]").replace("# assignment", "assignment")
    (tmp_path / "class.toml").write_text(text, encoding="utf-8")

    by_file = run("grade", "--class", str(tmp_path / "class.toml"))
    assert by_file.exit_code == 0, by_file.output
    words = ["grade", str(tmp_path / "in"), "--roster", str(tmp_path / "canvas.csv"), "--lessons", "1", "--due", due]
    words += ["--late", "10%/day, grace 30m, max 50%", "--formats", "csv,canvas", "--sandbox", "none"]
    words += ["--assignment", "FastAPI workbook (12345)", "--out", str(tmp_path / "other")]
    assert run(*words).exit_code == 0
    for name in ("canvas.csv", "grades.csv"):
        assert (tmp_path / "grades" / name).read_bytes() == (tmp_path / "other" / name).read_bytes()

    run("override", "78", "1.1", "--points", "1", "--because", "agreed", "--out", str(tmp_path / "grades"))
    assert run("grade", "--class", str(tmp_path / "class.toml")).exit_code == 0
    header, posting, *people = (tmp_path / "grades" / "canvas.csv").read_text(encoding="utf-8").splitlines()
    assert header == "Student,ID,SIS User ID,SIS Login ID,Section,FastAPI workbook (12345)"
    assert posting.startswith("    Points Possible,")
    assert [line.split(",")[2] for line in people] == ["77", "78"], "Cy has handed nothing in, and gets no grade"
    assert "decided by hand: 1.1" in (tmp_path / "grades" / "grades.csv").read_text(encoding="utf-8")


def test_a_new_class_file_overwrites_nothing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("id\nada\n", encoding="utf-8")
    file = write(tmp_path, "")
    refused = run("class", "new", str(tmp_path / "r.csv"), "--out", str(file))
    assert (refused.exit_code, refused.stderr) == (
        2,
        f"{file} is there already: edit it, or name another one with --out.\n",
    )
    assert "Say what to grade" in run("grade", "--class", str(file)).stderr


def test_ctrl_c_says_that_nothing_is_lost(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbook.grading.run.grade_class.grade_class", stopped)
    hand_in(tmp_path / "in", "ada", APP)
    ended = run("grade", str(tmp_path / "in"), "--lessons", "1", "--sandbox", "none", "--out", str(tmp_path / "out"))
    assert ended.exit_code == 130
    assert ended.stderr.endswith("Stopped. What was graded is kept: the same command goes on where it was.\n")
