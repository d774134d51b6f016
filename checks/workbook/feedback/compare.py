"""Say in words how two values differ: a missing field, a wrong type, a wrong value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeGuard

_Object = dict[Any, Any]
_List = Sequence[Any]
_VALUE_LIMIT = 70
_DIFFERENCES = 3


def _is_object(value: object) -> TypeGuard[_Object]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[_List]:
    return isinstance(value, (list, tuple))


def show(value: object, limit: int = _VALUE_LIMIT) -> str:
    """A value as JSON, or as Python where it has no JSON form, cut to ``limit`` characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = _safe_repr(value)
    return text if len(text) <= limit else text[: limit - 2] + " …"


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # a broken __repr__ must not hide the failure
        return f"an object of type {type(value).__name__}"


def kind(value: object) -> str:
    """A JSON type in plain words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case _:
            return type(value).__name__


def differences(found: object, expected: object, path: str = "") -> list[str]:
    """The ways in which ``found`` differs from ``expected``, each one sentence; empty where they are equal."""
    if _is_object(found) and _is_object(expected):
        return _object_differences(found, expected, path)
    if _is_list(found) and _is_list(expected):
        return _list_differences(found, expected, path)
    if found == expected and kind(found) == kind(expected):
        return []
    name = f"field `{path}`" if path else "the value"
    if kind(found) != kind(expected):
        return [f"{name} is {kind(found)} ({show(found, 40)}), and {kind(expected)} is expected ({show(expected, 40)})"]
    return [f"{name} is {show(found)}, expected {show(expected)}"]


def _object_differences(found: _Object, expected: _Object, path: str) -> list[str]:
    where = f" in `{path}`" if path else ""
    missing = [str(key) for key in expected if key not in found]
    extra = [str(key) for key in found if key not in expected]
    result: list[str] = []
    if missing:
        result.append(f"{_fields(missing)} {'is' if len(missing) == 1 else 'are'} missing{where}")
    if extra:
        result.append(f"{_fields(extra)} {'is' if len(extra) == 1 else 'are'} there and should not be{where}")
    for key in expected:
        if key in found:
            result += differences(found[key], expected[key], f"{path}.{key}" if path else str(key))
    return result


def _list_differences(found: _List, expected: _List, path: str) -> list[str]:
    name = f"`{path}`" if path else "the list"
    if len(found) != len(expected):
        return [f"{name} has {_entries(len(found))}, expected {_entries(len(expected))}"]
    result: list[str] = []
    for position, (left, right) in enumerate(zip(found, expected, strict=True)):
        result += differences(left, right, f"{path}[{position}]")
    return result


def _fields(names: list[str]) -> str:
    listed = ", ".join(f"`{name}`" for name in names[:4])
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return f"field{'s' if len(names) > 1 else ''} {listed}{more}"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def explain(operator: str, found: object, expected: object, subject: str) -> str:
    """One short text for a comparison that did not hold.

    Args:
        operator: ``==``, ``in``, ``<=``, …, as the check wrote it.
        found: the left value.
        expected: the right value.
        subject: what the left value is, in words.
    """
    if operator == "==":
        nested = (_is_object(found) or _is_list(found)) and (_is_object(expected) or _is_list(expected))
        if nested or kind(found) != kind(expected):
            prefix = subject.strip("`") if subject.startswith("`") and nested else ""
            listed = differences(found, expected)
            more = f"; and {len(listed) - _DIFFERENCES} more" if len(listed) > _DIFFERENCES else ""
            text = "; ".join(listed[:_DIFFERENCES]) + more
            if prefix:
                return f"in `{prefix}`: {text}"
            return text.replace("the value", subject, 1) if subject else text
        return f"{subject or 'the value'} is {show(found)}, expected {show(expected)}"
    words = {
        "!=": "and should be something else",
        "in": f"and should be one of {show(expected)}",
        "not in": f"and should not be in {show(expected)}",
        "is": f"and should be {show(expected)}",
        "is not": f"and should not be {show(expected)}",
        "<": f"and should be less than {show(expected)}",
        "<=": f"and should be at most {show(expected)}",
        ">": f"and should be more than {show(expected)}",
        ">=": f"and should be at least {show(expected)}",
    }
    if operator == "in" and not subject:
        return f"{show(found)} is not in {show(expected)}"
    return f"{subject or 'the value'} is {show(found)}, {words.get(operator, f'{operator} {show(expected)}')}"
