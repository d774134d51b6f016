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

from workbook.course.points import points_text
from workbook.course.results import Verdict

if TYPE_CHECKING:
    from workbook.course.message import Message
    from workbook.course.results import ExerciseResult, LessonResult, Report

_TONES = {Verdict.PASSED: "good", Verdict.NOT_STARTED: "rest", Verdict.CHECK_ERROR: "rest"}

_CODE_LABELS = {"We sent", "You answered", "Look at", "Stuck?"}
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_FILE = re.compile(r"\blessons/lesson_\d\d(?:/[\w-]+(?:\.[\w-]+)*)+(?::(?P<line>\d+))?")
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


def report_card(report: Report, *, next_step: str = "", up: str | None = None, below: str = "") -> str:
    """The card for a run of checks.

    Args:
        report: what the run found.
        next_step: a sentence for the end, such as what to open next.
        up: what leads from the notebook's folder to the course's, such as ``"../"``; with it, files become links.
        below: ready HTML for the end of the card.
    """
    body = "".join(_lesson(lesson, up=up) for lesson in report.lessons)
    return card(body + (f"<p>{rich(next_step)}</p>" if next_step else "") + below)


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
    row = (
        f'<tr><td class="wb-mark wb-{tone}">{exercise.verdict.mark}</td>'
        f'<td class="wb-id">{safe(exercise.exercise)}</td>'
        f'<td>{safe(exercise.title)}</td><td class="wb-word wb-{tone}">{exercise.verdict.words}</td>'
        f'<td class="wb-num">{points_text(exercise.points)}/{exercise.max_points}</td></tr>'
    )
    if opened and exercise.message is not None:
        row += f'<tr><td></td><td colspan="4">{message_table(exercise.message, tone=tone, up=up)}</td></tr>'
    return row


def _row_text(label: str, text: str, *, up: str | None) -> str:
    shown = safe(_COMMAND.sub(r"%\1 \2", text) if label == "Stuck?" else text)
    if up is not None and label == "Look at":
        shown = _FILE.sub(lambda match: _file_link(match, up), shown)
    return f"<pre>{shown}</pre>" if label in _CODE_LABELS or "\n" in text else _ticks(text)


def _file_link(match: re.Match[str], up: str) -> str:
    """A link to a file; JupyterLab counts its lines from 0."""
    file, line = match[0].partition(":")[0], match["line"]
    return f'<a href="{safe(up)}{file}{f"#line={int(line) - 1}" if line else ""}">{match[0]}</a>'


def _ticks(text: str) -> str:
    parts: list[str] = []
    end = 0
    for match in _TICKED.finditer(text):
        parts += [safe(text[end : match.start()]), f"<code>{safe(match[1])}</code>"]
        end = match.end()
    return "".join([*parts, safe(text[end:])])
