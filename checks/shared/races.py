"""Somebody else is quicker by a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from workbook.service.database.problem import DatabaseLocked


@pytest.fixture
def overtake(service: Any, inject: Any) -> Any:
    """Send a request, and let somebody else be quicker: just before its first write reaches the database."""

    def overtaken(write: str, send: Callable[[], Any], somebody_else: Callable[[], Any]) -> Any:
        inject("hold_statements", beginning=write)
        replies: list[Any] = []

        def go(number: int) -> None:
            if number == 0:
                replies.append(send())
                return
            deadline = time.monotonic() + 2
            while not (inject("statements_held") or replies) and time.monotonic() < deadline:
                time.sleep(0.002)
            try:
                with suppress(DatabaseLocked):  # the request keeps everybody else out, which is a way to be right
                    somebody_else()
            finally:
                inject("release_statements")

        service.together(2, go)
        return replies[0]

    return overtaken
