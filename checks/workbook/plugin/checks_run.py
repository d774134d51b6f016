"""The hooks of a pytest run that checks a lesson: registered by ``hooks`` only where there is something to check."""

from __future__ import annotations

import gc
from collections.abc import Generator
from typing import Any

import pytest
from _pytest.assertion import util

from workbook.plugin import selection
from workbook.plugin.fast_exit import leave_quickly
from workbook.plugin.state import State
from workbook.plugin.timing import mark
from workbook.service.protocol.untrusted import exceeds

_EXPLAINED_SIZE = 1_000
"""Characters, numbers and containers of the two values whose difference pytest explains."""


class ChecksRun:
    """Follows the checks from their collection to the report."""

    def __init__(self, state: State) -> None:
        self._state = state

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Note every check that an exercise has, before ``-k`` takes some away."""
        for item in items:
            exercise = self._state.exercise_of(item)
            if exercise is not None:
                self._state.collected.setdefault(exercise.id, set()).add(item.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which checks are going to run."""
        gc.freeze()  # what pytest and the libraries made up to here stays: no collection has to look at it again
        self._complete_partial_files(session)
        for item in session.items:
            exercise = self._state.exercise_of(item)
            if exercise is not None:
                self._state.chosen.setdefault(exercise.id, []).append(item.nodeid)

    def _complete_partial_files(self, session: pytest.Session) -> None:
        """Where single checks were named by ``::``, count the others of their file as well: they were not chosen."""
        for argument in session.config.args:
            path, separator, _ = argument.partition("::")
            if separator:
                file = (session.config.invocation_params.dir / path).resolve()
                place = selection.exercise_of(self._state.course, file)
                if place is not None:
                    checks = self._state.collected.setdefault(f"{place[0]}.{place[1]}", set())
                    checks.add("the checks that were not named")

    def _watch_comparisons(self) -> None:
        """Remember what a failing assertion compares. The explanation stays pytest's own, but for large values.

        Its account of a difference takes a time that grows with the square of the values, and a service sends what it
        likes. There is no hook that can leave it out; pytest itself sets this function back after each check.
        """
        explain = util._reprcompare  # pyright: ignore[reportPrivateUsage]

        def compare(op: str, left: object, right: object) -> str | None:
            self._state.comparison = (op, left, right)
            return explain(op, left, right) if explain and not exceeds((left, right), _EXPLAINED_SIZE) else None

        util._reprcompare = compare  # pyright: ignore[reportPrivateUsage]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """With ``--brief``, leave out a check whose exercise has failed already."""
        if not item.config.option.brief:
            return None
        exercise = self._state.exercise_of(item)
        if exercise is None or not self._state.has_failed(exercise):
            return None
        # The check before this one was torn down only as far as this one would have needed it to be.
        item.session._setupstate.teardown_exact(nextitem)  # pyright: ignore[reportPrivateUsage]
        return True

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Begin a check with nothing remembered of the one before."""
        state = self._state
        exercise = state.exercise_of(item)
        if exercise is None:
            return
        mark("first_check")
        state.comparison = None
        self._watch_comparisons()
        state.run.heard = False
        state.run.looks.clear()
        state.first_exchange = len(state.run.service.exchanges) if state.run.service else 0
        item.user_properties += [("exercise", exercise.id), ("exercise_points", exercise.points)]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach verdict and message to the report, as JSON, so that they survive the way from a worker process."""
        report = yield
        exercise = self._state.exercise_of(item)
        if exercise is None or (report.passed and call.when != "call"):
            return report
        from workbook.plugin.failure_report import expectation, outcome

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
            verdict, message = outcome(self._state, item, exercise, call.excinfo)
            facts["verdict"], facts["message"] = verdict.value, message.to_json()
        report.workbook = facts  # pyright: ignore[reportAttributeAccessIssue] - reports carry extra attributes by design
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take in a check's outcome; under xdist this runs in the controller."""
        facts = getattr(report, "workbook", None)
        if facts is not None:
            self._state.saw(facts)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Keep the session, which knows the exit code in the end."""
        self._state.session = session

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Under xdist, the controller learns from its workers which checks there are."""
        for name in ids:
            place = selection.exercise_of(self._state.course, self._state.course.root / name.partition("::")[0])
            if place is not None:
                chosen = self._state.chosen.setdefault(f"{place[0]}.{place[1]}", [])
                if name not in chosen:
                    chosen.append(name)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        """Write the report; a run in which a chosen check did not pass is never a success."""
        if not hasattr(session.config, "workerinput"):
            mark("last_check")
            from workbook.plugin.reporting import finish

            finish(session, self._state)
        yield

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Leave nothing behind."""
        self._state.run.close()
        mark("exit")
        gc.freeze()  # pytest collects garbage once more now, and this process is about to end
        if self._state.session is not None:
            leave_quickly(int(self._state.session.exitstatus))
