"""The fixtures that checks are written with. CONTRIBUTING.md shows each of them in use."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from workbook.course.model import Lesson
from workbook.plugin.run import Run
from workbook.plugin.state import current_state
from workbook.plugin.timing import mark
from workbook.service.protocol.problem import Problem, ProblemKind, RequestFailed, ServiceProblem, StartFailed

if TYPE_CHECKING:
    import httpx

    from workbook.service.database.database import Database
    from workbook.service.parent.service import Service
    from workbook.service.upstream.server import Upstream


class Launch:
    """Starts services of the same lesson with other settings: ``with launch(env={…}) as service:``."""

    def __init__(self, run: Run, lesson: Lesson) -> None:
        self._run = run
        self._lesson = lesson

    @contextmanager
    def __call__(
        self, *, env: Mapping[str, str | None] | None = None, app: str | None = None, fresh_database: bool = True
    ) -> Generator[Service]:
        """Start a service and end it with the block.

        Args:
            env: environment variables to add or change; None takes one away that the lesson sets.
            app: another application than the lesson's own, as ``module:attribute``, or
                ``module:function()`` for what a function makes; "" for none, in a process that has
                imported nothing of the learner's.
            fresh_database: False shares the database of the ``service`` fixture.

        Raises:
            StartFailed: it does not start.
        """
        url = self._run.new_database(self._lesson) if fresh_database else self._run.begin(self._lesson).database_url
        service = self._run.start(self._lesson, env or {}, database_url=url, app=app)
        with self._run.launched(service):
            service.ensure_ready()
            yield service

    @contextmanager
    def fails(self, *, env: Mapping[str, str | None] | None = None, app: str | None = None) -> Generator[Refusal]:
        """Expect that a service refuses to start with these settings.

        The yielded object says why it did: ``exception`` and ``text``. A service that starts, hangs or is cut off
        fails the check.
        """
        service = self._run.start(self._lesson, env or {}, database_url=self._run.new_database(self._lesson), app=app)
        with self._run.launched(service):
            try:
                service.ensure_ready()
            except StartFailed as refusal:
                if refusal.problem.kind in _NO_REFUSAL:
                    raise
                problem = refusal.problem
                self._run.hear()
            else:
                raise AssertionError("the app started with these settings and should have refused to")
        yield Refusal(problem.exception, problem.text, problem)


_NO_REFUSAL = (
    *(ProblemKind.STARTUP_TIMEOUT, ProblemKind.HOST_FAILED, ProblemKind.MISSING_FILE),
    *(ProblemKind.LIMIT, ProblemKind.OUTPUT_FLOOD),
)
"""What ends a start without the app having refused to."""


class Refusal:
    """Why a service did not start."""

    def __init__(self, exception: str, text: str, problem: Problem) -> None:
        self.exception = exception
        self.text = text
        self.problem = problem


@pytest.fixture
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """The lesson that the check belongs to."""
    return current_state(request.config).lesson_of(request.node)


@pytest.fixture
def service(request: pytest.FixtureRequest, lesson: Lesson) -> Service:
    """The lesson's running service, with an empty database where the lesson has one."""
    state = current_state(request.config)
    if state.gave_up(request.node):
        raise RequestFailed(Problem(ProblemKind.NOT_RUN, text="earlier checks of this exercise got no answer in time"))
    running = state.run.begin(lesson)
    running.ensure_ready()
    mark("service_ready")
    if lesson.uses_database:
        state.run.empty_database()
    else:
        running.begin()
    return running


@pytest.fixture
def client(service: Service) -> httpx.Client:
    """An HTTP client bound to the service; it does not follow redirects."""
    return service.client


@pytest.fixture
def database(request: pytest.FixtureRequest, service: Service) -> Database:
    """Access from outside to the service's database."""
    del service
    run = current_state(request.config).run
    run.hear()
    return run.database()


@pytest.fixture
def inject(service: Service) -> Iterator[Any]:
    """Makes something go wrong inside the service: ``inject("refuse_commits")``. It ends with the check."""
    place = "workbook.service.child.fault_injection"

    def injected(name: str, **facts: Any) -> Any:
        return service.call(f"{place}:{name}", **facts)

    yield injected
    with suppress(ServiceProblem):  # nothing is left to end in a service that is gone
        injected("end")


@pytest.fixture
def launch(request: pytest.FixtureRequest, lesson: Lesson) -> Launch:
    """Starts services of the same lesson with other settings."""
    state = current_state(request.config)
    if state.gave_up(request.node):
        raise RequestFailed(Problem(ProblemKind.NOT_RUN, text="earlier checks of this exercise got no answer in time"))
    return Launch(state.run, lesson)


@pytest.fixture
def upstream(request: pytest.FixtureRequest) -> Iterator[Upstream]:
    """A real HTTP server with scripted answers, which plays the API that the learner's app calls."""
    run = current_state(request.config).run
    server = run.upstream()
    server.reset()
    run.hear()
    yield server
    broken = list(server.errors)
    server.reset()
    if broken:
        raise RuntimeError(f"an answer that the check scripted for its upstream broke: {broken[0]}")


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """A random generator that depends on the run's seed and the check's name."""
    name: Any = request.node.name
    return current_state(request.config).run.random(str(name))


@pytest.fixture
def target(request: pytest.FixtureRequest, lesson: Lesson) -> Path:
    """The lesson's folder in the target."""
    run = current_state(request.config).run
    run.hear()
    return run.target.lesson_folder(lesson)
