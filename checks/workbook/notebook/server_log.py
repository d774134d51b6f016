"""The log of a live server, as a notebook shows it: no times, no ports, no frames but the learner's own."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from workbook.notebook.cards import GREY, RED, Card, edged_text

if TYPE_CHECKING:
    from workbook.service.live.events import Event

MAX_LINES = 60


def log_card(events: list[Event]) -> Card:
    """What happened, oldest first.

    Args:
        events: the events of a server.
    """
    lines = _cut([line for event in events for line in event.lines()])
    text = "\n".join(line for line, _ in lines) or "The server has nothing new in its log."
    body = "\n".join(
        f'<span style="color:{RED}">{html.escape(line)}</span>' if alarm else html.escape(line) for line, alarm in lines
    )
    return Card(text, edged_text(body or html.escape(text), GREY))


def _cut(lines: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    if len(lines) <= MAX_LINES:
        return lines
    return [(f"… {len(lines) - MAX_LINES + 1} older lines", False), *lines[-(MAX_LINES - 1) :]]
