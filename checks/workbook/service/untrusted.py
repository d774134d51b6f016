"""Read JSON that another process wrote, without trusting its form."""

from __future__ import annotations

from typing import Any, cast


def json_object(data: object) -> dict[str, Any]:
    """The data if it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def json_list(data: object) -> list[Any]:
    """The data if it is a JSON array, else an empty one."""
    return cast("list[Any]", data) if isinstance(data, list) else []
