"""A process that has collected one lesson's checks, and forks a run of them for each submission.

Starting pytest and collecting is the same for all submissions, so it is done once. The fork is taken where pytest is
about to run the first check; what differs from submission to submission is set there.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from workbook import warm
from workbook.course import folder_name
from workbook.run import Run, Target, limits_from_environment
from workbook.state import STATE, WAITS

_GRACE_SECONDS = 30.0
"""How much longer than its order a run may take, for what is not the learner's: starts, limits that come last."""
_ORDER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Order:
    """One run of the lesson's checks."""

    target: str
    """The folder that holds the submission's ``lesson_NN``."""
    scratch: str
    report: str
    output: str
    seed: int
    seconds: float


class RunFailed(Exception):
    """There was no run, and that is no fault of the submission. The text says why."""


class LessonRuns:
    """The worker's end of such a process."""

    def __init__(self, lesson: int, launcher: warm.SharedLauncher, output: Path) -> None:
        """Start the process; it begins to collect.

        Args:
            lesson: whose checks, in the current folder.
            launcher: starts the services.
            output: the file for what pytest prints up to the first check.
        """
        self._output = output
        self._here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.fork()
        if self._pid == 0:
            self._here.close()
            arguments = [f"checks/{folder_name(lesson)}", "-q", "-s", "--tb=no", "-p", "no:cacheprovider"]
            warm.become_pytest(arguments, str(output), [CollectedSession(there, launcher)])
        there.close()

    def run(self, order: Order) -> None:
        """Run the checks, and wait for the end.

        Raises:
            RunFailed: they could not begin, or did not end in time.
        """
        answer = b""
        with suppress(OSError):  # it has ended
            self._here.send(json.dumps(asdict(order)).encode())
            answer = self._here.recv(_ORDER_BYTES)
        if not answer:
            raise RunFailed(f"the process that holds the checks ended: {warm.last_line(self._output)}")
        if json.loads(answer)["status"] is None:
            raise RunFailed(f"the checks did not end within {order.seconds + _GRACE_SECONDS:g} seconds")

    def close(self) -> None:
        """End the process, which has no run at the moment."""
        with suppress(OSError):  # it has ended already
            self._here.shutdown(socket.SHUT_RDWR)  # closing is not enough: processes of other lessons have copies
        self._here.close()
        os.waitpid(self._pid, 0)


class CollectedSession:
    """A pytest plugin: it holds a session that has collected, and lets forks of it go on."""

    def __init__(self, orders: socket.socket, launcher: warm.SharedLauncher) -> None:
        self._orders = orders
        self._launcher = launcher

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Start no service yet: nobody knows whose."""
        config.stash[WAITS] = True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Fork a run for each order; only the forks get beyond this."""
        while data := self._orders.recv(_ORDER_BYTES):
            order = Order(**json.loads(data))
            child = os.fork()
            if child == 0:
                self._orders.close()
                self._begin(session, order)
                return
            self._orders.send(json.dumps({"status": _await(child, order.seconds + _GRACE_SECONDS)}).encode())
        os._exit(0)

    def _begin(self, session: pytest.Session, order: Order) -> None:
        from workbook.plugin import begin

        printed = os.open(order.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        self._launcher.belong_to_this_run(Path(order.scratch))
        session.config.option.report_json = order.report
        state = session.config.stash[STATE]
        # The learner calls the folder "lessons", and so does every message.
        target = Target(Path(order.target), "lessons")
        limits = replace(limits_from_environment(), total=order.seconds)
        begin(state, Run(state.course, target, order.seed, limits, deadline=time.monotonic() + order.seconds))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Name checks with their file: only that tells an instructor's own ones from the lesson's."""
        report = yield
        facts: dict[str, Any] | None = getattr(report, "workbook", None)
        if facts is not None:
            facts["name"] = item.nodeid
        return report


def _await(child: int, seconds: float) -> int | None:
    """The exit code of a child; None where it took too long and was killed."""
    ended = os.pidfd_open(child)
    try:
        ready, _, _ = select.select([ended], [], [], seconds)
        if not ready:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status) if ready else None
    finally:
        os.close(ended)
