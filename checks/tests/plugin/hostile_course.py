"""A course whose checks nobody can pass by luck, checked against a service that says whatever is written down."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from textwrap import dedent
from typing import Any

from tests.service.made_up_service import Script
from tests.small_course import SmallCourse, WarmRuns, make_small_course

_CONFTEST = """\
import json
from pathlib import Path

from tests.service.made_up_service import MadeUpLauncher, Script
from workbook.plugin.state import LAUNCHER

pytest_plugins = ["workbook.plugin.hooks"]


def pytest_configure(config):
    script = json.loads(Path(__file__).with_name("script.json").read_text(encoding="utf-8"))
    config.stash[LAUNCHER] = MadeUpLauncher(Script(**script))
"""

_CHECKS = {
    "test_1_http.py": '''\
        """1.1  What is answered."""

        import pytest


        @pytest.fixture
        def number(rng):
            return rng.randrange(10**6, 10**9)


        def test_value(client, number):
            """An object comes back."""
            reply = client.get(f"/double/{number}")
            assert reply.json() == {"double": 2 * number, "of": [number]}


        def test_status_and_text(client, number):
            """The status is right, and the text."""
            reply = client.post("/double", json={"number": number})
            assert reply.status_code == 201
            assert str(2 * number) in reply.text.splitlines()


        def test_steps(client, number):
            """Fields lie where they should."""
            body = client.get(f"/list/{number}").json()
            assert sum(int(entry["price"]) * entry["count"] for entry in body["entries"]) == number
            assert sorted(body["entries"], key=lambda entry: entry["id"]) == body["entries"]
            assert len(set(body["ids"])) == len(body["ids"]) == number


        def test_headers(client, number):
            """Headers say it."""
            reply = client.get("/moved", follow_redirects=True)
            assert int(reply.headers["x-number"]) == number


        def test_packed(client, number):
            """What is asked for is packed."""
            with client.stream("GET", "/packed", headers={"accept-encoding": "gzip"}) as reply:
                total = sum(len(chunk) for chunk in reply.iter_bytes())
            assert total == number
    ''',
    "test_2_inside.py": '''\
        """1.2  What is inside."""


        def test_openapi(service, rng):
            """The document has it."""
            name = f"n{rng.randrange(10**9)}"
            paths = service.openapi()["paths"]
            assert any(each["name"] == name for path in paths.values() for each in path["get"]["parameters"])


        def test_call(service, rng):
            """A function doubles."""
            number = rng.randrange(1, 10**9)
            assert service.call("app.main:double", number) == 2 * number


        def test_inside(service, rng):
            """A function of ours is answered."""
            number = rng.randrange(1, 10**9)
            assert service.inside("twice", number=number)["result"][0] == 2 * number


        def test_probe(service, client, rng):
            """A statement is seen."""
            word = f"w{rng.randrange(10**9)}"
            with service.probe() as seen:
                client.get(f"/{word}")
            assert [word in statement for statement in seen.statements].count(True) == 1
            assert seen.requests[0].exception["errors"][0]["loc"][0] == word


        def test_connections(service, rng):
            """Connections are counted."""
            assert service.connections_checked_out() == rng.randrange(10**6, 10**9)


        def test_launch(launch, rng):
            """Another service has other settings."""
            number = rng.randrange(10**9)
            with launch(env={"NUMBER": str(number)}) as other:
                assert other.client.get("/number").json() == number


        def test_refusal(launch, rng):
            """A service refuses to start."""
            number = rng.randrange(10**9)
            with launch.fails(env={"NUMBER": str(number)}) as refusal:
                assert str(2 * number) in refusal.text
    ''',
}
FAILURES = {"failed", "crashed", "timed_out"}


def make_hostile_course(root: Path) -> SmallCourse:
    """The course, without a script as yet."""
    course = make_small_course(root)
    checks = root / "checks/lesson_01"
    for file in checks.glob("test_*.py"):
        file.unlink()
    for name, text in _CHECKS.items():
        (checks / name).write_text(dedent(text), encoding="utf-8")
    (checks / "inside.py").write_text("def twice(number): ...\n", encoding="utf-8")
    (root / "checks/conftest.py").write_text(_CONFTEST, encoding="utf-8")
    course.write("app/other.py", "")  # differs from the starter: nothing is "not started" by itself
    return course


def check(course: SmallCourse, runs: WarmRuns, script: Script) -> list[dict[str, Any]]:
    """Run the checks against a made-up service: what the report says of each exercise.

    Raises:
        AssertionError: there was no ordinary end, or something else than the learner's failure was found.
    """
    report = course.root / "report.json"
    report.unlink(missing_ok=True)
    (course.root / "checks/script.json").write_text(json.dumps(asdict(script)), encoding="utf-8")
    done = runs.check(course, "--report-json", str(report))
    assert done.code == 1, done.out
    exercises = json.loads(report.read_text(encoding="utf-8"))["lessons"][0]["exercises"]
    for exercise in exercises:
        told = json.dumps(exercise)[:3_000]
        assert exercise["verdict"] in FAILURES, told
        for result in exercise["checks"]:
            assert not result["passed"], told
            assert result["message"]["kind"] not in ("check_error", "unexplained"), told
            assert len(result["message"]["text"].splitlines()) <= 12, told
    assert [len(exercise["checks"]) for exercise in exercises] == [5, 7]
    return exercises
