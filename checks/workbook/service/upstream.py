"""The upstream: a real HTTP server, run by the checks, that plays the third-party API a learner's app calls.

A check scripts its answers, lets the app call it, and then reads the log of what was asked::

    upstream.answer("/r/recipes/top", json={"posts": []})
    upstream.barrier(3)
    assert client.get("/ideas").status_code == 200
    assert upstream.barrier_met

Concurrency is proven without a stopwatch: with a barrier, no request is answered until so many are in flight at once.
A request is in flight from the moment it was read whole until its answer begins to be sent, so a client that asks
one thing after the other never has two. One that the client gave up no longer counts.
"""

from __future__ import annotations

import json as jsonlib
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Literal, Self, get_args
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

BODY_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one request body that are read; a longer one is answered 413."""
LOG_LIMIT: Final = 10_000
"""Requests that the log holds between two resets; further ones are answered 503."""
LOG_BYTES: Final = 100 * 1024 * 1024
"""Bytes of request bodies that the log holds between two resets; further requests are answered 503."""
CONNECTION_LIMIT: Final = 1_000
"""Connections open at once; further ones are closed at once."""

How = Literal["drop", "reset", "truncate", "garbage", "hang", "drip"]

_UNSET: Final[Any] = object()
_DRIP_SECONDS = 0.05
_PATH_SAFE = "/*%:@!$&'()+,;=~"
"""Kept as they are in a scripted path; the rest is percent-encoded, as clients do."""


@dataclass(frozen=True)
class Request:
    """One request that reached the upstream."""

    method: str
    path: str
    """As it was sent: still percent-encoded, without the query."""
    query: dict[str, list[str]]
    headers: dict[str, str]
    """Names in lower case; the values of a repeated header are joined with ``", "``."""
    body: bytes
    connection: int
    """The number of the TCP connection it came over: equal for requests that shared one."""

    def json(self) -> Any:
        """The body read as JSON.

        Raises:
            ValueError: it is not JSON.
        """
        return jsonlib.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What the upstream sends back. At most one of ``json``, ``text`` and ``body`` is given."""

    status: int = 200
    json: Any = _UNSET
    text: str | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delay: float = 0.0
    """Seconds to wait before it is sent."""

    def encode(self) -> bytes:
        """The answer as the bytes of an HTTP message.

        Raises:
            ValueError: more than one kind of body is given.
            TypeError: ``json`` holds something that JSON has no form for.
        """
        content, kind = self._content()
        headers = {"content-type": kind, "content-length": str(len(content))}
        if self.status < HTTPStatus.OK or self.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            headers, content = {}, b""
        elif not content and kind == "application/octet-stream":
            del headers["content-type"]
        headers |= {name.lower(): value for name, value in self.headers.items()}
        return _head(self.status, headers) + content

    def _content(self) -> tuple[bytes, str]:
        if sum((self.json is not _UNSET, self.text is not None, self.body is not None)) > 1:
            raise ValueError("an answer has json, text or body, not several of them")
        if self.json is not _UNSET:
            return jsonlib.dumps(self.json).encode(), "application/json"
        if self.text is not None:
            return self.text.encode(), "text/plain; charset=utf-8"
        return self.body or b"", "application/octet-stream"


Responder = Callable[[Request], Answer]


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join((*lines, "", "")).encode("latin-1")


@dataclass
class _Script:
    """What to do with the requests that match; ``left`` counts down the times, None is for ever."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    what: Answer | Responder | How
    left: int | None

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        return self.method, self.path, self.query

    @property
    def vagueness(self) -> tuple[int, int, int, bool]:
        """Sorts exact scripts before those with wildcards and without a query."""
        wild = sum("*" in value for _, value in self.query)
        return self.path.count("*"), -len(self.query), wild, self.method == "*"

    def matches(self, request: Request) -> bool:
        method = "GET" if request.method == "HEAD" and self.method == "GET" else request.method
        return (
            self.method in ("*", method)
            and _fits(self.path, quote(request.path, safe=_PATH_SAFE))
            and all(any(_fits(pattern, value) for value in request.query.get(name, ())) for name, pattern in self.query)
        )


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


@dataclass
class _Barrier:
    needs: int
    timeout: float
    state: Literal["waiting", "met", "missed"] = "waiting"
    deadline: float | None = None


@dataclass(eq=False)
class _Flight:
    """One request between being read and being answered."""

    request: Request
    sock: socket.socket
    over: threading.Event
    """Set when the check that it belongs to is over: by ``reset``, ``release`` or ``stop``."""


class _CutShort(Exception):
    """The client closed the connection in the middle of a request."""


class _TooLarge(Exception):
    """A request body is beyond the limit."""


class Upstream:
    """A real HTTP/1.1 server on 127.0.0.1 with scripted answers, faults, a barrier, and a log of what it was asked.

    It is a context manager; every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._listener: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._open: dict[threading.Thread, socket.socket] = {}
        self._accepted = 0
        self._forget()

    def _forget(self) -> None:
        self._scripts: list[_Script] = []
        self._log: list[Request] = []
        self._log_bytes = 0
        self._flights: set[_Flight] = set()
        self._max_in_flight = 0
        self._connections = 0
        self._barrier: _Barrier | None = None
        self._over = threading.Event()
        self.errors: list[Exception] = []
        """What responders raised; each such request was answered 500. A fault of the check, not of the learner."""

    # Start and stop

    def start(self) -> Self:
        """Listen on a free port. Does nothing when it is already running."""
        with self._changed:
            if self._listener is None:
                self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
                self._acceptor = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
                self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close every socket, end every thread, and forget everything. Does nothing when it is not running."""
        with self._changed:
            listener, self._listener = self._listener, None
            acceptor, self._acceptor = self._acceptor, None
        if listener is None or acceptor is None:
            return
        # Closing a socket does not wake a thread that waits in accept(); one more connection does, on every system.
        with socket.create_connection(listener.getsockname()):
            acceptor.join()
        listener.close()
        self.reset()
        with self._changed:
            workers = dict(self._open)
        for sock in workers.values():
            _shut(sock)
        for thread in workers:
            thread.join(timeout=5.0)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end: ``http://127.0.0.1:PORT``.

        Raises:
            RuntimeError: it is not running.
        """
        listener = self._listener
        if listener is None:
            raise RuntimeError("the upstream is not running: call start() or use it in a with statement")
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def reset(self) -> None:
        """Drop all scripts, the log and the barrier, and let go of every request that still waits.

        Connections that are idle stay open, as a client's pool expects.
        """
        with self._changed:
            self._over.set()
            self._forget()
            self._changed.notify_all()

    # Scripts

    def answer(
        self,
        path: str,
        respond: Responder | None = None,
        *,
        json: Any = _UNSET,
        text: str | None = None,
        body: bytes | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        delay: float = 0.0,
        times: int | None = None,
    ) -> None:
        """Script the answer to a path.

        Scripts of the same method and path are used up in the order they were given. One without ``times`` lasts for
        ever, until another one for the same method and path replaces it.

        Args:
            path: the path, with ``*`` for any text. A query, as in ``/search?q=soup&page=*``, must be among what was
                asked; what else was asked does not matter. The most exact script wins.
            respond: instead of a fixed answer, a function that makes one from each request.
            json: the body, sent as JSON.
            text: the body, sent as plain text.
            body: the body as bytes, sent without a content type unless ``headers`` has one.
            status: the status code.
            headers: more headers.
            method: the method, or ``*`` for any. HEAD is answered like GET, without the body.
            delay: seconds before the answer is sent.
            times: how often it is used; None is for ever.

        Raises:
            ValueError, TypeError: the answer cannot be sent.
        """
        fixed = Answer(status=status, json=json, text=text, body=body, headers=headers or {}, delay=delay)
        fixed.encode()
        self._add(method, path, fixed if respond is None else respond, times)

    def fail(self, path: str, how: How, *, method: str = "GET", times: int | None = None) -> None:
        """Script a fault instead of an answer; it queues with the answers of the same method and path.

        Args:
            path: as for ``answer``.
            how: ``drop`` closes the connection without an answer; ``reset`` aborts it (TCP RST); ``truncate`` sends
                less than its content-length says; ``garbage`` sends something that is not HTTP; ``hang`` never
                answers, until ``release``; ``drip`` sends a header, then one byte every 50 ms without an end.
            method: the method, or ``*`` for any.
            times: how often; None is for ever.

        Raises:
            ValueError: there is no such fault.
        """
        if how not in get_args(How):
            raise ValueError(f"how is one of {', '.join(get_args(How))}, not {how!r}")
        self._add(method, path, how, times)

    def _add(self, method: str, path: str, what: Answer | Responder | How, times: int | None) -> None:
        route, _, query = path.partition("?")
        script = _Script(
            method=method.upper(),
            path=quote(route, safe=_PATH_SAFE),
            query=tuple(parse_qsl(query, keep_blank_values=True)),
            what=what,
            left=times,
        )
        with self._changed:
            self._scripts = [old for old in self._scripts if old.key != script.key or old.left is not None]
            self._scripts.append(script)

    def barrier(self, n: int, timeout: float = 2.0) -> None:
        """Hold back every answer until ``n`` requests are in flight at the same time; then answer them all.

        Once met, it stays open. If ``timeout`` passes first, the requests that wait and all later ones are answered
        503, and ``barrier_met`` stays False.

        Args:
            n: how many requests must be in flight.
            timeout: seconds, counted from the first request. Keep it below the time the checks give the service.
        """
        with self._changed:
            self._barrier = _Barrier(n, timeout)

    def release(self) -> None:
        """Let go of the requests that wait now (hanging, dripping or delayed): their connections are closed."""
        with self._changed:
            self._over.set()
            self._over = threading.Event()
            self._changed.notify_all()

    # What was seen

    @property
    def barrier_met(self) -> bool:
        """Whether as many requests as the barrier needs were in flight at once."""
        with self._changed:
            return self._barrier is not None and self._barrier.state == "met"

    @property
    def requests(self) -> list[Request]:
        """Every request since the last reset, in the order of arrival; a copy."""
        with self._changed:
            return list(self._log)

    @property
    def max_in_flight(self) -> int:
        """The most requests that were in flight at the same time since the last reset."""
        with self._changed:
            return self._max_in_flight

    @property
    def connections(self) -> int:
        """TCP connections accepted since the last reset."""
        with self._changed:
            return self._connections

    def wait_for(self, n: int, timeout: float = 5.0) -> bool:
        """Wait until ``n`` requests have arrived since the last reset.

        Args:
            n: how many.
            timeout: seconds.

        Returns:
            Whether they arrived in time.
        """
        with self._changed:
            return self._changed.wait_for(lambda: len(self._log) >= n, timeout)

    # Inside

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                time.sleep(0.01)  # out of file descriptors, or the client was gone already
                continue
            with self._changed:
                if self._listener is not listener:
                    sock.close()
                    return
                self._accepted += 1
                self._connections += 1
                if len(self._open) >= CONNECTION_LIMIT:
                    sock.close()
                    continue
                worker = threading.Thread(target=self._work, args=(sock, self._accepted), daemon=True)
                self._open[worker] = sock
            worker.start()

    def _work(self, sock: socket.socket, number: int) -> None:
        try:
            _Connection(sock, number, take_off=self._take_off, decide=self._decide, land=self._land)
        except OSError:
            pass  # the client went away
        finally:
            with self._changed:
                del self._open[threading.current_thread()]
                sock.close()

    def _take_off(self, request: Request, sock: socket.socket) -> _Flight | None:
        """Log a request; None when the log is full."""
        with self._changed:
            if len(self._log) >= LOG_LIMIT or self._log_bytes + len(request.body) > LOG_BYTES:
                return None
            flight = _Flight(request, sock, self._over)
            self._log.append(request)
            self._log_bytes += len(request.body)
            self._flights.add(flight)
            flying = sum(not _gone(other.sock) for other in self._flights)
            self._max_in_flight = max(self._max_in_flight, flying)
            barrier = self._barrier
            if barrier is not None and barrier.state == "waiting":
                barrier.deadline = barrier.deadline or time.monotonic() + barrier.timeout
                if flying >= barrier.needs:
                    barrier.state = "met"
            self._changed.notify_all()
            return flight

    def _land(self, flight: _Flight) -> None:
        with self._changed:
            self._flights.discard(flight)

    def _passes_barrier(self, flight: _Flight) -> bool:
        with self._changed:
            barrier = self._barrier
            if barrier is None:
                return True
            while barrier.state == "waiting" and not flight.over.is_set():
                left = (barrier.deadline or 0.0) - time.monotonic()
                if left <= 0:
                    barrier.state = "missed"
                    self._changed.notify_all()
                else:
                    self._changed.wait(left)
            return barrier.state != "missed"

    def _choose(self, request: Request) -> Answer | How:
        with self._changed:
            matching = [script for script in self._scripts if script.matches(request)]
            usable = [script for script in matching if script.left != 0]
            script = min(usable, key=lambda script: script.vagueness, default=None)
            if script is not None and script.left is not None:
                script.left -= 1
        if script is None:
            why = "no further answer" if matching else "no answer"
            return Answer(404, json={"detail": f"the upstream has {why} for {request.method} {request.path}"})
        if not callable(script.what):
            return script.what
        try:
            answer = script.what(request)
            answer.encode()
        except Exception as error:
            with self._changed:
                self.errors.append(error)
            return Answer(500, json={"detail": "the upstream's responder failed"})
        return answer

    def _decide(self, flight: _Flight) -> Answer | How:
        """What to do with a request, after it has waited at the barrier."""
        if not self._passes_barrier(flight):
            return Answer(503, json={"detail": "the upstream waited in vain for more requests at the same time"})
        return self._choose(flight.request)


class _Connection(BaseHTTPRequestHandler):
    """One TCP connection: reads its requests one after the other and does what the upstream decides."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(
        self,
        sock: socket.socket,
        number: int,
        *,
        take_off: Callable[[Request, socket.socket], _Flight | None],
        decide: Callable[[_Flight], Answer | How],
        land: Callable[[_Flight], None],
    ) -> None:
        # The base class wants a socketserver; all that it does with one is to keep it.
        self.take_off = take_off
        self.decide = decide
        self.land = land
        self.request = sock
        self.client_address = ("127.0.0.1", 0)
        self.number = number
        self.setup()
        try:
            self.handle()
        finally:
            self.finish()

    def handle_one_request(self) -> None:
        """Read one request and answer it."""
        self.close_connection = True
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or len(self.raw_requestline) > 65_536:
            return
        if not self.parse_request():  # which has answered already; else it has set close_connection from the headers
            self.close_connection = True
            return
        try:
            request = self._read_request()
        except _CutShort:
            self.close_connection = True
            return
        except (_TooLarge, ValueError) as fault:
            status = 413 if isinstance(fault, _TooLarge) else 400
            self._refuse(status, "the upstream cannot read this request")
            return
        flight = self.take_off(request, self.connection)
        if flight is None:
            self._refuse(503, "the upstream's log is full")
            return
        try:
            self._act(flight, self.decide(flight))
        finally:
            self.land(flight)

    def _act(self, flight: _Flight, what: Answer | How) -> None:
        if isinstance(what, Answer):
            if flight.over.wait(what.delay) if what.delay > 0 else flight.over.is_set():
                self.close_connection = True
                return
            self.land(flight)
            self._send(what)
            return
        self.close_connection = True
        match what:
            case "drop":
                pass
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case "truncate":
                part = b'{"detail": "this answer is cut sho'
                self.land(flight)
                self.connection.sendall(
                    _head(200, {"content-type": "application/json", "content-length": str(len(part) + 1_000)}) + part
                )
            case "garbage":
                self.land(flight)
                self.connection.sendall(b"\x16\x03\x01 this is not HTTP \xff\xfe\r\n\r\n")
            case "hang":
                flight.over.wait()
            case "drip":
                self.connection.sendall(
                    _head(200, {"content-type": "application/json", "content-length": str(BODY_LIMIT)})
                )
                while not flight.over.wait(_DRIP_SECONDS):
                    self.connection.sendall(b" ")

    def _send(self, answer: Answer) -> None:
        message = answer.encode()
        if self.command == "HEAD":
            message = message[: message.index(b"\r\n\r\n") + 4]
        if any(name.lower() == "connection" and value.lower() == "close" for name, value in answer.headers.items()):
            self.close_connection = True
        self.connection.sendall(message)

    def _refuse(self, status: int, why: str) -> None:
        """Answer and close. What was not read yet is read first, for a while: else a TCP RST overtakes the answer."""
        self._send(Answer(status, json={"detail": why}, headers={"connection": "close"}))
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(1.0)
        for _ in range(BODY_LIMIT // 65_536):
            if not self.connection.recv(65_536):
                break

    def _read_request(self) -> Request:
        # Not self.path: there the base class has joined leading slashes, and a doubled one is worth seeing.
        target = self.requestline.split()[1]
        if not target.startswith("/"):
            address = urlsplit(target)
            target = f"{address.path}?{address.query}"
        path, _, query = target.partition("?")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            known = headers.get(name.lower())
            headers[name.lower()] = value if known is None else f"{known}, {value}"
        return Request(
            method=self.command,
            path=path,
            query=parse_qs(query, keep_blank_values=True, max_num_fields=1_000),
            headers=headers,
            body=self._read_body(),
            connection=self.number,
        )

    def _read_body(self) -> bytes:
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            return self._read_chunks()
        length = int(self.headers.get("content-length", "0"))
        if length < 0:
            raise ValueError(length)
        if length > BODY_LIMIT:
            raise _TooLarge
        return self._read(length)

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while size := int(self._line().partition(b";")[0], 16):
            if size < 0:
                raise ValueError(size)
            if len(body) + size > BODY_LIMIT:
                raise _TooLarge
            body += self._read(size)
            self._line()
        for _ in range(100):  # trailers, which nobody needs
            if not self._line().strip():
                return bytes(body)
        raise _TooLarge

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise _CutShort
        return data

    def _line(self) -> bytes:
        line = self.rfile.readline(8_192)
        if not line.endswith(b"\n"):
            raise _CutShort
        return line

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the log is for the check to read."""


def _gone(sock: socket.socket) -> bool:
    """Whether the client has closed its end."""
    try:
        if not hasattr(socket, "MSG_DONTWAIT"):
            return bool(select.select([sock], [], [], 0)[0]) and not sock.recv(1, socket.MSG_PEEK)
        return not sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # closed already
        sock.shutdown(socket.SHUT_RDWR)
