"""Checks that repeat themselves: after each save the card of the exercise at hand is made anew."""

from __future__ import annotations

import ast
import atexit
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.course.watching import LOOK_MS, QUIET_MS, source_filter
from workbook.notebook.check import Run, make_card

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from workbook.course.model import Course
    from workbook.notebook.cards import Card
    from workbook.notebook.check import Wanted

MAX_BYTES = 1_000_000
"""A larger file is not read to see whether it is whole."""


class LiveChecks:
    """One watcher, of the folder of the lesson that was checked last.

    It runs in a thread of the kernel, and the checks in a process of their own: never two at a time, and always on the
    newest files. A file that Python cannot read yet is not judged; it is probably half written.
    """

    def __init__(
        self, course: Course, show: Callable[[Wanted, Card], None], say: Callable[[Wanted, str], None]
    ) -> None:
        """Watch nothing yet.

        Args:
            course: the course.
            show: called with each new card, from another thread.
            say: called with a sentence about what happens meanwhile, from another thread.
        """
        self._course = course
        self._show = show
        self._say = say
        self._stop: threading.Event | None = None
        self._thread: threading.Thread | None = None
        self.wanted: Wanted | None = None
        """What is checked after each save; None where nothing is watched."""
        atexit.register(self.rest)  # a kernel that ends leaves no run behind
        self.on = True
        """Whether checks repeat themselves at all."""

    def follow(self, wanted: Wanted) -> None:
        """Check this after each save from now on, in place of what was checked before."""
        self.rest()
        if not self.on or os.environ.get("WORKBOOK_TARGET") or not self._folder(wanted).is_dir():
            return  # an author who checks another target saves elsewhere
        self.wanted, self._stop = wanted, threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(wanted, self._stop), name="workbook-live-checks", daemon=True
        )
        self._thread.start()

    def rest(self) -> None:
        """Watch nothing until ``follow`` is called; a run that is under way is ended."""
        if self._stop is not None and self._thread is not None:
            self._stop.set()
            self._thread.join()
        self._stop = self._thread = self.wanted = None

    def _folder(self, wanted: Wanted) -> Path:
        return self._course.lessons_dir / wanted.lesson.folder

    def _watch(self, wanted: Wanted, stop: threading.Event) -> None:
        from watchfiles import watch

        run: Run | None = None
        try:
            for changes in watch(
                self._folder(wanted),
                watch_filter=source_filter(),
                debounce=10 * QUIET_MS,
                step=QUIET_MS,
                rust_timeout=LOOK_MS,
                yield_on_timeout=True,
                stop_event=stop,
                raise_interrupt=False,
            ):
                if changes:
                    if run is not None:
                        run.end()
                    fault = unreadable(Path(path) for _, path in changes)
                    run = None if fault else Run(self._course, wanted)
                    self._say(wanted, fault or "Checking …")
                elif run is not None and run.is_over():
                    card = make_card(self._course, wanted, run.outcome())
                    run.end()
                    run = None
                    self._show(wanted, card)
        finally:
            if run is not None:
                run.end()


def unreadable(files: Iterable[Path]) -> str | None:
    """Which of some changed files Python cannot read, as a sentence; None where it can read them all."""
    for file in sorted(files):
        if file.suffix != ".py" or not file.is_file() or file.stat().st_size > MAX_BYTES:
            continue
        try:
            ast.parse(file.read_bytes())
        except (SyntaxError, ValueError, RecursionError, MemoryError) as fault:
            line = f", line {fault.lineno}" if isinstance(fault, SyntaxError) and fault.lineno else ""
            return f"Python cannot read {file.name}{line} yet: this waits for the next save."
        except OSError:
            continue
    return None
