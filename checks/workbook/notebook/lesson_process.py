"""Serve one lesson's app for a notebook, in a process of its own: ``python -m workbook.notebook.lesson_process``.

The kernel starts it and reads its events, one JSON object a line, from its standard output. It ends when its standard
input is closed, which happens however the kernel ends; it then removes its scratch folder too, because a kernel that
was killed cannot. A kernel that ends it to start it anew says "keep" first.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbook.notebook.events import Event, Recorder, exception_event
from workbook.notebook.kernel_server import AnnouncingServer
from workbook.notebook.sockets import listen
from workbook.service import fresh

if TYPE_CHECKING:
    from collections.abc import Callable


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
    """Writes events to the kernel."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self._leave = leave
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()
        os.dup2(2, 1)  # what native code prints must not mix with the events

    def emit(self, event: Event) -> None:
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
    spec = json.loads(sys.stdin.buffer.readline())
    folder = Path(spec["folder"])

    def leave() -> None:
        shutil.rmtree(spec["scratch"], ignore_errors=True)
        os._exit(0)

    reporter = _Reporter(leave)
    threading.Thread(target=_wait_for_the_end, args=(leave,), daemon=True).start()
    sys.stdout = sys.stderr = _Lines(reporter.emit)
    sys.dont_write_bytecode = True
    fresh.install(folder)
    sys.path.insert(0, str(folder))
    try:
        app = _load(spec["app"], folder)
    except BaseException as fault:
        reporter.emit(exception_event(fault, root=folder))
        reporter.emit(Event("ended"))
        os._exit(1)
    if "sqlalchemy" in sys.modules:
        from workbook.notebook.sql import listen_to_engines

        listen_to_engines(lambda text: reporter.emit(Event("sql", text)))
    listener = listen(spec["port"])
    reporter.emit(Event("port", str(listener.getsockname()[1])))
    try:
        AnnouncingServer(Recorder(app, reporter.emit, root=folder), reporter.emit).run(sockets=[listener])
    except BaseException as fault:
        if not isinstance(fault, SystemExit):
            reporter.emit(exception_event(fault, root=folder))
    reporter.emit(Event("ended"))
    os._exit(0)  # not waiting for threads of the app


def _load(ref: str, folder: Path) -> Any:
    from workbook.service.load import LoadFailed, load_app
    from workbook.service.tracing import Tracer

    try:
        return load_app(ref, folder, Tracer(folder))
    except LoadFailed as failure:
        if failure.__cause__ is not None:
            raise failure.__cause__ from None
        module, _, attribute = ref.partition(":")
        file = module.replace(".", "/") + ".py"
        match failure.problem.kind:
            case "missing_file":
                text = f"there is no file {file}"
            case "missing_app":
                text = f"{file} has no variable named {attribute}"
            case _:
                text = f"{attribute} in {file} is {failure.problem.detail.get('found')}, not a FastAPI application"
        raise ImportError(text) from None


if __name__ == "__main__":
    main()
