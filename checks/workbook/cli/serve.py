"""``workbook serve``: play with your own app in the browser."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbook.cli import place
from workbook.cli.talk import TARGET_OPTION
from workbook.course import Course, CourseError, Lesson, find_course

if TYPE_CHECKING:
    from uvicorn import Config

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
END_SECONDS = 3.0
"""How long a service may take to end, in seconds; its own limit for open requests is 2."""


def serve(
    what: Annotated[str | None, typer.Argument(metavar="N", help="A lesson; else the one you are in.")] = None,
    target: Annotated[str, TARGET_OPTION] = "lessons",
    port: Annotated[str, typer.Option("--port", metavar="PORT", help="Where to serve; 0 takes any free port.")] = str(
        DEFAULT_PORT
    ),
) -> None:
    """Serve your app for playing in the browser. It starts again whenever you save a file. Ctrl-C ends it."""
    course = find_course()
    lesson = place.find_lesson(course, what)
    folder = place.lesson_in(place.find_target(course, target), lesson)
    number = _port(port)
    os.environ.update(settings(course, lesson, folder))
    with _listen(number) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        print(f"Lesson {lesson.number} · {lesson.title}, live at {address}")
        print(f"Try it out at {address}/docs")
        print("It starts again whenever you save a file. Ctrl-C ends it.\n", flush=True)
        _supervise(folder, listener)


def settings(course: Course, lesson: Lesson, folder: Path) -> dict[str, str]:
    """The environment variables that the app is served with, beside those that are set already.

    What the lesson or the workbook sets by default, the person may set otherwise: ``DEBUG=1 workbook serve 1``.
    """
    from workbook.service import live

    databases = course.state_dir / "databases"
    databases.mkdir(parents=True, exist_ok=True)
    database = databases / f"{folder.parent.name}-{lesson.folder}.db"
    defaults = {**lesson.env, "DATABASE_URL": f"sqlite:///{database.as_posix()}"}
    missing = {name: value for name, value in defaults.items() if name not in os.environ}
    return missing | {live.FOLDER: str(folder), live.APP: lesson.app}


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise CourseError(f"A port is a number from 0 to 65535; {text!r} is not.")


def _listen(port: int) -> socket.socket:
    # With proto 0, asyncio leaves Nagle's algorithm on and each request costs 40 ms: name IPPROTO_TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two programs share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as fault:
        listener.close()
        if fault.errno == errno.EACCES:
            raise CourseError(f"Port {port} is not allowed to you: choose a higher one, like --port 8001.") from None
        raise CourseError(f"Port {port} is in use: choose another, like --port {port + 1}.") from None
    listener.set_inheritable(True)
    return listener


def _supervise(folder: Path, listener: socket.socket) -> None:
    import uvicorn
    from uvicorn.config import LOGGING_CONFIG
    from uvicorn.supervisors import ChangeReload

    class Reload(ChangeReload):
        """Ends a service that does not end by itself, such as one in an endless loop."""

        def restart(self) -> None:
            self._end()
            super().restart()

        def shutdown(self) -> None:
            self._end()
            super().shutdown()

        def _end(self) -> None:
            if sys.platform != "win32":
                self.process.terminate()
                self.process.join(END_SECONDS)
                if self.process.is_alive():
                    self.process.kill()

    config: Config = uvicorn.Config(
        "workbook.service.live:create",
        factory=True,
        host=HOST,
        port=listener.getsockname()[1],
        reload=True,
        reload_dirs=[str(folder)],
        reload_includes=["*.html", "*.jinja", "*.j2", "*.toml", ".env"],
        timeout_graceful_shutdown=2,
        log_config=_quiet(LOGGING_CONFIG),
    )
    Reload(config, target=uvicorn.Server(config).run, sockets=[listener]).run()


def _quiet(log_config: dict[str, Any]) -> dict[str, Any]:
    """Requests, saves and errors are shown; what uvicorn says of its own life is not."""
    loggers = {**log_config["loggers"], "uvicorn.error": {**log_config["loggers"]["uvicorn.error"], "level": "WARNING"}}
    return {**log_config, "loggers": loggers}
