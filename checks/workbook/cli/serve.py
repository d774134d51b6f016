"""``workbook serve``: play with your own app in the browser."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from workbook.cli import arguments
from workbook.cli.console import TARGET_OPTION
from workbook.course.model import Course, CourseError, Lesson, find_course
from workbook.course.watching import source_filter
from workbook.service.protocol.loopback import HOST, listen

DEFAULT_PORT = 8000
LOOK_MS = 500
"""How often it is looked whether the app still runs, in milliseconds."""


def serve(
    what: Annotated[str | None, typer.Argument(metavar="N", help="A lesson; else the one you are in.")] = None,
    target: Annotated[str, TARGET_OPTION] = "lessons",
    port: Annotated[str, typer.Option("--port", metavar="PORT", help="Where to serve; 0 takes any free port.")] = str(
        DEFAULT_PORT
    ),
) -> None:
    """Serve your app for playing in the browser. It starts again whenever you save a file. Ctrl-C ends it."""
    course = find_course()
    lesson = arguments.find_lesson(course, what)
    folder = arguments.lesson_in(arguments.find_target(course, target), lesson)
    number = _port(port)
    env = os.environ | settings(course, lesson, folder)
    with _listen(number) as listener:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        print(f"Lesson {lesson.number} · {lesson.title}, live at {address}")
        print(f"Try it out at {address}/docs")
        print("It starts again whenever you save a file. Ctrl-C ends it.\n", flush=True)
        _serve(lesson, folder, env, listener)


def settings(course: Course, lesson: Lesson, folder: Path) -> dict[str, str]:
    """The environment variables that the app is served with, beside those that are set already.

    What the lesson or the workbook sets by default, the person may set otherwise: ``DEBUG=1 workbook serve 1``.
    """
    databases = course.state_dir / "databases"
    databases.mkdir(parents=True, exist_ok=True)
    database = databases / f"{folder.parent.name}-{lesson.folder}.db"
    defaults = {**lesson.env, "DATABASE_URL": f"sqlite:///{database.as_posix()}"}
    return {name: value for name, value in defaults.items() if name not in os.environ}


def _port(text: str) -> int:
    if text.isdecimal() and int(text) < 2**16:
        return int(text)
    raise CourseError(f"A port is a number from 0 to 65535; {text!r} is not.")


def _listen(port: int) -> socket.socket:
    try:
        listener = listen(port)
    except OSError as fault:
        if fault.errno == errno.EACCES:
            raise CourseError(f"Port {port} is not allowed to you: choose a higher one, like --port 8001.") from None
        raise CourseError(f"Port {port} is in use: choose another, like --port {port + 1}.") from None
    listener.set_inheritable(True)
    return listener


def _serve(lesson: Lesson, folder: Path, env: dict[str, str], listener: socket.socket) -> None:
    """Serve until Ctrl-C, and start again after each save."""
    from watchfiles import watch

    from workbook.service.live.events import DoesNotStart, Event, EventLog
    from workbook.service.live.lesson_server import LessonServer

    class PrintedLog(EventLog):
        """Prints what happens while it happens."""

        def add(self, event: Event) -> None:
            for line, _ in event.lines():
                print(line, flush=True)
            super().add(event)

    port = listener.getsockname()[1]
    inherited = sys.platform != "win32"
    if not inherited:
        listener.close()
    server = LessonServer(
        lesson,
        folder,
        env=env,
        port=port,
        listener=listener if inherited else None,
        events=PrintedLog(),
        answer_when_broken=True,
    )

    def start() -> None:
        try:
            server.restart()
        except DoesNotStart as reason:
            print(reason, flush=True)

    try:
        start()
        told = False
        for changes in watch(folder, watch_filter=source_filter(), rust_timeout=LOOK_MS, yield_on_timeout=True):
            if changes:
                start()
                told = False
            elif not server.running and not told:
                print("The app has ended. Save a file to start it again.", flush=True)
                told = True
    except KeyboardInterrupt:
        print()
    finally:
        server.stop()
