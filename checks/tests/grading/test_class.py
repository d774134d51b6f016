"""From zip files to what a school imports, as an instructor does it: ``workbook grade`` on a class of many kinds."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.grading.made_up_class import MadeUpClass, MadeUpLearner, make_class
from tests.grading.sample import MOODLE_HEADER
from tests.grading.test_run import needs_sandbox
from workbook.course.model import find_course
from workbook.grading.gradebook import Standing

KINDS = ("solved", "mistakes", "syntax error", "zip bomb", "github zip", "late", "missing", "not in roster")
TOTAL = find_course().lesson(1).max_points
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workbook grade runs on Linux")


@dataclass
class Graded:
    """A class, and what became of it."""

    made: MadeUpClass
    out: Path

    def learner(self, kind: str) -> MadeUpLearner:
        """The learner of a kind."""
        return self.made.of_kind(kind)

    def rows(self, name: str) -> list[dict[str, str]]:
        """A CSV file of the results."""
        with (self.out / name).open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))

    def again(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Grade the class into the same folder."""
        made = self.made
        return grade(
            str(made.uploads),
            *("--roster", str(made.roster), "--due", made.due, "--late", made.late, "--out", str(self.out)),
            *("--lessons", "1", "--assignment", "Structure (4711)", *options),
        )


def grade(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``workbook grade``."""
    command = [sys.executable, "-m", "workbook", "grade", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=300, check=False)


def facts(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What ``--json`` printed last; lines of progress stand before it."""
    return json.loads(done.stdout[done.stdout.index("{\n") :])


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The class, graded once in the sandbox."""
    folder = tmp_path_factory.mktemp("class")
    made = make_class(folder, len(KINDS), lessons=[1], kinds=KINDS)
    sheet = folder / "sheet.csv"
    numbers = [70_000 + number for number, learner in enumerate(made.learners, 1) if learner.in_roster]
    rows = [f"Participant {number},Somebody,,Submitted,,100.00,Yes,-,-," for number in numbers]
    sheet.write_text("\r\n".join([MOODLE_HEADER, *rows]) + "\r\n", encoding="utf-8", newline="")
    graded = Graded(made, folder / "out")
    done = graded.again("--json", "--workers", "2", "--moodle-worksheet", str(sheet))
    assert done.returncode == 0, done.stderr
    found = facts(done)
    assert found["standing"] == {"handed_in": len(KINDS) - 2, "missing": 1, "invalid": 1}
    assert found["lesson_grades_made"] == len(KINDS) - 2
    assert found["grader_errors"] == []
    assert found["isolated"]
    return graded


@needs_sandbox
def test_everybody_earns_what_they_deserve(graded: Graded) -> None:
    """Each exercise has the points that its learner's work is worth, whatever it came in."""
    rows = {row["id"]: row for row in graded.rows("grades.csv")}
    assert rows.keys() == {learner.id for learner in graded.made.learners}
    for learner in graded.made.learners:
        row = rows[learner.id]
        if learner.standing is Standing.MISSING:
            assert row["final"] == ""
            continue
        for exercise, (least, most) in learner.points.items():
            have = float(row[f"exercise {exercise}"])
            assert least <= have <= most, f"{learner.kind} has {have} of {least} to {most} points in {exercise}"
        assert float(row["percent off"]) == learner.late_percent, learner.kind
        assert float(row["final"]) == pytest.approx(float(row["raw"]) * (100 - learner.late_percent) / 100)


@needs_sandbox
def test_canvas_gets_the_final_points(graded: Graded) -> None:
    """One row for each learner of the roster who has a grade, found by Canvas's own number."""
    rows = graded.rows("canvas.csv")
    assert rows[0]["Structure (4711)"] == f"{TOTAL}.00"
    points = {row["ID"]: float(row["Structure (4711)"]) for row in rows[1:]}
    numbers = {learner.kind: str(4000 + number) for number, learner in enumerate(graded.made.learners, 1)}
    assert points.keys() == {numbers[kind] for kind in KINDS if kind not in ("missing", "not in roster")}
    assert points[numbers["solved"]] == points[numbers["github zip"]] == TOTAL
    assert points[numbers["late"]] == pytest.approx(0.8 * TOTAL)
    assert points[numbers["syntax error"]] == points[numbers["zip bomb"]] == 0


@needs_sandbox
def test_every_kind_of_result_is_there(graded: Graded) -> None:
    """The files that a school's systems, a CI run and people read."""
    files = ("index.html", "grades.json", "summary.md", "moodle-gradebook.csv", "moodle.csv")
    assert [name for name in files if not (graded.out / name).is_file()] == []
    late = graded.learner("late")
    assert not (graded.out / "junit.xml").exists(), "nobody asked for it"
    assert "2 days late" in (graded.out / "feedback" / f"{late.id}.md").read_text(encoding="utf-8")
    grades = {row["Identifier"]: row["Grade"] for row in graded.rows("moodle.csv")}
    assert grades["Participant 70001"] == "100.00"


@needs_sandbox
def test_what_stops_all_of_a_lesson_is_told_once(graded: Graded) -> None:
    """A syntax error fails six exercises; its message is read once, but for 1.6, which imports module by module."""
    broken = graded.learner("syntax error")
    text = (graded.out / "feedback" / f"{broken.id}.md").read_text(encoding="utf-8")
    assert text.count("Python stops at this line") == 1
    assert r"1.2, 1.3, 1.4 and 1.5 were stopped by the same." in text.replace("\\", "")


@needs_sandbox
def test_graded_again(graded: Graded) -> None:
    """Nothing is executed twice, but whom the instructor names; the terminal says who needs a look."""
    again = graded.again("--json")
    assert facts(again)["lesson_grades_made"] == 0
    one = graded.again("--regrade", graded.learner("mistakes").id)
    assert "1 lesson-grade made" in one.stdout
    words = " ".join(one.stdout.split())
    missing, stray = graded.learner("missing").id, graded.learner("not in roster").id
    assert words.count("nothing was handed in") == 1
    assert f"moodle-gradebook: {missing} (nothing was handed in)." in words
    assert f"Left out of canvas, moodle-gradebook: {stray} (not in the roster)." in words
    unchanged = graded.again()
    assert unchanged.stdout.startswith("Nothing has changed since the report was made")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> MadeUpClass:
    """Two learners; one of them handed in nothing that can be graded."""
    return make_class(tmp_path_factory.mktemp("small"), 2, lessons=[1], kinds=["solved", "empty zip"])


@linux
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--roster", "no-such.csv"], "The roster no-such.csv cannot be read"),
        (["--formats", "csv,canvsa"], "There is no format 'canvsa': choose from json, csv,"),
        (["--lessons", "one"], "--lessons one is no list of lessons: write it like 1-3,7."),
        (["--lessons", "99"], "There is no lesson 99"),
        (["--moodle-worksheet", "no-such.csv"], "no-such.csv cannot be read"),
        (["--regrade", "nobody"], "--regrade nobody: nobody of that id is in this class."),
        (["--late", "10%/day"], "--late says what a day costs, not when work is due"),
    ],
    ids=["roster", "formats", "lessons", "lesson", "worksheet", "regrade", "late"],
)
def test_mistakes_at_the_command_line(small: MadeUpClass, tmp_path: Path, options: Sequence[str], says: str) -> None:
    """Each is answered at once, before anything is graded, in one sentence."""
    out = tmp_path / "out"
    done = grade(str(small.uploads), "--sandbox", "none", "--out", str(out), *options)
    assert done.returncode == 2
    assert done.stderr.startswith(says)
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not out.exists()


@linux
def test_without_walls_and_roster(small: MadeUpClass, tmp_path: Path) -> None:
    """Code that is trusted may be graded without a sandbox, which the results say, and without a roster."""
    out = tmp_path / "out"
    done = grade(str(small.uploads), "--sandbox", "none", "--lessons", "1", "--formats", "csv", "--out", str(out))
    words = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert "2 learners: 1 handed in, 0 did not, 1 with an invalid upload." in words
    assert f"{small.learners[1].id}: It is empty: pack the lessons folder and upload it again." in words
    assert "Not isolated. none: submissions were not kept apart" in words
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["final"] for row in csv.DictReader(stream)] == [str(TOTAL), "0"]
