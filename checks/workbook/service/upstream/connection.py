"""One TCP connection to the upstream: its requests read, and answered or failed as scripted."""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import parse_qs, urlsplit

from workbook.service.upstream.messages import Answer, Request, head
from workbook.service.upstream.scripts import How

BODY_LIMIT: Final = 10 * 1024 * 1024
"""Bytes of one request body that are read; a longer one is answered 413."""
_DRIP_SECONDS = 0.05


@dataclass(eq=False)
class InFlight:
    """One request between being read and being answered."""

    request: Request
    sock: socket.socket
    over: threading.Event
    """Set when the check that it belongs to is over: by ``reset``, ``release`` or ``stop``."""


class _CutShort(Exception):
    """The client closed the connection in the middle of a request."""


class _TooLarge(Exception):
    """A request body is beyond the limit."""


class Connection(BaseHTTPRequestHandler):
    """One TCP connection: reads its requests one after the other and does what the upstream decides."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(
        self,
        sock: socket.socket,
        number: int,
        *,
        begin: Callable[[Request, socket.socket], InFlight | None],
        decide: Callable[[InFlight], Answer | How],
        end: Callable[[InFlight], None],
    ) -> None:
        # The base class wants a socketserver; all that it does with one is to keep it.
        self.begin = begin
        self.decide = decide
        self.end = end
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
        flight = self.begin(request, self.connection)
        if flight is None:
            self._refuse(503, "the upstream's log is full")
            return
        try:
            self._act(flight, self.decide(flight))
        finally:
            self.end(flight)

    def _act(self, flight: InFlight, what: Answer | How) -> None:
        if isinstance(what, Answer):
            if flight.over.wait(what.delay) if what.delay > 0 else flight.over.is_set():
                self.close_connection = True
                return
            self.end(flight)
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
                self.end(flight)
                self.connection.sendall(
                    head(200, {"content-type": "application/json", "content-length": str(len(part) + 1_000)}) + part
                )
            case "garbage":
                self.end(flight)
                self.connection.sendall(b"\x16\x03\x01 this is not HTTP \xff\xfe\r\n\r\n")
            case "hang":
                flight.over.wait()
            case "drip":
                self.connection.sendall(
                    head(200, {"content-type": "application/json", "content-length": str(BODY_LIMIT)})
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


def gone(sock: socket.socket) -> bool:
    """Whether the client has closed its end."""
    try:
        if not hasattr(socket, "MSG_DONTWAIT"):
            return bool(select.select([sock], [], [], 0)[0]) and not sock.recv(1, socket.MSG_PEEK)
        return not sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
