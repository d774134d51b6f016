"""The pytest plugin: it runs a lesson's checks against a target and turns their outcomes into feedback.

``checks/conftest.py`` loads it. Importing it must stay cheap, and the service must start early: its imports overlap
with pytest's collection.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from workbook.course.model import Course, CourseError, find_course
from workbook.plugin import selection
from workbook.plugin.checks_run import ChecksRun
from workbook.plugin.fixtures import (
    client,
    database,
    inject,
    launch,
    lesson,
    rng,
    service,
    target,
    upstream,
)
from workbook.plugin.run import Run, limits_from_environment
from workbook.plugin.state import LAUNCHER, STATE, WAITS, State
from workbook.plugin.timing import mark
from workbook.service.protocol.problem import StartFailed

pytest_plugins = ["workbook.plugin.lazy_plugins"]

__all__ = ["client", "database", "inject", "launch", "lesson", "rng", "service", "target", "upstream"]


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
    given = config.stash.get(LAUNCHER, None)
    run = Run(course, where, config.option.seed, limits_from_environment(), given_launcher=given)
    developer = config.option.verbose > 0 or config.option.tbstyle != "auto"
    state = State(course, run, chosen, show_feedback=not config.option.plain)
    config.stash[STATE] = state
    spreads = getattr(config.option, "dist", "no") != "no" and not hasattr(config, "workerinput")
    if spreads or config.stash.get(WAITS, False):
        _forget_folders_of_learners(run)
    else:
        begin(state, run)
    config.pluginmanager.register(ChecksRun(state), "workbook-checks-run")
    if state.show_feedback and not hasattr(config, "workerinput"):
        from workbook.plugin.terminal_reporter import install

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
