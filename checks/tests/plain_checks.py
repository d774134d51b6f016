"""A pytest plugin for the benchmark: the same checks, in the process of pytest, with FastAPI's ``TestClient``.

This is how most courses check, and what the grader is compared with: quick to write, and the app can do to the checks
what it likes. Nothing but ``bench_grading.py`` uses it.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import random
import sys
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import pytest
from fastapi.testclient import TestClient

from workbook.course.model import Lesson, find_course
from workbook.service.child.probes import Probes
from workbook.service.child.tracing import Tracer
from workbook.service.database.database import Database
from workbook.service.parent.probe import Probe, fill
from workbook.service.protocol.problem import CallFailed

_T = TypeVar("_T")
TARGET, LESSON, SCRATCH = "PLAIN_TARGET", "PLAIN_LESSON", "PLAIN_SCRATCH"
"""Variables: the target's folder, the lesson's number, a folder for databases."""


class InProcess:
    """What checks ask of a service, answered by an app in this process."""

    def __init__(self, lesson: Lesson, folder: Path, inside: Path, url: str, env: dict[str, str]) -> None:
        self.database_url = url
        self._folder, self._inside = folder, inside
        self._env = {"DATABASE_URL": url} | lesson.env | env
        self._before = dict(os.environ)
        os.environ.update(self._env)
        for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
            del sys.modules[name]
        self.probes = Probes(Tracer(folder))
        self.probes.watch_sql()
        self._app = import_module("app.main").app
        self.client = TestClient(self.probes.wrap(self._app), raise_server_exceptions=False, follow_redirects=False)
        self.client.__enter__()

    def close(self) -> None:
        """End the app's lifespan, and restore the variables."""
        self.client.__exit__(None, None, None)
        os.environ.clear()
        os.environ.update(self._before)

    def openapi(self) -> dict[str, Any]:
        """The app's own OpenAPI document."""
        return self._app.openapi()

    def inside(self, name: str, **kwargs: Any) -> Any:
        """Run a function of the lesson's own ``inside.py``."""
        space: dict[str, Any] = {"__name__": "inside"}
        exec(compile(self._inside.read_text(encoding="utf-8"), "inside.py", "exec"), space)
        return _as_json(space[name], (), kwargs)

    def call(self, ref: str, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the learner's."""
        module, _, name = ref.partition(":")
        return _as_json(getattr(import_module(module), name), args, kwargs)

    def together(self, count: int, work: Callable[[int], _T]) -> list[_T]:
        """Run ``work`` so many times at once."""
        with ThreadPoolExecutor(max_workers=count) as pool:
            return list(pool.map(work, range(count)))

    @contextmanager
    def probe(self) -> Generator[Probe]:
        """Observe a block."""
        self.probes.clear()
        result = Probe()
        yield result
        result.__dict__.update(self.look().__dict__)

    def look(self) -> Probe:
        """What was observed since the check began."""
        result = Probe()
        fill(result, json.loads(json.dumps(self.probes.collect())))
        return result

    def connections_checked_out(self) -> int:
        """Connections that are out of the pool."""
        return self.probes.connections.out


def _as_json(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        result = function(*args, **kwargs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
    except Exception as fault:
        raise CallFailed(getattr(function, "__name__", ""), type(fault).__name__, str(fault), None) from fault
    dump = getattr(result, "model_dump", None)
    return json.loads(json.dumps(dump(mode="json") if callable(dump) else result, default=str))


@pytest.fixture(scope="session")
def lesson() -> Lesson:
    """The lesson."""
    return find_course().lesson(int(os.environ[LESSON]))


@pytest.fixture(scope="session")
def target(lesson: Lesson) -> Path:
    """The lesson's folder in the target."""
    folder = Path(os.environ[TARGET], lesson.folder)
    sys.path.insert(0, str(folder))
    return folder


def _start(lesson: Lesson, target: Path, name: str, env: dict[str, str]) -> InProcess:
    inside = find_course().checks_dir / lesson.folder / "inside.py"
    return InProcess(lesson, target, inside, f"sqlite:///{os.environ[SCRATCH]}/{name}.db", env)


@pytest.fixture(scope="session")
def _running(lesson: Lesson, target: Path) -> Iterator[InProcess]:
    service = _start(lesson, target, "main", {})
    yield service
    service.close()


@pytest.fixture(scope="session")
def _database(_running: InProcess) -> Database:
    return Database(_running.database_url)


@pytest.fixture
def service(_running: InProcess, lesson: Lesson, request: pytest.FixtureRequest) -> InProcess:
    """The app, with an empty database where the lesson has one."""
    if lesson.uses_database:
        request.getfixturevalue("_database").reset()
    _running.probes.clear()
    return _running


@pytest.fixture
def client(service: InProcess) -> TestClient:
    """FastAPI's own client."""
    return service.client


@pytest.fixture
def database(service: InProcess, _database: Database) -> Database:
    """Access to the database from outside the app."""
    del service
    return _database


@pytest.fixture
def inject(service: InProcess) -> Iterator[Callable[..., Any]]:
    """Makes something go wrong inside the app; it ends with the check."""

    def injected(name: str, **facts: Any) -> Any:
        return service.call(f"workbook.service.child.fault_injection:{name}", **facts)

    yield injected
    injected("end")


@pytest.fixture
def launch(lesson: Lesson, target: Path) -> Callable[..., Any]:
    """Starts the app again with other settings."""

    @contextmanager
    def start(env: dict[str, str] | None = None, **_: object) -> Generator[InProcess]:
        service = _start(lesson, target, f"other-{random.random()}", env or {})
        try:
            yield service
        finally:
            service.close()

    return start


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random inputs."""
    return random.Random(request.node.name)
