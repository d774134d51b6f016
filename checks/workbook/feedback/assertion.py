"""Read a failed assertion of a check: what it compared, and what it called that."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Assertion:
    """What a failed ``assert`` in a check compared."""

    said: str = ""
    """The message the check wrote beside the assertion."""
    operator: str = ""
    found: Any = None
    expected: Any = None
    compared: bool = False
    """Whether it was a comparison of two values, with ``operator``, ``found`` and ``expected``."""
    subject: str = ""
    """What the left side is, in words: ``status``, or ``field `label` ``."""
    number: int | None = None
    """The number of the exchange whose response it looked at, where that is known."""

    @property
    def about_status(self) -> bool:
        """Whether it compared the status of a response."""
        return self.subject == "the status"


def read_assertion(source: str, names: dict[str, Any], said: str, comparison: tuple[str, Any, Any] | None) -> Assertion:
    """Understand a failed assertion.

    Args:
        source: the statement in the check, as written.
        names: the check's local variables when it failed.
        said: the message beside the assertion, or "".
        comparison: operator and both values, where pytest saw a comparison fail.
    """
    try:
        statement = ast.parse(textwrap.dedent(source)).body[0]
    except (SyntaxError, IndexError):
        statement = None
    test = statement.test if isinstance(statement, ast.Assert) else None
    left = test.left if isinstance(test, ast.Compare) else test
    number = _exchange_of(test, names)
    if comparison is None:
        return Assertion(said=said, subject=_words(left), number=number)
    operator, found, expected = comparison
    return Assertion(
        said=said, operator=operator, found=found, expected=expected, compared=True, subject=_words(left), number=number
    )


def _words(node: ast.AST | None) -> str:
    match node:
        case ast.Attribute(attr="status_code"):
            return "the status"
        case ast.Attribute(attr="text" | "content"):
            return "the body"
        case ast.Subscript(value=ast.Attribute(attr="headers"), slice=ast.Constant(value=str(name))):
            return f"header `{name}`"
        case ast.Call(
            func=ast.Attribute(value=ast.Attribute(attr="headers"), attr="get"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            return f"header `{name}`"
        case ast.Call(func=ast.Attribute(attr="json")):
            return "the answer"
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            inner = _field_path(value)
            step = f"[{key}]" if isinstance(key, int) else str(key)
            return f"field `{_join(inner, step)}`"
        case ast.Call(func=ast.Name(id="len"), args=[argument]):
            inner = _words(argument)
            return f"the number of entries in {inner}" if inner else "the number of entries"
        case ast.Call(func=ast.Name(id="set" | "sorted" | "list"), args=[argument, *_]):
            return _words(argument)
        case ast.Name(id=name):
            return name.replace("_", " ")
        case ast.Attribute(value=ast.Name(), attr=name):
            return name.replace("_", " ")
        case _:
            return ""


def _field_path(node: ast.AST) -> str:
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=key)):
            return _join(_field_path(value), f"[{key}]" if isinstance(key, int) else str(key))
        case _:
            return ""


def _join(path: str, step: str) -> str:
    return step if not path else path + step if step.startswith("[") else f"{path}.{step}"


def _exchange_of(node: ast.AST | None, names: dict[str, Any]) -> int | None:
    """The number of the exchange whose response the expression mentions."""
    if node is None:
        return None
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            value = names.get(part.id)
            if isinstance(value, httpx.Response):
                number = value.request.headers.get("x-workbook-request", "")
                return int(number) if number.isdigit() else None
    return None
