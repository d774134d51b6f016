"""Show the SQL statements that SQLAlchemy sends in a notebook."""

from __future__ import annotations

import html
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook.notebook.cards import BLUE, Card, edged_text, show
from workbook.service.live.sql_events import listen_to_engines

if TYPE_CHECKING:
    from collections.abc import Generator

    from workbook.notebook.live import LiveServer


@dataclass
class SqlLog:
    """The statements of one block, in order, ``BEGIN`` and ``COMMIT`` or ``ROLLBACK`` among them."""

    statements: list[str] = field(default_factory=list[str])

    @property
    def count(self) -> int:
        """How many statements were sent, transaction marks not counted."""
        return len([text for text in self.statements if text not in ("BEGIN", "COMMIT", "ROLLBACK")])

    def card(self) -> Card:
        """The log, to look at."""
        noun = "statement" if self.count == 1 else "statements"
        title = f"SQL: {self.count} {noun}"
        lines = [f"  {line}" for text in self.statements for line in text.splitlines()]
        text = "\n".join([title, *lines])
        body = html.escape("\n".join(line[2:] for line in lines))
        return Card(text, edged_text(f"<strong>{title}</strong>\n{body}", BLUE))


@contextmanager
def sql_log(api: LiveServer | None = None, *, show: bool = True) -> Generator[SqlLog]:
    """Record the SQL statements of the block, and show them at its end.

    Args:
        api: a live server whose statements to record; without it, those of every engine in this notebook.
        show: whether to show them; the log can be read afterwards in any case.

    Yields:
        The log: ``.statements`` (texts) and ``.count``.
    """
    log = SqlLog()
    if api is None or not api.in_own_process:
        end = listen_to_engines(log.statements.append)
        try:
            yield log
        finally:
            end()
    else:
        api.events.settle()  # what still ends of an earlier request is none of this block's
        position = api.events.count
        try:
            yield log
        finally:
            api.events.settle()
            log.statements += [event.text for event in api.events.since(position) if event.kind == "sql"]
    if show:
        _show(log)


def _show(log: SqlLog) -> None:
    show(log.card())
