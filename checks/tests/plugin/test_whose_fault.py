"""A check that raises has stumbled over the learner's work or over itself, and the verdict knows which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.small_course import make_small_course

CHECKS = '''\
"""1.1  Serve the dish of the day."""

import pytest


def test_field_that_is_missing(client):
    client.get("/today").json()["price"]


def test_item_of_a_number(client):
    client.get("/today").json()["dish"]["name"]["x"]


def test_name_that_only_a_loop_binds(client):
    for entry in client.get("/today").json().get("entries", []):
        last = entry
    assert last


def test_number_beyond_all_numbers(client):
    client.get("/today")
    int(float("1e999"))


def test_error_of_any_kind(service):
    service.openapi()
    raise MemoryError


def test_url_from_an_answer(client):
    client.get("/today")
    client.get("http://[::1")


def test_words_of_pytest(client):
    client.get("/today")
    pytest.fail("there is no soup")


def test_file_of_the_learners(target):
    compile((target / "app/main.py").read_text() + "(", "main.py", "exec")


def test_row(database):
    database.engine[0]


def test_name_that_is_nowhere(client):
    client.get("/today")
    assert reply.status_code == 200


def test_module_that_is_nowhere(client):
    client.get("/today")
    import nowhere


def test_fixture_that_is_nowhere(client, cleint):
    client.get("/today")


def test_slip_before_anything_was_heard(client, rng):
    rng.sample([], 1)


def test_slip_of_a_check_that_hears_nothing():
    {}["x"]


def test_skipped(client):
    pytest.skip("not today")
'''

LEARNERS = {
    "test_field_that_is_missing": "field `price` is missing",
    "test_item_of_a_number": "a list where an object is expected",
    "test_name_that_only_a_loop_binds": "UnboundLocalError",
    "test_number_beyond_all_numbers": "OverflowError",
    "test_error_of_any_kind": "MemoryError",
    "test_url_from_an_answer": "InvalidURL",
    "test_words_of_pytest": "there is no soup",
    "test_file_of_the_learners": "SyntaxError",
    "test_row": "a single value or null where an object is expected",
}


@pytest.mark.parametrize("option", [[], ["-v"]])
def test_what_raises_is_the_learners_or_ours(tmp_path: Path, option: list[str]) -> None:
    course = make_small_course(tmp_path)
    (tmp_path / "checks/lesson_01/test_1_today.py").write_text(CHECKS, encoding="utf-8")
    file = tmp_path / "report.json"
    course.check("checks/lesson_01/test_1_today.py", "--report-json", str(file), *option)
    checks = json.loads(file.read_text(encoding="utf-8"))["lessons"][0]["exercises"][0]["checks"]
    ours = {check["name"] for check in checks if check["message"]["kind"] == "check_error"}
    assert {check["name"] for check in checks} - ours == set(LEARNERS)
    assert len(ours) == 6
    for check in checks:
        assert LEARNERS.get(check["name"], "of the workbook") in check["message"]["text"]
