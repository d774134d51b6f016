"""Feedback as HTML: a card for a notebook, readable in light and dark, without scripts and without colour.

Everything that comes from a run of checks is escaped, because a learner's program has written part of it. A notebook
viewer that removes the style sheet leaves a table that can still be read.
"""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.results import Verdict

if TYPE_CHECKING:
    from workbook.feedback.message import Message
    from workbook.results import ExerciseResult, LessonResult, Report

WORDS = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.NOT_STARTED: "not started",
    Verdict.CRASHED: "crashed",
    Verdict.TIMED_OUT: "timed out",
    Verdict.CHECK_ERROR: "fault of the workbook",
}
"""How a verdict is called."""

SYMBOLS = {Verdict.PASSED: "✔", Verdict.NOT_STARTED: "·", Verdict.CHECK_ERROR: "!"}
"""The mark before a verdict; every other one has ✘. The word stands beside it, so colour carries nothing alone."""

_TONES = {Verdict.PASSED: "good", Verdict.NOT_STARTED: "rest", Verdict.CHECK_ERROR: "rest"}

_CODE_LABELS = {"We sent", "You answered", "Look at", "Stuck?"}
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_FILE = re.compile(r"\blessons/lesson_\d\d(?:/[\w-]+(?:\.[\w-]+)*)+")
_URL = re.compile(r"https?://[^\s<>\"'`]+[^\s<>\"'`.,;:)\]]")
_TICKED = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"\bworkbook (hint|check) (\d{1,2}(?:\.\d{1,2})?)")


def safe(text: str) -> str:
    """Escape a text for HTML; control and direction characters become visible."""
    return html.escape(_UNSAFE.sub("\ufffd", text), quote=True)


def rich(text: str) -> str:
    """Escape a text of ours for HTML, with `code` between backticks and web addresses as links."""
    parts: list[str] = []
    end = 0
    for match in _URL.finditer(text):
        parts += [_ticks(text[end : match.start()]), f'<a href="{safe(match[0])}">{safe(match[0])}</a>']
        end = match.end()
    return "".join([*parts, _ticks(text[end:])]).replace("\n", "<br>")


def card(body: str) -> str:
    """Put ready HTML into a card that brings its own style."""
    return f'<div class="wb"><style>{_style()}</style>{body}</div>'


def report_card(report: Report, *, next_step: str = "", up: str | None = None) -> str:
    """The card for a run of checks.

    Args:
        report: what the run found.
        next_step: a sentence for the end, such as what to open next.
        up: what leads from the notebook's folder to the course's, such as ``"../"``; with it, files become links.
    """
    body = "".join(_lesson(lesson, up=up) for lesson in report.lessons)
    return card(body + (f"<p>{rich(next_step)}</p>" if next_step else ""))


def message_table(message: Message, *, tone: str = "bad", up: str | None = None) -> str:
    """A message as a table of labels and texts, with an edge in the verdict's colour."""
    rows = "".join(
        f"<tr><td>{safe(label)}</td><td>{_row_text(label, text, up=up)}</td></tr>" for label, text in message.rows
    )
    return f'<div class="wb-say wb-edge-{tone}"><table><tbody>{rows}</tbody></table></div>'


@cache
def _style() -> str:
    source = Path(__file__).with_name("card.css").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)).strip()


def points_text(points: float) -> str:
    """Points without needless decimals: ``2``, ``1.5``, ``0.33``."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _lesson(lesson: LessonResult, *, up: str | None) -> str:
    points = points_text(lesson.points)
    share = 100 * lesson.points / lesson.max_points if lesson.max_points else 0.0
    problem = lesson.first_problem
    rows = "".join(_exercise(exercise, opened=exercise is problem, up=up) for exercise in lesson.exercises)
    return (
        f'<div class="wb-head"><strong>Lesson {lesson.lesson} · {safe(lesson.title)}</strong> '
        f"<span>{points} of {lesson.max_points} points</span></div>"
        f'<div class="wb-bar"><div style="width:{share:.0f}%"></div></div>'
        f"<table><tbody>{rows}</tbody></table>"
    )


def _exercise(exercise: ExerciseResult, *, opened: bool, up: str | None) -> str:
    tone = _TONES.get(exercise.verdict, "bad")
    symbol = SYMBOLS.get(exercise.verdict, "✘")
    row = (
        f'<tr><td class="wb-mark wb-{tone}">{symbol}</td><td class="wb-id">{safe(exercise.exercise)}</td>'
        f'<td>{safe(exercise.title)}</td><td class="wb-word wb-{tone}">{WORDS[exercise.verdict]}</td>'
        f'<td class="wb-num">{points_text(exercise.points)}/{exercise.max_points}</td></tr>'
    )
    if opened and exercise.message is not None:
        row += f'<tr><td></td><td colspan="4">{message_table(exercise.message, tone=tone, up=up)}</td></tr>'
    return row


def _row_text(label: str, text: str, *, up: str | None) -> str:
    shown = safe(_COMMAND.sub(r"%\1 \2", text) if label == "Stuck?" else text)
    if up is not None and label == "Look at":
        shown = _FILE.sub(lambda match: f'<a href="{safe(up)}{match[0]}">{match[0]}</a>', shown)
    return f"<pre>{shown}</pre>" if label in _CODE_LABELS or "\n" in text else _ticks(text)


def _ticks(text: str) -> str:
    parts: list[str] = []
    end = 0
    for match in _TICKED.finditer(text):
        parts += [safe(text[end : match.start()]), f"<code>{safe(match[1])}</code>"]
        end = match.end()
    return "".join([*parts, safe(text[end:])])
