"""A process that has collected one lesson's checks, and forks a run of them for each submission.

Starting pytest and collecting is the same for all submissions, so it is done once. The fork is taken where pytest is
about to run the first check; what differs from submission to submission is set there.

Hidden checks come last, and get a service, a database and a scratch of their own: nothing that the others' services
could say, or keep, knows what hidden checks ask.
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
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from workbook.course.model import folder_name
from workbook.plugin import fork_server
from workbook.plugin.run import Run, Target, limits_from_environment
from workbook.plugin.state import LAUNCHER, STATE, WAITS, State
from workbook.service.protocol.problem import Problem, ProblemKind, RequestFailed

_GRACE_SECONDS = 5.0
"""How much longer than its order a run may take: for the limit of one check that is on when the time is over."""
HIDDEN = "hidden__"
"""What the name of a hidden check's file has behind the number of its exercise."""
_ORDER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Order:
    """One run of the lesson's checks."""

    target: str
    """The folder that holds the submission's ``lesson_NN``."""
    scratch: str | None
    """Where the run makes its sockets and databases; None for a new folder of the launcher's."""
    report: str
    output: str
    seed: int
    seconds: float
    exercises: list[str] = field(default_factory=list[str])
    """Those to check, in this order; all of them where there are none."""
    brief: bool = False
    """Whether the rest of an exercise is left out after its first failure."""
    first_failure: bool = False
    """Whether the run ends with its first failure."""
    is_over: bool = False
    """Whether the time is over: what is not decided then has run out of it."""


class RunFailed(Exception):
    """There was no run, and that is no fault of the submission. The text says why."""


class SessionProcess:
    """The worker's end of such a process."""

    def __init__(self, lesson: int, launcher: fork_server.SharedLauncher, output: Path) -> None:
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
            fork_server.become_pytest(arguments, str(output), [CollectedSession(there, launcher)])
        there.close()

    def run(self, order: Order) -> int:
        """Run the checks, and wait for the end.

        Returns:
            pytest's exit code.

        Raises:
            RunFailed: they could not begin, or did not end in time.
        """
        answer = b""
        with suppress(OSError):  # it has ended
            self._here.send(json.dumps(asdict(order)).encode())
            answer = self._here.recv(_ORDER_BYTES)
        if not answer:
            raise RunFailed(f"the process that holds the checks ended: {fork_server.last_line(self._output)}")
        status: int | None = json.loads(answer)["status"]
        if status is None:
            raise RunFailed(f"the checks did not end within {order.seconds + 2 * _GRACE_SECONDS:g} seconds")
        return status

    def close(self) -> None:
        """End the process, which has no run at the moment."""
        with suppress(OSError):  # it has ended already
            self._here.shutdown(socket.SHUT_RDWR)  # closing is not enough: processes of other lessons have copies
        self._here.close()
        os.waitpid(self._pid, 0)


class CollectedSession:
    """A pytest plugin: it holds a session that has collected, and lets forks of it go on."""

    def __init__(self, orders: socket.socket, launcher: fork_server.SharedLauncher) -> None:
        self._orders = orders
        self._launcher = launcher
        self._decided = Path(os.devnull)
        self._has_changed = False
        self._is_over = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Start no service yet: nobody knows whose."""
        config.stash[WAITS] = True
        config.stash[LAUNCHER] = self._launcher

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Fork a run for each order; only the forks get beyond this."""
        while data := self._orders.recv(_ORDER_BYTES):
            order = Order(**json.loads(data))
            status = None
            # What does not end in time is ended, and a second fork gives the verdicts: those that are known, and for
            # the rest that the time is over. That is the learner's result, whatever took so long.
            for run in (order, replace(order, seconds=0.0, is_over=True)):
                child = os.fork()
                if child == 0:
                    self._orders.close()
                    self._begin(session, run, order.seconds)
                    return
                if (status := _await(child, run.seconds + _GRACE_SECONDS)) is not None:
                    break
            self._orders.send(json.dumps({"status": status}).encode())
        os._exit(0)

    def _begin(self, session: pytest.Session, order: Order, total: float) -> None:
        from workbook.plugin.hooks import begin

        printed = os.open(order.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        self._launcher.belong_to_this_run(None if order.scratch is None else Path(order.scratch))
        option = session.config.option
        option.report_json, option.brief, option.maxfail = order.report, order.brief, int(order.first_failure)
        state = session.config.stash[STATE]
        # The learner calls the folder "lessons", and so does every message.
        target = Target(Path(order.target), "lessons")
        limits = replace(limits_from_environment(), total=total)
        deadline = time.monotonic() + order.seconds
        run = Run(state.course, target, order.seed, limits, deadline, given_launcher=self._launcher)
        _choose(session, state, order.exercises)
        self._decided = Path(f"{order.report}.checks")
        if order.is_over:
            self._is_over = True
            state.run = run
            self._take_over(session, state)
        else:
            begin(state, run)

    def _take_over(self, session: pytest.Session, state: State) -> None:
        """Take the checks that an earlier run has decided, and leave the others to run."""
        decided: set[str] = set()
        with suppress(FileNotFoundError, ValueError):  # nothing was decided, or the last line is not whole
            for line in self._decided.read_bytes().splitlines():
                facts = json.loads(line)
                state.saw(facts)
                decided.add(facts["id"])
        session.items[:] = [item for item in session.items if item.nodeid not in decided]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Run nothing any more once the time is over; before the first hidden check, end all that the others used."""
        if self._is_over:
            total = item.config.stash[STATE].run.limits.total
            raise RequestFailed(Problem(ProblemKind.OUT_OF_TIME, detail={"seconds": total}))
        if is_hidden(item.path.name) and not self._has_changed:
            self._has_changed = True
            item.config.stash[STATE].run.end_lesson()

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep each check's result at once: the run may be ended before it can tell."""
        facts: dict[str, Any] | None = getattr(report, "workbook", None)
        if facts is not None:
            with self._decided.open("ab") as file:
                file.write(json.dumps(facts).encode() + b"\n")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Name checks with their file: only that tells an instructor's own ones from the lesson's."""
        report = yield
        facts: dict[str, Any] | None = getattr(report, "workbook", None)
        if facts is not None:
            facts["name"] = item.nodeid
        return report


def is_hidden(file: str) -> bool:
    """Whether a file of checks is one of the instructor's own, by its name in the worker's copy of the course."""
    return f"_{HIDDEN}" in file


def _choose(session: pytest.Session, state: State, exercises: list[str]) -> None:
    """Leave the checks of some exercises, in the order in which these are named, and hidden ones behind the others."""

    def exercise(item: pytest.Item) -> str:
        found = state.exercise_of(item)
        return found.id if found is not None else ""

    wanted = [item for item in session.items if not exercises or exercise(item) in exercises]
    places = {name: place for place, name in enumerate(exercises)}
    session.items[:] = sorted(wanted, key=lambda item: (is_hidden(item.path.name), places.get(exercise(item), 0)))
    state.chosen = {name: checks for name, checks in state.chosen.items() if not exercises or name in exercises}


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
