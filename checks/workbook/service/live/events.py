"""What a live server reports while it runs: requests, prints, SQL statements, and exceptions with the learner's frames.

The same events are used within a kernel and, as lines of JSON, between a lesson's process and whoever started it.
"""

from __future__ import annotations

import json
import linecache
import re
import sys
import sysconfig
import threading
import traceback
from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    Scope = MutableMapping[str, Any]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

Kind = Literal["begun", "request", "done", "exception", "print", "sql", "ready", "ended", "port"]

MAX_EVENTS = 2_000
MAX_TEXT = 4_000
"""Characters that one event keeps: a handler that prints a megabyte must not fill a page."""


class DoesNotStart(Exception):
    """A live server does not start; the message says why, for whoever wrote the app."""


@dataclass(frozen=True)
class Event:
    """One thing that happened in a server."""

    kind: Kind
    text: str = ""
    detail: tuple[str, ...] = ()
    status: int | None = None

    def to_line(self) -> str:
        """The event as one line of JSON."""
        return json.dumps(asdict(self)) + "\n"

    def lines(self) -> list[tuple[str, bool]]:
        """What a log shows of it, and which lines are an alarm: no times, no ports, no frames of libraries."""
        match self.kind:
            case "request":
                return [(f"{'closed' if self.status is None else self.status}  {self.text}", False)]
            case "exception":
                first, *rest = self.text.splitlines() or [""]
                lines = [(f"     {first}", True), *((f"     {line}", False) for line in rest)]
                return [*lines, *((f"       {line}", False) for line in self.detail)]
            case "print":
                return [(f"     | {self.text}", False)]
            case "ready":
                return [("the server has started", False)]
            case _:
                return []

    @classmethod
    def from_line(cls, line: str) -> Event | None:
        """Read back ``to_line``; anything else is ``None``, since the learner's process writes here too."""
        try:
            data = json.loads(line)
            return cls(
                kind=data["kind"],
                text=str(data["text"])[:MAX_TEXT],
                detail=tuple(str(part)[:MAX_TEXT] for part in data["detail"]),
                status=data["status"],
            )
        except (ValueError, KeyError, TypeError):
            return None


@dataclass
class EventLog:
    """The events of one server, safe to fill from other threads."""

    events: deque[Event] = field(default_factory=lambda: deque[Event](maxlen=MAX_EVENTS))
    count: int = 0
    """How many events there ever were; a position in the log is such a number."""
    in_flight: int = 0
    """Requests that have begun and not ended, their background tasks included."""
    begun: int = 0
    """Requests that have begun."""
    answered: int = 0
    """Answers that clients of ours have got: their requests have begun, though that may not have been told yet."""
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, event: Event) -> None:
        """Keep an event, and wake whoever waits."""
        with self._changed:
            self.events.append(event)
            self.count += 1
            self.in_flight += {"begun": 1, "done": -1}.get(event.kind, 0)
            self.begun += event.kind == "begun"
            self._changed.notify_all()

    def since(self, position: int) -> list[Event]:
        """The events after a position (an earlier value of ``count``)."""
        with self._changed:
            new = self.count - position
            return list(self.events)[-new:] if new > 0 else []

    def forget_requests(self) -> None:
        """Count no request as being worked on: the process that worked on them is gone."""
        with self._changed:
            self.in_flight = 0
            self.answered = self.begun

    def wait(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Wait until the condition holds; False if it does not within that time."""
        with self._changed:
            return self._changed.wait_for(condition, timeout=seconds)

    def wait_for(self, kinds: set[Kind], position: int, *, seconds: float) -> Event | None:
        """Wait for an event of one of these kinds after a position; ``None`` if none comes within that time."""
        found: list[Event] = []

        def arrived() -> bool:
            new = self.count - position
            found[:] = [event for event in list(self.events)[-new:] if event.kind in kinds] if new > 0 else []
            return bool(found)

        self.wait(arrived, seconds=seconds)
        return found[0] if found else None

    def reason(self, position: int) -> str | None:
        """The last exception after a position, with its lines of the learner's code; ``None`` if there is none."""
        faults = [event for event in self.since(position) if event.kind == "exception"]
        return "\n".join((faults[-1].text, *faults[-1].detail)) if faults else None

    def settle(self, *, seconds: float = 1.0) -> None:
        """Wait until no request is being worked on, and all is told of those that were answered; at most that long."""
        self.wait(lambda: self.in_flight <= 0 and self.begun >= self.answered, seconds=seconds)

    def note_answer(self, _response: object) -> None:
        """Remember that a client has got an answer: what is told of its request may still be under way."""
        with self._changed:
            self.answered += 1


class Recorder:
    """An ASGI application around another one that reports what passes through.

    Args:
        app: the application to serve.
        emit: called with each event, in the server's process.
        root: the lesson folder, if frames are to be named by their path in it.
    """

    def __init__(self, app: AsgiApp, emit: Callable[[Event], None], *, root: Path | None = None) -> None:
        self._app = app
        self._emit = emit
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the app's start and end."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            self._emit(exception_event(error, root=self._root))
            raise

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = None

        async def watch(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
            await send(message)

        query = scope.get("query_string", b"").decode("latin-1")
        path = scope.get("raw_path", b"").decode("latin-1") or scope["path"]
        name = f"{scope.get('method', 'WEBSOCKET')} {path}{'?' + query if query else ''}"
        self._emit(Event("begun", name))
        fault: Exception | None = None
        try:
            await self._app(scope, receive, watch)
        except Exception as error:
            fault = error
            if status is None and scope["type"] == "http":
                await watch(
                    {"type": "http.response.start", "status": 500, "headers": [(b"content-type", b"text/plain")]}
                )
                await watch({"type": "http.response.body", "body": b"Internal Server Error"})
        finally:
            self._emit(Event("request", name, status=status))
            if fault is not None:
                self._emit(exception_event(fault, root=self._root))
            self._emit(Event("done"))


def exception_event(error: BaseException, *, root: Path | None, kind: Kind = "exception") -> Event:
    """An exception as an event: its name and text, and the frames that are the learner's own."""
    error = _innermost(error)
    text = re.sub(r'(?m)^\s*File "[^"]*", line \d+, in .*\n(?:\s{4,}.*\n?)?', "", str(error)).strip()
    name = type(error).__name__
    lines = text.splitlines() or [""]
    if isinstance(error, SyntaxError):
        lines = [error.msg or "invalid syntax"]
    shown = "\n".join([*lines[:6], *(["…"] if len(lines) > 6 else [])])
    return Event(kind, f"{name}: {shown}".rstrip(": "), detail=tuple(_frames(error, root)))


def _innermost(error: BaseException) -> BaseException:
    """The one exception in a group of one: middleware wraps what it lets through."""
    inner: Any = error
    while isinstance(inner, BaseExceptionGroup) and len(cast("Any", inner).exceptions) == 1:
        inner = cast("Any", inner).exceptions[0]
    return cast("BaseException", inner)


def _frames(error: BaseException, root: Path | None) -> list[str]:
    frames = [
        (frame.filename, frame.lineno or 0, f", in {frame.name}" if frame.name != "<module>" else "")
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno or 0, ""))
    shown: list[str] = []
    for filename, number, where in frames:
        place = _place(filename, root)
        if place:
            source = linecache.getline(filename, number).strip()
            shown += [f"{place}, line {number}{where}", *([f"    {source}"] if source else [])]
    return shown


def _place(filename: str, root: Path | None) -> str | None:
    """What to call a file of the learner's; ``None`` for a library's, Python's or the workbook's own."""
    if "ipykernel_" in filename or filename.startswith("<ipython-input"):
        return "this notebook"
    path = Path(filename)
    if root is not None:
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else None
    if filename.startswith("<") or any(path.is_relative_to(folder) for folder in _libraries()):
        return None
    return path.name


def _libraries() -> list[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = [Path(sysconfig.get_paths()[name]) for name in names]
    return [*folders, Path(sys.prefix), Path(__file__).parents[1]]
