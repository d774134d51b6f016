"""Serve one lesson's app, in a process of its own: ``python -m workbook.service.live.lesson_process SCRATCH``.

Whoever starts it, a kernel or ``workbook serve``, reads its events, one JSON object a line, from its standard output.
It ends when its standard input is closed, which happens however its parent ends, or when it is terminated, as a kernel
that shuts down does with all its children; it then removes its scratch folder too, because a parent that was killed
cannot. A parent that ends it to start it anew says "keep" first.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from starlette.applications import Starlette
from starlette.routing import Mount

from workbook.service.child import source_loader
from workbook.service.live.events import Event, Recorder, exception_event
from workbook.service.live.kernel_server import AnnouncingServer
from workbook.service.protocol.loopback import listen_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.service.live.events import AsgiApp, Receive, Scope, Send


class _Lines(io.TextIOBase):
    """A stand-in for ``sys.stdout`` that turns what the app prints into events."""

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._rest = ""
        self._lock = threading.RLock()

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            for line in lines:
                self._emit(Event("print", line))
        return len(text)


class _Reporter:
    """Writes events to the parent."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()
        self.reason = ""
        """The last exception, as the log shows it."""
        os.dup2(2, 1)  # what native code prints must not mix with the events

    def emit(self, event: Event) -> None:
        if event.kind == "exception":
            self.reason = "\n".join((event.text, *event.detail))
        with self._lock:
            try:
                self._out.write(event.to_line())
                self._out.flush()
            except (OSError, ValueError):
                self._leave()  # nobody listens any more


def _wait_for_the_end(leave: Callable[[], None]) -> None:
    if sys.stdin.buffer.read().strip() == b"keep":
        os._exit(0)
    leave()


def main() -> None:
    """Read what to serve from the first line of standard input, and serve it."""
    scratch = Path(sys.argv[1])

    def leave(*_signal: object) -> NoReturn:
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    spec = json.loads(sys.stdin.buffer.readline() or leave())
    folder = Path(spec["folder"])
    reporter = _Reporter(leave)
    threading.Thread(target=_wait_for_the_end, args=(leave,), daemon=True).start()
    sys.stdout = sys.stderr = _Lines(reporter.emit)
    sys.dont_write_bytecode = True
    source_loader.install(folder)
    sys.path.insert(0, str(folder))
    listener = _listener(spec)
    reporter.emit(Event("port", str(listener.getsockname()[1])))
    broken = not _serve(spec["app"], folder, listener, reporter.emit)
    if broken and spec["answer_when_broken"]:
        AnnouncingServer(_answer_broken(reporter.reason), reporter.emit).run(sockets=[listener])
    reporter.emit(Event("ended"))
    os._exit(1 if broken else 0)  # not waiting for threads of the app


def _listener(spec: dict[str, Any]) -> socket.socket:
    if spec["listener"] is not None:
        return socket.socket(fileno=spec["listener"])
    return listen_again(spec["port"])


def _serve(ref: str, folder: Path, listener: socket.socket, emit: Callable[[Event], None]) -> bool:
    """Serve the app until the process is told to end; False when it did not start."""
    try:
        app = _load(ref, folder)
    except BaseException as fault:
        emit(exception_event(fault, root=folder))
        return False
    if "sqlalchemy" in sys.modules:
        from workbook.service.live.sql_events import listen_to_engines

        listen_to_engines(lambda text: emit(Event("sql", text)))
    server = AnnouncingServer(Recorder(app, emit, root=folder), emit)
    try:
        server.run(sockets=[listener])
    except BaseException as fault:
        if not isinstance(fault, SystemExit):
            emit(exception_event(fault, root=folder))
    return server.started


def _answer_broken(reason: str) -> AsgiApp:
    """An app that answers every request with the reason why there is no other one."""
    body = f"The app does not start.\n{reason}\n".encode()

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return Starlette(routes=[Mount("/", answer)])


def _load(ref: str, folder: Path) -> Any:
    from workbook.service.child.load import LoadFailed, load_app
    from workbook.service.child.tracing import Tracer
    from workbook.service.protocol.problem import ProblemKind

    try:
        return load_app(ref, folder, Tracer(folder))
    except LoadFailed as failure:
        if failure.__cause__ is not None:
            raise failure.__cause__ from None
        module, _, attribute = ref.partition(":")
        file = module.replace(".", "/") + ".py"
        match failure.problem.kind:
            case ProblemKind.MISSING_FILE:
                text = f"there is no file {file}"
            case ProblemKind.MISSING_APP:
                text = f"{file} has no variable named {attribute}"
            case _:
                text = f"{attribute} in {file} is {failure.problem.detail.get('found')}, not a FastAPI application"
        raise ImportError(text) from None


if __name__ == "__main__":
    main()
