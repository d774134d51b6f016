"""Record the SQL statements that SQLAlchemy sends, to show them in a notebook."""

from __future__ import annotations

import html
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbook.notebook.cards import BLUE, Card, edged_text, show

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from workbook.notebook.live import LiveServer

MAX_PARAMETERS = 200
"""Characters shown of a statement's parameters."""


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


def listen_to_engines(emit: Callable[[str], None]) -> Callable[[], None]:
    """Report the statements of every SQLAlchemy engine of this process, sync and async.

    Args:
        emit: called with each statement, on the thread that sends it.

    Returns:
        A function that ends the listening.
    """
    from sqlalchemy import Engine, event

    def statement(_conn: Any, _cursor: Any, text: str, parameters: Any, _context: Any, _many: bool) -> None:
        emit(_readable(text, parameters))

    def mark(text: str) -> Callable[[Any], None]:
        return lambda _conn: emit(text)

    handlers: dict[str, Callable[..., None]] = {
        "before_cursor_execute": statement,
        "begin": mark("BEGIN"),
        "commit": mark("COMMIT"),
        "rollback": mark("ROLLBACK"),
    }
    for name, handler in handlers.items():
        event.listen(Engine, name, handler)

    def end() -> None:
        for name, handler in handlers.items():
            event.remove(Engine, name, handler)

    return end


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


def _readable(text: str, parameters: Any) -> str:
    line = " ".join(text.split())
    if not parameters:
        return line
    values = repr(parameters)
    return f"{line}  {values if len(values) <= MAX_PARAMETERS else values[: MAX_PARAMETERS - 1] + '…'}"
