"""``workbook watch``: check again on every save."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import arguments, check
from workbook.cli.checks_process import checks_command
from workbook.cli.console import console
from workbook.course.model import find_course
from workbook.course.watching import LOOK_MS, QUIET_MS, source_filter

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

STOP_SECONDS = 5.0


def watch(
    what: Annotated[
        str | None, typer.Argument(metavar="N[.M]", help="A lesson or an exercise; else where you are.")
    ] = None,
) -> None:
    """Check a lesson or an exercise now, and again whenever you save one of its files. Ctrl-C ends it."""
    course = find_course()
    chosen = arguments.find(course, what) if what else arguments.Choice(arguments.find_lesson(course, None))
    command = check.arguments_for(course, [chosen.id], None)
    folder = arguments.lesson_in(course.lessons_dir, chosen.lesson)
    _Watcher(chosen.name, command, folder, course.root).run()


class _Watcher:
    """Keeps one run of checks going, of the newest files."""

    def __init__(self, name: str, command: list[str], folder: Path, root: Path) -> None:
        self._name = name
        self._command = checks_command(command)
        self._folder = folder
        self._root = root
        self._out: Console = console()
        self._run: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Check on every save until Ctrl-C."""
        from watchfiles import watch

        try:
            self._start()
            for changes in watch(
                self._folder,
                watch_filter=source_filter(),
                debounce=10 * QUIET_MS,
                step=QUIET_MS,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
            ):
                if changes:
                    self._stop()
                    self._start()
                elif self._run is not None and self._run.poll() is not None:
                    self._run = None
                    self._tell_next()
        except KeyboardInterrupt:
            self._stop()
            self._out.print()
            self._out.print("Stopped watching.")

    def _start(self) -> None:
        if self._out.is_terminal:
            self._out.clear()
        self._out.print(f"Checking {self._name} …", style="dim")
        sys.stdout.flush()
        # A process group of its own: Ctrl-C then reaches the watcher only, which ends the run in good order.
        group = None if sys.platform == "win32" else 0
        self._run = subprocess.Popen(self._command, cwd=self._root, stdin=subprocess.DEVNULL, process_group=group)

    def _stop(self) -> None:
        """End a run that is no longer wanted, first politely so that it clears up."""
        run, self._run = self._run, None
        if run is None or run.poll() is not None:
            return
        if sys.platform == "win32":
            run.terminate()
        else:
            run.send_signal(signal.SIGINT)
        try:
            run.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()

    def _tell_next(self) -> None:
        where = self._folder.relative_to(self._root).as_posix()
        self._out.print()
        self._out.print(f"Watching {where}: save a file to check again, Ctrl-C to stop.", style="dim")
