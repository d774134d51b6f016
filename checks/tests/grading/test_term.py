"""A class of forty, from what a school's system exports to what it imports, by class file and by command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.grading.readers import (
    CanvasStudent,
    read_canvas,
    read_canvas_feedback,
    read_moodle_feedback,
    read_moodle_worksheet,
)
from tests.grading.small_class import make_small_class
from tests.small_course import APP
from workbook.cli.app import app
from workbook.course.model import find_course

NUMBERS = range(1, 41)
ABSENT, WRONG, LATE, EXTENDED, DECIDED = {7, 23}, {3, 11, 30}, {5, 18}, {9}, 11
"""Who handed nothing in, got exercise 1.1 wrong, is 30 hours late, is so with an extension, and has points by hand."""
HALF = APP.replace('"soup"', '"stew"')
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    some = make_small_class(tmp_path_factory.mktemp("course"), sandbox=False)
    monkeypatch.setenv("WORKBOOK_ROOT", str(some.course.root))
    find_course.cache_clear()

    def invoke(*words: str) -> Result:
        done = CliRunner().invoke(app, list(words), catch_exceptions=False, prog_name="workbook")
        assert done.exit_code == 0, done.output
        return done

    yield invoke
    find_course.cache_clear()


def hand_in(folder: Path, number: int, when: datetime) -> None:
    """Put somebody's work into a folder."""
    main = folder / "lesson_01" / "app" / "main.py"
    main.parent.mkdir(parents=True)
    main.write_text(HALF if number in WRONG else APP, encoding="utf-8")
    (main.parent / "__init__.py").touch()
    for file in main.parent.iterdir():
        os.utime(file, (when.timestamp(), when.timestamp()))


def mark(number: int, *, wrong: float) -> float:
    """What is due to somebody, of 100."""
    earned = 100.0 if number == DECIDED or number not in WRONG else wrong
    return earned * (0.8 if number in LATE else 1.0)


def test_canvas(run: Run, tmp_path: Path) -> None:
    due = datetime.now(UTC).replace(microsecond=0) - timedelta(days=10)
    rows = [f'"Name{n}, Ada",{4000 + n},S{n},login{n},A,,{3 if n in EXTENDED else ""}' for n in NUMBERS]
    rows += ['"Student, Test",9999,,test,A,,']
    header = "Student,ID,SIS User ID,SIS Login ID,Section,Week 1 (12),extension"
    export = "\n".join([header, ",,,,,Manual Posting,", "    Points Possible,,,,,10,", *rows]) + "\n"
    (tmp_path / "canvas.csv").write_text(export, encoding="utf-8")
    for n in set(NUMBERS) - ABSENT:
        late = n in LATE | EXTENDED
        folder = tmp_path / "in" / f"name{n}ada_{'LATE_' if late else ''}{4000 + n}_{9000 + n}_work"
        hand_in(folder, n, due + timedelta(hours=30 if late else -5))
    class_file = f"""
roster = "canvas.csv"
submissions = "in"
due = "{due.isoformat()}"
late = "10%/day"
scale = 100
sandbox = "none"
formats = ["csv", "canvas", "canvas-feedback"]

[canvas]
assignment = "FastAPI workbook (12345)"
"""
    (tmp_path / "class.toml").write_text(class_file, encoding="utf-8")
    words = ["grade", str(tmp_path / "in"), "--roster", str(tmp_path / "canvas.csv"), "--due", due.isoformat()]
    words += ["--late", "10%/day", "--sandbox", "none", "--formats", "csv,canvas,canvas-feedback"]
    words += ["--assignment", "FastAPI workbook (12345)", "--out", str(tmp_path / "other")]
    # What a mark is out of is said in a class file alone.
    (tmp_path / "scale.toml").write_text("scale = 100\n", encoding="utf-8")
    by_file, by_words = (
        ["grade", "--class", str(tmp_path / "class.toml")],
        [*words, "--class", str(tmp_path / "scale.toml")],
    )
    for out, command in (("grades", by_file), ("other", by_words)):
        run(*command)
        said = ["override", str(4000 + DECIDED), "1.1", "--points", "1", "--because", "the text can be read so"]
        run(*said, "--out", str(tmp_path / out))
        run(*command)
    for name in ("canvas.csv", "grades.csv", "canvas-feedback.zip"):
        assert (tmp_path / "grades" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name

    people = [CanvasStudent(4000 + n, f"Name{n}, Ada", f"S{n}", f"login{n}") for n in NUMBERS]
    text = (tmp_path / "grades" / "canvas.csv").read_text(encoding="utf-8")
    done = read_canvas(text, people, {12345: "FastAPI workbook"})
    assert (done.new_assignments, done.unknown_students) == ([], [])
    assert done.points_possible == {"FastAPI workbook": 100.0}
    assert done.grades["FastAPI workbook"] == {4000 + n: mark(n, wrong=75.0) for n in set(NUMBERS) - ABSENT}
    pages = read_canvas_feedback(
        (tmp_path / "grades" / "canvas-feedback.zip").read_bytes(), {str(9000 + n): str(4000 + n) for n in NUMBERS}
    )
    assert set(pages) == {str(4000 + n) for n in set(NUMBERS) - ABSENT}
    assert "the text can be read so" in pages[str(4000 + DECIDED)]
    assert "2 days late" in pages[str(4005)]


def test_moodle(run: Run, tmp_path: Path) -> None:
    """A German site: times, people and grades go by its worksheet, and the times of files do not matter."""

    def moment(n: int) -> str:
        if n in ABSENT:
            return "-"
        return '"Donnerstag, 3. Dezember 2026, 05:00"' if n in LATE else '"Dienstag, 1. Dezember 2026, 20:00"'

    header = (
        "Nummer,Vollständiger Name,E-Mail-Adresse,Status,Bewertung,Bestwertung,Bewertung kann geändert werden,"
        "Zuletzt geändert (Abgabe),Zuletzt geändert (Bewertung),Feedback als Kommentar"
    )
    rows = [f'Teilnehmer/in{7000 + n},Ada Name{n},ada{n}@x.example,-,,"50,00",Ja,{moment(n)},-,' for n in NUMBERS]
    (tmp_path / "sheet.csv").write_text("\r\n".join([header, *rows]) + "\r\n", encoding="utf-8", newline="")
    for n in set(NUMBERS) - ABSENT:
        folder = tmp_path / "in" / f"Ada Name{n}_{7000 + n}_assignsubmission_file_"
        hand_in(folder, n, datetime.now(UTC))
    (tmp_path / "class.toml").write_text(
        """
roster = "sheet.csv"
submissions = "in"
due = "2026-12-01T23:00 Europe/Berlin"
late = "10%/day"
sandbox = "none"
formats = ["moodle", "moodle-feedback"]

[moodle]
worksheet = "sheet.csv"
headers = { feedback = "Feedback als Kommentar" }
""",
        encoding="utf-8",
    )
    run("grade", "--class", str(tmp_path / "class.toml"))
    who = f"ada{DECIDED}@x.example"
    run("override", who, "1.1", "--points", "1", "--because", "agreed", "--out", str(tmp_path / "grades"))
    run("grade", "--class", str(tmp_path / "class.toml"))
    words = {
        "Identifier": "Nummer",
        "Participant ": "Teilnehmer/in",
        "Grade": "Bewertung",
        "Last modified (grade)": "Zuletzt geändert (Bewertung)",
        "Feedback comments": "Feedback als Kommentar",
    }
    text = (tmp_path / "grades" / "moodle.csv").read_text(encoding="utf-8")
    found = read_moodle_worksheet(text, {7000 + n: str(n) for n in NUMBERS}, maximum=50.0, words=words)
    assert {n: grade for n, (grade, _) in found.items() if grade is not None} == {
        str(n): mark(n, wrong=75.0) / 2 for n in set(NUMBERS) - ABSENT
    }
    pages = read_moodle_feedback(
        (tmp_path / "grades" / "moodle-feedback.zip").read_bytes(), {str(7000 + n) for n in NUMBERS}
    )
    assert set(pages) == {str(7000 + n) for n in set(NUMBERS) - ABSENT}
