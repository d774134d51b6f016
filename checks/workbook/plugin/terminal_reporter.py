"""Put the workbook's feedback in the place of pytest's own output, or below it for developers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

import pytest
from _pytest.config import create_terminal_writer

from workbook.feedback.terminal import Line, report_lines
from workbook.plugin.state import State

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter


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
    for name in ("terminalreporter", "terminaldistreporter"):  # the second one is xdist's
        if config.pluginmanager.has_plugin(name):
            config.pluginmanager.unregister(name=name)
    if not config.option.xmlpath:
        # Nobody reads pytest's tracebacks now, and making them takes longer than all else that a failing check does.
        config.option.tbstyle = "no"
    config.pluginmanager.register(FeedbackAlone(config, state), "workbook-feedback")


class _Page:
    """Writes feedback with pytest's terminal writer, which knows about colours and pipes."""

    def __init__(self, writer: TerminalWriter, file: TextIO) -> None:
        self._writer = writer
        self._encoding = file.encoding or "ascii"

    def write(self, state: State) -> None:
        """Write the feedback of a run."""
        lessons = {lesson.number: lesson for lesson in state.course.lessons}
        for line in report_lines(state.report(), lessons, unicode=self._has_marks()):
            self._line(line)

    def _has_marks(self) -> bool:
        try:
            "✔✘·…".encode(self._encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def _line(self, line: Line) -> None:
        text = line.text.encode(self._encoding, errors="replace").decode(self._encoding)
        markup = ({line.colour: True} if line.colour else {}) | ({"bold": True} if line.bold else {})
        self._writer.line(text, **markup)


class FeedbackBelow:
    """Adds the feedback after pytest's own output."""

    def __init__(self, state: State) -> None:
        self._state = state

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, config: pytest.Config) -> None:
        """Write the feedback."""
        writer = config.get_terminal_writer()
        writer.sep("=", "feedback")
        _Page(writer, sys.stdout).write(self._state)


class FeedbackAlone:
    """Writes the feedback and nothing else, but for what went wrong before any check could run."""

    def __init__(self, config: pytest.Config, state: State) -> None:
        self._state = state
        self._writer = create_terminal_writer(config, sys.stdout)
        self._page = _Page(self._writer, sys.stdout)
        self._live = sys.stdout.isatty()
        self._done = 0
        self._broken: list[str] = []

    def pytest_sessionstart(self) -> None:
        """Show at once that something happens."""
        self._show("checking …")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what broke while the checks were collected."""
        if report.failed:
            self._broken.append(report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show how far the run is."""
        if report.when == "call" or report.failed:
            self._done += 1
            total = sum(len(checks) for checks in self._state.chosen.values())
            self._show(f"checking … {self._done} of {total}")

    def pytest_internalerror(self, excrepr: object) -> None:
        """Say all that is known about a fault of pytest or of a plugin."""
        self._writer.line(str(excrepr), red=True)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the feedback."""
        if self._live:
            self._writer.write("\r" + " " * 40 + "\r")
        status = session.exitstatus
        if self._broken:
            self._writer.line("The checks themselves cannot be read. That is a fault of the workbook, not yours:")
            self._writer.line(self._broken[0])
        elif status == pytest.ExitCode.INTERRUPTED:
            self._writer.line("Stopped before all checks had run.")
        elif status == pytest.ExitCode.NO_TESTS_COLLECTED:
            self._writer.line("No check was found with these words, so nothing is proven.", red=True)
        elif status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self._page.write(self._state)

    def _show(self, text: str) -> None:
        if self._live:
            self._writer.write(f"\r{text} ", flush=True)
