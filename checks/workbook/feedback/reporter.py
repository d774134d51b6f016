"""Put the workbook's feedback in the place of pytest's own output, or below it for developers."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter

from workbook.feedback.terminal import Line, report_lines
from workbook.results import Report
from workbook.state import State


def install(config: pytest.Config, state: State, *, keep_pytest: bool) -> None:
    """Show feedback for this run.

    Args:
        config: pytest's configuration, with its own reporter registered.
        state: what the run finds out.
        keep_pytest: whether pytest's output stays, with the feedback after it.
    """
    if keep_pytest:
        config.pluginmanager.register(FeedbackBelow(state), "workbook-feedback")
        return
    standard = config.pluginmanager.getplugin("terminalreporter")
    if standard is not None:
        config.pluginmanager.unregister(standard)
        config.pluginmanager.register(FeedbackReporter(config, state), "terminalreporter")


def write_feedback(writer: Any, state: State, report: Report) -> None:
    """Write a report with pytest's terminal writer, which knows about colours and pipes."""
    lessons = {lesson.number: lesson for lesson in state.course.lessons}
    encoding = getattr(getattr(writer, "_file", sys.stdout), "encoding", None) or "ascii"
    for line in report_lines(report, lessons, unicode=_can_write(encoding)):
        _write(writer, line, encoding)


def _can_write(encoding: str) -> bool:
    try:
        "✔✘·".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _write(writer: Any, line: Line, encoding: str) -> None:
    text = line.text.encode(encoding, errors="replace").decode(encoding)
    markup = ({line.colour: True} if line.colour else {}) | ({"bold": True} if line.bold else {})
    writer.line(text, **markup)


class FeedbackBelow:
    """Adds the feedback after pytest's own output."""

    def __init__(self, state: State) -> None:
        self._state = state

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """Write the feedback."""
        terminalreporter.section("feedback")
        write_feedback(terminalreporter._tw, self._state, self._state.report())  # pyright: ignore[reportPrivateUsage]


class FeedbackReporter(TerminalReporter):
    """pytest's reporter with everything silenced but internal errors, collection errors and interruption."""

    def __init__(self, config: pytest.Config, state: State) -> None:
        super().__init__(config, sys.stdout)
        self._state = state
        self._live = self.isatty
        self._done = 0

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session
        self._sessionstarttime = 0.0
        if self._live:
            self._tw.write("checking …")
            self._tw.flush()

    def pytest_collection(self) -> None:
        """Say nothing while collecting."""

    def report_collect(self, final: bool = False) -> None:
        """Say nothing about what was collected."""

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say nothing about what was collected."""

    def pytest_runtest_logstart(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Say nothing before a check."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count; on a screen, show how far the run is."""
        category = "failed" if report.failed else "passed" if report.when == "call" else ""
        if category:
            self.stats.setdefault(category, []).append(report)
        if report.when == "call" or report.failed:
            self._done += 1
            total = sum(len(checks) for checks in self._state.chosen.values())
            if self._live:
                self._tw.write(f"\rchecking … {self._done} of {total} ")
                self._tw.flush()

    def pytest_runtest_logfinish(self, nodeid: str, location: tuple[str, int | None, str]) -> None:
        """Say nothing after a check."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Any:
        """Run the checks without a progress column."""
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> Any:
        """Write the feedback after everything else has finished."""
        result = yield
        if self._live:
            self._tw.write("\r" + " " * 40 + "\r")
        if exitstatus == pytest.ExitCode.INTERRUPTED and not self.stats.get("error"):
            self._tw.line("Stopped before all checks had run.")
        elif self.stats.get("error"):
            self.summary_errors()
        elif exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            self._tw.line("No check was found with these words, so nothing is proven.", red=True)
        elif exitstatus != pytest.ExitCode.INTERNAL_ERROR:
            write_feedback(self._tw, self._state, self._state.report())
        return result
