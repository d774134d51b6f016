"""What the service process reports about its inside. Runs in the service process.

Nothing of the learner's code is changed: the ASGI application is wrapped, SQLAlchemy is observed through its own
events, and warnings through their own hook.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbook.service.child.connections import Connections
from workbook.service.child.exceptions import exception_facts
from workbook.service.child.tracing import Tracer, text_of

Scope = MutableMapping[str, Any]
ASGIApp = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

REQUEST_HEADER = b"x-workbook-request"
"""Carries the number of a check's request; removed before the learner's app sees the request."""

_KEEP = 2_000
"""Entries kept of each kind; later ones only count."""
_SETTLE_SECONDS = 0.5
"""How long an exception may take from its 500 to the outermost layer."""
_BODILESS = (204, 304)
"""Statuses of answers that have no body: RFC 9110, sections 15.3.5 and 15.4.5."""
_REFUSALS = 10
"""How many refusals of the database are kept for a request."""
_BEAT = 0.005
"""Seconds between two heartbeats of the event loop."""


@dataclass
class RequestFacts:
    """What happened inside while one request was answered."""

    number: int
    method: str
    path: str
    status: int | None = None
    statements: list[str] = field(default_factory=list[str])
    refusals: list[str] = field(default_factory=list[str])
    """What the database said to statements that it did not take, handled by the app or not."""
    endpoint: dict[str, Any] | None = None
    exception: dict[str, Any] | None = None
    ended: bool = False
    """Whether the app is done with it. A 500 is sent before its exception has come all the way out."""


_current: ContextVar[RequestFacts | None] = ContextVar("workbook_request", default=None)


class Probes:
    """Everything that is observed, ready to be sent as JSON."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        # The garbage collector can return a lost connection while this thread holds the lock.
        self._lock = threading.RLock()
        self._requests: list[RequestFacts] = []
        self._statements: list[str] = []
        self._warnings: list[dict[str, Any]] = []
        self._exceptions: list[dict[str, Any]] = []
        self.connections = Connections(_current.get)
        self._beats: asyncio.Task[None] | None = None
        self._last_beat = 0.0
        self._largest_gap = 0.0
        self._memory_before = 0

    # What the checks process asks for.

    def collect(self, *, settled: bool = False) -> dict[str, Any]:
        """Everything since the last ``clear``.

        Args:
            settled: wait until the app is done with each request that it has answered, and not only with a crash.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while self._still_busy(from_status=200 if settled else 500) and time.monotonic() < deadline:
            time.sleep(0.002)
        with self._lock:
            return {
                "requests": [asdict(facts) for facts in self._requests],
                "statements": list(self._statements),
                "warnings": list(self._warnings),
                "exceptions": list(self._exceptions),
                "checked_out": self.connections.out,
                "max_checked_out": self.connections.most_out,
                "opened": self.connections.opened,
                "lost": self.connections.lost,
                "loop_gap": self._largest_gap,
                "peak_memory": max(0, peak_memory() - self._memory_before),
            }

    def _still_busy(self, *, from_status: int) -> bool:
        with self._lock:
            return any(not facts.ended and (facts.status or 0) >= from_status for facts in self._requests)

    def clear(self) -> None:
        """Forget what was seen; connections that are checked out stay counted."""
        with self._lock:
            self._requests.clear()
            self._statements.clear()
            self._warnings.clear()
            self._exceptions.clear()
            self.connections.clear()
            self._largest_gap = 0.0

    def measure_memory(self) -> None:
        """Start measuring the growth of peak resident memory from here."""
        reset_peak_memory()
        self._memory_before = peak_memory()

    def start_heartbeat(self, loop: asyncio.AbstractEventLoop) -> None:
        """Start measuring the gaps of the event loop. Runs on that loop."""
        if self._beats is None or self._beats.done():
            self._largest_gap = 0.0
            self._last_beat = time.monotonic()
            self._beats = loop.create_task(self._beat())

    def stop_heartbeat(self, _loop: asyncio.AbstractEventLoop) -> None:
        """Stop measuring. Runs on the loop."""
        if self._beats is not None:
            self._note_gap()
            self._beats.cancel()
            self._beats = None

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT)
            self._note_gap()

    def _note_gap(self) -> None:
        now = time.monotonic()
        self._largest_gap = max(self._largest_gap, now - self._last_beat - _BEAT)
        self._last_beat = now

    # What is observed.

    def saw_exception(self, fault: BaseException) -> None:
        """Note an exception that nothing handled."""
        with self._lock:
            if len(self._exceptions) < _KEEP:
                self._exceptions.append(exception_facts(fault, self._tracer))

    def watch_warnings(self) -> None:
        """Note warnings instead of printing them: those from the learner's files, and un-awaited coroutines."""
        warnings.simplefilter("default")

        def note(
            message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object, **__: object
        ) -> None:
            text = str(message)[:500]
            place = self._tracer.place(filename, lineno)
            if place is None and "was never awaited" not in text:
                return
            with self._lock:
                if len(self._warnings) < _KEEP:
                    self._warnings.append(
                        {"category": category.__name__, "text": text, "place": asdict(place) if place else None}
                    )

        warnings.showwarning = note

    def watch_sql(self) -> None:
        """Count SQL statements and connections of every engine, present and future, if SQLAlchemy is loaded."""
        if "sqlalchemy" not in sys.modules:
            return
        from sqlalchemy import event
        from sqlalchemy.engine import Engine

        def executed(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            facts = _current.get()
            with self._lock:
                if len(self._statements) < _KEEP:
                    self._statements.append(statement[:2_000])
            if facts is not None and len(facts.statements) < _KEEP:
                facts.statements.append(statement[:2_000])

        def refused(context: Any) -> None:
            facts = _current.get()
            if facts is not None and len(facts.refusals) < _REFUSALS:
                facts.refusals.append(text_of(context.original_exception))

        event.listen(Engine, "before_cursor_execute", executed)
        event.listen(Engine, "handle_error", refused)
        self.connections.watch()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The same application, observed."""

        async def observed(
            scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
        ) -> None:
            if scope["type"] not in ("http", "websocket"):
                await app(scope, receive, send)
                return
            self.connections.take_back_lost()
            facts = RequestFacts(
                number=_take_number(scope), method=str(scope.get("method", "")), path=str(scope["path"])[:500]
            )
            with self._lock:
                if len(self._requests) < _KEEP:
                    self._requests.append(facts)

            complete = False

            async def noting(message: Any) -> None:
                nonlocal complete
                if message["type"] == "http.response.body":
                    complete = not message.get("more_body")
                    if facts.status in _BODILESS and message.get("body"):
                        # Written to the connection, it would be read as the beginning of the next answer.
                        self._saw_body(facts, len(message["body"]))
                        message = {**message, "body": b""}
                if message["type"] == "http.response.start":
                    facts.status = message["status"]
                    if message["status"] in _BODILESS:
                        message = {**message, "headers": _without_length(message.get("headers", ()))}
                    if message["status"] >= 500:
                        # uvicorn closes the connection after an unhandled exception, but does not say so: the checks'
                        # next request would be lost on it.
                        message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
                    self._note_endpoint(scope, facts)
                await send(message)

            token = _current.set(facts)
            try:
                await app(scope, receive, noting)
            except Exception as fault:
                facts.exception = exception_facts(fault, self._tracer)
                self._note_endpoint(scope, facts)
                self.saw_exception(fault)
                # uvicorn would close the connection, and the checks' next request be lost on it. What fails after a
                # complete answer is no business of the next request.
                if not complete or (facts.status or 0) >= 500:
                    raise
            finally:
                facts.ended = True
                _current.reset(token)
                self.connections.take_back_lost()

        return observed

    def _saw_body(self, facts: RequestFacts, length: int) -> None:
        text = f"an answer {facts.status} has no body, and {length} bytes were sent after it"
        with self._lock:
            self._exceptions.append(
                {"exception": "BodyNotAllowed", "text": text, "place": facts.endpoint, "errors": []}
            )

    def _note_endpoint(self, scope: Scope, facts: RequestFacts) -> None:
        endpoint = scope.get("endpoint")
        if facts.endpoint is None and callable(endpoint):
            place = self._tracer.of_function(endpoint)
            facts.endpoint = asdict(place) if place else None


def _without_length(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, value in headers if name.lower() != b"content-length"]


def _take_number(scope: Scope) -> int:
    number = 0
    kept: list[tuple[bytes, bytes]] = []
    for name, value in scope["headers"]:
        if name == REQUEST_HEADER:
            number = int(value) if value.isdigit() else 0
        else:
            kept.append((name, value))
    scope["headers"] = kept
    return number


def peak_memory() -> int:
    """Peak resident memory of this process, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if sys.platform == "win32":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def reset_peak_memory() -> None:
    """Let the kernel forget the peak, where it can (Linux: proc(5), clear_refs)."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        try:
            clear.write_text("5")
        except OSError:  # refused in some containers: then growth is measured from the old peak
            return
