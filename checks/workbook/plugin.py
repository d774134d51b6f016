"""The pytest plugin: it runs a lesson's checks against a target and turns their outcomes into feedback.

``checks/conftest.py`` loads it. Importing it must stay cheap, and the service must start early: its imports overlap
with pytest's collection.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from workbook import selection
from workbook.course import Course, CourseError, find_course
from workbook.exit import leave_quickly
from workbook.fixtures import (
    client,
    database,
    launch,
    lesson,
    rng,
    service,
    target,
    upstream,
)
from workbook.run import Run, limits_from_environment
from workbook.service.problem import StartFailed
from workbook.state import STATE, WAITS, State
from workbook.timing import mark

pytest_plugins = ["workbook.on_demand"]

__all__ = ["client", "database", "launch", "lesson", "rng", "service", "target", "upstream"]


def _course(config: pytest.Config) -> Course:
    """The course that the checks of this run belong to."""
    return find_course(config.rootpath)


mark("plugin_imported")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the workbook's options."""
    group = parser.getgroup("workbook", "FastAPI workbook")
    group.addoption(
        "--target", default="lessons", metavar="FOLDER", help="whose work to check: lessons, solutions, or a path"
    )
    group.addoption("--report-json", metavar="FILE", help="write verdicts, points and messages to FILE")
    group.addoption("--plain", action="store_true", help="pytest's own output instead of the workbook's feedback")
    group.addoption("--brief", action="store_true", help="leave out the rest of an exercise after its first failure")
    group.addoption("--seed", type=int, metavar="N", help="repeat a run with the random inputs of seed N")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Find out what is to be checked and start its service at once."""
    config.addinivalue_line("markers", "passes_on_starter(why): this check passes on the untouched starter, because …")
    if config.option.collectonly or config.option.help or config.option.version:
        return
    start = config.invocation_params.dir
    try:
        course = _course(config)
        chosen = selection.select(course, config.args, start)
        if not chosen.lessons:
            return
        where = selection.find_target(course, config.option.target, start)
    except CourseError as fault:
        raise pytest.UsageError(str(fault)) from None
    if config.option.seed is None:
        config.option.seed = int.from_bytes(os.urandom(4), "big")
    run = Run(course, where, config.option.seed, limits_from_environment())
    developer = config.option.verbose > 0 or config.option.tbstyle != "auto"
    state = State(course, run, chosen, show_feedback=not config.option.plain)
    config.stash[STATE] = state
    spreads = getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
    if spreads or config.stash.get(WAITS, False):
        _forget_folders_of_learners(run)
    else:
        begin(state, run)
    if state.show_feedback and not hasattr(config, "workerinput"):
        from workbook.feedback.reporter import install

        install(config, state, keep_pytest=developer)


def begin(state: State, run: Run) -> None:
    """Make this the state's run, and start its first service at once.

    Args:
        state: what a pytest process remembers; it has not run a check yet.
        run: which target, and how.
    """
    state.run = run
    _forget_folders_of_learners(run)
    try:
        run.warm_up()
        run.begin(state.lesson(state.selection.lessons[0]))
    except (StartFailed, CourseError):
        # The first check that needs the service meets the same fault and says it in the right place.
        pass
    mark("host_started")


def _forget_folders_of_learners(run: Run) -> None:
    """Take the current folder and the target off the import path: no module of a learner's is ever imported here."""
    folder = run.target.folder
    sys.path[:] = [
        entry for entry in sys.path if entry not in ("", ".") and not Path(entry).resolve().is_relative_to(folder)
    ]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests of the tool out of ``pytest checks``, unless they are asked for by name."""
    course = _course(config)
    if collection_path in (course.checks_dir / "tests", course.checks_dir / "workbook"):
        asked = selection.select(course, config.args, config.invocation_params.dir)
        return None if asked.tool_tests and collection_path.name == "tests" else True
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note every check that an exercise has, before ``-k`` takes some away."""
    state = config.stash.get(STATE, None)
    for item in items:
        exercise = state.exercise_of(item) if state else None
        if state is not None and exercise is not None:
            state.collected.setdefault(exercise.id, set()).add(item.nodeid)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which checks are going to run."""
    state = session.config.stash.get(STATE, None)
    if state is None:
        return
    gc.freeze()  # what pytest and the libraries made up to here stays: no collection has to look at it again
    _complete_partial_files(state, session)
    for item in session.items:
        exercise = state.exercise_of(item)
        if exercise is not None:
            state.chosen.setdefault(exercise.id, []).append(item.nodeid)


def _complete_partial_files(state: State, session: pytest.Session) -> None:
    """Where single checks were named by ``::``, count the others of their file as well: they were not chosen."""
    for argument in session.config.args:
        path, separator, _ = argument.partition("::")
        if separator:
            place = selection.exercise_of(state.course, (session.config.invocation_params.dir / path).resolve())
            if place is not None:
                state.collected.setdefault(f"{place[0]}.{place[1]}", set()).add("the checks that were not named")


def pytest_assertrepr_compare(config: pytest.Config, op: str, left: object, right: object) -> None:
    """Remember what a failing assertion compared; the explanation stays pytest's own."""
    state = config.stash.get(STATE, None)
    if state is not None:
        state.comparison = (op, left, right)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> bool | None:
    """With ``--brief``, leave out a check whose exercise has failed already."""
    state = item.config.stash.get(STATE, None)
    if state is None or not item.config.option.brief:
        return None
    exercise = state.exercise_of(item)
    return True if exercise is not None and state.has_failed(exercise) else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Begin a check with nothing remembered of the one before."""
    state = item.config.stash.get(STATE, None)
    if state is None:
        return
    exercise = state.exercise_of(item)
    if exercise is None:
        return
    mark("first_check")
    state.comparison = None
    state.run.looks.clear()
    state.first_exchange = len(state.run.service.exchanges) if state.run.service else 0
    item.user_properties += [("exercise", exercise.id), ("exercise_points", exercise.points)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach verdict and message to the report, as JSON, so that they survive the way from a worker process."""
    report = yield
    state = item.config.stash.get(STATE, None)
    exercise = state.exercise_of(item) if state is not None else None
    if state is None or exercise is None or (report.passed and call.when != "call"):
        return report
    from workbook.gather import expectation, outcome

    facts: dict[str, Any] = {
        "exercise": exercise.id,
        "id": item.nodeid,
        "name": item.name,
        "expects": expectation(item),
        "passed": report.passed,
        "verdict": "passed" if report.passed else "failed",
        "message": None,
        "seconds": round(call.duration, 3),
    }
    if call.excinfo is not None and not report.passed:
        verdict, message = outcome(state, item, exercise, call.excinfo)
        facts["verdict"], facts["message"] = verdict.value, message.to_json()
    report.workbook = facts  # pyright: ignore[reportAttributeAccessIssue] - reports carry extra attributes by design
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take in a check's outcome; under xdist this runs in the controller."""
    facts = getattr(report, "workbook", None)
    if facts is not None and _active is not None:
        _active.saw(facts)


_active: State | None = None


def pytest_sessionstart(session: pytest.Session) -> None:
    """Make the state known to hooks that are handed no config."""
    global _active
    _active = session.config.stash.get(STATE, None)
    if _active is not None:
        _active.session = session


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_node_collection_finished(ids: list[str]) -> None:
    """Under xdist, the controller learns from its workers which checks there are."""
    if _active is None:
        return
    for name in ids:
        place = selection.exercise_of(_active.course, _active.course.root / name.partition("::")[0])
        if place is not None:
            exercise = f"{place[0]}.{place[1]}"
            chosen = _active.chosen.setdefault(exercise, [])
            if name not in chosen:
                chosen.append(name)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Write the report; a run in which a chosen check did not pass is never a success."""
    state = session.config.stash.get(STATE, None)
    if state is not None and not hasattr(session.config, "workerinput"):
        mark("last_check")
        from workbook.reporting import finish

        finish(session, state)
    yield


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    state = config.stash.get(STATE, None)
    if state is not None:
        state.run.close()
        mark("exit")
        gc.freeze()  # pytest collects garbage once more now, and this process is about to end
        if state.session is not None:
            leave_quickly(int(state.session.exitstatus))
