"""``workbook watch``: check again on every save."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from workbook.cli import check, place
from workbook.cli.checks_process import checks_command
from workbook.cli.talk import console
from workbook.course import find_course

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console
    from watchfiles import Change

QUIET_MS = 30
"""How long nothing must change after a save before the checks start, in milliseconds."""
LOOK_MS = 100
"""How often a run is looked at, in milliseconds."""
STOP_SECONDS = 5.0
_NOT_SOURCE = (".db", ".sqlite", ".sqlite3", ".db-journal", ".db-wal", ".db-shm", ".log")


def watch(
    what: Annotated[
        str | None, typer.Argument(metavar="N[.M]", help="A lesson or an exercise; else where you are.")
    ] = None,
) -> None:
    """Check a lesson or an exercise now, and again whenever you save one of its files. Ctrl-C ends it."""
    course = find_course()
    chosen = place.find(course, what) if what else place.Place(place.find_lesson(course, None))
    arguments = check.arguments_for(course, chosen.id, None)
    folder = place.lesson_in(course.lessons_dir, chosen.lesson)
    _Watcher(chosen.name, arguments, folder, course.root).run()


class _Watcher:
    """Keeps one run of checks going, of the newest files."""

    def __init__(self, name: str, arguments: list[str], folder: Path, root: Path) -> None:
        self._name = name
        self._command = checks_command(arguments)
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
                watch_filter=_source_filter(),
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


def _source_filter() -> Callable[[Change, str], bool]:
    from watchfiles import DefaultFilter

    class SourceFilter(DefaultFilter):
        """Leaves out what a running app writes: databases and logs."""

        def __call__(self, change: Change, path: str) -> bool:
            return not path.endswith(_NOT_SOURCE) and super().__call__(change, path)

    return SourceFilter()
