"""Tables that hold every text and every message once, so that a class of hundreds fits into a small page."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from workbook.course.message import Message
from workbook.course.text import visible

NONE = -1
"""Stands for "there is none" where a place in a table is written."""
MAX_ROWS = 20
"""Rows of a message that are shown; the feedback itself has at most twelve lines."""


def shortened(text: str, limit: int) -> str:
    """The text with control and direction characters made visible, cut to ``limit`` characters."""
    lines = text[: limit + 2].replace("\r\n", "\n")
    shown = visible(lines)
    return shown if len(shown) <= limit else shown[: limit - 2] + " …"


class Table:
    """A list without doubles: what is put in twice has one place."""

    def __init__(self) -> None:
        self.entries: list[Any] = []
        self._places: dict[Hashable, int] = {}

    def place(self, key: Hashable, entry: Any = None) -> int:
        """Where that key's entry stands; it is added where it is new. Without an entry the key is the entry."""
        found = self._places.get(key)
        if found is None:
            found = self._places[key] = len(self.entries)
            self.entries.append(key if entry is None else entry)
        return found


class Texts:
    """The texts and messages of a report."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """Characters of one text of a message."""
        self.strings = Table()
        self.messages = Table()
        self._known: dict[Message, int] = {}
        self._places: dict[str, int] = {}

    def text(self, text: str) -> int:
        """The place of a text among the strings."""
        found = self._places.get(text)
        if found is None:
            found = self._places[text] = self.strings.place(shortened(text, self.limit))
        return found

    def message(self, message: Message | None) -> int:
        """The place of a message, which is written as its kind followed by labels and texts; or ``NONE``."""
        if message is None:
            return NONE
        found = self._known.get(message)
        if found is None:
            rows = (self.text(part) for row in message.rows[:MAX_ROWS] for part in row)
            found = self._known[message] = self.messages.place((self.text(message.kind), *rows))
        return found
