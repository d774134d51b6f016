"""One message to a learner: labelled lines, with a limit on their number and width."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

MAX_LINES = 12
MAX_COLUMNS = 100
_TEXT_LIMIT = MAX_LINES * MAX_COLUMNS
"""Characters of a text that are kept: more could not be shown, and wrapping them would take time."""
_ROW_LIMIT = 2 * MAX_LINES
LABEL_COLUMNS = 14
"""The width of the label column, its gap included."""


@dataclass(frozen=True)
class Message:
    """What went wrong with one check, as labelled lines in the order in which they are read.

    The usual labels are "We sent", "You answered", "Expected", "Looks like", "Look at" and "Stuck?".
    """

    rows: tuple[tuple[str, str], ...]
    kind: str = "failed"
    """A short name for the cause, such as ``syntax_error`` or ``wrong_status``; reports count by it."""

    def __post_init__(self) -> None:
        rows = self.rows[:_ROW_LIMIT]
        object.__setattr__(self, "rows", tuple((_whole(label), _whole(text)) for label, text in rows))

    def row(self, label: str) -> str | None:
        """The text beside a label, if there is such a line."""
        return next((text for name, text in self.rows if name == label), None)

    def lines(self, *, columns: int = MAX_COLUMNS - 8, limit: int = MAX_LINES - 1) -> list[str]:
        """The message as plain text: at most ``limit`` lines of at most ``columns`` characters.

        What is too long is wrapped under its label. Where there are too many lines, the longest texts are cut first,
        because the last lines say where to look and what to do next.
        """
        width = columns - LABEL_COLUMNS
        blocks = [(label, _wrap(text, width)) for label, text in self.rows]
        while sum(len(block) for _, block in blocks) > limit:
            longest = max((block for _, block in blocks), key=len)
            if len(longest) == 1:
                blocks = blocks[:limit]
                break
            longest.pop()
            longest[-1] = _cut(longest[-1], width)
        return [
            f"{label if first else '':<{LABEL_COLUMNS}}{line}".rstrip()
            for label, block in blocks
            for first, line in _numbered(block)
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def to_json(self) -> dict[str, Any]:
        """The message as reports write it."""
        return {"kind": self.kind, "text": str(self), "rows": [list(row) for row in self.rows]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Message:
        """Read back what ``to_json`` wrote."""
        return cls(rows=tuple((str(label), str(text)) for label, text in data["rows"]), kind=str(data["kind"]))


def _whole(text: str) -> str:
    if len(text) > _TEXT_LIMIT:
        text = text[: _TEXT_LIMIT - 2] + " …"
    # Half a surrogate pair, which JSON can carry, fits into no file.
    return text.encode("utf-8", "replace").decode("utf-8")


def _shown(line: str) -> str:
    """The line without anything that could move the cursor, colour the screen or turn the text round."""
    if line.isprintable():
        return line
    return "".join(
        sign if sign.isprintable() else " " if sign.isspace() else "\N{REPLACEMENT CHARACTER}" for sign in line
    )


def _wrap(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for line in map(_shown, text.splitlines() or [""]):
        if len(line) <= width:
            lines.append(line.rstrip())
            continue
        indent = line[: len(line) - len(line.lstrip())]
        lines += textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False) or [""]
    return lines


def _cut(line: str, width: int) -> str:
    mark = " …"
    return (line if len(line) + len(mark) <= width else line[: width - len(mark)]) + mark


def _numbered(block: list[str]) -> list[tuple[bool, str]]:
    return [(position == 0, line) for position, line in enumerate(block)]
