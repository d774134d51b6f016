"""What the service process reports about its inside. Runs in the service process.

Nothing of the learner's code is changed: the ASGI application is wrapped, SQLAlchemy is observed through its own
events, and warnings through their own hook.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from workbook.service.tracing import Tracer, innermost, name_of, text_of

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
_TRIES = 2
"""How often a lost connection is looked for: an exception can still hold it when its request ends, but not later."""
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
    endpoint: dict[str, Any] | None = None
    exception: dict[str, Any] | None = None
    ended: bool = False
    """Whether the app is done with it. A 500 is sent before its exception has come all the way out."""


@dataclass
class _Loan:
    """A connection that is out of the pool."""

    request: RequestFacts | None
    """The request that borrowed it, if it was one."""
    tries: int = 0
    """How often the garbage collector was called to bring it back."""


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
        self._max_checked_out = 0
        self._loans: dict[int, _Loan] = {}
        """The connections that are out of the pool, by the identity of the pool's record of each."""
        self._beats: asyncio.Task[None] | None = None
        self._last_beat = 0.0
        self._largest_gap = 0.0
        self._memory_before = 0

    # What the checks process asks for.

    def collect(self) -> dict[str, Any]:
        """Everything since the last ``clear``."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while self._exceptions_on_their_way() and time.monotonic() < deadline:
            time.sleep(0.002)
        with self._lock:
            return {
                "requests": [asdict(facts) for facts in self._requests],
                "statements": list(self._statements),
                "warnings": list(self._warnings),
                "exceptions": list(self._exceptions),
                "checked_out": self.checked_out,
                "max_checked_out": self._max_checked_out,
                "loop_gap": self._largest_gap,
                "peak_memory": max(0, peak_memory() - self._memory_before),
            }

    def _exceptions_on_their_way(self) -> bool:
        with self._lock:
            return any(not facts.ended and (facts.status or 0) >= 500 for facts in self._requests)

    @property
    def checked_out(self) -> int:
        """Database connections that are out of the pool now."""
        return len(self._loans)

    def clear(self) -> None:
        """Forget what was seen; connections that are checked out stay counted."""
        with self._lock:
            self._requests.clear()
            self._statements.clear()
            self._warnings.clear()
            self._exceptions.clear()
            self._max_checked_out = self.checked_out
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

    def exception_facts(self, fault: BaseException) -> dict[str, Any]:
        """An exception as JSON: class, message, the learner's line, and validation errors where it carries them."""
        fault = innermost(fault)
        place = self._tracer.of_exception(fault)
        facts: dict[str, Any] = {
            "exception": name_of(fault),
            "text": text_of(fault),
            "place": asdict(place) if place else None,
            "errors": _validation_errors(fault),
        }
        original = getattr(fault, "orig", None)  # SQLAlchemy keeps the driver's exception here
        if isinstance(original, BaseException):
            facts["original"] = text_of(original)
        return facts

    def saw_exception(self, fault: BaseException) -> None:
        """Note an exception that nothing handled."""
        with self._lock:
            if len(self._exceptions) < _KEEP:
                self._exceptions.append(self.exception_facts(fault))

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
        from sqlalchemy.pool import Pool

        def executed(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            facts = _current.get()
            with self._lock:
                if len(self._statements) < _KEEP:
                    self._statements.append(statement[:2_000])
            if facts is not None and len(facts.statements) < _KEEP:
                facts.statements.append(statement[:2_000])

        def out(_dbapi: object, record: object, _proxy: object) -> None:
            with self._lock:
                self._loans[id(record)] = _Loan(_current.get())
                self._max_checked_out = max(self._max_checked_out, self.checked_out)

        def back(_dbapi: object, record: object) -> None:
            with self._lock:
                self._loans.pop(id(record), None)

        event.listen(Engine, "before_cursor_execute", executed)
        event.listen(Pool, "checkout", out)
        event.listen(Pool, "checkin", back)

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """The same application, observed."""

        async def observed(
            scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
        ) -> None:
            if scope["type"] not in ("http", "websocket"):
                await app(scope, receive, send)
                return
            self._take_back_connections()
            facts = RequestFacts(
                number=_take_number(scope), method=str(scope.get("method", "")), path=str(scope["path"])[:500]
            )
            with self._lock:
                if len(self._requests) < _KEEP:
                    self._requests.append(facts)

            async def noting(message: Any) -> None:
                if message["type"] == "http.response.body" and facts.status in _BODILESS and message.get("body"):
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
                facts.exception = self.exception_facts(fault)
                self._note_endpoint(scope, facts)
                self.saw_exception(fault)
                raise
            finally:
                facts.ended = True
                _current.reset(token)
                self._take_back_connections()

        return observed

    def _take_back_connections(self) -> None:
        """Let the garbage collector return what a lost session borrowed, so that luck decides no verdict.

        A session that was not closed keeps its connection until the collector comes by, and that depends on everything
        that ran before. A check that looks for lost connections holds on to them itself.
        """
        loans = list(self._loans.values())
        lost = [loan for loan in loans if loan.request is not None and loan.request.ended and loan.tries < _TRIES]
        for loan in lost:
            loan.tries += 1
        if lost:
            gc.collect()

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


def _validation_errors(fault: BaseException) -> list[dict[str, Any]]:
    errors = getattr(fault, "errors", None)
    if not callable(errors) or not type(fault).__module__.startswith(("pydantic", "fastapi")):
        return []
    try:
        listed: Any = errors()
        return [
            {"loc": [str(part) for part in entry["loc"]], "msg": str(entry["msg"])[:200]} for entry in list(listed)[:5]
        ]
    except Exception:  # a look-alike of the learner's: then there is nothing to add
        return []


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
