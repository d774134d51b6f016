"""A running service as checks see it: a client, calls, probes, and a clear account of every failure."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx

from workbook.service.channel import ChannelClosed
from workbook.service.client import Exchange, RecordingTransport, TooLarge
from workbook.service.problem import (
    OURS,
    CallFailed,
    Place,
    Problem,
    RequestFailed,
    ServiceProblem,
    StartFailed,
    place_from_json,
)
from workbook.service.process import Launcher, Process
from workbook.service.spec import Limits, Spec
from workbook.service.untrusted import json_object

_T = TypeVar("_T")
_LIBRARY_SECONDS = 60.0
"""The host may still be importing the libraries, which is not the learner's time."""
_CRASH_SECONDS = 0.5
"""How long a lost connection waits for the news that the process has ended."""

_SETTLE_SECONDS = 0.3
"""How long a request's clean-up may take after its response."""


@dataclass(frozen=True)
class RequestReport:
    """What the inside of the service says about one request."""

    number: int
    method: str
    path: str
    status: int | None
    statements: list[str]
    endpoint: Place | None
    exception: dict[str, Any] | None


@dataclass
class Probe:
    """What the service reported about a ``with service.probe():`` block; filled when the block ends."""

    statements: list[str] = field(default_factory=list[str])
    """Every SQL statement, in order."""
    requests: list[RequestReport] = field(default_factory=list[RequestReport])
    warnings: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    exceptions: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Exceptions that nothing in the app handled."""
    checked_out: int = 0
    """Database connections that are out of the pool now."""
    max_checked_out: int = 0
    loop_gap: float = 0.0
    """Seconds: the longest time in which the event loop ran nothing else."""
    peak_memory: int = 0
    """Bytes by which the peak of resident memory grew."""


class Service:
    """One service of the learner's app.

    It starts when it is made and is ready at the latest when it is used; it starts again by itself after a crash.
    """

    def __init__(
        self,
        launcher: Launcher,
        spec: Spec,
        limits: Limits,
        *,
        inside: Path | None = None,
        database_url: str = "",
        deadline: float = math.inf,
    ) -> None:
        """Start it.

        Args:
            launcher: starts the process.
            spec: what to start.
            limits: how long and how much.
            inside: our own functions for ``inside``.
            database_url: of its database.
            deadline: when the time of the whole run is over, by ``time.monotonic()``.
        """
        self.spec = spec
        self.limits = limits
        self.database_url = database_url
        self._launcher = launcher
        self._inside = inside
        self._deadline = deadline
        self._process: Process | None = None
        self._ready = False
        self._refused: StartFailed | None = None
        self._numbers = 0
        self._lock = threading.RLock()
        self._transport = RecordingTransport(
            _Switch(self._send), limits, explain=self._explain, before=self.ensure_ready
        )
        self._http: httpx.HTTPTransport | None = None
        self.client = httpx.Client(transport=self._transport, base_url="http://service", trust_env=False)
        self.start()

    # Life.

    def start(self) -> None:
        """Start the process without waiting for it."""
        with self._lock:
            self._ready = False
            self._refused = None
            try:
                self._process = self._launcher.start(self.spec, self.limits)
                self._http_transport()  # httpx imports what it sends with here: now, while the service imports, too
            except StartFailed as refused:
                self._refused = refused

    def ensure_ready(self) -> None:
        """Wait until the service answers requests; start it again if it has ended.

        Raises:
            StartFailed: it cannot start. It is not tried again until ``restart``.
            RequestFailed: the time of the whole run is over.
        """
        if time.monotonic() > self._deadline:
            raise RequestFailed(Problem("out_of_time", detail={"seconds": self.limits.total}))
        with self._lock:
            if self._refused is not None:
                raise self._refused.with_traceback(None)  # else each check that meets it makes it longer
            if self._ready:
                return
            if self._process is None:
                self.start()
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
            if self._http is not None:
                self._http.close()
                self._http = None
            if process is not None:
                process.release()

    def restart(self) -> None:
        """Start the service again with the same settings and the same database, in a new process.

        The old process gets no warning, as in a power cut: what it answered as done has to be done. ``stop`` is gentle.
        """
        self.kill()
        self.start()
        self.ensure_ready()

    def close(self) -> None:
        """Kill the process and close the client."""
        self.kill()
        self.client.close()

    # Work.

    @property
    def exchanges(self) -> list[Exchange]:
        """Every request sent so far."""
        return self._transport.exchanges

    def openapi(self) -> dict[str, Any]:
        """The app's own OpenAPI document."""
        return json_object(self._ask("routes"))

    def call(self, ref: str, *args: Any, **kwargs: Any) -> Any:
        """Run a function of the learner's in the service process.

        Args:
            ref: ``"app.core.security:verify_password"``.
            args: JSON values.
            kwargs: JSON values.

        Returns:
            Its result as JSON values.

        Raises:
            CallFailed: it raised.
            RequestFailed: it did not end in time, or the process ended.
        """
        return self._call(ref, None, args, kwargs)

    def inside(self, name: str, **kwargs: Any) -> Any:
        """Run a function of the lesson's own ``inside.py`` in the service process: as ``call``."""
        if self._inside is None or not self._inside.is_file():
            raise FileNotFoundError("this lesson has no inside.py")
        return self._call(f":{name}", self._inside.read_text(encoding="utf-8"), (), kwargs)

    def together(self, count: int, work: Callable[[int], _T]) -> list[_T]:
        """Run ``work(0)`` … ``work(count - 1)`` at the same time, in threads, and return the results in order."""
        self.ensure_ready()
        with ThreadPoolExecutor(max_workers=count) as pool:
            return list(pool.map(work, range(count)))

    @contextmanager
    def probe(self) -> Generator[Probe]:
        """Observe the service during a block; the yielded object is filled when the block ends."""
        self._ask("watch")
        result = Probe()
        yield result
        _fill(result, self._ask("unwatch"))

    def connections_checked_out(self) -> int:
        """Database connections that are out of the pool now."""
        return int(self._ask("collect")["checked_out"])

    def begin(self) -> bool:
        """Forget what the probes saw, and say whether every database connection is back in its pool.

        A response may be a moment ahead of its clean-up, so this waits for a while.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while int(self._ask("begin")) > 0:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def output(self) -> str:
        """What the service has printed."""
        return "" if self._process is None else self._process.output.text()

    def look(self) -> Probe | None:
        """What the probes saw since ``begin``; None when the service is not there to be asked."""
        if not self._ready:
            return None
        result = Probe()
        try:
            _fill(result, self._ask("collect", timeout=1.0))
        except ServiceProblem:
            return None
        return result

    # Inner workings.

    def _http_transport(self) -> httpx.HTTPTransport:
        with self._lock:
            if self._http is None:
                if self._process is None:
                    raise httpx.ConnectError("the service has ended")
                uds = self._process.uds
                self._http = httpx.HTTPTransport(
                    uds=None if uds is None else str(uds),
                    verify=False,  # plain HTTP on this machine; loading the certificates would cost 100 ms
                    limits=httpx.Limits(max_connections=200, max_keepalive_connections=50),
                )
            return self._http

    def _send(self, request: httpx.Request) -> httpx.Response:
        transport = self._http_transport()
        if self._process is not None and self._process.uds is None:
            request.url = request.url.copy_with(host="127.0.0.1", port=self._process.port)
        return transport.handle_request(request)

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _LIBRARY_SECONDS
        importing = False
        while True:
            event = self._next_event(deadline - time.monotonic())
            if event is None:
                kind = "startup_timeout" if importing else "host_failed"
                raise self._refuse(Problem(kind, place=self._where()[0], detail={"seconds": self.limits.start}))
            match event.get("event"):
                case "importing":
                    importing = True
                    deadline = time.monotonic() + self.limits.start
                case "ready":
                    self._ready = True
                    return
                case "failed":
                    problem = Problem.from_json(event.get("problem"))
                    # The app's process may say anything: not that the fault is ours.
                    raise self._refuse(problem if problem.kind not in OURS else replace(problem, kind="crash"))
                case "lost":
                    raise self._refuse(self._ended("crash"))
                case _:
                    continue

    def _refuse(self, problem: Problem) -> StartFailed:
        """Remember why the service cannot start, so that it is not tried again."""
        output = self.output()
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

    def _ended(self, kind: str) -> Problem:
        """Describe a process that has ended without saying why."""
        assert self._process is not None
        status = self._process.poll(_CRASH_SECONDS)
        self._process.output.finish(0.2)
        detail: dict[str, Any] = {"status": status}
        if self._process.output.flooded:
            return Problem("output_flood", detail=detail | {"bytes": self.limits.output})
        text = self._process.output.text()
        news = self._process.news()
        if news.get("fault"):
            return Problem("host_failed", text=news["fault"])
        if news.get("limit"):
            return Problem("limit", text=news["limit"], detail=detail)
        place = _fatal_place(text, Path(self.spec.folder))
        return Problem(kind, text=text[-2_000:], place=place, detail=detail)

    def _ask(self, command: str, timeout: float | None = None, **facts: Any) -> Any:
        """Send one command over the control channel and wait for its answer."""
        self.ensure_ready()
        with self._lock:
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
                            raise RequestFailed(Problem("no_answer", text=str(message["error"])[:500]))
                        return message.get("result")
            except ChannelClosed as fault:
                problem = self._ended("crash")
                self.kill()
                raise RequestFailed(problem) from fault
            place, _ = self._where()
            self.kill()
            raise RequestFailed(
                Problem(
                    "call_timeout",
                    place=place,
                    detail={"seconds": limit, "call": str(facts.get("ref", "")).lstrip(":")},
                )
            )

    def _where(self) -> tuple[Place | None, bool]:
        """The learner's line that runs now, asked of a service that hangs, and whether it holds up the event loop."""
        assert self._process is not None
        try:
            self._process.channel.send({"id": -1, "do": "where"})
            deadline = time.monotonic() + 1.0
            while (message := self._process.channel.receive(max(0.0, deadline - time.monotonic()))) is not None:
                if message.get("id") == -1:
                    return place_from_json(message.get("result")), message.get("on_loop") is True
        except ChannelClosed:
            return None, False
        return None, False

    def _call(self, ref: str, source: str | None, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        facts: dict[str, Any] = {"ref": ref, "source": source, "args": list(args), "kwargs": kwargs}
        answer = json_object(self._ask("call", timeout=self.limits.call, **facts))
        if not ("value" in answer or "exception" in answer):
            raise RequestFailed(Problem("no_answer", text="the call was not answered as it should be"))
        if "exception" in answer:
            raise CallFailed(
                ref.lstrip(":"),
                str(answer["exception"])[:200],
                str(answer.get("text", ""))[:2_000],
                place_from_json(answer.get("place")),
            )
        return answer["value"]

    def _explain(self, exchange: Exchange, fault: Exception) -> Problem:
        """Why a request got no usable answer. A service that is gone or hangs is ended; the next use starts it anew."""
        del exchange
        if isinstance(fault, TooLarge):
            return Problem("response_too_large", detail={"bytes": fault.limit})
        with self._lock:
            if self._process is None:
                return Problem("crash", text="the service had ended before")
            if isinstance(fault, httpx.TimeoutException):
                place, on_loop = self._where()
                detail = {"seconds": self.limits.request, "on_loop": on_loop}
                problem = Problem("request_timeout", place=place, detail=detail)
                if self._process.output.flooded:
                    problem = self._ended("output_flood")
                self.kill()
                return problem
            if self._process.poll(_CRASH_SECONDS) is None:
                strange = isinstance(fault, httpx.RemoteProtocolError) and "disconnected" not in str(fault)
                return Problem("not_http" if strange else "no_answer", text=str(fault)[:500])
            problem = self._ended("crash")
            self.kill()
            return problem


class _Switch(httpx.BaseTransport):
    """Sends to whichever process the service has at present."""

    def __init__(self, send: Callable[[httpx.Request], httpx.Response]) -> None:
        self._send = send

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._send(request)


def _fill(probe: Probe, data: object) -> None:
    """Copy what the service reported, as far as it has the right form."""
    facts = json_object(data)
    try:
        probe.statements = [str(entry) for entry in facts["statements"]]
        probe.warnings = [dict(entry) for entry in facts["warnings"]]
        probe.exceptions = [dict(entry) for entry in facts["exceptions"]]
        probe.checked_out = int(facts["checked_out"])
        probe.max_checked_out = int(facts["max_checked_out"])
        probe.loop_gap = float(facts["loop_gap"])
        probe.peak_memory = int(facts["peak_memory"])
        probe.requests = [
            RequestReport(
                number=int(entry["number"]),
                method=str(entry["method"]),
                path=str(entry["path"]),
                status=entry["status"] if isinstance(entry["status"], int) else None,
                statements=[str(statement) for statement in entry["statements"]],
                endpoint=place_from_json(entry["endpoint"]),
                exception=json_object(entry["exception"]) or None,
            )
            for entry in facts["requests"]
        ]
    except (KeyError, TypeError, ValueError) as fault:
        raise RequestFailed(Problem("no_answer", text="the service's probe is unreadable")) from fault


def _fatal_place(text: str, folder: Path) -> Place | None:
    """The learner's line in what ``faulthandler`` printed about a crash."""
    for line in text.splitlines():
        part = line.strip()
        if part.startswith('File "') and '", line ' in part:
            name, _, rest = part.removeprefix('File "').partition('", line ')
            number, _, function = rest.partition(" in ")
            path = Path(name)
            if number.isdigit() and path.is_relative_to(folder):
                return Place(path.relative_to(folder).as_posix(), int(number), function)
    return None
