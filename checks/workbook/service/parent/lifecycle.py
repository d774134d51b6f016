"""The processes of one service: its start, its end, what is asked of it, and why it does not answer."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path
from typing import Any

import httpcore
import httpx

from workbook.service.parent.client import Exchange, TooLarge, Unasked
from workbook.service.parent.connections import Connections
from workbook.service.parent.probe import unreadable
from workbook.service.parent.process import Launcher, Process
from workbook.service.protocol.channel import ChannelClosed
from workbook.service.protocol.problem import (
    Place,
    Problem,
    ProblemKind,
    RequestFailed,
    StartFailed,
    place_from_json,
)
from workbook.service.protocol.spec import Limits, Spec
from workbook.service.protocol.untrusted import json_text

_LIBRARY_SECONDS = 60.0
"""The host may still be importing the libraries, which is not the learner's time."""
_CRASH_OUTPUT = 64 * 1024
"""Bytes at the end of what a service printed in which its last words are looked for."""
_CRASH_SECONDS = 0.5
"""How long a lost connection waits to hear that the process has ended."""


class Lifecycle:
    """The processes that serve one app, one after the other: a crash ends one, and the next use starts another."""

    def __init__(self, launcher: Launcher, spec: Spec, limits: Limits, deadline: float) -> None:
        """Start nothing yet.

        Args:
            launcher: starts the process.
            spec: what to start.
            limits: how long and how much.
            deadline: when the time of the whole run is over, by ``time.monotonic()``.
        """
        self.spec = spec
        self.limits = limits
        self._launcher = launcher
        self._deadline = deadline
        self._process: Process | None = None
        self._connections: Connections | None = None
        self._refused: StartFailed | None = None
        self._numbers = 0
        self._lock = threading.RLock()
        self._ready = False

    def start(self) -> None:
        """Start the process without waiting for it."""
        with self._lock:
            self._ready = False
            self._refused = None
            try:
                self._process = self._launcher.start(self.spec, self.limits)
                self._open_connections()
            except StartFailed as refused:
                self._refused = refused

    def ensure_ready(self) -> None:
        """Wait until the service answers requests; start it again if it has ended.

        Raises:
            StartFailed: it cannot start. It is not tried again until ``restart``.
            RequestFailed: the time of the whole run is over.
        """
        if time.monotonic() > self._deadline:
            raise RequestFailed(Problem(ProblemKind.OUT_OF_TIME, detail={"seconds": self.limits.total}))
        with self._lock:
            if self._refused is not None:
                raise self._refused.with_traceback(None)  # else each check that meets it makes it longer
            if self._ready:
                return
            if self._process is None:
                self.start()
                self.ensure_ready()
            else:
                self._wait_until_ready()

    def stop(self) -> int | None:
        """Let the service shut down as a deployment would, and wait for it.

        Returns:
            Its exit status; None when it did not end within the limit and was killed.
        """
        with self._lock:
            process = self._process
            if process is None:
                return 0
            status = None
            try:
                process.channel.send({"id": 0, "do": "stop"})
                status = process.poll(self.limits.shutdown)
            except ChannelClosed:
                status = process.poll(_CRASH_SECONDS)
            self.kill()
            return status

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        with self._lock:
            process, self._process = self._process, None
            self._ready = False
            if self._connections is not None:
                self._connections.close()
                self._connections = None
            if process is not None:
                process.release()

    def restart(self) -> None:
        """Start the service again with the same settings and the same database, in a new process.

        The old process gets no warning, as in a power cut: what it answered as done has to be done. ``stop`` is gentle.
        """
        self.kill()
        self.start()
        self.ensure_ready()

    def _ask(self, command: str, timeout: float | None = None, **facts: Any) -> Any:
        """Send one command over the control channel and wait for its answer."""
        with self._lock:
            self.ensure_ready()
            assert self._process is not None
            channel = self._process.channel
            self._numbers += 1
            number = self._numbers
            limit = self.limits.request if timeout is None else timeout
            deadline = time.monotonic() + limit
            try:
                channel.send({"id": number, "do": command, **facts})
                while (message := channel.receive(max(0.0, deadline - time.monotonic()))) is not None:
                    if message.get("id") == number:
                        if "error" in message:
                            raise unreadable(json_text(message["error"]))
                        return message.get("result")
            except ChannelClosed as fault:
                problem = self._ended(ProblemKind.CRASH)
                self.kill()
                raise RequestFailed(problem) from fault
            place, _, _ = self._where()
            self.kill()
            raise RequestFailed(
                Problem(
                    ProblemKind.CALL_TIMEOUT,
                    place=place,
                    detail={"seconds": limit, "call": str(facts.get("ref", "")).lstrip(":")},
                )
            )

    def _send(self, request: httpx.Request) -> httpx.Response:
        return self._open_connections().handle_request(request)

    def _explain(self, exchange: Exchange, fault: Exception) -> Problem:
        """Why a request got no usable answer. A service that is gone or hangs is ended; the next use starts it anew."""
        if isinstance(fault, TooLarge):
            return Problem(ProblemKind.RESPONSE_TOO_LARGE, detail={"limit": str(fault)})
        if isinstance(fault, Unasked):
            return Problem(ProblemKind.UNASKED, text=str(fault))
        with self._lock:
            if self._process is None:
                return Problem(ProblemKind.CRASH, text="the service had ended before")
            if isinstance(fault, httpcore.TimeoutException):
                place, on_loop, heard = self._where()
                detail = {"seconds": exchange.seconds, "on_loop": on_loop, "awaits": heard and place is None}
                problem = Problem(ProblemKind.REQUEST_TIMEOUT, place=place, detail=detail)
                if self._process.output.flooded:
                    problem = self._ended(ProblemKind.OUTPUT_FLOOD)
                self.kill()
                return problem
            if self._process.poll(_CRASH_SECONDS) is None:
                silent = isinstance(fault, httpcore.NetworkError) or "disconnected" in str(fault)
                return Problem(ProblemKind.NO_ANSWER if silent else ProblemKind.NOT_HTTP, text=str(fault)[:500])
            problem = self._ended(ProblemKind.CRASH)
            self.kill()
            return problem

    def _printed(self, last: int = 0) -> str:
        return "" if self._process is None else self._process.output.text(last)

    def _where(self) -> tuple[Place | None, bool, bool]:
        """Ask a service that hangs where it is.

        Returns:
            The learner's line that runs now, whether it holds up the event loop, and whether the service has answered.
        """
        assert self._process is not None
        try:
            self._process.channel.send({"id": -1, "do": "where"})
            deadline = time.monotonic() + 1.0
            while (message := self._process.channel.receive(max(0.0, deadline - time.monotonic()))) is not None:
                if message.get("id") == -1:
                    return place_from_json(message.get("result")), message.get("on_loop") is True, True
        except ChannelClosed:
            return None, False, False
        return None, False, False

    def _open_connections(self) -> Connections:
        with self._lock:
            if self._connections is None:
                if self._process is None:
                    raise httpcore.ConnectError("the service has ended")
                self._connections = Connections(self._process.uds, self._process.port)
            return self._connections

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _LIBRARY_SECONDS
        importing = False
        while True:
            event = self._next_event(deadline - time.monotonic())
            if event is None:
                kind = ProblemKind.STARTUP_TIMEOUT if importing else ProblemKind.HOST_FAILED
                raise self._refuse(Problem(kind, place=self._where()[0], detail={"seconds": self.limits.start}))
            match event.get("event"):
                case "importing" if not importing:  # once: each time would be time won
                    importing = True
                    deadline = time.monotonic() + self.limits.start
                case "ready":
                    self._ready = True
                    return
                case "failed":
                    raise self._refuse(Problem.from_json(event.get("problem")))
                case "lost":
                    raise self._refuse(self._ended(ProblemKind.CRASH))
                case _:
                    continue

    def _refuse(self, problem: Problem) -> StartFailed:
        """Remember why the service cannot start, so that it is not tried again."""
        output = self._printed(last=_CRASH_OUTPUT)
        if output.strip() and "output" not in problem.detail:
            problem.detail["output"] = output[-2_000:]
        self._refused = StartFailed(problem)
        self.kill()
        return self._refused

    def _next_event(self, timeout: float) -> dict[str, Any] | None:
        assert self._process is not None
        try:
            return self._process.channel.receive(max(0.0, timeout))
        except ChannelClosed:
            return {"event": "lost"}

    def _ended(self, kind: ProblemKind) -> Problem:
        """Describe a process that has ended without saying why."""
        assert self._process is not None
        status = self._process.poll(_CRASH_SECONDS)
        self._process.output.finish(0.2)
        detail: dict[str, Any] = {"status": status}
        if self._process.output.flooded:
            return Problem(ProblemKind.OUTPUT_FLOOD, detail=detail | {"bytes": self.limits.output})
        text = self._process.output.text(last=_CRASH_OUTPUT)
        report = self._process.exit_report()
        if report.get("fault"):
            return Problem(ProblemKind.HOST_FAILED, text=report["fault"])
        if report.get("limit"):
            return Problem(ProblemKind.LIMIT, text=report["limit"], detail=detail)
        place = _fatal_place(text, Path(self.spec.folder))
        return Problem(kind, text=text[-2_000:], place=place, detail=detail)


def _fatal_place(text: str, folder: Path) -> Place | None:
    """The learner's line in what ``faulthandler`` printed about a crash."""
    for line in text.splitlines():
        part = line.strip()
        if part.startswith('File "') and '", line ' in part:
            name, _, rest = part.removeprefix('File "').partition('", line ')
            number, _, function = rest.partition(" in ")
            path = Path(name)
            if re.fullmatch("[0-9]{1,7}", number) and path.is_relative_to(folder):
                return Place(path.relative_to(folder).as_posix(), int(number), function)
    return None
