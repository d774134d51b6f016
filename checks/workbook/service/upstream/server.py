"""The upstream's server: its scripts, its barrier, and its log of what it was asked."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args
from urllib.parse import parse_qsl, quote

from workbook.service.upstream.connection import Connection, InFlight, gone
from workbook.service.upstream.messages import UNSET, Answer, Request, Responder
from workbook.service.upstream.scripts import PATH_SAFE, How, Script

LOG_LIMIT: Final = 10_000
"""Requests that the log holds between two resets; further ones are answered 503."""
LOG_BYTES: Final = 100 * 1024 * 1024
"""Bytes of request bodies that the log holds between two resets; further requests are answered 503."""
CONNECTION_LIMIT: Final = 1_000
"""Connections open at once; further ones are closed at once."""


@dataclass
class _Barrier:
    needs: int
    timeout: float
    state: Literal["waiting", "met", "missed"] = "waiting"
    deadline: float | None = None


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
        self._scripts: list[Script] = []
        self._log: list[Request] = []
        self._log_bytes = 0
        self._flights: set[InFlight] = set()
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
        json: Any = UNSET,
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
        script = Script(
            method=method.upper(),
            path=quote(route, safe=PATH_SAFE),
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
    def in_flight(self) -> int:
        """The requests that wait for their answer now, with a client that still listens."""
        with self._changed:
            return sum(not gone(flight.sock) for flight in self._flights)

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
            Connection(sock, number, begin=self._begin, decide=self._decide, end=self._end)
        except OSError:
            pass  # the client went away
        finally:
            with self._changed:
                del self._open[threading.current_thread()]
                sock.close()

    def _begin(self, request: Request, sock: socket.socket) -> InFlight | None:
        """Log a request; None when the log is full."""
        with self._changed:
            if len(self._log) >= LOG_LIMIT or self._log_bytes + len(request.body) > LOG_BYTES:
                return None
            flight = InFlight(request, sock, self._over)
            self._log.append(request)
            self._log_bytes += len(request.body)
            self._flights.add(flight)
            flying = sum(not gone(other.sock) for other in self._flights)
            self._max_in_flight = max(self._max_in_flight, flying)
            barrier = self._barrier
            if barrier is not None and barrier.state == "waiting":
                barrier.deadline = barrier.deadline or time.monotonic() + barrier.timeout
                if flying >= barrier.needs:
                    barrier.state = "met"
            self._changed.notify_all()
            return flight

    def _end(self, flight: InFlight) -> None:
        with self._changed:
            self._flights.discard(flight)

    def _passes_barrier(self, flight: InFlight) -> bool:
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

    def _decide(self, flight: InFlight) -> Answer | How:
        """What to do with a request, after it has waited at the barrier."""
        if not self._passes_barrier(flight):
            return Answer(503, json={"detail": "the upstream waited in vain for more requests at the same time"})
        return self._choose(flight.request)


def _shut(sock: socket.socket) -> None:
    with suppress(OSError):  # closed already
        sock.shutdown(socket.SHUT_RDWR)
