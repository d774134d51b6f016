"""The talk between the kernel and our extension of JupyterLab: it asks, the kernel answers, and tells it of news.

Both use one Jupyter comm. Without the extension nobody opens it, and all of this rests.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

from workbook.course import progress
from workbook.course.model import Course, CourseError
from workbook.course.points import points_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.notebook.live_checks import LiveChecks

TARGET = "fastapi-workbook"
Data = dict[str, Any]


class Front:
    """Every page that shows this kernel's notebook."""

    def __init__(self, course: Course, live: LiveChecks, number: int | None) -> None:
        """Wait for a page to call.

        Args:
            course: the course.
            live: the checks that repeat themselves.
            number: the lesson whose notebook this is; None where that is not known.
        """
        self._course = course
        self._live = live
        self._number = number
        self._comms: list[Any] = []

    @property
    def is_there(self) -> bool:
        """Whether a page listens."""
        return bool(self._comms)

    def listen(self, comms: Any) -> None:
        """Answer pages that open a comm, from a kernel's comm manager."""
        comms.register_target(TARGET, self._opened)

    def tell(self, news: Data) -> None:
        """Send news to every page."""
        for comm in list(self._comms):
            comm.send(news)

    def _opened(self, comm: Any, _message: Data) -> None:
        def answer(message: Data) -> None:
            comm.send(self.answer(message["content"]["data"]))

        def close(_message: Data) -> None:
            self._comms.remove(comm)

        self._comms.append(comm)
        comm.on_msg(answer)
        comm.on_close(close)

    def answer(self, question: Data) -> Data:
        """Answer a page: ``{"id": …, "do": …}`` and what belongs to it, with ``{"id": …}`` and the answer."""
        answers: dict[str, Callable[[Data], Data]] = {
            "where": lambda _: where(self._course, self._number),
            "hint": self._hint,
            "diff": lambda asked: {"html": compare(str(asked["exercise"]))},
            "live": self._turn,
            "contents": lambda _: contents(self._course),
            "lesson": self._lesson,
        }
        try:
            answer = answers[str(question["do"])](question)
        except CourseError as fault:
            answer = {"html": _sentence(str(fault))}
        except Exception as fault:  # whatever it is, the page has to hear of it
            answer = {"html": _sentence(f"This did not work: {type(fault).__name__}: {fault}")}
        return {"id": question.get("id"), **answer}

    def _hint(self, asked: Data) -> Data:
        from workbook.notebook.hint import hint

        return {"html": hint(self._course, str(asked["exercise"]), again="Click once more").html}

    def _turn(self, asked: Data) -> Data:
        self._live.on = not asked.get("off")
        if not self._live.on:
            self._live.rest()
        return {"on": self._live.on}

    def _lesson(self, asked: Data) -> Data:
        """Bring a lesson, and say under which name JupyterLab finds it."""
        from workbook.notebook.prepare import prepare
        from workbook.notebook.workspace import workspace_name

        lesson = self._course.lesson(int(asked["lesson"]))
        prepare(self._course, lesson)
        return {"workspace": workspace_name(lesson)}


def where(course: Course, number: int | None) -> Data:
    """Where the learner is in a lesson: its points, the minutes that are left, and what lies before and behind it."""
    if number is None:
        return {}
    known, lesson = progress.load(course), course.lesson(number)
    numbers = [other.number for other in course.lessons]
    left = [exercise for exercise in lesson.exercises if not known.has_passed(exercise.id)]
    return {
        "lesson": lesson.number,
        "title": lesson.title,
        "points": points_text(sum(known.points(exercise.id) for exercise in lesson.exercises)),
        "max_points": lesson.max_points,
        "minutes": progress.minutes_left(known, lesson),
        "exercise": left[0].id if left else None,
        "exercise_title": left[0].title if left else None,
        "previous": number - 1 if number - 1 in numbers else None,
        "next": number + 1 if number + 1 in numbers else None,
    }


def contents(course: Course) -> Data:
    """The whole course as a page: each lesson with its points."""
    from workbook.feedback.contents import contents_card

    return {"html": contents_card(course, progress.load(course))}


def compare(exercise_id: str) -> str:
    """What ``workbook diff`` says of an exercise, as HTML."""
    from workbook.feedback.html import card, safe

    command = [sys.executable, "-m", "workbook", "diff", exercise_id]
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False)
    lines = (run.stdout or run.stderr).splitlines()
    kinds = {"+": "wb-good", "-": "wb-bad", "@": "wb-rest"}
    shown = "\n".join(f'<span class="{kinds.get(line[:1], "")}">{safe(line)}</span>' for line in lines)
    return card(f"<pre>{shown}</pre>")


def _sentence(text: str) -> str:
    from workbook.notebook.cards import note

    return note(text).html
