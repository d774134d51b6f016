"""What ``%check`` does in a notebook: it shows a card, and keeps it true."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any

from workbook.notebook.cards import note, show
from workbook.notebook.check import Wanted, check, parse
from workbook.notebook.front import Front
from workbook.notebook.live_checks import LiveChecks

if TYPE_CHECKING:
    from workbook.course.model import Course
    from workbook.notebook.cards import Card


class Checks:
    """The checks of one kernel: those that were asked for, and their repetition after each save."""

    def __init__(self, course: Course, kernel: Any, number: int | None) -> None:
        """Check nothing yet.

        Args:
            course: the course.
            kernel: the IPython kernel; None in a shell without one.
            number: the lesson whose notebook this is; None where that is not known.
        """
        self._course = course
        self._live = LiveChecks(course, self._renew, self._say)
        self._front = Front(course, self._live, number)
        self._display: Any = None
        self._context = contextvars.copy_context()
        if kernel is not None:
            self._front.listen(kernel.comm_manager)

    def check(self, text: str) -> None:
        """Do what stands after ``%check``.

        Raises:
            CourseError: it names nothing that can be checked.
            Stopped: the learner interrupted the run.
        """
        if text.strip() in {"on", "off"}:
            self._turn(on=text.strip() == "on")
            return
        wanted = parse(self._course, text)
        self._live.rest()
        card = check(self._course, wanted)
        self._display = show(card)
        self._context = contextvars.copy_context()
        self._live.follow(wanted)

    def _turn(self, *, on: bool) -> None:
        self._live.on = on
        if not on:
            self._live.rest()
        after = "The next `%check` repeats itself after each save." if on else "`%check on` begins it again."
        show(note(f"Checks {'repeat' if on else 'no longer repeat'} themselves. {after}"))

    def _renew(self, wanted: Wanted, card: Card) -> None:
        if self._front.is_there:
            self._front.tell({"news": "card", "card": wanted.name, "html": card.html, "text": card.text})
        elif self._display is not None:
            self._context.copy().run(self._display.update, card)

    def _say(self, wanted: Wanted, sentence: str) -> None:
        self._front.tell({"news": "says", "card": wanted.name, "text": sentence})
