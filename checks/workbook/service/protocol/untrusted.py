"""Read JSON that another process wrote, without trusting its form or its size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

TEXT_LIMIT = 2_000
"""Characters kept of any text that comes from the learner's process."""
_NUMBER_LIMIT = 2**53
"""Beyond it, a number of another process is none that is counted, waited for or written."""


def json_object(data: object) -> dict[str, Any]:
    """The data if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def json_list(data: object) -> list[Any]:
    """The data if it is a JSON array, else an empty one."""
    return cast("list[Any]", data) if isinstance(data, list) else []


def json_text(data: object) -> str:
    """The beginning of the data if it is a text, else an empty one."""
    return data[:TEXT_LIMIT] if isinstance(data, str) else ""


def json_number(data: object) -> float | None:
    """The data if it is a number that one can count with, else None."""
    if isinstance(data, bool) or not isinstance(data, int | float):
        return None
    return data if abs(data) <= _NUMBER_LIMIT else None  # which neither infinity nor NaN is


def json_count(data: object) -> int | None:
    """The data if it is a whole number from 0 on, else None."""
    number = json_number(data)
    return number if isinstance(number, int) and number >= 0 else None


def exceeds(data: object, limit: int) -> bool:
    """Whether a value has more characters, numbers, keys and containers than ``limit``. Stops counting there."""
    left = limit
    rest = [data]
    while rest:
        value = rest.pop()
        match value:
            case str() | bytes():
                left -= 1 + len(value)
            case dict() | list() | tuple() | set() | frozenset():
                entries = cast("dict[object, object] | list[object]", value)
                if len(entries) > left:
                    return True
                left -= 1
                rest += entries
                if isinstance(entries, dict):
                    rest += entries.values()
            case int() if value.bit_length() > 64:
                left -= value.bit_length() // 3
            case _:
                left -= 1
        if left < 0:
            return True
    return False


def strings_in(data: object) -> Iterator[str]:
    """Every text in a JSON value, keys included, in no particular order."""
    rest = [data]
    while rest:
        value = rest.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            entries = cast("dict[object, object]", value)
            rest += [*entries, *entries.values()]
        elif isinstance(value, list | tuple):
            rest += cast("list[object]", value)
