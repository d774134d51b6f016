"""A service that is none: it speaks on both connections whatever a test has written down."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbook.service.parent.output import Output
from workbook.service.parent.process import Launcher, Process
from workbook.service.protocol.channel import Channel
from workbook.service.protocol.spec import Limits, Spec

READY = ['{"event": "importing"}\n', '{"event": "ready"}\n']
PROBE: dict[str, Any] = {
    "requests": [],
    "statements": [],
    "warnings": [],
    "exceptions": [],
    "checked_out": 0,
    "max_checked_out": 0,
    "opened": 0,
    "lost": 0,
    "loop_gap": 0.0,
    "peak_memory": 0,
}
_RESULTS: dict[str, Any] = {
    "begin": {"out": 0, "stuck": False},
    "collect": PROBE,
    "watch": None,
    "unwatch": PROBE,
    "routes": {"paths": {}},
    "omissions": [],
}


@dataclass(frozen=True)
class Script:
    """What a made-up service does. Texts stand for bytes, one character for each."""

    start: list[str] = field(default_factory=lambda: list(READY))
    """What it sends over the control channel by itself."""
    answers: dict[str, str] = field(default_factory=dict[str, str])
    """What it sends for a command; ID stands for the command's number. A command without one is answered well."""
    responses: list[str] = field(default_factory=list[str])
    """What it sends for each request on a connection, in turn, from the first one again after the last."""
    pause: float = 0.0
    """Seconds before each byte of a response; 0 sends all at once."""
    printed: str = ""
    status: int | None = None
    """Its exit status, if it seems to end after its start."""

    def answer(self, command: dict[str, Any]) -> bytes:
        """What it sends for a command."""
        number, name = command.get("id"), str(command.get("do"))
        if name in self.answers:
            return self.answers[name].replace("ID", str(number)).encode("latin-1")
        return json.dumps({"id": number, "result": _RESULTS.get(name)}).encode() + b"\n"


class MadeUpLauncher(Launcher):
    """Starts made-up services, which are threads of this process."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script

    def start(self, spec: Spec, limits: Limits) -> Process:
        """Start a service: nothing of the spec matters."""
        del spec
        home = self.new_home()
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(home / "s"))
        listener.listen(16)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        reader, writer = os.pipe()
        output = Output(reader, limits.output, lambda: None)
        _in_thread(lambda: _print(writer, self.script.printed))
        _in_thread(lambda: self._control(theirs))
        _in_thread(lambda: self._serve(listener))

        def kill() -> None:
            for connection in (listener, theirs):
                with suppress(OSError):  # it is closed already
                    connection.shutdown(socket.SHUT_RDWR)  # which also wakes the thread that waits for it

        return Process(Channel(ours), output, home / "s", 0, poll=lambda _seconds: self.script.status, kill=kill)

    def close(self) -> None:
        """Remove the sockets; the threads end with their services."""
        atexit.unregister(self.close)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _control(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for text in self.script.start:
                connection.sendall(text.encode("latin-1"))
            for line in lines if self.script.status is None else ():
                connection.sendall(self.script.answer(json.loads(line)))

    def _serve(self, listener: socket.socket) -> None:
        with listener:
            while True:
                connection, _ = listener.accept()
                _in_thread(lambda connection=connection: self._respond(connection))

    def _respond(self, connection: socket.socket) -> None:
        with connection:
            number = 0
            while head := connection.recv(65536):
                while b"\r\n\r\n" not in head and (more := connection.recv(65536)):
                    head += more
                response = self.script.responses[number % len(self.script.responses)].encode("latin-1")
                number += 1
                if not self.script.pause:
                    connection.sendall(response)
                    if b"close" in response[:200] or b"\r\n\r\n" not in response:
                        return
                    continue
                for byte in response:
                    connection.sendall(bytes([byte]))
                    time.sleep(self.script.pause)


def response(body: str, *headers: str, status: str = "200 OK") -> str:
    """A well-formed HTTP response."""
    lines = [f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}"]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def _print(writer: int, text: str) -> None:
    with os.fdopen(writer, "wb") as stream:
        stream.write(text.encode("latin-1"))


def _in_thread(work: Callable[[], None]) -> None:
    def quietly() -> None:
        with suppress(OSError, ValueError):  # the other side has had enough
            work()

    threading.Thread(target=quietly, daemon=True).start()


def spec(folder: Path) -> Spec:
    """A spec, of which nothing matters."""
    return Spec(str(folder), "app.main:app", {}, inside="pass")
