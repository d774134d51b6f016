"""Runs of checks as learners, instructors and CI start them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import workbook
from tests.small_course import SmallCourse, WarmRuns, make_small_course


@pytest.fixture
def course(tmp_path: Path) -> SmallCourse:
    return make_small_course(tmp_path)


def report_of(course: SmallCourse, *arguments: str) -> dict[str, Any]:
    file = course.root / "report.json"
    course.check(*(arguments or ("checks/lesson_01",)), "--report-json", str(file))
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_report_has_verdicts_points_and_messages(course: SmallCourse) -> None:
    course.edit('{"dish": "soup"}', '{"dish": "stew"}')
    report = report_of(course, "checks/lesson_01", "--seed", "3")
    schema = json.loads((Path(workbook.__file__).parent / "course" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, schema)
    assert report["schema"] == schema["$id"]
    assert report["target"] == "lessons"
    assert report["seed"] == 3
    [lesson] = report["lessons"]
    assert (lesson["lesson"], lesson["points"], lesson["max_points"]) == (1, 3.0, 4)
    first, second = lesson["exercises"]
    assert (first["exercise"], first["verdict"], first["points"], first["max_points"]) == ("1.1", "failed", 0.0, 1)
    assert (second["verdict"], second["points"]) == ("passed", 3.0)
    [check] = first["checks"]
    assert check["name"] == "test_today"
    assert check["passed"] is False
    assert 'field `dish` is "stew"' in check["message"]["text"]
    assert check["message"]["kind"] == "difference"


def test_partial_points_are_shared_by_the_checks(course: SmallCourse) -> None:
    toml = course.root / "lessons/lesson_01/lesson.toml"
    toml.write_text(
        toml.read_text(encoding="utf-8").replace("points = 3", "points = 4\npartial = true"), encoding="utf-8"
    )
    course.edit("raise HTTPException(404", "raise HTTPException(410")
    [lesson] = report_of(course)["lessons"]
    assert lesson["exercises"][1]["points"] == 2.5, "two of three checks of four points, rounded down to a half"


def test_junit_names_exercises_and_points(course: SmallCourse) -> None:
    file = course.root / "junit.xml"
    course.check("checks/lesson_01", f"--junit-xml={file}")
    suite = ElementTree.parse(file).getroot().find("testsuite")
    assert suite is not None
    totals = {entry.get("name"): entry.get("value") for entry in suite.findall("./properties/property")}
    assert totals["exercise.1.2.points"] == "3.0"
    assert totals["exercise.1.2.verdict"] == "passed"
    case = suite.find("testcase")
    assert case is not None
    assert {entry.get("name"): entry.get("value") for entry in case.findall("./properties/property")} == {
        "exercise": "1.1",
        "exercise_points": "1",
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["checks"],
        [],
        ["checks/lesson_01", "-n", "2"],
        ["checks/lesson_01", "-n2", "--dist=loadfile"],
        ["checks/lesson_01", "-x"],
        ["checks/lesson_01", "-p", "no:cacheprovider"],
        ["checks/lesson_01/test_2_dishes.py", "checks/lesson_01/test_1_today.py"],
    ],
)
def test_ways_to_check_everything(course: SmallCourse, arguments: list[str]) -> None:
    done = course.check(*arguments, "-q") if arguments else course.check("-q")
    assert done.code == 0, done.out + done.err
    assert "4 of 4 points" in done.out
    assert "Lesson 1 is done." in done.out
    assert "workers" not in done.out


def test_any_folder_will_do(course: SmallCourse) -> None:
    inside = course.root / "lessons/lesson_01/app"
    for folder, path in ((inside, "../../../checks/lesson_01"), (Path("/"), str(course.root / "checks/lesson_01"))):
        done = course.check(path, cwd=folder)
        assert done.code == 0, done.out + done.err


def test_a_subset_earns_nothing_but_says_how_it_went(course: SmallCourse) -> None:
    for arguments in (
        ["checks/lesson_01", "-k", "unknown"],
        ["checks/lesson_01/test_2_dishes.py::test_unknown"],
    ):
        done = course.check(*arguments)
        assert done.code == 0
        assert "1 of 1 chosen checks pass" in done.out
        assert "0 of 3 points" in done.out


def test_no_check_is_never_a_pass(course: SmallCourse) -> None:
    done = course.check("checks/lesson_01", "-k", "nothing_has_this_name")
    assert done.code == 5
    assert "nothing is proven" in done.out


def test_a_skipped_check_is_never_a_pass(course: SmallCourse) -> None:
    checks = course.root / "checks/lesson_01/test_1_today.py"
    checks.write_text(
        '"""1.1"""\nimport pytest\n\n\ndef test_today():\n    """Today."""\n    pytest.skip("not now")\n',
        encoding="utf-8",
    )
    assert course.check().code == 1


def test_stop_at_the_first_failure(course: SmallCourse) -> None:
    course.edit('{"dish": "soup"}', '{"dish": "stew"}')
    done = course.check("checks/lesson_01", "-x")
    assert done.code == 1
    assert 'field `dish` is "stew"' in done.out


def test_a_brief_run_leaves_out_the_rest_of_a_failed_exercise(course: SmallCourse) -> None:
    course.edit(', "price": dish.price}', "}")
    [lesson] = report_of(course, "checks/lesson_01", "--brief")["lessons"]
    assert [entry["verdict"] for entry in lesson["exercises"]] == ["passed", "failed"]
    assert [len(entry["checks"]) for entry in lesson["exercises"]] == [1, 1]
    assert lesson["exercises"][1]["points"] == 0


def test_a_brief_run_says_of_each_exercise_what_is_wrong_with_it(course: SmallCourse) -> None:
    course.edit('{"dish": "soup"}', '{"dish": "stew"}')
    course.edit("status_code=201", "status_code=202")
    checks = course.root / "checks/lesson_01/test_1_today.py"
    text = checks.read_text(encoding="utf-8")
    again = text.partition("\n\n\n")[2].replace("test_today", "test_again")
    checks.write_text(f"{text}\n\n{again}", encoding="utf-8")
    [lesson] = report_of(course, "checks/lesson_01", "--brief")["lessons"]
    first, second = (dict(entry["checks"][0]["message"]["rows"]) for entry in lesson["exercises"])
    assert "stew" in first["You answered"]
    assert second["You answered"].startswith("202")


def test_twenty_orders_give_the_same_verdicts(course: SmallCourse, tmp_path_factory: pytest.TempPathFactory) -> None:
    course.edit("raise HTTPException(404", "raise HTTPException(410")
    (course.root / "conftest.py").write_text(
        "import pathlib, random\n\n\ndef pytest_collection_modifyitems(config, items):\n"
        '    random.Random((config.rootpath / "order").read_text()).shuffle(items)\n',
        encoding="utf-8",
    )
    seen: set[str] = set()
    runs = WarmRuns(tmp_path_factory.mktemp("warm"))
    for number in range(20):
        file = course.root / "report.json"
        (course.root / "order").write_text(str(number), encoding="utf-8")
        assert runs.check(course, "--report-json", str(file), "--seed", "1").code == 1
        [lesson] = json.loads(file.read_text(encoding="utf-8"))["lessons"]
        seen.add(str([(entry["exercise"], entry["verdict"], entry["points"]) for entry in lesson["exercises"]]))
    runs.close()
    assert seen == {"[('1.1', 'passed', 1.0), ('1.2', 'failed', 0.0)]"}


def test_developers_still_get_everything(course: SmallCourse) -> None:
    course.edit('{"dish": "soup"}', '{"dish": "stew"}')
    verbose = course.check("checks/lesson_01", "-v")
    assert "test_1_today.py::test_today FAILED" in verbose.out
    assert "We sent       GET /today" in verbose.out
    long = course.check("checks/lesson_01", "--tb=long")
    assert 'assert reply.json() == {"dish": "soup"}' in long.out
    plain = course.check("checks/lesson_01", "--plain")
    assert "short test summary info" in plain.out
    assert "We sent" not in plain.out
    assert [verbose.code, long.code, plain.code] == [1, 1, 1]


def test_nothing_of_the_learners_is_read_by_the_checks_process(course: SmallCourse) -> None:
    bad = "raise SystemExit('the learner took over')\n"
    for name in (
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "httpx.py",
        "json.py",
        "pytest.py",
        "workbook.py",
        "tests.py",
        "lesson_01.py",
        "app/conftest.py",
        "test_1_today.py",
    ):
        course.write(name, bad)
    course.write("evil.pth", "import os; os._exit(0)\n")
    for name in ("pytest.ini", "tox.ini", "setup.cfg"):
        course.write(name, "[pytest]\n[tool:pytest]\naddopts = --collect-only\n")
    course.write("pyproject.toml", "[tool.pytest]\naddopts = ['--collect-only']\n")
    # Below the lesson, json.py and httpx.py would shadow the libraries for the service, which runs them as uvicorn
    # does; the libraries it has preloaded stay.
    course.edit('{"dish": "soup"}', '{"dish": "stew"}')
    for folder, path in (
        (course.root, "checks/lesson_01"),
        (course.root / "lessons/lesson_01", "../../checks/lesson_01"),
    ):
        command = [str(Path(sys.executable).with_name("pytest")), path]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert "the learner took over" not in done.stdout + done.stderr
        assert done.returncode == 1, done.stdout + done.stderr
        assert 'field `dish` is "stew"' in done.stdout


def test_same_size_saves_in_quick_succession_are_what_runs(course: SmallCourse) -> None:
    for dish in ("soup", "stew", "soup", "stew"):
        text = course.app.read_text(encoding="utf-8")
        course.app.write_text(text.replace("stew", "soup").replace("soup", dish), encoding="utf-8")
        os.utime(course.app, (1_700_000_000, 1_700_000_000))
        done = course.check("checks/lesson_01/test_1_today.py", env={"PYTHONDONTWRITEBYTECODE": ""})
        assert done.code == (0 if dish == "soup" else 1)


def test_another_target(course: SmallCourse, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("submission")
    shutil.copytree(course.root / "lessons/lesson_01", other / "lesson_01")
    course.edit('{"dish": "soup"}', '{"dish": "stew"}')
    assert course.check("checks/lesson_01", "--target", str(other)).code == 0
    assert course.check("checks/lesson_01", "--target", "lessons").code == 1
    missing = course.check("checks/lesson_01", "--target", "nowhere")
    assert missing.code == 4
    assert "There is no folder nowhere to check" in missing.err
    empty = course.check("checks/lesson_01", "--target", "checks")
    assert empty.code != 0
    shutil.rmtree(other / "lesson_01")
    (other / "lesson_02").mkdir()
    gone = course.check("checks/lesson_01", "--target", str(other))
    assert gone.code == 1
    assert "Not found" in gone.out


def test_a_broken_check_is_the_workbooks_fault(course: SmallCourse) -> None:
    checks = course.root / "checks/lesson_01/test_1_today.py"
    checks.write_text(
        '"""1.1"""\n\n\ndef test_today():\n    """Today."""\n    raise RuntimeError("oops")\n', encoding="utf-8"
    )
    file = course.root / "report.json"
    done = course.check("checks/lesson_01", "--report-json", str(file))
    assert done.code == 1
    assert "That is a fault of the workbook, not yours" in done.out
    [lesson] = json.loads(file.read_text(encoding="utf-8"))["lessons"]
    assert lesson["exercises"][0]["verdict"] == "check_error"


def test_a_refusal_of_the_learners_tables_is_not_the_workbooks_fault(course: SmallCourse) -> None:
    (course.root / "checks/lesson_01/test_1_today.py").write_text(
        '"""1.1"""\n\nfrom sqlalchemy.exc import IntegrityError\n\n\ndef test_today():\n    """Today."""\n'
        '    raise IntegrityError("INSERT", {}, Exception("NOT NULL constraint failed: users.nickname"))\n',
        encoding="utf-8",
    )
    [lesson] = report_of(course, "checks/lesson_01")["lessons"]
    exercise = lesson["exercises"][0]
    assert exercise["verdict"] == "failed"
    assert "NOT NULL constraint failed: users.nickname" in str(exercise["checks"][0]["message"])


def test_the_same_seed_sends_the_same_inputs(course: SmallCourse) -> None:
    course.edit("raise HTTPException(404", "raise HTTPException(410")
    course.edit(', "price": dish.price}', "}")
    runs = [course.check("checks/lesson_01", "--seed", seed).out for seed in ("1", "1", "2")]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_control_c_leaves_nothing(course: SmallCourse) -> None:
    scratch = Path(tempfile.mkdtemp(dir="/tmp"))
    loops = scratch / "loops"
    endless = f"    open({str(loops)!r}, 'w').close()\n    while True:\n        pass\n"
    course.edit("    number = len", f"{endless}    number = len")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "checks/lesson_01"],
        cwd=course.root,
        env=os.environ | {"TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not loops.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2, out + err
    assert "Traceback" not in out + err
    assert not list(scratch.glob("workbook-*"))
    left = subprocess.run(["pgrep", "-f", str(scratch)], capture_output=True, text=True, check=False).stdout
    assert not left
    shutil.rmtree(scratch)


def test_root_run_has_no_collection_error() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert "checks/lesson_01/test_1_" in done.stdout
    assert "checks/tests" not in done.stdout
