"""The service and its database: what the probes see of connections, SQLite without luck, and what can be injected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest

from workbook.service.parent.process import Launcher, make_launcher, service_environment
from workbook.service.parent.service import Service
from workbook.service.protocol.spec import Limits, Spec

APP = """\
import os

from fastapi import BackgroundTasks, FastAPI
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

engine = create_engine(os.environ["DATABASE_URL"], pool_size=2, max_overflow=0, pool_timeout=0.2)
other = create_engine("sqlite:///other.db")
for each in (engine, other):
    with each.begin() as connection:
        connection.execute(text("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)"))
        connection.execute(text("INSERT INTO users (name) VALUES ('Ada'), ('Grace'), ('adam')"))
engine.dispose()
app = FastAPI()
kept = []


@app.get("/closed")
def closed():
    with Session(engine) as session:
        return session.scalars(text("SELECT name FROM users")).all()


@app.get("/lost")
def lost():
    return Session(engine).scalars(text("SELECT name FROM users WHERE name LIKE 'a%'")).all()


@app.get("/kept")
def keep():
    kept.append(Session(engine))
    return kept[-1].scalars(text("SELECT name FROM users")).all()


@app.get("/other")
def in_another_file():
    with Session(other) as session:
        return session.scalars(text("SELECT name FROM users WHERE name LIKE 'a%'")).all()


@app.post("/users")
def add():
    with Session(engine) as session:
        session.execute(text("INSERT INTO users (name) VALUES ('Barbara')"))
        session.commit()


@app.get("/late")
def late(tasks: BackgroundTasks):
    tasks.add_task(int, "no number")
"""


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    made = make_launcher()
    yield made
    made.close()


@pytest.fixture
def service(launcher: Launcher, tmp_path: Path) -> Iterator[Service]:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/__init__.py").touch()
    (tmp_path / "app/main.py").write_text(dedent(APP), encoding="utf-8")
    env = service_environment(launcher.new_home()) | {"DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}"}
    preload = ("sqlalchemy.orm", "sqlalchemy.dialects.sqlite", "workbook.service.child.fault_injection")
    made = Service(launcher, replace(Spec(str(tmp_path), "app.main:app", env), preload=preload), Limits())
    yield made
    made.close()


def inject(service: Service, name: str, **facts: object) -> object:
    return service.call(f"workbook.service.child.fault_injection:{name}", **facts)


@pytest.mark.parametrize(("path", "lost", "out"), [("/closed", 0, 0), ("/lost", 1, 0), ("/kept", 1, 1)])
def test_a_connection_that_is_not_given_back_is_lost(service: Service, path: str, lost: int, out: int) -> None:
    with service.probe() as seen:
        assert service.client.get(path).status_code == 200
    assert (seen.connections_opened, seen.connections_lost) == (1, lost)
    # The garbage collector has brought back what nobody holds.
    assert service.connections_checked_out() == out
    assert service.begin() is (out == 0)
    with service.probe() as seen:
        assert service.client.get("/closed").status_code == 200
    assert (seen.connections_opened, seen.connections_lost) == (out, out)


def test_sqlite_has_no_lucky_habits_in_the_database_of_the_checks(service: Service) -> None:
    assert service.client.get("/closed").json() == ["adam", "Grace", "Ada"]
    assert service.client.get("/lost").json() == ["adam"]
    assert service.client.get("/other").json() == ["Ada", "adam"]


def test_what_fails_after_an_answer_does_not_cost_the_next_one(service: Service) -> None:
    with service.probe() as seen:
        assert [service.client.get(path).status_code for path in ("/late", "/closed", "/late")] == [200] * 3
    assert [fault["exception"] for fault in seen.exceptions] == ["ValueError"] * 2


def test_what_is_injected_ends(service: Service) -> None:
    users = service.client.get("/closed").json()
    for name, facts in (("refuse_commits", {}), ("crash_at_statement", {"beginning": "INSERT"})):
        inject(service, name, **facts)
        assert service.client.post("/users").status_code == 500
        inject(service, "end")
    assert service.client.get("/closed").json() == users
    assert service.client.post("/users").status_code == 200
    assert service.client.get("/closed").json() == ["Barbara", *users]


def test_statements_are_held_until_they_are_released(service: Service) -> None:
    service.ensure_ready()
    inject(service, "hold_statements", beginning="INSERT")

    def work(number: int) -> object:
        if number == 0:
            return service.client.post("/users").status_code
        while not inject(service, "statements_held"):
            pass
        before = service.client.get("/closed").json()
        inject(service, "release_statements")
        return before

    status, before = service.together(2, work)
    assert status == 200
    assert before == ["adam", "Grace", "Ada"]
