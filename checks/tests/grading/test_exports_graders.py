"""Gradescope, GitHub Classroom and Classroom 50: what each makes of a result."""

from __future__ import annotations

import base64
import json
import os
import random
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from tests.grading.readers import (
    read_classroom50,
    read_gradescope,
    read_workflow_commands,
    report_to_classroom,
)
from tests.grading.sample import HOSTILE_TEXTS, RUNNER_SAYS, export_everything, of_kind, sample_gradebook
from workbook import grading
from workbook.course.model import CourseError, find_course
from workbook.grading.exports import (
    Missing,
    Options,
    check_formats,
    default_formats,
    export_all,
    file_name,
    github_classroom,
    gradescope,
    marks,
    text,
)
from workbook.grading.exports.classroom50 import from_runner
from workbook.grading.gradebook import Gradebook
from workbook.grading.handout import write_class_copy


@pytest.fixture(scope="module")
def book() -> Gradebook:
    return sample_gradebook(16)


@pytest.fixture(scope="module")
def everything(book: Gradebook, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All formats of the whole class."""
    return export_everything(book, tmp_path_factory.mktemp("grades"))


def utf8(value: str) -> str:
    """The text as a file can hold it."""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_gradescope_gets_the_score_and_a_test_for_each_exercise(book: Gradebook, everything: Path) -> None:
    for grade in book.learners:
        file = everything / "gradescope" / file_name(grade.learner.id) / "results.json"
        assert file.is_file() is (marks.final_points(grade, Missing.EMPTY) is not None)
        if file.is_file():
            score, worth, tests = read_gradescope(file.read_text(encoding="utf-8"))
            assert score == grade.points
            assert worth == book.max_points
            assert len(tests) == 18
            assert sum(test["score"] for test in tests) == pytest.approx(grade.raw_points, abs=0.02)


def test_gradescope_says_what_the_learner_knows_from_home(book: Gradebook) -> None:
    late = gradescope.results(book, of_kind(book, "late"))
    assert late["output"].startswith("Handed in 2 days late (a day that was begun counts as one): 20 % of the points")
    crashed = gradescope.results(book, of_kind(book, "crashed"))["tests"][0]
    assert crashed["number"] == "1.1"
    assert crashed["status"] == "failed"
    assert re.match(r"crashed\nCannot read   Python stops at this line: ", crashed["output"])
    invalid = gradescope.results(book, of_kind(book, "invalid"))
    assert invalid["output"].startswith("Your upload could not be graded. The archive names a file outside of itself")


def test_one_submission_in_an_autograder(book: Gradebook, tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    gradescope.write_one(book, of_kind(book, "passed"), file)
    assert read_gradescope(file.read_text(encoding="utf-8"))[:2] == (64, 64)
    for kind in ("grader_error", "missing"):
        with pytest.raises(CourseError, match=r"There is no grade to give back.*: grade this submission again\."):
            gradescope.write_one(book, of_kind(book, kind), tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


def test_classroom_gets_whole_points_in_the_result_and_in_the_notices(book: Gradebook, everything: Path) -> None:
    for grade in book.learners:
        folder = everything / "github-classroom" / file_name(grade.learner.id)
        if grade.learner.id == of_kind(book, "missing").learner.id:
            assert not folder.exists()
            continue
        points, most, fails = report_to_classroom(
            {"GRADE_RESULTS": (folder / "result.b64").read_text(encoding="ascii")}
        )
        commands = read_workflow_commands((folder / "notices.txt").read_text(encoding="utf-8"))
        if grade.learner.id == of_kind(book, "grader_error").learner.id:
            assert (most, commands, fails) == (0, [], True)
            continue
        assert type(points) is int
        assert abs(points - grade.points) <= 0.5
        assert most == book.max_points
        assert fails is (grade.raw_points < grade.max_points)
        assert [command.properties for command in commands] == [
            {"title": "Autograding complete"},
            {"title": "Autograding report"},
        ]
        assert commands[0].message == f"Points {points}/{most}"
        assert json.loads(commands[1].message) == {"totalPoints": points, "maxPoints": most}


def test_no_words_of_a_learner_become_a_workflow_command(everything: Path) -> None:
    results = [
        json.loads(base64.b64decode(file.read_text(encoding="ascii")))
        for file in (everything / "github-classroom").glob("*/result.b64")
    ]
    messages = [test["message"] or "" for found in results for test in found["tests"]]
    assert any(":: " in message or ": :" in message for message in messages)
    for message in messages:
        assert read_workflow_commands(message) == []


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS)
def test_a_workflow_command_is_one_line_and_reads_the_same(hostile: str) -> None:
    line = github_classroom.workflow_command("notice", hostile, title=hostile)
    (command,) = read_workflow_commands(line)
    assert (command.name, command.message, command.properties) == ("notice", hostile, {"title": hostile})
    assert read_workflow_commands(text.loggable(hostile)) == []


def test_whole_points_add_up_and_stay_within_what_an_exercise_is_worth() -> None:
    chance = random.Random(3)
    for _ in range(500):
        worth = [chance.randint(0, 5) for _ in range(chance.randint(1, 18))]
        parts = [round(most * chance.choice((0, 1, chance.random())), 2) for most in worth]
        total = round(sum(parts) * chance.choice((1, 1, 0.8, 0.5, 0)), 2)
        shares = marks.whole_points(parts, total)
        assert sum(shares) == int(total + 0.5)
        assert all(0 <= share <= most for share, most in zip(shares, worth, strict=True))


def test_classroom50_gets_whole_points(book: Gradebook, everything: Path, tmp_path: Path) -> None:
    for grade in book.learners:
        file = everything / "classroom50" / file_name(grade.learner.id) / "result.json"
        assert file.is_file() is (marks.final_points(grade, Missing.EMPTY) is not None)
        if file.is_file():
            found = read_classroom50(file.read_text(encoding="utf-8"))
            assert found["owner"] == utf8(grade.learner.id)
            assert abs(found["score"] - grade.points) <= 0.5
            assert sum(test["score"] for test in found["tests"]) == found["score"]
            assert found["max-score"] == book.max_points
            assert grade.handed_in_at is not None
            assert datetime.fromisoformat(found["datetime"]) == grade.handed_in_at.replace(microsecond=0)
    given = RUNNER_SAYS | {"owner": "octocat"}
    export_all(book, tmp_path, ["classroom50"], Options(classroom50=given))
    found = read_classroom50((tmp_path / "classroom50" / "s001" / "result.json").read_text(encoding="utf-8"))
    assert {name: found[name] for name in given} == given
    assert found["review"] == found["commit"], "the view of the commit, where there is none of what changed"


def test_classroom50_takes_nothing_without_what_its_runner_says() -> None:
    with pytest.raises(CourseError, match="without assignment, submission, commit, release: its runner says them in"):
        check_formats(["classroom50"], Options(classroom50={"classroom": "spring"}))
    assert "classroom50" not in default_formats(Options())
    said = {"CLASSROOM": "spring", "ASSIGNMENT": "week-1", "SUBMISSION_TAG": "submit/1", "USERNAME": "ada"}
    assert from_runner(said) == {}
    whole = said | {"COMMIT_URL": "https://c", "RELEASE_URL": "https://r", "REVIEW_URL": ""}
    assert from_runner(whole) == {
        "classroom": "spring", "assignment": "week-1", "owner": "ada", "submission": "submit/1",
        "commit": "https://c", "release": "https://r",
    }  # fmt: skip


def test_classroom50_s_runner_finds_a_result_in_the_checkout(tmp_path: Path) -> None:
    """As its ``runner.py`` does it: the bundle is elsewhere, the checkout is the current folder, the rest is said."""
    bundle, checkout = tmp_path / "bundle", tmp_path / "checkout"
    bundle.mkdir()
    real = find_course()
    write_class_copy(real, bundle / "workbook.zip", as_zip=True, lessons=real.lessons[:1])
    shutil.copy(Path(grading.__file__).with_name("classroom50_autograder.py"), bundle / "autograder.py")
    shutil.copytree(real.solutions_dir / "lesson_01", checkout / "lessons" / "lesson_01")
    own = ("PYTEST_", "WORKBOOK_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    env |= {"CLASSROOM": "spring", "ASSIGNMENT": "week-1", "SUBMISSION_TAG": "submit/1", "USERNAME": "ada"}
    env |= {"COMMIT_URL": "https://c", "RELEASE_URL": "https://r", "WORKBOOK_SANDBOX": "none"}
    done = subprocess.run(
        [sys.executable, str(bundle / "autograder.py")],
        cwd=checkout,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = read_classroom50((checkout / "result.json").read_text(encoding="utf-8"))
    assert (found["owner"], found["classroom"], found["score"]) == ("ada", "spring", real.lesson(1).max_points)
    body = (checkout / "release-body.md").read_text(encoding="utf-8")
    assert body.startswith("# FastAPI workbook: ada\n")
