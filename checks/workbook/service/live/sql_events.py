"""Report the SQL statements that SQLAlchemy sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PARAMETERS = 200
"""Characters shown of a statement's parameters."""


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


def _readable(text: str, parameters: Any) -> str:
    line = " ".join(text.split())
    if not parameters:
        return line
    values = repr(parameters)
    return f"{line}  {values if len(values) <= MAX_PARAMETERS else values[: MAX_PARAMETERS - 1] + '…'}"
