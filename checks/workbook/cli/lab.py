"""``workbook lab``: open JupyterLab on a lesson."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbook.cli import arguments
from workbook.cli.foreground import run_in_front
from workbook.course import progress
from workbook.course.model import CourseError, find_course
from workbook.service.protocol.loopback import listen

if TYPE_CHECKING:
    from workbook.course.model import Course, Lesson

PORT = 8888
_PORTS = 50
"""How many ports after the usual one are tried when it is taken and none was asked for."""


def lab(
    what: Annotated[str | None, typer.Argument(metavar="N", help="A lesson; else where you were last.")] = None,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open a browser; else only print the address.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(metavar="P", min=1, max=65535, help=f"Where to listen; else {PORT} or the next.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin with a new copy of the notebook; yours goes to a backup.")
    ] = False,
) -> None:
    """Open JupyterLab on a lesson: its notebook, the file to edit beside it, and a terminal."""
    course = find_course()
    lesson = arguments.find_lesson(course, what) if what else _last(course)
    from workbook.notebook import lab as jupyterlab
    from workbook.notebook.prepare import prepare

    for sentence in prepare(course, lesson, fresh=fresh):
        print(sentence)
    wanted = has_screen() if browser is None else browser
    from workbook.notebook.workspace import workspace_name

    running = _running(course)
    if running is not None:
        address = f"{running['url']}lab/workspaces/{workspace_name(lesson)}?token={running['token']}"
        print(f"JupyterLab is running for this workbook already: {address}")
        if wanted:
            typer.launch(address)
        return
    chosen = _free_port(port)
    command = jupyterlab.command(course, lesson, browser=wanted, port=chosen)
    raise typer.Exit(run_in_front(command, cwd=course.root, env=jupyterlab.environment()))


def _last(course: Course) -> Lesson:
    """The lesson that was open last; on the first day the first one."""
    from workbook.notebook.workspace import last_lesson

    lesson = last_lesson(course)
    if lesson is not None:
        return lesson
    exercise = progress.load(course).current(course)
    if exercise is not None:
        return course.lesson(exercise.lesson)
    return course.lessons[-1] if course.lessons else arguments.find_lesson(course, None)  # which says that none exist


def _running(course: Course) -> dict[str, Any] | None:
    """What is known of a JupyterLab that serves this course already."""
    from jupyter_server.serverapp import list_running_servers

    for server in list_running_servers():
        if Path(server["root_dir"]).resolve() == course.root.resolve():
            return dict(server)
    return None


def _free_port(asked: int | None) -> int:
    """A port on which nobody listens.

    Raises:
        CourseError: the one that was asked for is taken, or every one that was tried.
    """
    if asked is not None:
        if not _is_free(asked):
            raise CourseError(f"Port {asked} is taken by another program: name another one with --port.")
        return asked
    for port in range(PORT, PORT + _PORTS):
        if _is_free(port):
            if port != PORT:
                print(f"Port {PORT} is taken by another program, so this is on port {port}.")
            return port
    raise CourseError(f"The ports {PORT} to {PORT + _PORTS - 1} are all taken: name another one with --port.")


def _is_free(port: int) -> bool:
    try:
        listen(port).close()
    except OSError:
        return False
    return True


def has_screen() -> bool:
    """Whether a browser could be shown on this machine."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))
