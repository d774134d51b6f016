"""Say in words how two values differ: a missing field, a wrong type, a wrong value."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, TypeGuard

from workbook.service.protocol.untrusted import exceeds

_Object = dict[Any, Any]
_List = Sequence[Any]
_VALUE_LIMIT = 70
_DIFFERENCES = 3
_TEXT_LIMIT, _TEXT_SHOWN = 120, 24
"""Characters from which a text is cut, and how many of it are shown then."""
_SEQUENCE = 8
"""Entries up to which two lists of plain values are shown side by side."""
_SHOWN_SIZE = 100_000
"""What a value that is written out as JSON holds at most: characters, numbers and containers."""


def _is_object(value: object) -> TypeGuard[_Object]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[_List]:
    return isinstance(value, (list, tuple))


def show(value: object, limit: int = _VALUE_LIMIT) -> str:
    """A value as JSON, or as Python where it has no JSON form, cut to ``limit`` characters.

    Of a long text inside it, the beginning and the number of its characters are shown.
    """
    if not isinstance(value, str) and exceeds(value, _SHOWN_SIZE):
        return f"{kind(value)} that is too large to be shown"
    try:
        text = json.dumps(_shortened(value, limit), ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = _safe_repr(value)
    text = _LENGTH.sub(r' …" (a text of \1 characters)', text)
    return text if len(text) <= limit else text[: limit - 2] + " …"


_LENGTH = re.compile(r'\\u0001(\d+)"')


def _shortened(value: object, limit: int) -> object:
    """The value with each long text in it cut, and its length put behind a sign that stands in no text."""
    if isinstance(value, str):
        return value if len(value) <= min(limit, _TEXT_LIMIT) else f"{value[:_TEXT_SHOWN]}\x01{len(value)}"
    if _is_object(value):
        return {key: _shortened(entry, limit) for key, entry in value.items()}
    return [_shortened(entry, limit) for entry in value] if _is_list(value) else value


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


def as_text(type_name: str) -> str:
    """A class by its name, in plain words where it is one of JSON's."""
    article = "an" if type_name[:1].lower() in "aeiou" else "a"
    return {"NoneType": "None"}.get(type_name, f"{article} `{type_name}`")


def differences(found: object, expected: object, path: str = "") -> list[str]:
    """The ways in which ``found`` differs from ``expected``, each one sentence; empty where they are equal."""
    if _is_object(found) and _is_object(expected):
        return _object_differences(found, expected, path)
    if _is_list(found) and _is_list(expected):
        return _list_differences(found, expected, path)
    if found == expected and kind(found) == kind(expected):
        return []
    name = f"field `{path}`" if path else _IT
    if kind(found) == kind(expected):
        return [f"{name} is {show(found)}, expected {show(expected)}"]
    return [f"{name} is {_with_value(found)}, expected {_with_value(expected)}"]


_IT = "the value"


def _with_value(value: object) -> str:
    """A value with its kind: ``text ("4.5")``; null says both itself."""
    return "null" if value is None else f"{kind(value)} ({show(value, 40)})"


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
        subject: what the left value is, in words; "" where it is a value of the check's own.
    """
    if isinstance(found, type) and isinstance(expected, type):
        one, other = (_TYPES.get(entry, entry.__name__) for entry in (found, expected))
        return f"{subject} is {one}, expected {other}" if subject else f"{one}, where {other} is expected"
    if found is None and subject.startswith("header"):
        return f"{subject} is missing" + ("" if operator != "==" else f", expected {show(expected)}")
    if operator == "==":
        try:
            return _unequal(found, expected, subject)
        except RecursionError:
            return f"{subject or 'the value'} is nested too deeply to be compared"
    if operator == "in" and not subject:
        return f"{show(found)} is not in {show(expected)}"
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
    return f"{subject or 'it'} is {show(found)}, {words.get(operator, f'{operator} {show(expected)}')}"


_TYPES: dict[type, str] = {
    int: "a whole number",
    float: "a decimal number",
    str: "text",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    type(None): "null",
}


def _unequal(found: object, expected: object, subject: str) -> str:
    if not subject and _is_plain_list(found) and _is_plain_list(expected):
        # The positions of a list that the check made mean nothing to the learner.
        return f"{_in_a_row(found)}; expected {_in_a_row(expected)}"
    if not subject and not _is_object(found) and not _is_list(found):
        return f"{show(found)}, where {show(expected)} is expected"
    listed = differences(found, expected)
    more = f"; and {len(listed) - _DIFFERENCES} more" if len(listed) > _DIFFERENCES else ""
    text = "; ".join(listed[:_DIFFERENCES]) + more
    return text.replace(_IT, subject, 1) if subject else text


def _is_plain_list(value: object) -> TypeGuard[_List]:
    return _is_list(value) and len(value) <= _SEQUENCE and not any(_is_object(one) or _is_list(one) for one in value)


def _in_a_row(values: _List) -> str:
    return ", then ".join(show(value, 30) for value in values) or "nothing"
