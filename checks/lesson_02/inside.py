"""Questions about the inside of the learner's service. It runs in the service's process, and reports facts only."""

from __future__ import annotations

import logging
from typing import Any


def put_recipes(recipes: list[dict[str, Any]]) -> list[int]:
    """Put recipes on the shelf behind the routes' back, and report their ids."""
    from app.main import app

    return [app.state.store.add_recipe(**recipe).id for recipe in recipes]


def put_user(user: dict[str, Any]) -> int:
    """Put a user on the shelf behind the routes' back, and report their id."""
    from app.main import app

    return app.state.store.add_user(**user).id


def stored_user(user_id: int) -> dict[str, Any]:
    """Report everything that the shelf holds about a user."""
    from app.main import app

    user: object = app.state.store.users[user_id]
    return dict(vars(user))


class _Listener(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


_listener = _Listener()


def listen_to_logs() -> None:
    """Keep from now on what any logger is told, whatever its level: on a server it may be another one."""
    root = logging.getLogger()
    root.setLevel(logging.NOTSET)
    root.addHandler(_listener)
    for logger in map(logging.getLogger, list(root.manager.loggerDict)):
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
        logger.disabled = False


def logged() -> str:
    """Report what was logged since then."""
    return "\n".join(_listener.lines)


def print_line(text: str) -> None:
    """Print a line, and with it all that the service has printed before."""
    print(text, flush=True)
