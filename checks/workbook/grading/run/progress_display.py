"""How far a run is: a bar where somebody watches, plain lines elsewhere. Both say the same."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from workbook.grading.run.task import GradeAnswer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_LINE_SECONDS = 10.0
"""Between two plain lines."""


class Counter:
    """Counts, and says how fast it goes. A context manager."""

    def __init__(self, console: Console, workers: int) -> None:
        """Nothing is shown yet.

        Args:
            console: where to show it.
            workers: how many lesson-grades are made at a time; 0 where that is not known.
        """
        self._console = console
        self._workers = workers
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._began = self._said = time.monotonic()
        self.total = self.known = self.graded = self.errors = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, total: int, known: int) -> None:
        """So many lesson-grades there are, and so many of them are known already."""
        self.total, self.known = total, known
        self._began = self._said = time.monotonic()
        if known:
            self._console.print(f"{known} of {total} lesson-grades are known already.")
        if total > known and self._console.is_terminal:
            self._bar = _bar(self._console)
            self._task = self._bar.add_task(self._words(), total=total, completed=known)
            self._bar.start()

    def done(self, answer: GradeAnswer) -> None:
        """One more is known."""
        self.graded += 1
        self.errors += not answer.is_final
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=1, description=self._words())
        elif time.monotonic() - self._said > _LINE_SECONDS or self._left == 0:
            self._said = time.monotonic()
            self._console.print(self._words(), highlight=False)

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    @property
    def _left(self) -> int:
        return self.total - self.known - self.graded

    def _words(self) -> str:
        running = min(self._workers, self._left)
        words = [f"{self.known + self.graded} of {self.total} done"]
        words += [f"{running} running, {self._left - running} waiting"] if self._left and running else []
        if self.graded:
            rate = self.graded / max(self.seconds, 0.001)
            words += [f"{rate * 60:.0f} a minute"]
            words += [f"about {self._left / rate:.0f} s to go"] if self._left else []
        if self.errors:
            words += [f"{self.errors} with a grader error"]
        return ", ".join(words)


def _bar(console: Console) -> Progress:
    from rich.progress import BarColumn, Progress, TextColumn

    return Progress(BarColumn(), TextColumn("{task.description}"), console=console)
